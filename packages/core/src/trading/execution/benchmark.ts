/**
 * What an execution is measured against, and why there may be nothing to measure against. A mid is the last quote strictly
 * before the stamp; it is withheld where the book is one-sided or crossed, where the feed has been silent for longer than
 * the limit (stale), and where quotes are known to be lost between it and the stamp (a gap in the feed's sequence).
 */
import type { QuotedBook } from '../../model/event.ts';

/**
 * No order known, no quote before the stamp, a missing side, bid above ask, too old, a sequence gap before the stamp, a
 * decision that nobody told of, nobody else's prints in the interval.
 */
export const NO_BENCHMARK_REASONS = [
  ...(['no_order', 'no_quote', 'one_sided', 'crossed', 'stale', 'gapped'] as const),
  ...(['no_decision', 'no_prints'] as const),
] as const;
export type NoBenchmarkReason = (typeof NO_BENCHMARK_REASONS)[number];

export type Benchmark =
  | { readonly mid: number; readonly reason?: undefined }
  | { readonly mid?: undefined; readonly reason: NoBenchmarkReason };

/** A locked book (bid equals ask) has a mid; a crossed one has none. */
export function midOf(quote: QuotedBook | null): Benchmark {
  if (quote === null) return { reason: 'no_quote' };
  const { bid, ask } = quote;
  if (bid === null || ask === null || !(bid > 0) || !(ask > 0)) return { reason: 'one_sided' };
  return bid > ask ? { reason: 'crossed' } : { mid: (bid + ask) / 2 };
}

/** Quotes were lost after `fromNanos` and before `toNanos`, the stamps of the two quotes beside the gap. */
export interface FeedGap {
  readonly venue: string;
  readonly symbol: string;
  readonly fromNanos: bigint;
  readonly toNanos: bigint;
}

export interface FeedLimits {
  /** Age of a quote from which on it tells nothing; null for none. */
  readonly maxAgeNanos: bigint | null;
  readonly gaps: FeedGaps;
}

/** The mid of `quote`, the last one strictly before `stampNanos`. */
export function benchmarkAt(
  quote: QuotedBook | null,
  stampNanos: bigint,
  { maxAgeNanos, gaps }: FeedLimits,
): Benchmark {
  const benchmark = midOf(quote);
  if (quote === null || benchmark.mid === undefined) return benchmark;
  if (maxAgeNanos !== null && stampNanos - quote.timeNanos > maxAgeNanos) return { reason: 'stale' };
  return gaps.holds(quote, stampNanos) ? { reason: 'gapped' } : benchmark;
}

/** Looks gaps up by instrument; O(log gaps). */
export class FeedGaps {
  static readonly NONE = new FeedGaps([]);
  readonly #byFeed = new Map<string, FeedGap[]>();

  constructor(gaps: Iterable<FeedGap>) {
    for (const gap of gaps) {
      const key = feedKey(gap);
      const list = this.#byFeed.get(key);
      if (list === undefined) this.#byFeed.set(key, [gap]);
      else list.push(gap);
    }
    for (const list of this.#byFeed.values()) list.sort((a, b) => (a.fromNanos < b.fromNanos ? -1 : 1));
  }

  /** Whether quotes that stood at `stampNanos` are lost: the stamp is after one quote beside a gap and not after the other. */
  holds(feed: { readonly venue: string; readonly symbol: string }, stampNanos: bigint): boolean {
    const list = this.#byFeed.get(feedKey(feed)) ?? [];
    let [low, high] = [0, list.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((list[middle] as FeedGap).fromNanos < stampNanos) low = middle + 1;
      else high = middle;
    }
    const before = list[low - 1];
    return before !== undefined && stampNanos <= before.toNanos;
  }
}

/** One text for one feed of quotes. */
export function feedKey({ venue, symbol }: { readonly venue: string; readonly symbol: string }): string {
  return `${venue}\u0000${symbol}`;
}

/** Zero for each reason. */
export function noneExcluded(): Record<NoBenchmarkReason, number> {
  return Object.fromEntries(NO_BENCHMARK_REASONS.map((reason) => [reason, 0])) as Record<NoBenchmarkReason, number>;
}
