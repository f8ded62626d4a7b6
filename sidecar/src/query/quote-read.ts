/**
 * The books before many stamps and the gaps of their feeds, read at once. A mid is withheld, with its reason, where the quote
 * is too old, or quotes are lost before the stamp.
 */
import {
  benchmarkAt,
  bookAt,
  FeedGaps,
  noBooks,
  rfc3339,
  type BookColumns,
  type BookRequest,
  type FeedGap,
  type FeedLimits,
  type NoBenchmarkReason,
  type Notice,
  type QuotedBook,
} from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import type { StoreReader } from '../ports.ts';
import { MAX_GAPS, MAX_QUOTE_ASKS } from './limit.ts';

export interface QuoteReadOptions {
  readonly reader: StoreReader;
  /** 0 for no limit. */
  readonly maxQuoteAgeMs: number;
  readonly signal?: AbortSignal;
}

/** A feed that has a quote this long after a stamp had not ended at it. */
export const END_GRACE_NANOS = 60_000_000_000n;
/** How long before a stamp a gap may begin that is looked for where quotes have no age limit. */
const UNLIMITED_MARGIN_NANOS = 600_000_000_000n;

export function refuseTooManyAsks(count: number): void {
  if (count <= MAX_QUOTE_ASKS) return;
  const text = `the query needs the mid at more than ${MAX_QUOTE_ASKS} stamps; shorten the time range, add filters or ask for fewer horizons`;
  throw new TapewatchError('query.limit', text, { details: { limit: MAX_QUOTE_ASKS } });
}

interface LimitedBooks {
  readonly books: BookColumns;
  readonly limits: FeedLimits;
  readonly notices: readonly Notice[];
}

/** Gaps are looked for about the first `counted` stamps. */
export async function readLimitedBooks(
  request: BookRequest,
  options: QuoteReadOptions,
  counted = request.feed.length,
): Promise<LimitedBooks> {
  const { reader, maxQuoteAgeMs, signal } = options;
  // At once: each works in a thread of its own while the other's rows are looked at here.
  const [books, { gaps, notices }] = await Promise.all([
    readColumns(reader, request, signal),
    readGaps({ ...request, stampsNanos: request.stampsNanos.subarray(0, counted) }, options),
  ]);
  const maxAgeNanos = maxQuoteAgeMs === 0 ? null : BigInt(maxQuoteAgeMs) * 1_000_000n;
  return { books, limits: { maxAgeNanos, gaps }, notices };
}

/** The mid strictly before each stamp, NaN where there is none; and why there is none. */
export async function readMids(request: BookRequest, options: QuoteReadOptions) {
  const { stampsNanos } = request;
  refuseTooManyAsks(stampsNanos.length);
  const { books, limits, notices } = await readLimitedBooks(request, options);
  const mids = new Float64Array(stampsNanos.length).fill(NaN);
  const reasons = new Map<number, NoBenchmarkReason>();
  for (let i = 0; i < mids.length; i++) {
    const { mid, reason } = benchmarkAt(bookAt(request, books, i), stampsNanos[i] as bigint, limits);
    if (mid === undefined) reasons.set(i, reason);
    else mids[i] = mid;
  }
  return { mids, reasons, notices };
}

async function readColumns(reader: StoreReader, request: BookRequest, signal?: AbortSignal): Promise<BookColumns> {
  const { feeds, feed, stampsNanos } = request;
  const known = stampsNanos.length === 0 ? noBooks(0) : await reader.books?.(request, signal);
  if (known !== undefined) return known;
  const asked = Array.from(feed, (number, i) => {
    const { venue, symbol } = feeds[number] as BookRequest['feeds'][number];
    return { venue, symbol, timeNanos: stampsNanos[i] as bigint };
  });
  return columnsOf(await reader.quotesBefore(asked, signal));
}

function columnsOf(rows: readonly (QuotedBook | null)[]): BookColumns {
  const books = noBooks(rows.length);
  rows.forEach((row, i) => {
    if (row === null) return;
    books.timesNanos[i] = row.timeNanos;
    books.bids[i] = row.bid ?? NaN;
    books.bidSizes[i] = row.bidSize ?? NaN;
    books.asks[i] = row.ask ?? NaN;
    books.askSizes[i] = row.askSize ?? NaN;
  });
  return books;
}

interface Gaps {
  readonly gaps: FeedGaps;
  readonly notices: readonly Notice[];
}

/** One read for all feeds: between the earliest and the latest stamp that was asked for. */
async function readGaps({ feeds, stampsNanos }: Omit<BookRequest, 'feed'>, options: QuoteReadOptions): Promise<Gaps> {
  const { reader, maxQuoteAgeMs, signal } = options;
  if (stampsNanos.length === 0 || reader.quoteGaps === undefined) return { gaps: FeedGaps.NONE, notices: [] };
  let [first, last] = [2n ** 63n - 1n, -(2n ** 63n)];
  for (const stamp of stampsNanos) {
    if (stamp < first) first = stamp;
    if (stamp > last) last = stamp;
  }
  // The two quotes beside a gap may lie outside of the stamps; a quote from before the age limit is withheld anyway.
  const startNanos = first - (maxQuoteAgeMs === 0 ? UNLIMITED_MARGIN_NANOS : BigInt(maxQuoteAgeMs) * 1_000_000n);
  const endNanos = last + END_GRACE_NANOS;
  const found = await reader.quoteGaps({ feeds, startNanos, endNanos, limit: MAX_GAPS + 1 }, signal);
  if (found === null) {
    const text = 'too many quotes in the range to look for gaps in their sequence: mids are withheld by age only';
    return { gaps: FeedGaps.NONE, notices: [{ severity: 'info', text }] };
  }
  const known = found.slice(0, MAX_GAPS);
  return { gaps: new FeedGaps(known), notices: found.length > MAX_GAPS ? [gapNotice(known)] : [] };
}

/** The earliest of time are known. */
function gapNotice(known: readonly FeedGap[]): Notice {
  const since = known.at(-1)?.toNanos ?? 0n;
  const text = `the feeds have more than ${MAX_GAPS} gaps in their sequence: after ${rfc3339(since)} mids are withheld by age only; shorten the time range or filter by venue and symbol`;
  return { severity: 'warning', text };
}
