/**
 * Fills with the mid at their order's arrival, as columns: from the store's own joins where it offers them, else from rows.
 */
import type { SlippageQuery } from '@tapewatch/contract';
import {
  fillColumnsOf,
  NO_ORDER,
  type FillColumns,
  type FillGroup,
  type NoBenchmarkReason,
  type Notice,
  type SlippageBook,
  type SlippageCell,
} from '@tapewatch/core';
import type { FillArrivals, StoreReader } from '../ports.ts';
import { MAX_ROWS, refuseTooManyRows } from './limit.ts';
import { QuoteAsks, type QuoteAsksOptions } from './quote-asks.ts';
import { endNanosOf, readBenchmarks, readFills, startNanosOf, type FillRange } from './trading-read.ts';

export interface MeasuredRead {
  readonly query: SlippageQuery;
  readonly range: FillRange;
  readonly reader: StoreReader;
  readonly signal?: AbortSignal;
}

interface Mids {
  /** By order; NaN where there is none. */
  readonly mids: Float64Array;
  /** By order, where there is none; default: no quote. */
  readonly reasons: ReadonlyMap<number, NoBenchmarkReason>;
}

export class MeasuredFills {
  readonly #columns: FillColumns;
  readonly #orders: Uint32Array;
  readonly #mids: Mids;
  readonly #owners: OrderOwners;

  constructor(columns: FillColumns, orders: Uint32Array, mids: Mids) {
    this.#columns = columns;
    this.#orders = orders;
    this.#mids = mids;
    this.#owners = new OrderOwners(mids.mids.length);
  }

  get size(): number {
    return this.#columns.timesMs.length;
  }

  timeMs(row: number): number {
    return this.#columns.timesMs[row] as number;
  }

  /** Rows `from` to `to`, the latter exclusive. */
  addTo(book: SlippageBook, from: number, to: number): void {
    const { groups, group, quantities, prices } = this.#columns;
    const { mids, reasons } = this.#mids;
    const cells = new Array<SlippageCell | undefined>(groups.length * 2).fill(undefined);
    for (let row = from; row < to; row++) {
      const quantity = quantities[row] as number;
      const isSale = quantity < 0 || Object.is(quantity, -0);
      const number = group[row] as number;
      const at = number * 2 + (isSale ? 1 : 0);
      const side = isSale ? 'sell' : 'buy';
      const cell = (cells[at] ??= book.cellOf({ ...(groups[number] as FillGroup), side }));
      const order = this.#orders[row] as number;
      const mid = order === NO_ORDER ? NaN : (mids[order] as number);
      if (order === NO_ORDER) cell.exclude('no_order');
      else if (mid !== mid) cell.exclude(reasons.get(order) ?? 'no_quote');
      else {
        this.#owners.count(order, cell);
        cell.add(quantity, prices[row] as number, mid);
      }
    }
  }
}

/**
 * Counts each order once a cell. The first cell that has a fill of it owns it, which is a number an order; others put it
 * into their sets.
 */
class OrderOwners {
  readonly #owner: Int32Array;
  readonly #numbers = new Map<SlippageCell, number>();

  constructor(orders: number) {
    this.#owner = new Int32Array(orders).fill(-1);
  }

  count(order: number, cell: SlippageCell): void {
    let number = this.#numbers.get(cell);
    if (number === undefined) this.#numbers.set(cell, (number = this.#numbers.size));
    const owner = this.#owner[order] as number;
    if (owner === number) return;
    if (owner >= 0) {
      cell.orders.add(order);
      return;
    }
    this.#owner[order] = number;
    cell.ownOrders++;
  }
}

interface Measured {
  readonly fills: MeasuredFills;
  readonly notices: readonly Notice[];
}

export async function readMeasuredFills({ query, range, reader, signal }: MeasuredRead): Promise<Measured> {
  const limit = MAX_ROWS + 1;
  const filter = { ...query.filters, startNanos: startNanosOf(range), endNanos: endNanosOf(range), limit };
  const arrivals = await reader.fillArrivals?.(filter, signal);
  const options = { reader, maxQuoteAgeMs: query.maxQuoteAgeMs, ...(signal && { signal }) };
  if (arrivals === undefined) return fromRows(await readFills(reader, range, query.filters, signal), options);
  refuseTooManyRows(arrivals.fills.timesMs.length, 'fills');
  return fromColumns(arrivals, options);
}

