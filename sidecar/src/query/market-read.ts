/**
 * Reads what a query on the market needs, by feed: quotes, prints, depth. A range that holds more quotes than the bound is
 * looked at by quotes evenly spread over it, each standing for its share of the time: the averages over time stay what they
 * are, and a notice tells. Sequence numbers and latencies are then those of the newest quotes.
 */
import type { MarketQuery } from '@tapewatch/contract';
import {
  feedKey,
  formatDurationMs,
  type BookUpdate,
  type MarketTrade,
  type Notice,
  type Quote,
  type QuotedBook,
} from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import type { QueryEnvelope, StoreReader } from '../ports.ts';
import { MAX_BOOK_ROWS, MAX_MARKET_ROWS, MAX_MID_SAMPLES, MAX_QUOTE_SAMPLES } from './limit.ts';
import type { Feed } from './quote-asks.ts';
import { endNanosOf, startNanosOf } from './trading-read.ts';

/** A quote, and from when to when it stood within the range. */
export interface StandingQuote {
  readonly quote: QuotedBook;
  readonly fromNanos: bigint;
  readonly toNanos: bigint;
}

export interface FeedRead extends Feed {
  /** Ascending; they do not overlap. */
  readonly standing: readonly StandingQuote[];
  /** `standing` are samples: how many quotes came in is not known of them. */
  readonly isSampled: boolean;
  /** As they came in, ascending: the newest ones only where the range is sampled. */
  readonly quotes: readonly Quote[];
  readonly trades: readonly MarketTrade[];
  readonly books: readonly BookUpdate[];
}

export interface MarketRead {
  /** Distance of the samples that a volatility is taken from. */
  readonly sampleMs: number;
  readonly feeds: readonly FeedRead[];
  readonly startNanos: bigint;
  readonly endNanos: bigint;
  readonly notices: readonly Notice[];
}

export async function readMarket(
  reader: StoreReader,
  query: MarketQuery,
  envelope: QueryEnvelope,
  signal?: AbortSignal,
): Promise<MarketRead> {
  const { venue, symbol } = query.filters;
  const range = { startNanos: startNanosOf(envelope), endNanos: endNanosOf(envelope), venue, symbol };
  const newest = { ...range, limit: MAX_MARKET_ROWS + 1, newestFirst: true };
  const isProfile = query.format === 'profile';
  const quotes = isProfile ? [] : await reader.events('quotes', newest, signal);
  const trades = await reader.events('market_trades', newest, signal);
  const books = isProfile ? [] : await reader.events('book_levels', { ...newest, limit: MAX_BOOK_ROWS + 1 }, signal);
  const notices = [
    ...cut({ found: trades.length, limit: MAX_MARKET_ROWS, what: 'prints' }, envelope),
    ...cut({ found: books.length, limit: MAX_BOOK_ROWS, what: 'updates of depth' }, envelope),
  ];
  const kept = { quotes: byFeed(quotes), trades: byFeed(trades), books: byFeed(books) };
  const feeds = [...new Map([...quotes, ...trades, ...books].map((row) => [feedKey(row), row])).entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, row]) => ({ key, venue: row.venue, symbol: row.symbol }));
  const isSampled = quotes.length > MAX_MARKET_ROWS;
  const standing = isSampled
    ? await readSampled(reader, { feeds, ...range, notices, envelope }, signal)
    : await readAll(reader, { feeds, quotes: kept.quotes, ...range }, signal);
  return {
    feeds: feeds.map(({ key, ...feed }) => ({
      ...feed,
      standing: standing.get(key) ?? [],
      isSampled,
      quotes: kept.quotes.get(key) ?? [],
      trades: kept.trades.get(key) ?? [],
      books: kept.books.get(key) ?? [],
    })),
    ...range,
    sampleMs: sampleOf(query, { envelope, feeds: feeds.length, isSampled }, notices),
    notices,
  };
}

type KeyedFeed = Feed & { readonly key: string };

interface Range {
  readonly feeds: readonly KeyedFeed[];
  readonly startNanos: bigint;
  readonly endNanos: bigint;
}

