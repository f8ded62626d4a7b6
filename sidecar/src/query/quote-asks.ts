/**
 * Collects the stamps at which a query needs a mid and asks for all of them at once: one read for thousands of fills, each
 * stamp once. A mid is withheld, with its reason, where the quote is too old, quotes are lost before the stamp, or the stamp
 * lies past the end of the feed.
 */
import {
  benchmarkAt,
  FeedGaps,
  rfc3339,
  type Benchmark,
  type FeedGap,
  type FeedLimits,
  type Notice,
  type QuotedBook,
} from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import type { StoreReader } from '../ports.ts';
import { MAX_GAPS, MAX_QUOTE_ASKS } from './limit.ts';

export interface Feed {
  readonly venue: string;
  readonly symbol: string;
}

export interface QuoteAsksOptions {
  readonly reader: StoreReader;
  readonly maxQuoteAgeMs: number;
  readonly signal?: AbortSignal;
}

/** A feed that has a quote this long after a stamp had not ended at it. */
const END_GRACE_NANOS = 60_000_000_000n;
/** How long before a stamp a gap may begin that is looked for where quotes have no age limit. */
const UNLIMITED_MARGIN_NANOS = 600_000_000_000n;

export class QuoteAsks {
  readonly #options: QuoteAsksOptions;
  readonly #feeds = new AskedFeeds();
  #count = 0;

  constructor(options: QuoteAsksOptions) {
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
    if (++this.#count <= MAX_QUOTE_ASKS) return;
    const text = `the query needs the mid at more than ${MAX_QUOTE_ASKS} stamps; shorten the time range, add filters or ask for fewer horizons`;
    throw new TapewatchError('query.limit', text, { details: { limit: MAX_QUOTE_ASKS } });
  }

  async read(): Promise<QuoteAnswers> {
    const { reader, maxQuoteAgeMs, signal } = this.#options;
    const feeds = this.#feeds.all;
    const asked = inOrderOfTime(
      feeds.flatMap(({ venue, symbol, stamps }) =>
        [...stamps.keys()].map((timeNanos) => ({ venue, symbol, timeNanos })),
      ),
    );
    const ended = feeds.filter(({ latest }) => latest !== null);
    const ends = ended.map(({ venue, symbol, latest }) => ({
      venue,
      symbol,
      timeNanos: (latest ?? 0n) + END_GRACE_NANOS,
    }));
    // At once: each works in a thread of its own while the other's rows are looked at here.
    const [quotes, { gaps, notices }] = await Promise.all([
      asked.length === 0 ? [] : reader.quotesBefore([...asked, ...ends], signal),
      this.#gaps(asked),
    ]);
    asked.forEach((ask, i) => this.#feed(ask).stamps.set(ask.timeNanos, quotes[i] ?? null));
    ended.forEach((feed, i) => (feed.last = quotes[asked.length + i] ?? null));
    const maxAgeNanos = maxQuoteAgeMs === 0 ? null : BigInt(maxQuoteAgeMs) * 1_000_000n;
    return new QuoteAnswers(this.#feeds, { maxAgeNanos, gaps }, notices);
  }

  /** One read for all feeds: between the earliest and the latest stamp that was asked for. */
  async #gaps(asked: readonly Ask[]): Promise<{ readonly gaps: FeedGaps; readonly notices: readonly Notice[] }> {
    const { reader, maxQuoteAgeMs, signal } = this.#options;
    const [first, last] = [asked[0], asked.at(-1)];
    if (first === undefined || last === undefined || reader.quoteGaps === undefined) {
      return { gaps: FeedGaps.NONE, notices: [] };
    }
    let [startNanos, endNanos] = [first.timeNanos, last.timeNanos];
    // The two quotes beside a gap may lie outside of the stamps; a quote from before the age limit is withheld anyway.
    startNanos -= maxQuoteAgeMs === 0 ? UNLIMITED_MARGIN_NANOS : BigInt(maxQuoteAgeMs) * 1_000_000n;
    endNanos += END_GRACE_NANOS;
    const feeds = this.#feeds.all.map(({ venue, symbol }) => ({ venue, symbol }));
    const found = await reader.quoteGaps({ feeds, startNanos, endNanos, limit: MAX_GAPS + 1 }, signal);
    if (found === null) {
      const text = 'too many quotes in the range to look for gaps in their sequence: mids are withheld by age only';
      return { gaps: FeedGaps.NONE, notices: [{ severity: 'info', text }] };
    }
    const known = found.slice(0, MAX_GAPS);
    return { gaps: new FeedGaps(known), notices: found.length > MAX_GAPS ? [gapNotice(known)] : [] };
  }
}

/** The earliest of time are known. */
function gapNotice(known: readonly FeedGap[]): Notice {
  const since = known.at(-1)?.toNanos ?? 0n;
  const text = `the feeds have more than ${MAX_GAPS} gaps in their sequence: after ${rfc3339(since)} mids are withheld by age only; shorten the time range or filter by venue and symbol`;
  return { severity: 'warning', text };
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

interface Ask extends Feed {
  readonly timeNanos: bigint;
}

/** Each statement of the store then looks through a short stretch of the quotes. Doubles compare faster than bigints. */
function inOrderOfTime(asks: readonly Ask[]): Ask[] {
  const base = asks[0]?.timeNanos ?? 0n;
  return asks
    .map((ask) => ({ ask, sinceBase: Number(ask.timeNanos - base) }))
    .sort((a, b) => a.sinceBase - b.sinceBase)
    .map(({ ask }) => ask);
}
