/**
 * What the market did while orders were worked: prints and mids of the instruments that were traded, laid out for interval
 * benchmarks. Read once for all orders; a range that holds more rows than the bound is refused, because a part of the prints
 * has another VWAP than all of them.
 */
import {
  feedKey,
  intervalVwap,
  MidLine,
  midOf,
  PrintTape,
  type Benchmark,
  type Fill,
  type IntervalVwap,
  type OrderLife,
} from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import type { EventRowByTable, StoreReader } from '../ports.ts';
import { MAX_MARKET_ROWS } from './limit.ts';

export interface MarketTape {
  vwap(life: OrderLife): IntervalVwap;
  twap(life: OrderLife): Benchmark;
}

/** How far before the first order the quote that stood then is looked for. */
const FIRST_QUOTE_NANOS = 60_000_000_000n;

interface Interval {
  readonly startNanos: bigint;
  /** Exclusive. */
  readonly endNanos: bigint;
}

/** `what`: which of the two is needed, as the other one need not be read. */
export async function readMarketTape(
  reader: StoreReader,
  { fills, orders, what }: { fills: readonly Fill[]; orders: readonly OrderLife[]; what: 'vwap' | 'twap' },
  signal?: AbortSignal,
): Promise<MarketTape> {
  const interval = wholeOf(orders);
  const prints = what === 'vwap' ? await readRows(reader, 'market_trades', { interval, orders, signal }) : [];
  const withFirst = { ...interval, startNanos: interval.startNanos - FIRST_QUOTE_NANOS };
  const quotes = what === 'twap' ? await readRows(reader, 'quotes', { interval: withFirst, orders, signal }) : [];
  const tapes = new Map([...groupsOf(prints)].map(([feed, rows]) => [feed, new PrintTape(rows)]));
  const own = new Map([...groupsOf(fills)].map(([feed, rows]) => [feed, new PrintTape(rows)]));
  const lines = new Map(
    [...groupsOf(quotes)].map(([feed, rows]) => {
      const times = rows.map(({ timeNanos }) => timeNanos);
      const mids = rows.map((quote) => midOf(quote).mid ?? null);
      return [feed, new MidLine(times, mids, interval.endNanos)];
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
      const mid = lines.get(feedKey(life))?.twap(from, to) ?? null;
      return mid === null ? { reason: 'no_quote' } : { mid };
    },
  };
}

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

async function readRows<T extends 'market_trades' | 'quotes'>(
  reader: StoreReader,
  table: T,
  { interval, orders, signal }: { interval: Interval; orders: readonly OrderLife[]; signal?: AbortSignal | undefined },
): Promise<EventRowByTable[T][]> {
  if (orders.length === 0) return [];
  const [venue, symbol] = [unique(orders.map((order) => order.venue)), unique(orders.map((order) => order.symbol))];
  const rows = await reader.events(table, { ...interval, venue, symbol, limit: MAX_MARKET_ROWS + 1 }, signal);
  if (rows.length <= MAX_MARKET_ROWS) return rows;
  const text = `the benchmark needs more than ${MAX_MARKET_ROWS} ${table === 'quotes' ? 'quotes' : 'prints'} of the market; shorten the time range, add filters or choose the arrival benchmark`;
  throw new TapewatchError('query.limit', text, { details: { limit: MAX_MARKET_ROWS } });
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

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