/** The quote that stood when the range began counts from there. */
async function readAll(
  reader: StoreReader,
  { feeds, quotes, startNanos, endNanos }: Range & { readonly quotes: ReadonlyMap<string, readonly Quote[]> },
  signal?: AbortSignal,
): Promise<Map<string, StandingQuote[]>> {
  const asked = feeds.map(({ venue, symbol }) => ({ venue, symbol, timeNanos: startNanos }));
  const first = asked.length === 0 ? [] : await reader.quotesBefore(asked, signal);
  return new Map(
    feeds.map(({ key }, i) => {
      const before = first[i] ?? null;
      const rows = [...(before === null ? [] : [before]), ...(quotes.get(key) ?? [])];
      const standing = rows.map((quote, at): StandingQuote => {
        const fromNanos = quote.timeNanos < startNanos ? startNanos : quote.timeNanos;
        return { quote, fromNanos, toNanos: rows[at + 1]?.timeNanos ?? endNanos };
      });
      return [key, standing];
    }),
  );
}

async function readSampled(
  reader: StoreReader,
  { feeds, startNanos, endNanos, notices, envelope }: Range & { notices: Notice[]; envelope: QueryEnvelope },
  signal?: AbortSignal,
): Promise<Map<string, StandingQuote[]>> {
  const width = widthOf(endNanos - startNanos, feeds.length);
  const text = `the range holds more than ${MAX_MARKET_ROWS} quotes: it is looked at every ${formatDurationMs(Math.ceil(Number(width) / 1e6))}, and feed health is that of the newest quotes; instruments that were not quoted lately are missing`;
  if (envelope.fromAlert) throw new TapewatchError('query.limit', text, { details: { limit: MAX_MARKET_ROWS } });
  notices.push({ severity: 'warning', text });
  const stamps: bigint[] = [];
  for (let at = startNanos; at < endNanos; at += width) stamps.push(at);
  const asked = feeds.flatMap(({ venue, symbol }) => stamps.map((at) => ({ venue, symbol, timeNanos: at + 1n })));
  const quotes = await reader.quotesBefore(asked, signal);
  return new Map(
    feeds.map(({ key }, feed) => {
      const standing = stamps.flatMap((fromNanos, i): StandingQuote[] => {
        const quote = quotes[feed * stamps.length + i] ?? null;
        return quote === null ? [] : [{ quote, fromNanos, toNanos: stamps[i + 1] ?? endNanos }];
      });
      return [key, standing];
    }),
  );
}

/** Distance of the quotes that a long range is looked at by, nanoseconds. */
function widthOf(rangeNanos: bigint, feeds: number): bigint {
  const samples = BigInt(Math.max(1, Math.floor(MAX_QUOTE_SAMPLES / feeds)));
  return (rangeNanos + samples - 1n) / samples;
}

interface Sampling {
  readonly envelope: QueryEnvelope;
  readonly feeds: number;
  readonly isSampled: boolean;
}

/** Mids are sampled no closer than they were read, and so that all samples stay within their bound. */
function sampleOf(query: MarketQuery, { envelope, feeds, isSampled }: Sampling, notices: Notice[]): number {
  const rangeMs = envelope.endMs - envelope.startMs;
  const readMs = isSampled ? Number(widthOf(BigInt(Math.ceil(rangeMs)), feeds)) : 0;
  const sampleMs = Math.max(query.sampleMs, readMs, Math.ceil((rangeMs * feeds) / MAX_MID_SAMPLES));
  if (sampleMs > query.sampleMs && query.format !== 'profile') {
    const text = `volatility is taken from mids every ${formatDurationMs(sampleMs)}, because the range is too long for ${formatDurationMs(query.sampleMs)}`;
    notices.push({ severity: 'info', text });
  }
  return sampleMs;
}

function cut(
  { found, limit, what }: { readonly found: number; readonly limit: number; readonly what: string },
  { fromAlert }: QueryEnvelope,
): Notice[] {
  if (found <= limit) return [];
  const text = `only the newest ${limit} ${what} of the range count; shorten the time range or filter by venue and symbol`;
  if (fromAlert) throw new TapewatchError('query.limit', text, { details: { limit } });
  return [{ severity: 'warning', text }];
}

/** Newest first in, ascending out. */
function byFeed<T extends Feed>(rows: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (let i = Math.min(rows.length, MAX_MARKET_ROWS) - 1; i >= 0; i--) {
    const row = rows[i] as T;
    const list = groups.get(feedKey(row));
    if (list === undefined) groups.set(feedKey(row), [row]);
    else list.push(row);
  }
  return groups;
}
