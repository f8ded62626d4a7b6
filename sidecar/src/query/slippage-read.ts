/**
 * Fills with the mid at their order's arrival, as columns: from the store's own joins where it offers them, else from rows.
 */
import type { SlippageQuery } from '@tapewatch/contract';
import {
  fillColumnsOf,
  NO_ORDER,
  reorderedFills,
  type FillColumns,
  type NoBenchmarkReason,
  type Notice,
} from '@tapewatch/core';
import type { FillArrivals, StoreReader } from '../ports.ts';
import { MAX_ROWS, refuseTooManyRows } from './limit.ts';
import { MeasuredFills } from './measured-fills.ts';
import { readMids, type QuoteReadOptions } from './quote-read.ts';
import { endNanosOf, readBenchmarks, readFills, startNanosOf, type FillRange } from './trading-read.ts';

export interface MeasuredRead {
  readonly query: SlippageQuery;
  readonly range: FillRange;
  readonly reader: StoreReader;
  readonly signal?: AbortSignal;
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

async function fromColumns(arrivals: FillArrivals, options: QuoteReadOptions): Promise<Measured> {
  const { fills, mids, unpriced, stampsNanos, feed, feeds } = arrivals;
  const found = await readMids({ feeds, feed, stampsNanos }, options);
  const reasons = new Map<number, NoBenchmarkReason>();
  unpriced.forEach((order, i) => {
    const reason = found.reasons.get(i);
    if (reason === undefined) mids[order] = found.mids[i] as number;
    else reasons.set(order, reason);
  });
  const sorted = inOrderOfTime(fills);
  return {
    fills: new MeasuredFills(sorted, sorted.orders ?? new Uint32Array(0), { mids, reasons }),
    notices: found.notices,
  };
}

/** A chart takes fills step by step. */
function inOrderOfTime(fills: FillColumns): FillColumns {
  const order = orderOfTime(fills.timesMs);
  return order === undefined ? fills : reorderedFills(fills, order);
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

async function fromRows(fills: Awaited<ReturnType<typeof readFills>>, options: QuoteReadOptions): Promise<Measured> {
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
