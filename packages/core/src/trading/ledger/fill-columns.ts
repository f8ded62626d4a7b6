/**
 * Fills as columns: what booking needs, without an object a row. Ascending by time, then venue and execution id, so that
 * the order does not depend on which row arrived first.
 */
import type { Fill } from '../../model/event.ts';

/** What the fills of one position have in common. */
export interface FillGroup {
  readonly strategy: string;
  readonly venue: string;
  readonly symbol: string;
  readonly account: string;
  /** Currency of the price. */
  readonly currency: string;
  readonly feeCurrency: string;
}

export interface FillColumns {
  readonly groups: readonly FillGroup[];
  /** Index into `groups`, for each fill. */
  readonly group: Uint32Array;
  /** Whole milliseconds since the epoch, rounded down. */
  readonly timesMs: Float64Array;
  /** Positive bought, negative sold. */
  readonly quantities: Float64Array;
  readonly prices: Float64Array;
  /** Positive paid, negative a rebate. */
  readonly fees: Float64Array;
  /** Number of the order, `NO_ORDER` where it is not known; only where it was asked for. */
  readonly orders?: Uint32Array;
}

/** One of them, as a ledger books it. */
export interface Execution {
  readonly timeMs: number;
  /** Positive bought, negative sold. */
  readonly quantity: number;
  readonly price: number;
  readonly fee: number;
  readonly feeCurrency: string;
}

export const NO_ORDER = 0xffffffff;

const MS = 1_000_000n;

export function byTimeAndId(a: Fill, b: Fill): number {
  if (a.timeNanos !== b.timeNanos) return a.timeNanos < b.timeNanos ? -1 : 1;
  if (a.venue !== b.venue) return a.venue < b.venue ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** The fill at each place of the result is the one at the place that `order` names. */
export function reorderedFills(columns: FillColumns, order: Uint32Array): FillColumns {
  const { groups, group, timesMs, quantities, prices, fees, orders } = columns;
  return {
    groups,
    group: reordered(group, order),
    timesMs: reordered(timesMs, order),
    quantities: reordered(quantities, order),
    prices: reordered(prices, order),
    fees: reordered(fees, order),
    ...(orders && { orders: reordered(orders, order) }),
  };
}

export function reordered<T extends Float64Array | Uint32Array>(column: T, order: Uint32Array): T {
  const result = new (column.constructor as new (length: number) => T)(order.length);
  for (let at = 0; at < order.length; at++) result[at] = column[order[at] as number] as number;
  return result;
}

/** The fills need no order, unless it is to be kept. */
export function fillColumnsOf(fills: readonly Fill[], { keepOrder = false } = {}): FillColumns {
  const sorted = keepOrder ? fills : [...fills].sort(byTimeAndId);
  const groups: FillGroup[] = [];
  const numbers = new Map<string, number>();
  const numberOf = (fill: Fill): number => {
    const { strategy, venue, symbol, account, currency, feeCurrency } = fill;
    const id = JSON.stringify([strategy, venue, symbol, account, currency, feeCurrency]);
    let number = numbers.get(id);
    if (number === undefined) {
      number = groups.push({ strategy, venue, symbol, account, currency, feeCurrency }) - 1;
      numbers.set(id, number);
    }
    return number;
  };
  return {
    groups,
    group: Uint32Array.from(sorted, numberOf),
    timesMs: Float64Array.from(sorted, ({ timeNanos }) => Number((timeNanos - (((timeNanos % MS) + MS) % MS)) / MS)),
    quantities: Float64Array.from(sorted, ({ side, quantity }) => (side === 'buy' ? quantity : -quantity)),
    prices: Float64Array.from(sorted, ({ price }) => price),
    fees: Float64Array.from(sorted, ({ fee }) => fee),
  };
}
