/**
 * What the market did while orders were worked: prints and mids of the instruments that were traded, laid out for interval
 * benchmarks. Read once for all orders; a range that holds more rows than the bound is refused, because a part of the prints
 * has another VWAP than all of them. Our own prints are those of the whole desk, whatever the query is filtered by.
 */
import {
  feedKey,
  intervalVwap,
  type MidAverage,
  MidLine,
  midOf,
  PrintTape,
  type Benchmark,
  type IntervalVwap,
  type OrderLife,
} from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import type { EventRowByTable, StoreReader } from '../ports.ts';
import { MAX_TAPE_ROWS } from './limit.ts';
import { readFills } from './trading-read.ts';

export interface MarketTape {
  vwap(life: OrderLife): IntervalVwap;
  twap(life: OrderLife): Benchmark;
}

/** How far before the first order the quote that stood then is looked for, where quotes have no age limit. */
const UNLIMITED_MARGIN_NANOS = 600_000_000_000n;
const EVERYBODY = { strategy: [], account: [] } as const;

const MS = 1_000_000n;

interface Interval {
  readonly startNanos: bigint;
  /** Exclusive. */
  readonly endNanos: bigint;
}

export interface TapeRequest {
  readonly orders: readonly OrderLife[];
  /** Which of the two is needed, as the other one need not be read. */
  readonly what: 'vwap' | 'twap';
  /** A quote stands no longer; 0 for no limit. */
  readonly maxQuoteAgeMs: number;
}

export async function readMarketTape(
  reader: StoreReader,
  { orders, what, maxQuoteAgeMs }: TapeRequest,
  signal?: AbortSignal,
): Promise<MarketTape> {
  const interval = wholeOf(orders);
  const prints = what === 'vwap' ? await readRows(reader, 'market_trades', { interval, orders, signal }) : [];
  const fills = prints.length === 0 ? [] : await readOwn(reader, { interval, orders, signal });
  const maxAgeNanos = maxQuoteAgeMs === 0 ? null : BigInt(maxQuoteAgeMs) * 1_000_000n;
  const withFirst = { ...interval, startNanos: interval.startNanos - (maxAgeNanos ?? UNLIMITED_MARGIN_NANOS) };
  const quotes = what === 'twap' ? await readRows(reader, 'quotes', { interval: withFirst, orders, signal }) : [];
  const tapes = new Map([...groupsOf(prints)].map(([feed, rows]) => [feed, new PrintTape(rows)]));
  const own = new Map([...groupsOf(fills)].map(([feed, rows]) => [feed, new PrintTape(rows)]));
  const lines = new Map(
    [...groupsOf(quotes)].map(([feed, rows]) => {
      const times = rows.map(({ timeNanos }) => timeNanos);
      const mids = rows.map((quote) => midOf(quote).mid ?? null);
      return [feed, new MidLine(times, mids, interval.endNanos, maxAgeNanos)];
    }),
  );
  const none = { volume: 0, notional: 0, prints: 0 };
  return {
    vwap(life) {
      const [from, to] = workedOf(life);
      const mine = own.get(feedKey(life))?.between(from, to) ?? none;
      return intervalVwap(tapes.get(feedKey(life))?.between(from, to) ?? none, {
        quantity: mine.volume,
        notional: mine.notional,
      });
    },
    twap(life) {
      const [from, to] = workedOf(life);
      const { mid, knownNanos, staleNanos } = lines.get(feedKey(life))?.average(from, to) ?? NO_MID;
      // What is known of the lesser part of an interval tells nothing of the interval.
      if (staleNanos > knownNanos) return { reason: 'stale' };
      return mid === null ? { reason: 'no_quote' } : { mid };
    },
  };
}

const NO_MID: MidAverage = { mid: null, knownNanos: 0, staleNanos: 0 };

/** From arrival to the last fill. */
function workedOf({ arrivalNanos, fills }: OrderLife): readonly [from: bigint, to: bigint] {
  return [arrivalNanos, fills.at(-1)?.timeNanos ?? arrivalNanos];
}

function wholeOf(orders: readonly OrderLife[]): Interval {
  let [startNanos, endNanos] = [2n ** 63n - 1n, 0n];
  for (const order of orders) {
    const [from, to] = workedOf(order);
    if (from < startNanos) startNanos = from;
    if (to >= endNanos) endNanos = to + 1n;
  }
  return { startNanos, endNanos };
}

interface TapeRead {
  readonly interval: Interval;
  readonly orders: readonly OrderLife[];
  readonly signal: AbortSignal | undefined;
}

/** Fills of the desk in the instruments, as they stand: another strategy's prints are our own as well. */
async function readOwn(reader: StoreReader, { interval, orders, signal }: TapeRead) {
  const range = { startMs: Number(interval.startNanos / MS), endMs: Number(interval.endNanos / MS) };
  return readFills(reader, range, { ...EVERYBODY, ...feedsOf(orders) }, signal);
}

async function readRows<T extends 'market_trades' | 'quotes'>(
  reader: StoreReader,
  table: T,
  { interval, orders, signal }: TapeRead,
): Promise<EventRowByTable[T][]> {
  if (orders.length === 0) return [];
  const rows = await reader.events(table, { ...interval, ...feedsOf(orders), limit: MAX_TAPE_ROWS + 1 }, signal);
  if (rows.length <= MAX_TAPE_ROWS) return rows;
  const text = `the benchmark needs more than ${MAX_TAPE_ROWS} ${table === 'quotes' ? 'quotes' : 'prints'} of the market; shorten the time range, add filters or choose the arrival benchmark`;
  throw new TapewatchError('query.limit', text, { details: { limit: MAX_TAPE_ROWS } });
}

function groupsOf<T extends { readonly venue: string; readonly symbol: string }>(rows: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const key = feedKey(row);
    const list = groups.get(key);
    if (list === undefined) groups.set(key, [row]);
    else list.push(row);
  }
  return groups;
}

function feedsOf(orders: readonly OrderLife[]): { readonly venue: string[]; readonly symbol: string[] } {
  return { venue: unique(orders.map(({ venue }) => venue)), symbol: unique(orders.map(({ symbol }) => symbol)) };
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
