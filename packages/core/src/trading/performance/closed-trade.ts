/**
 * Closed trades from fills. A round trip runs from flat to flat, or to the fill that turns the position round; a closing
 * fill is each execution that takes something off. Profits are exact: realised by the position's cost method, less the
 * fees paid since the last trade, so that trades and what is pending add up to the ledger.
 */
import type { Fill } from '../../model/event.ts';
import { msFromNanos } from '../../model/time.ts';
import { amountFromNumber, divideRounded, fixedFromNumber, numberFromAmount, type Amount } from '../fixed-point.ts';
import { BookedPosition, type PositionKey } from '../ledger/booked-position.ts';
import type { Contract } from '../ledger/contract.ts';
import type { PnlMethod } from '../ledger/exact-position.ts';
import { ExactSum } from '../ledger/exact-sum.ts';
import type { Execution } from '../ledger/fill-columns.ts';
import type { ContractOf } from '../ledger/pnl.ts';
import type { PositionLedger } from '../ledger/position.ts';
import { WideAmount } from '../ledger/wide-amount.ts';

/** A desk that is never flat makes no round trip; it is measured by what it closes. */
export const TRADE_UNITS = ['round-trip', 'closing-fill'] as const;
export type TradeUnit = (typeof TRADE_UNITS)[number];

export interface ClosedTrade {
  readonly key: PositionKey;
  /** When the position was opened (round trip), or of the last trade before. */
  readonly openedMs: number;
  readonly closedMs: number;
  /** Realised less fees in the currency of the position. */
  readonly profit: number;
  /** Fees in other currencies are not part of `profit`. */
  readonly hasForeignFees: boolean;
}

export interface HeldPosition {
  readonly key: PositionKey;
  readonly quantity: number;
  readonly contract: Contract;
}

/** Tells the closed trades of one position, by booking its executions there: one pass tells both. */
export class TradeMeter {
  readonly #position: BookedPosition;
  readonly #unit: TradeUnit;
  #isLong = true;
  #openedMs = 0;
  #hasForeignFees = false;
  /** Realised since the last trade was closed, and the fees paid since then. */
  readonly #gain = new WideAmount();
  readonly #fees = new ExactSum();

  constructor(position: BookedPosition, unit: TradeUnit) {
    this.#position = position;
    this.#unit = unit;
  }

  get position(): BookedPosition {
    return this.#position;
  }

  /** Realised less fees that belong to a trade which is still open. */
  get pending(): Amount {
    return this.#gain.amount - this.#fees.amount;
  }

