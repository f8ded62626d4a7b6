/**
 * Closed trades from fills. A round trip runs from flat to flat, or to the fill that turns the position round; a closing
 * fill is each execution that takes something off. Profits are exact: realised by the position's cost method, less the
 * fees paid since the last trade, so that trades and what is pending add up to the ledger.
 */
import type { Fill } from '../../model/event.ts';
import { amountFromNumber, divideRounded, fixedFromNumber, numberFromAmount, type Amount } from '../fixed-point.ts';
import type { PositionKey } from '../ledger/booked-position.ts';
import type { PnlMethod } from '../ledger/exact-position.ts';
import { PositionLedger } from '../ledger/position.ts';

/** A desk that is never flat makes no round trip; it is measured by what it closes. */
export const TRADE_UNITS = ['round-trip', 'closing-fill'] as const;
export type TradeUnit = (typeof TRADE_UNITS)[number];

export interface ClosedTrade {
  readonly key: PositionKey;
  /** When the position was opened (round trip), or of the last trade before. */
  readonly openedNanos: bigint;
  readonly closedNanos: bigint;
  /** Realised less fees in the currency of the position. */
  readonly profit: number;
  /** Fees in other currencies are not part of `profit`. */
  readonly hasForeignFees: boolean;
}

interface OpenTrade {
  readonly key: PositionKey;
  readonly ledger: PositionLedger;
  /** Realised, less fees, since the last trade. */
  pending: Amount;
  openedNanos: bigint;
  hasForeignFees: boolean;
}

/** Fills must come in ascending order of time; ties keep their order. */
export class ClosedTradeBook {
  readonly #unit: TradeUnit;
  readonly #method: PnlMethod;
  readonly #open = new Map<string, OpenTrade>();

  constructor(unit: TradeUnit, method: PnlMethod) {
    this.#unit = unit;
    this.#method = method;
  }

  /** The trade that this fill closes, if it closes one. */
  apply(fill: Fill): ClosedTrade | undefined {
    const trade = this.#tradeOf(fill);
    const { ledger } = trade;
    const [before, realised] = [ledger.quantity, ledger.realised];
    ledger.apply(fill);
    trade.pending += ledger.realised - realised;
    if (before === 0) trade.openedNanos = fill.timeNanos;
    const after = ledger.quantity;
    const hasClosed = before !== 0 && before > 0 !== (fill.side === 'buy');
    const isRound = hasClosed && (after === 0 || after > 0 !== before > 0);
    const ends = this.#unit === 'round-trip' ? isRound : hasClosed;
    // Of a fill that turns the position round, the part that opens the new one pays its share of the fee there.
    const opening = ends ? amountOfFee(fill, before, after) : 0n;
    if (fill.fee !== 0 && fill.feeCurrency !== fill.currency) trade.hasForeignFees = true;
    else trade.pending -= amountFromNumber(fill.fee) - opening;
    if (!ends) return undefined;
    const { key, openedNanos, hasForeignFees } = trade;
    const profit = numberFromAmount(trade.pending);
    trade.pending = -opening;
    trade.openedNanos = fill.timeNanos;
    trade.hasForeignFees = false;
    return { key, openedNanos, closedNanos: fill.timeNanos, profit, hasForeignFees };
  }

  /** Realised less fees that belong to trades which are still open, by currency. */
  pending(): ReadonlyMap<string, number> {
    const sums = new Map<string, Amount>();
    for (const { key, pending } of this.#open.values()) {
      sums.set(key.currency, (sums.get(key.currency) ?? 0n) + pending);
    }
    return new Map([...sums].map(([currency, sum]) => [currency, numberFromAmount(sum)]));
  }

  #tradeOf(fill: Fill): OpenTrade {
    const { strategy, venue, symbol, account, currency } = fill;
    const id = `${strategy}\u0000${venue}\u0000${symbol}\u0000${account}\u0000${currency}`;
    let trade = this.#open.get(id);
    if (trade === undefined) {
      const key = { strategy, venue, symbol, account, currency };
      const ledger = new PositionLedger(this.#method);
      trade = { key, ledger, pending: 0n, openedNanos: fill.timeNanos, hasForeignFees: false };
      this.#open.set(id, trade);
    }
    return trade;
  }
}

/** The share of a fill's fee that belongs to what it opens after crossing zero; 0 when it does not cross. */
function amountOfFee({ fee, feeCurrency, currency, quantity }: Fill, before: number, after: number): Amount {
  if (fee === 0 || feeCurrency !== currency || after === 0 || after > 0 === before > 0) return 0n;
  return divideRounded(amountFromNumber(fee) * fixedFromNumber(Math.abs(after)), fixedFromNumber(quantity));
}
