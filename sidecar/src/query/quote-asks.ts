/**
 * Collects the stamps at which a query needs a mid and asks for all of them at once: one read for thousands of fills, each
 * stamp once. A mid is withheld, with its reason, where the quote is too old, quotes are lost before the stamp, or the stamp
 * lies past the end of the feed.
 */
import {
  benchmarkAt,
  FeedGaps,
  feedKey,
  type Benchmark,
  type FeedLimits,
  type Notice,
  type Quote,
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
  readonly #asks = new Map<string, Ask>();
  /** By feed: the latest stamp of `at`. */
  readonly #latest = new Map<string, Ask>();

  constructor(options: QuoteAsksOptions) {
    this.#options = options;
  }

  /** The mid strictly before `timeNanos` will be needed. */
  before({ venue, symbol }: Feed, timeNanos: bigint): void {
    this.#asks.set(keyOf({ venue, symbol }, timeNanos), { venue, symbol, timeNanos });
    if (this.#asks.size <= MAX_QUOTE_ASKS) return;
    const text = `the query needs the mid at more than ${MAX_QUOTE_ASKS} stamps; shorten the time range, add filters or ask for fewer horizons`;
    throw new TapewatchError('query.limit', text, { details: { limit: MAX_QUOTE_ASKS } });
  }

  /** The mid at or before `timeNanos`, and none when the feed ended before. */
  at({ venue, symbol }: Feed, timeNanos: bigint): void {
    this.before({ venue, symbol }, timeNanos + 1n);
    const key = feedKey({ venue, symbol });
    const known = this.#latest.get(key);
    if (known === undefined || known.timeNanos < timeNanos) this.#latest.set(key, { venue, symbol, timeNanos });
  }

  async read(): Promise<QuoteAnswers> {
    const { reader, maxQuoteAgeMs, signal } = this.#options;
    const asked = [...this.#asks.values()];
    const ends = [...this.#latest.values()].map((ask) => ({ ...ask, timeNanos: ask.timeNanos + END_GRACE_NANOS }));
    const quotes = asked.length === 0 ? [] : await reader.quotesBefore([...asked, ...ends], signal);
    const found = new Map(asked.map((ask, i) => [keyOf(ask, ask.timeNanos), quotes[i] ?? null]));
    const last = new Map(ends.map((end, i) => [feedKey(end), quotes[asked.length + i] ?? null]));
    const { gaps, notices } = await this.#gaps();
    const maxAgeNanos = maxQuoteAgeMs === 0 ? null : BigInt(maxQuoteAgeMs) * 1_000_000n;
    return new QuoteAnswers({ found, last }, { maxAgeNanos, gaps }, notices);
  }

  /** One read for all feeds: between the earliest and the latest stamp that was asked for. */
  async #gaps(): Promise<{ readonly gaps: FeedGaps; readonly notices: readonly Notice[] }> {
    const { reader, maxQuoteAgeMs, signal } = this.#options;
    const asks = [...this.#asks.values()];
    const first = asks[0];
    if (first === undefined || reader.quoteGaps === undefined) return { gaps: FeedGaps.NONE, notices: [] };
    let [startNanos, endNanos] = [first.timeNanos, first.timeNanos];
    for (const { timeNanos } of asks) {
      if (timeNanos < startNanos) startNanos = timeNanos;
      if (timeNanos > endNanos) endNanos = timeNanos;
    }
    // The two quotes beside a gap may lie outside of the stamps; a quote from before the age limit is withheld anyway.
    startNanos -= maxQuoteAgeMs === 0 ? UNLIMITED_MARGIN_NANOS : BigInt(maxQuoteAgeMs) * 1_000_000n;
    endNanos += END_GRACE_NANOS;
    const feeds = [
      ...new Map(asks.map(({ venue, symbol }) => [feedKey({ venue, symbol }), { venue, symbol }])).values(),
    ];
    const found = await reader.quoteGaps({ feeds, startNanos, endNanos, limit: MAX_GAPS }, signal);
    if (found === null) {
      const text = 'too many quotes in the range to look for gaps in their sequence: mids are withheld by age only';
      return { gaps: FeedGaps.NONE, notices: [{ severity: 'info', text }] };
    }
    return { gaps: new FeedGaps(found), notices: [] };
  }
}

interface Found {
  readonly found: ReadonlyMap<string, Quote | null>;
  /** By feed: its last quote as far as was looked. */
  readonly last: ReadonlyMap<string, Quote | null>;
}

/** Answers what was asked for, and `no_quote` to anything else. */
export class QuoteAnswers {
  readonly #quotes: Found;
  readonly #limits: FeedLimits;
  readonly notices: readonly Notice[];

  constructor(quotes: Found, limits: FeedLimits, notices: readonly Notice[]) {
    this.#quotes = quotes;
    this.#limits = limits;
    this.notices = notices;
  }

  before(feed: Feed, timeNanos: bigint): Benchmark {
    return benchmarkAt(this.#quotes.found.get(keyOf(feed, timeNanos)) ?? null, timeNanos, this.#limits);
  }

  at(feed: Feed, timeNanos: bigint): Benchmark {
    const last = this.#quotes.last.get(feedKey(feed)) ?? null;
    return last === null || last.timeNanos < timeNanos ? { reason: 'no_quote' } : this.before(feed, timeNanos + 1n);
  }
}

interface Ask extends Feed {
  readonly timeNanos: bigint;
}

function keyOf(feed: Feed, timeNanos: bigint): string {
  return `${feedKey(feed)}\u0000${timeNanos}`;
}
