/**
 * Collects the stamps at which a query needs a mid and asks for all of them at once: one read for thousands of fills, each
 * stamp once. A mid is withheld, with its reason, where the quote is too old, quotes are lost before the stamp, or the stamp
 * lies past the end of the feed.
 */
import {
  benchmarkAt,
  bookAt,
  bookRequest,
  type Benchmark,
  type FeedLimits,
  type Notice,
  type QuotedBook,
} from '@tapewatch/core';
import { END_GRACE_NANOS, readLimitedBooks, refuseTooManyAsks, type QuoteReadOptions } from './quote-read.ts';

export interface Feed {
  readonly venue: string;
  readonly symbol: string;
}

export class QuoteAsks {
  readonly #options: QuoteReadOptions;
  readonly #feeds = new AskedFeeds();
  #count = 0;

  constructor(options: QuoteReadOptions) {
    this.#options = options;
  }

  /** The mid strictly before `timeNanos` will be needed. */
  before(feed: Feed, timeNanos: bigint): void {
    this.#add(this.#feed(feed), timeNanos);
  }

  /** The mid at or before `timeNanos`, and none when the feed ended before. */
  at(feed: Feed, timeNanos: bigint): void {
    const asked = this.#feed(feed);
    this.#add(asked, timeNanos + 1n);
    if (asked.latest === null || asked.latest < timeNanos) asked.latest = timeNanos;
  }

  #feed({ venue, symbol }: Feed): AskedFeed {
    const known = this.#feeds.find(venue, symbol);
    if (known !== undefined) return known;
    return this.#feeds.add({ venue, symbol, stamps: new Map(), latest: null, last: null });
  }

  #add({ stamps }: AskedFeed, timeNanos: bigint): void {
    if (stamps.has(timeNanos)) return;
    stamps.set(timeNanos, null);
    refuseTooManyAsks(++this.#count);
  }

  async read(): Promise<QuoteAnswers> {
    const feeds = this.#feeds.all;
    const asked = feeds.flatMap(({ venue, symbol, stamps }) =>
      [...stamps.keys()].map((timeNanos) => ({ venue, symbol, timeNanos })),
    );
    const ended = feeds.filter(({ latest }) => latest !== null);
    const ends = ended.map(({ venue, symbol, latest }) => ({
      venue,
      symbol,
      timeNanos: (latest ?? 0n) + END_GRACE_NANOS,
    }));
    const request = bookRequest([...asked, ...ends]);
    const { books, limits, notices } = await readLimitedBooks(request, this.#options, asked.length);
    asked.forEach((ask, i) => this.#feed(ask).stamps.set(ask.timeNanos, bookAt(request, books, i)));
    ended.forEach((feed, i) => (feed.last = bookAt(request, books, asked.length + i)));
    return new QuoteAnswers(this.#feeds, limits, notices);
  }
}

/** Answers what was asked for, and `no_quote` to anything else. */
export class QuoteAnswers {
  readonly #feeds: AskedFeeds;
  readonly #limits: FeedLimits;
  readonly notices: readonly Notice[];

  constructor(feeds: AskedFeeds, limits: FeedLimits, notices: readonly Notice[]) {
    this.#feeds = feeds;
    this.#limits = limits;
    this.notices = notices;
  }

  before(feed: Feed, timeNanos: bigint): Benchmark {
    return benchmarkAt(
      this.#feeds.find(feed.venue, feed.symbol)?.stamps.get(timeNanos) ?? null,
      timeNanos,
      this.#limits,
    );
  }

  at(feed: Feed, timeNanos: bigint): Benchmark {
    const last = this.#feeds.find(feed.venue, feed.symbol)?.last ?? null;
    return last === null || last.timeNanos < timeNanos ? { reason: 'no_quote' } : this.before(feed, timeNanos + 1n);
  }
}

/** One feed: its stamps with their quotes once they are read, the latest stamp of `at`, and the last quote there is by then. */
interface AskedFeed extends Feed {
  readonly stamps: Map<bigint, QuotedBook | null>;
  latest: bigint | null;
  last: QuotedBook | null;
}

/** Found by venue, then symbol: a key for each of half a million stamps would take longer than the look-up. */
class AskedFeeds {
  readonly all: AskedFeed[] = [];
  readonly #byVenue = new Map<string, Map<string, AskedFeed>>();

  find(venue: string, symbol: string): AskedFeed | undefined {
    return this.#byVenue.get(venue)?.get(symbol);
  }

  add(feed: AskedFeed): AskedFeed {
    let bySymbol = this.#byVenue.get(feed.venue);
    if (bySymbol === undefined) this.#byVenue.set(feed.venue, (bySymbol = new Map()));
    bySymbol.set(feed.symbol, feed);
    this.all.push(feed);
    return feed;
  }
}