  /** The trade that this execution closes, if it closes one. Fees are not booked at the position. */
  execute(execution: Execution): ClosedTrade | undefined {
    const { ledger, key } = this.#position;
    const { timeMs, quantity, price, fee, feeCurrency } = execution;
    const isBuy = quantity > 0;
    const wasFlat = ledger.isFlat;
    this.#position.trade(timeMs, quantity, price, this.#gain);
    if (wasFlat) {
      this.#isLong = isBuy;
      this.#openedMs = timeMs;
    }
    const closes = !wasFlat && isBuy !== this.#isLong && quantity !== 0;
    const turned = closes && !ledger.isFlat && ledger.isLong !== this.#isLong;
    if (feeCurrency === key.currency) this.#fees.add(fee);
    else if (fee !== 0) this.#hasForeignFees = true;
    if (!closes || (this.#unit === 'round-trip' && !turned && !ledger.isFlat)) return undefined;
    return this.#settle(execution, turned);
  }

  /** Closes the trade. Of a fill that turned the position round, what opens the new one pays its share of the fee there. */
  #settle(execution: Execution, turned: boolean): ClosedTrade {
    const { key, ledger } = this.#position;
    const opening = turned && execution.feeCurrency === key.currency ? openingFee(execution, ledger) : 0n;
    const gain = this.#gain;
    this.#fees.addTo(gain, -1);
    if (opening !== 0n) gain.addAmount(opening);
    const profit = gain.number;
    gain.clear();
    this.#fees.reset(opening);
    const { timeMs: closedMs } = execution;
    const trade = { key, openedMs: this.#openedMs, closedMs, profit, hasForeignFees: this.#hasForeignFees };
    this.#openedMs = closedMs;
    this.#hasForeignFees = false;
    if (turned) this.#isLong = !this.#isLong;
    return trade;
  }
}

/** Executions must come in ascending order of time; ties keep their order. */
export class ClosedTradeBook {
  readonly #unit: TradeUnit;
  readonly #method: PnlMethod;
  readonly #contractOf: ContractOf;
  readonly #meters = new Map<string, TradeMeter>();

  /** `contractOf`: what is not spot. */
  constructor(unit: TradeUnit, method: PnlMethod, contractOf: ContractOf = () => undefined) {
    this.#unit = unit;
    this.#method = method;
    this.#contractOf = contractOf;
  }

  /** The trade that this fill closes, if it closes one. */
  apply(fill: Fill): ClosedTrade | undefined {
    const { price, fee, feeCurrency } = fill;
    const quantity = fill.side === 'buy' ? fill.quantity : -fill.quantity;
    const timeMs = msFromNanos(fill.timeNanos);
    return this.#meterOf(fill).execute({ timeMs, quantity, price, fee, feeCurrency });
  }

  /** Realised less fees that belong to trades which are still open, by currency. */
  pending(): ReadonlyMap<string, number> {
    const sums = new Map<string, Amount>();
    for (const { position, pending } of this.#meters.values()) {
      const { currency } = position.key;
      sums.set(currency, (sums.get(currency) ?? 0n) + pending);
    }
    return new Map([...sums].map(([currency, sum]) => [currency, numberFromAmount(sum)]));
  }

  /** Positions that are not flat, signed. */
  openPositions(): readonly HeldPosition[] {
    return this.#positions()
      .filter(({ ledger }) => !ledger.isFlat)
      .map(({ key, ledger }) => ({ key, quantity: ledger.quantity, contract: ledger.contract }));
  }

  /** Realised before fees, of all positions. Only one currency may be in the book for it to mean something. */
  get realised(): number {
    return numberFromAmount(this.#positions().reduce((sum, { ledger }) => sum + ledger.realised, 0n));
  }

  /** Of what is open, against its cost; null when one of the positions has no mark. One currency, as above. */
  unrealised(mark: (position: PositionKey) => number | null): number | null {
    let sum: Amount = 0n;
    for (const { key, ledger } of this.#positions()) {
      const part = ledger.isFlat ? 0n : ledger.unrealised(mark(key));
      if (part === null) return null;
      sum += part;
    }
    return numberFromAmount(sum);
  }

  #positions(): BookedPosition[] {
    return Array.from(this.#meters.values(), ({ position }) => position);
  }

  #meterOf({ strategy, venue, symbol, account, currency: priceCurrency }: PositionKey): TradeMeter {
    const contract = this.#contractOf({ venue, symbol });
    const currency = contract?.currency ?? priceCurrency;
    const id = `${strategy}\u0000${venue}\u0000${symbol}\u0000${account}\u0000${currency}`;
    let meter = this.#meters.get(id);
    if (meter === undefined) {
      const key = { strategy, venue, symbol, account, currency };
      const position = new BookedPosition(key, { method: this.#method, ...(contract && { contract }) });
      this.#meters.set(id, (meter = new TradeMeter(position, this.#unit)));
    }
    return meter;
  }
}

function openingFee({ fee, quantity }: Execution, ledger: PositionLedger): Amount {
  const open = ledger.fixedQuantity < 0n ? -ledger.fixedQuantity : ledger.fixedQuantity;
  return divideRounded(amountFromNumber(fee) * open, fixedFromNumber(Math.abs(quantity)));
}
