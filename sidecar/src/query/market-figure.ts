/** The figures of one feed over one stretch of time: a row of a market report, or a point of a chart. */
import type { MarketQuery } from '@tapewatch/contract';
import {
  annualised,
  barsOf,
  depthWithin,
  ewmaVariance,
  feedHealth,
  garmanKlassVariance,
  logReturns,
  midOf,
  parkinsonVariance,
  QuoteAverage,
  realisedVariance,
  rogersSatchellVariance,
  yangZhangVariance,
  type FeedHealth,
  type QuoteAverages,
} from '@tapewatch/core';
import type { FeedRead, StandingQuote } from './market-read.ts';
import type { GroupedRow } from './trading-table.ts';

/** Depth counts within this of the mid. */
export const DEPTH_BPS = 10;
/** Bars of the volatilities that are taken from ranges. */
export const BAR_NANOS = 10_000_000_000n;

export interface MarketRow extends GroupedRow {
  readonly averages: QuoteAverages;
  /** Quotes that came in; null where only samples of them were read. */
  readonly received: number | null;
  /** Money within `DEPTH_BPS` of the mid, mean of the snapshots; null without any. */
  readonly depth: { readonly bid: number; readonly ask: number } | null;
  readonly volatility: Readonly<Record<Volatility, number | null>>;
  readonly volume: number;
  readonly buyVolume: number;
  readonly notional: number;
  readonly trades: number;
  readonly health: FeedHealth;
}

export const VOLATILITIES = ['realised', 'ewma', 'parkinson', 'garman_klass', 'rogers_satchell', 'yang_zhang'] as const;
export type Volatility = (typeof VOLATILITIES)[number];

export interface Stretch {
  readonly startNanos: bigint;
  /** Exclusive. */
  readonly endNanos: bigint;
}

/** Figures that take long are computed when they are asked for: a chart shows one of them. */
export function marketRow(feed: FeedRead, stretch: Stretch, query: MarketQuery): MarketRow {
  const inside = <T extends { readonly timeNanos: bigint }>(rows: readonly T[]): readonly T[] =>
    rows.slice(firstFrom(rows, stretch.startNanos, timeOf), firstFrom(rows, stretch.endNanos, timeOf));
  const trades = inside(feed.trades);
  const standing = standingWithin(feed.standing, stretch);
  const averages = averagesOf(standing, stretch, query.maxQuoteAgeMs);
  let [volatility, health]: [MarketRow['volatility']?, FeedHealth?] = [];
  return {
    group: [feed.venue, feed.symbol],
    currency: '',
    averages,
    received: feed.isSampled ? null : averages.quotes,
    depth: depthOf(inside(feed.books)),
    get volatility() {
      return (volatility ??= volatilityOf(standing, trades, { stretch, query }));
    },
    volume: trades.reduce((sum, { quantity }) => sum + quantity, 0),
    buyVolume: trades.reduce((sum, { quantity, aggressor }) => sum + (aggressor === 'buy' ? quantity : 0), 0),
    notional: trades.reduce((sum, { quantity, price }) => sum + quantity * price, 0),
    trades: trades.length,
    get health() {
      return (health ??= feedHealth(inside(feed.quotes), query.clockOffsetMs / 1e3));
    },
  };
}

/** Index of the first row whose stamp is not before `nanos`; rows ascend. A chart asks for each of its steps. */
function firstFrom<T>(rows: readonly T[], nanos: bigint, stampOf: (row: T) => bigint): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (stampOf(rows[middle] as T) < nanos) low = middle + 1;
    else high = middle;
  }
  return low;
}

function timeOf({ timeNanos }: { readonly timeNanos: bigint }): bigint {
  return timeNanos;
}

/** Those that stood at any moment of the stretch, both of its ends included. */
function standingWithin(standing: readonly StandingQuote[], { startNanos, endNanos }: Stretch) {
  const fromOf = ({ fromNanos }: StandingQuote): bigint => fromNanos;
  const first = firstFrom(standing, startNanos, fromOf);
  return standing.slice(Math.max(0, first - 1), firstFrom(standing, endNanos + 1n, fromOf));
}

function averagesOf(
  standing: readonly StandingQuote[],
  { startNanos, endNanos }: Stretch,
  maxAgeMs: number,
): QuoteAverages {
  const average = new QuoteAverage(maxAgeMs === 0 ? Infinity : maxAgeMs / 1e3);
  for (const { quote, fromNanos, toNanos } of standing) {
    if (toNanos <= startNanos || fromNanos >= endNanos) continue;
    const from = fromNanos < startNanos ? startNanos : fromNanos;
    average.add(quote, from, toNanos > endNanos ? endNanos : toNanos, quote.timeNanos >= startNanos);
  }
  return average.averages();
}

/** Mids at regular stamps; one that is withheld breaks the chain rather than bridging a silence. */
function sampledMids(standing: readonly StandingQuote[], { startNanos, endNanos }: Stretch, query: MarketQuery) {
  const sinceStart = (nanos: bigint): number => Number(nanos - startNanos);
  const [step, end] = [query.sampleMs * 1e6, sinceStart(endNanos)];
  const maxAge = query.maxQuoteAgeMs === 0 ? Infinity : query.maxQuoteAgeMs * 1e6;
  const mids: (number | null)[] = new Array<null>(Math.floor(end / step) + 1).fill(null);
  // Each quote fills the samples at which it stands and is not too old.
  standing.forEach(({ quote, fromNanos }, i) => {
    const mid = midOf(quote).mid ?? null;
    const from = Math.max(0, Math.ceil(sinceStart(fromNanos) / step));
    const next = standing[i + 1];
    const until = Math.min(next === undefined ? Infinity : sinceStart(next.fromNanos), end + 1);
    const oldest = sinceStart(quote.timeNanos) + maxAge;
    for (let sample = from; sample * step < until && sample * step <= oldest; sample++) mids[sample] = mid;
  });
  return mids;
}

function volatilityOf(
  standing: readonly StandingQuote[],
  trades: FeedRead['trades'],
  { stretch, query }: { readonly stretch: Stretch; readonly query: MarketQuery },
): MarketRow['volatility'] {
  const returns = logReturns(sampledMids(standing, stretch, query));
  const bars = barsOf(trades, trades[0]?.timeNanos ?? stretch.startNanos, BAR_NANOS);
  const barSeconds = Number(BAR_NANOS) / 1e9;
  return {
    realised: annualised(realisedVariance(returns), query.sampleMs / 1e3),
    ewma: annualised(ewmaVariance(returns), query.sampleMs / 1e3),
    parkinson: annualised(parkinsonVariance(bars), barSeconds),
    garman_klass: annualised(garmanKlassVariance(bars), barSeconds),
    rogers_satchell: annualised(rogersSatchellVariance(bars), barSeconds),
    yang_zhang: annualised(yangZhangVariance(bars), barSeconds),
  };
}

function depthOf(books: FeedRead['books']): MarketRow['depth'] {
  const depths = books
    .filter(({ kind }) => kind === 'snapshot')
    .map((book) => depthWithin(book, DEPTH_BPS))
    .filter((depth) => depth !== null);
  if (depths.length === 0) return null;
  const mean = (side: 'bid' | 'ask'): number => depths.reduce((sum, depth) => sum + depth[side], 0) / depths.length;
  return { bid: mean('bid'), ask: mean('ask') };
}
