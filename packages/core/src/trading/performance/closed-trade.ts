/**
 * Closed trades from fills. A round trip runs from flat to flat, or to the fill that turns the position round; a closing
 * fill is each execution that takes something off. Profits are exact: realised by the position's cost method, less the
 * fees paid since the last trade, so that trades and what is pending add up to the ledger.
 */
import type { Fill } from '../../model/event.ts';
import { msFromNanos } from '../../model/time.ts';
import { amountFromNumber, divideRounded, fixedFromNumber, numberFromAmount, type Amount } from '../fixed-point.ts';
import type { PositionKey } from '../ledger/booked-position.ts';
import type { Contract } from '../ledger/contract.ts';
import type { PnlMethod } from '../ledger/exact-position.ts';
import { ExactSum } from '../ledger/exact-sum.ts';
import type { FillColumns, FillGroup } from '../ledger/fill-columns.ts';
import type { ContractOf } from '../ledger/pnl.ts';
import { PositionLedger } from '../ledger/position.ts';
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

/** What is told is not kept. */
export type TellTrade = (trade: ClosedTrade) => void;

interface Execution {
  readonly timeMs: number;
  /** Positive bought, negative sold. */
  readonly quantity: number;
  readonly price: number;
  readonly fee: number;
  readonly feeCurrency: string;
}

interface OpenTrade {
  readonly key: PositionKey;
  readonly ledger: PositionLedger;
  isLong: boolean;
  /** Of the ledger, when the last trade was closed. */
  realisedBefore: WideAmount;
  /** What holds the next one meanwhile. */
  spare: WideAmount;
  /** Paid since then. */
  readonly fees: ExactSum;
  openedMs: number;
  hasForeignFees: boolean;
}

/** Executions must come in ascending order of time; ties keep their order. */
export class ClosedTradeBook {
  readonly #unit: TradeUnit;
  readonly #method: PnlMethod;
  readonly #contractOf: ContractOf;
  readonly #open = new Map<string, OpenTrade>();

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
    return this.#execute(this.#tradeOf(fill), { timeMs, quantity, price, fee, feeCurrency });
  }

  /** Tells the trades that the rows close, in order. */
  applyColumns({ groups, group, timesMs, quantities, prices, fees }: FillColumns, tell: TellTrade): void {
    const open = groups.map((one) => this.#tradeOf(one));
    const row = { timeMs: 0, quantity: 0, price: 0, fee: 0, feeCurrency: '' };
    for (let at = 0; at < timesMs.length; at++) {
      const number = group[at] as number;
      row.timeMs = timesMs[at] as number;
      row.quantity = quantities[at] as number;
      row.price = prices[at] as number;
      row.fee = fees[at] as number;
      row.feeCurrency = (groups[number] as FillGroup).feeCurrency;
      const trade = this.#execute(open[number] as OpenTrade, row);
      if (trade !== undefined) tell(trade);
    }
  }

  /** Realised less fees that belong to trades which are still open, by currency. */
  pending(): ReadonlyMap<string, number> {
    const sums = new Map<string, Amount>();
    for (const { key, ledger, realisedBefore, fees } of this.#open.values()) {
      const pending = ledger.realised - realisedBefore.amount - fees.amount;
      sums.set(key.currency, (sums.get(key.currency) ?? 0n) + pending);
    }
    return new Map([...sums].map(([currency, sum]) => [currency, numberFromAmount(sum)]));
  }

  /** Positions that are not flat, signed. */
  openPositions(): readonly HeldPosition[] {
    return [...this.#open.values()]
      .filter(({ ledger }) => !ledger.isFlat)
      .map(({ key, ledger }) => ({ key, quantity: ledger.quantity, contract: ledger.contract }));
  }

  /** Realised before fees, of all positions. Only one currency may be in the book for it to mean something. */
  get realised(): number {
    return numberFromAmount([...this.#open.values()].reduce((sum, { ledger }) => sum + ledger.realised, 0n));
  }

  /** Of what is open, against its cost; null when one of the positions has no mark. One currency, as above. */
  unrealised(mark: (position: PositionKey) => number | null): number | null {
    let sum: Amount = 0n;
    for (const { key, ledger } of this.#open.values()) {
      const part = ledger.isFlat ? 0n : ledger.unrealised(mark(key));
      if (part === null) return null;
      sum += part;
    }
    return numberFromAmount(sum);
  }

  #execute(trade: OpenTrade, execution: Execution): ClosedTrade | undefined {
    const { ledger, key } = trade;
    const isBuy = execution.quantity > 0;
    const wasFlat = ledger.isFlat;
    ledger.trade(execution.quantity, execution.price);
    if (wasFlat) {
      trade.isLong = isBuy;
      trade.openedMs = execution.timeMs;
    }
    const closes = !wasFlat && isBuy !== trade.isLong && execution.quantity !== 0;
    const turned = closes && !ledger.isFlat && ledger.fixedQuantity > 0n !== trade.isLong;
    if (execution.feeCurrency === key.currency) trade.fees.add(execution.fee);
    else if (execution.fee !== 0) trade.hasForeignFees = true;
    if (!closes || (this.#unit === 'round-trip' && !turned && !ledger.isFlat)) return undefined;
    return settle(trade, execution, turned);
  }

  #tradeOf({ strategy, venue, symbol, account, currency: priceCurrency }: PositionKey): OpenTrade {
    const contract = this.#contractOf({ venue, symbol });
    const currency = contract?.currency ?? priceCurrency;
    const id = `${strategy}\u0000${venue}\u0000${symbol}\u0000${account}\u0000${currency}`;
    let trade = this.#open.get(id);
    if (trade === undefined) {
      const key = { strategy, venue, symbol, account, currency };
      const ledger = new PositionLedger(this.#method, contract);
      const start = { isLong: true, openedMs: 0, hasForeignFees: false };
      const amounts = { realisedBefore: new WideAmount(), spare: new WideAmount(), fees: new ExactSum() };
      trade = { key, ledger, ...amounts, ...start };
      this.#open.set(id, trade);
    }
    return trade;
  }
}

/** Closes the trade. Of a fill that turned the position round, what opens the new one pays its share of the fee there. */
function settle(trade: OpenTrade, execution: Execution, turned: boolean): ClosedTrade {
  const { key, ledger, openedMs, hasForeignFees } = trade;
  const opening = turned && execution.feeCurrency === key.currency ? openingFee(execution, ledger) : 0n;
  const { realisedBefore, spare: realised, fees } = trade;
  realised.clear();
  ledger.addRealisedTo(realised);
  // What was realised before is not needed any more: it becomes what is left of the trade.
  realisedBefore.becomeChangeTo(realised);
  fees.addTo(realisedBefore, -1);
  if (opening !== 0n) realisedBefore.addAmount(opening);
  const profit = realisedBefore.number;
  [trade.realisedBefore, trade.spare] = [realised, realisedBefore];
  fees.reset(opening);
  trade.openedMs = execution.timeMs;
  trade.hasForeignFees = false;
  if (turned) trade.isLong = !trade.isLong;
  return { key, openedMs, closedMs: execution.timeMs, profit, hasForeignFees };
}

function openingFee({ fee, quantity }: Execution, ledger: PositionLedger): Amount {
  const open = ledger.fixedQuantity < 0n ? -ledger.fixedQuantity : ledger.fixedQuantity;
  return divideRounded(amountFromNumber(fee) * open, fixedFromNumber(Math.abs(quantity)));
}