async function fromColumns(arrivals: FillArrivals, options: QuoteAsksOptions): Promise<Measured> {
  const { fills, mids, unpriced, stampsNanos, feed, feeds } = arrivals;
  const asks = new QuoteAsks(options);
  const askOf = (i: number) =>
    [feeds[feed[i] as number] ?? { venue: '', symbol: '' }, stampsNanos[i] as bigint] as const;
  for (let i = 0; i < unpriced.length; i++) asks.before(...askOf(i));
  const answers = await asks.read();
  const reasons = new Map<number, NoBenchmarkReason>();
  unpriced.forEach((order, i) => {
    const { mid, reason } = answers.before(...askOf(i));
    if (mid !== undefined) mids[order] = mid;
    else reasons.set(order, reason);
  });
  const sorted = inOrderOfTime(fills);
  return {
    fills: new MeasuredFills(sorted, sorted.orders ?? new Uint32Array(0), { mids, reasons }),
    notices: answers.notices,
  };
}

/** A chart takes fills step by step. */
function inOrderOfTime(fills: FillColumns): FillColumns {
  const order = orderOfTime(fills.timesMs);
  if (order === undefined) return fills;
  const numbers = (column: Float64Array): Float64Array => taken(column, new Float64Array(order.length), order);
  const codes = (column: Uint32Array): Uint32Array => taken(column, new Uint32Array(order.length), order);
  return {
    groups: fills.groups,
    group: codes(fills.group),
    timesMs: numbers(fills.timesMs),
    quantities: numbers(fills.quantities),
    prices: numbers(fills.prices),
    fees: numbers(fills.fees),
    ...(fills.orders && { orders: codes(fills.orders) }),
  };
}

function taken<T extends Float64Array | Uint32Array>(from: T, to: T, order: Uint32Array): T {
  for (let i = 0; i < order.length; i++) to[i] = from[order[i] as number] as number;
  return to;
}

/** Undefined where rows are in order. Nearly all are, as they are stored: only those that came late are sorted, then merged. */
function orderOfTime(timesMs: Float64Array): Uint32Array | undefined {
  const late: number[] = [];
  const isLate = new Uint8Array(timesMs.length);
  let newest = -Infinity;
  for (let row = 0; row < timesMs.length; row++) {
    const timeMs = timesMs[row] as number;
    if (timeMs >= newest) newest = timeMs;
    else {
      late.push(row);
      isLate[row] = 1;
    }
  }
  if (late.length === 0) return undefined;
  late.sort((a, b) => (timesMs[a] as number) - (timesMs[b] as number));
  const order = new Uint32Array(timesMs.length);
  let [place, next] = [0, 0];
  for (let row = 0; row < timesMs.length; row++) {
    if (isLate[row] === 1) continue;
    while (next < late.length && (timesMs[late[next] as number] as number) < (timesMs[row] as number))
      order[place++] = late[next++] as number;
    order[place++] = row;
  }
  while (next < late.length) order[place++] = late[next++] as number;
  return order;
}

async function fromRows(fills: Awaited<ReturnType<typeof readFills>>, options: QuoteAsksOptions): Promise<Measured> {
  const { benchmarkOf, notices } = await readBenchmarks(fills, options);
  const sorted = [...fills].sort((a, b) => (a.timeNanos < b.timeNanos ? -1 : a.timeNanos > b.timeNanos ? 1 : 0));
  const numbers = new Map<string, number>();
  const [mids, reasons] = [[] as number[], new Map<number, NoBenchmarkReason>()];
  const orders = Uint32Array.from(sorted, (fill) => {
    const { mid, reason } = benchmarkOf(fill);
    if (reason === 'no_order') return NO_ORDER;
    const id = `${fill.orderId}\u0000${mid ?? reason}`;
    let number = numbers.get(id);
    if (number === undefined) {
      numbers.set(id, (number = mids.push(mid ?? NaN) - 1));
      if (reason !== undefined) reasons.set(number, reason);
    }
    return number;
  });
  const columns = fillColumnsOf(sorted, { keepOrder: true });
  return { fills: new MeasuredFills(columns, orders, { mids: Float64Array.from(mids), reasons }), notices };
}
