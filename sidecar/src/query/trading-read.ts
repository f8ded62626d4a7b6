/**
 * Reads what trading queries need: fills in time order, the benchmark of each order, and marks. The benchmark is the mid
 * that the order carries, else the mid of the last quote strictly before its arrival (the stamp of its `new` step, or of
 * sending where that step is not known).
 */
import { midOf, type Benchmark, type Fill, type OrderEvent } from '@tapewatch/core';
import type { StoreReader } from '../ports.ts';
import { MAX_ORDER_IDS_PER_READ, MAX_ROWS, refuseTooManyRows } from './limit.ts';

export interface FillRange {
  /** Inclusive, milliseconds. */
  readonly startMs: number;
  readonly endMs: number;
}

export interface TradingFilters {
  readonly strategy: readonly string[];
  readonly venue: readonly string[];
  readonly symbol: readonly string[];
  readonly account: readonly string[];
}

const MS = 1_000_000n;

export function startNanosOf({ startMs }: FillRange): bigint {
  return BigInt(Math.floor(startMs)) * MS;
}

/** Exclusive: the millisecond of the end is still within. */
export function endNanosOf({ endMs }: FillRange): bigint {
  return (BigInt(Math.floor(endMs)) + 1n) * MS;
}

/** Ascending by time. Throws `query.limit` past the row limit. */
export async function readFills(
  reader: StoreReader,
  range: FillRange,
  filters: TradingFilters,
  signal?: AbortSignal,
): Promise<Fill[]> {
  const filter = { ...filters, startNanos: startNanosOf(range), endNanos: endNanosOf(range), limit: MAX_ROWS + 1 };
  const fills = await reader.events('fills', filter, signal);
  refuseTooManyRows(fills.length, 'fills');
  return fills;
}

/** Tells each fill's benchmark. Two reads for all fills together, none for a single one. */
export async function readBenchmarks(
  reader: StoreReader,
  fills: readonly Fill[],
  signal?: AbortSignal,
): Promise<(fill: Fill) => Benchmark> {
  const arrivals = new ArrivalIndex();
  const ids = [...new Set(fills.map(({ orderId }) => orderId))];
  const latest = fills.reduce((max, { timeNanos }) => (timeNanos > max ? timeNanos : max), 0n) + 1n;
  for (let from = 0; from < ids.length; from += MAX_ORDER_IDS_PER_READ) {
    const orderIds = ids.slice(from, from + MAX_ORDER_IDS_PER_READ);
    const orders = await reader.events('orders', { startNanos: 0n, endNanos: latest, orderIds }, signal);
    for (const order of orders) arrivals.add(order);
  }
  const withoutMid = arrivals.withoutMid();
  const asked = withoutMid.map(({ venue, symbol, timeNanos }) => ({ venue, symbol, timeNanos }));
  const quotes = asked.length === 0 ? [] : await reader.quotesBefore(asked, signal);
  const fromQuotes = new Map(withoutMid.map((arrival, i) => [arrival, midOf(quotes[i] ?? null)]));
  return (fill) => {
    const arrival = arrivals.find(fill);
    if (arrival === undefined) return { reason: 'no_order' };
    return arrival.mid === null ? (fromQuotes.get(arrival) ?? { reason: 'no_quote' }) : { mid: arrival.mid };
  };
}

interface Arrival {
  readonly venue: string;
  readonly symbol: string;
  timeNanos: bigint;
  /** The stamp came from the `new` step, which beats any other. */
  exact: boolean;
  mid: number | null;
}

/** Venues number their orders themselves, so the venue is part of the key; a routed order is found by its id alone. */
class ArrivalIndex {
  readonly #byVenue = new Map<string, Arrival>();
  readonly #byId = new Map<string, Arrival>();

  add(order: OrderEvent): void {
    const key = keyOf(order);
    const exact = order.event === 'new';
    const timeNanos = exact ? order.timeNanos : (order.sentNanos ?? order.timeNanos);
    const known = this.#byVenue.get(key);
    if (known === undefined) {
      const arrival: Arrival = { venue: order.venue, symbol: order.symbol, timeNanos, exact, mid: order.arrivalMid };
      this.#byVenue.set(key, arrival);
      if (!this.#byId.has(order.orderId)) this.#byId.set(order.orderId, arrival);
      return;
    }
    if ((exact && !known.exact) || (exact === known.exact && timeNanos < known.timeNanos)) {
      known.timeNanos = timeNanos;
      known.exact = exact;
      known.mid = order.arrivalMid ?? known.mid;
    } else known.mid ??= order.arrivalMid;
  }

  find(fill: Fill): Arrival | undefined {
    return this.#byVenue.get(keyOf(fill)) ?? this.#byId.get(fill.orderId);
  }

  withoutMid(): Arrival[] {
    return [...this.#byVenue.values()].filter(({ mid }) => mid === null);
  }
}

function keyOf({ venue, orderId }: { readonly venue: string; readonly orderId: string }): string {
  return `${venue}\u0000${orderId}`;
}
