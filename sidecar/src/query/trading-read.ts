/**
 * Reads what trading queries need: fills in time order, the benchmark of each order, and marks. The benchmark is the mid
 * that the order carries, else the mid of the last quote strictly before its arrival (the stamp of its `new` step, or of
 * sending where that step is not known).
 */
import { correctFills, OrderLives, type Benchmark, type Fill, type Notice } from '@tapewatch/core';
import type { StoreReader } from '../ports.ts';
import { MAX_ORDER_IDS_PER_READ, MAX_ROWS, refuseTooManyRows } from './limit.ts';
import { QuoteAsks } from './quote-asks.ts';
import type { QuoteReadOptions } from './quote-read.ts';

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

/** A correction may come long after the fill that it is about. */
const EVER = { startNanos: 0n, endNanos: 2n ** 63n - 1n };

/** As they stand: busts and amendments applied, whenever they came. Throws `query.limit` past the row limit. */
export async function readFills(
  reader: StoreReader,
  range: FillRange,
  filters: TradingFilters,
  signal?: AbortSignal,
): Promise<Fill[]> {
  const filter = { ...filters, startNanos: startNanosOf(range), endNanos: endNanosOf(range), limit: MAX_ROWS + 1 };
  const fills = await reader.events('fills', filter, signal);
  refuseTooManyRows(fills.length, 'fills');
  const corrections = await reader.events('fills', { ...EVER, execution: ['bust', 'amend'] }, signal);
  return correctFills([...fills, ...corrections.filter(({ execution }) => execution !== 'new')]);
}

/** Tells each fill's benchmark. A few reads for all fills together, none for a single one. */
export async function readBenchmarks(
  fills: readonly Fill[],
  options: QuoteReadOptions,
): Promise<{ readonly benchmarkOf: (fill: Fill) => Benchmark; readonly notices: readonly Notice[] }> {
  const { reader, signal } = options;
  const lives = new OrderLives();
  const ids = [...new Set(fills.map(({ orderId }) => orderId))];
  const latest = fills.reduce((max, { timeNanos }) => (timeNanos > max ? timeNanos : max), 0n) + 1n;
  for (let from = 0; from < ids.length; from += MAX_ORDER_IDS_PER_READ) {
    const orderIds = ids.slice(from, from + MAX_ORDER_IDS_PER_READ);
    const orders = await reader.events('orders', { startNanos: 0n, endNanos: latest, orderIds }, signal);
    for (const order of orders) lives.addOrder(order);
  }
  const asks = new QuoteAsks(options);
  for (const life of lives.all()) if (life.arrivalMid === null) asks.before(life, life.arrivalNanos);
  const answers = await asks.read();
  const benchmarkOf = (fill: Fill): Benchmark => {
    const life = lives.of(fill);
    if (life === undefined) return { reason: 'no_order' };
    return life.arrivalMid === null ? answers.before(life, life.arrivalNanos) : { mid: life.arrivalMid };
  };
  return { benchmarkOf, notices: answers.notices };
}
