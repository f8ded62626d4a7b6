/**
 * How far a quantile or a share of a histogram can be trusted. A quantile has two errors: that of the bucket (at most
 * `relativeErrorBound`) and that of the sample, a confidence interval between order statistics by the normal
 * approximation of the binomial distribution, taken at the outer bounds of their buckets, so that both are covered. A
 * share lies between the counts that certainly and possibly fall into its interval.
 * Source: H. A. David, H. N. Nagaraja, "Order Statistics", 3rd edition, section 7.1.
 */
import { normalQuantile } from '../stats/normal-quantile.ts';
import type { ExponentialHistogram } from './exponential-histogram.ts';
import { bucketAtRank } from './quantile.ts';

/** Fewest observations beyond a quantile for it to be more than the story of single ones. */
export const MIN_OBSERVATIONS_BEYOND = 10;

export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

/**
 * Interval that holds the true q-quantile with the given confidence. `observations` is the number behind the histogram,
 * which its count is not when it is a rate. Infinite where the sample is too small to bound that side; NaN for nonsense.
 */
export function quantileInterval(
  q: number,
  histogram: ExponentialHistogram,
  { confidence, observations }: { confidence: number; observations: number },
): Interval {
  const isSound = q >= 0 && q <= 1 && confidence > 0 && confidence < 1 && observations > 0 && histogram.count > 0;
  if (!isSound) return { lower: NaN, upper: NaN };
  const spread = normalQuantile((1 + confidence) / 2) * Math.sqrt(observations * q * (1 - q));
  const first = Math.floor(observations * q - spread);
  const last = Math.ceil(observations * q + spread) + 1;
  const perRank = histogram.count / observations;
  return {
    lower: first < 1 ? -Infinity : (bucketAtRank(first * perRank, histogram)?.lower ?? NaN),
    upper: last > observations ? Infinity : (bucketAtRank(last * perRank, histogram)?.upper ?? NaN),
  };
}

/** Observations expected beyond the q-quantile, on its thinner side. */
export function observationsBeyond(q: number, observations: number): number {
  return observations * Math.min(q, 1 - q);
}

/** Bounds of the share of observations in (lower, upper]: buckets wholly inside, and buckets that reach into it. */
export function fractionBounds(lower: number, upper: number, histogram: ExponentialHistogram): Interval {
  if (!(histogram.count > 0) || Number.isNaN(lower) || Number.isNaN(upper)) return { lower: NaN, upper: NaN };
  if (lower >= upper) return { lower: 0, upper: 0 };
  let [certain, possible] = [0, 0];
  for (const bucket of histogram.buckets()) {
    if (bucket.lower >= lower && bucket.upper <= upper) certain += bucket.count;
    if (bucket.upper > lower && bucket.lower < upper) possible += bucket.count;
  }
  return { lower: certain / histogram.count, upper: possible / histogram.count };
}
