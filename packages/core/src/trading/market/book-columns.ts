/** The books that stood before many stamps, as columns: threads hand them over without a copy, and no stamp costs an object. */
import type { QuotedBook } from '../../model/event.ts';
import type { Nanos } from '../../model/time.ts';

/** Stamps at which the book of a feed is asked for. */
export interface BookRequest {
  /** Each once. */
  readonly feeds: readonly { readonly venue: string; readonly symbol: string }[];
  /** Of each stamp, an index into `feeds`. */
  readonly feed: Uint32Array;
  readonly stampsNanos: BigInt64Array;
}

/** The last quote strictly before each stamp. */
export interface BookColumns {
  /** `NO_QUOTE` where there is none. */
  readonly timesNanos: BigInt64Array;
  /** NaN where a side is missing. */
  readonly bids: Float64Array;
  readonly bidSizes: Float64Array;
  readonly asks: Float64Array;
  readonly askSizes: Float64Array;
}

/** No stamp of a row is this early. */
export const NO_QUOTE = -(2n ** 63n);

export function noBooks(count: number): BookColumns {
  const [bids, bidSizes, asks, askSizes] = [0, 1, 2, 3].map(() => new Float64Array(count).fill(NaN)) as FourColumns;
  return { timesNanos: new BigInt64Array(count).fill(NO_QUOTE), bids, bidSizes, asks, askSizes };
}

type FourColumns = [Float64Array, Float64Array, Float64Array, Float64Array];

interface AskedBook {
  readonly venue: string;
  readonly symbol: string;
  readonly timeNanos: bigint;
}

/** In the same order. */
export function bookRequest(asked: readonly AskedBook[]): BookRequest {
  const feeds: { venue: string; symbol: string }[] = [];
  const byVenue = new Map<string, Map<string, number>>();
  const feed = Uint32Array.from(asked, ({ venue, symbol }) => {
    let bySymbol = byVenue.get(venue);
    if (bySymbol === undefined) byVenue.set(venue, (bySymbol = new Map()));
    let number = bySymbol.get(symbol);
    if (number === undefined) bySymbol.set(symbol, (number = feeds.push({ venue, symbol }) - 1));
    return number;
  });
  return { feeds, feed, stampsNanos: BigInt64Array.from(asked, ({ timeNanos }) => timeNanos) };
}

/** The book at one place of the answer. */
export function bookAt({ feeds, feed }: BookRequest, books: BookColumns, at: number): QuotedBook | null {
  const timeNanos = books.timesNanos[at] as Nanos;
  const one = feeds[feed[at] as number];
  if (timeNanos === NO_QUOTE || one === undefined) return null;
  // One literal: spreading parts of it takes twenty times as long, and there may be half a million.
  return {
    table: 'quotes',
    timeNanos,
    venue: one.venue,
    symbol: one.symbol,
    bid: numberOf(books.bids, at),
    bidSize: numberOf(books.bidSizes, at),
    ask: numberOf(books.asks, at),
    askSize: numberOf(books.askSizes, at),
  };
}

function numberOf(column: Float64Array, at: number): number | null {
  const value = column[at] as number;
  return value === value ? value : null;
}

export function bookRows(request: BookRequest, books: BookColumns): (QuotedBook | null)[] {
  return Array.from(request.feed, (_, at) => bookAt(request, books, at));
}
