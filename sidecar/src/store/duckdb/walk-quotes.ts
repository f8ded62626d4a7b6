/**
 * The book before each of many stamps by one pass over the quotes in the order in which they are stored, which nearly
 * always is that of time: no sorting, and the engine is told no stamp.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { NO_QUOTE, type BookColumns, type BookRequest } from '@tapewatch/core';
import { passQuotes, type PassedQuotes } from './pass-quotes.ts';
import { readRows, within } from './sql.ts';
import { compareStamps, halvesOf, type StampHalves } from './stamp-halves.ts';
import type { ReadWay } from './vector-read.ts';

/** Quotes that are looked at for one question: about a second of one core. */
const MAX_QUOTES_PASSED = 20_000_000;
/** Quotes a stamp, beyond which looking at each of them takes longer than a join. */
const MAX_QUOTES_PER_STAMP = 1_000;
/** How far before the earliest stamp quotes are looked at. */
const LOOKBACK_NANOS = 86_400_000_000_000n;

/**
 * Fills `found` and tells whether it did: not where the pass is not worth it or quotes are not in order. Stamps that stay
 * open have no quote within the look-back before the earliest of all. To be called within a transaction.
 */
export async function walkQuotes(
  connection: DuckDBConnection,
  request: BookRequest,
  { found, way }: { readonly found: BookColumns; readonly way: ReadWay },
): Promise<boolean> {
  const { feeds, stampsNanos } = request;
  let [earliest, latest] = [2n ** 63n - 1n, 0n];
  for (const stamp of stampsNanos) {
    if (stamp < earliest) earliest = stamp;
    if (stamp > latest) latest = stamp;
  }
  if (earliest < LOOKBACK_NANOS) return false;
  const range = within('time_nanos', earliest - LOOKBACK_NANOS, latest);
  const [[count] = []] = await readRows(connection, `SELECT count(*)::DOUBLE FROM quotes WHERE ${range}`);
  if (Number(count) > Math.min(MAX_QUOTES_PASSED, stampsNanos.length * MAX_QUOTES_PER_STAMP)) return false;
  const walk = new Walk(request, found);
  await passQuotes(connection, { feeds, range, columns: BOOK_SQL, way }, (quotes) => walk.pass(quotes));
  walk.end();
  return walk.inOrder;
}

const BOOK_SQL = ['bid', 'bid_size', 'ask', 'ask_size'].map((name) => `coalesce(${name}, 'NaN'::DOUBLE)`);
const SIDES = BOOK_SQL.length;

/** Of each feed the stamps in order, the next one that is open, and the last quote. */
class Walk {
  inOrder = true;
  readonly #found: BookColumns;
  readonly #foundHalves: StampHalves;
  readonly #stamps: StampHalves;
  /** Places of stamps by feed, then stamp; which is the next one of each feed, and where the feed's end. */
  readonly #places: Uint32Array;
  readonly #next: Uint32Array;
  readonly #end: Uint32Array;
  /** The last quote of each feed: its stamp, and what the columns tell, one after the other. */
  readonly #isSet: Uint8Array;
  readonly #low: Uint32Array;
  readonly #high: Int32Array;
  readonly #book: Float64Array;

  constructor({ feeds, feed, stampsNanos }: BookRequest, found: BookColumns) {
    this.#found = found;
    this.#foundHalves = halvesOf(found.timesNanos);
    this.#stamps = halvesOf(stampsNanos);
    this.#isSet = new Uint8Array(feeds.length);
    this.#low = new Uint32Array(feeds.length);
    this.#high = new Int32Array(feeds.length);
    this.#book = new Float64Array(feeds.length * SIDES);
    this.#next = new Uint32Array(feeds.length);
    this.#end = new Uint32Array(feeds.length);
    this.#places = new Uint32Array(feed.length);
    this.#lay(feed);
  }

  /** By counting (Knuth 1998, The Art of Computer Programming 3, 5.2), then each feed's where they are not in order yet. */
  #lay(feed: Uint32Array): void {
    const [next, end, places] = [this.#next, this.#end, this.#places];
    for (const one of feed) end[one] = (end[one] as number) + 1;
    let total = 0;
    for (let i = 0; i < end.length; i++) {
      next[i] = total;
      total = end[i] = total + (end[i] as number);
    }
    const free = next.slice();
    for (let place = 0; place < feed.length; place++) {
      const one = feed[place] as number;
      places[free[one] as number] = place;
      free[one] = (free[one] as number) + 1;
    }
    for (let i = 0; i < next.length; i++) this.#sort(places.subarray(next[i], end[i]));
  }

  #sort(places: Uint32Array): void {
    const compare = (a: number, b: number): number => compareStamps(this.#stamps, a, b);
    const isSorted = places.every((place, i) => i === 0 || compare(places[i - 1] as number, place) <= 0);
    if (!isSorted) places.sort(compare);
  }

  pass({ feeds, halves, columns }: PassedQuotes): void {
    const [isSet, lows, highs, book] = [this.#isSet, this.#low, this.#high, this.#book];
    if (!this.inOrder) return;
    for (let row = 0; row < feeds.length; row++) {
      const feed = feeds[row] as number;
      if (feed < 0) continue;
      const [low, high] = [halves.low[row * 2] as number, halves.high[row * 2 + 1] as number];
      const lastHigh = highs[feed] as number;
      if (isSet[feed] === 1 && (high < lastHigh || (high === lastHigh && low < (lows[feed] as number)))) {
        this.inOrder = false;
        return;
      }
      this.#answer(feed, low, high);
      isSet[feed] = 1;
      lows[feed] = low;
      highs[feed] = high;
      for (let i = 0; i < SIDES; i++) book[feed * SIDES + i] = (columns[i] as Float64Array)[row] as number;
    }
  }

  /** Stamps up to the quote's, itself included, come after the last one only. */
  #answer(feed: number, low: number, high: number): void {
    const { low: lows, high: highs } = this.#stamps;
    const end = this.#end[feed] as number;
    let next = this.#next[feed] as number;
    for (; next < end; next++) {
      const place = this.#places[next] as number;
      const stampHigh = highs[place * 2 + 1] as number;
      if (stampHigh > high || (stampHigh === high && (lows[place * 2] as number) > low)) break;
      this.#tell(feed, place);
    }
    this.#next[feed] = next;
  }

  #tell(feed: number, place: number): void {
    if (this.#isSet[feed] === 0) return;
    const [found, book, first] = [this.#found, this.#book, feed * SIDES];
    this.#foundHalves.low[place * 2] = this.#low[feed] as number;
    this.#foundHalves.high[place * 2 + 1] = this.#high[feed] as number;
    found.bids[place] = book[first] as number;
    found.bidSizes[place] = book[first + 1] as number;
    found.asks[place] = book[first + 2] as number;
    found.askSizes[place] = book[first + 3] as number;
  }

  /** What is open yet comes after each feed's last quote. */
  end(): void {
    if (!this.inOrder) {
      this.#found.timesNanos.fill(NO_QUOTE);
      return;
    }
    for (let feed = 0; feed < this.#end.length; feed++)
      for (let next = this.#next[feed] as number; next < (this.#end[feed] as number); next++)
        this.#tell(feed, this.#places[next] as number);
  }
}
