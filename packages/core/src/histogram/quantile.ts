/**
 * Quantile and fraction of an exponential histogram, with PromQL's meaning: rank q * count, exponential interpolation
 * inside a bucket, linear inside the zero bucket (which starts at 0 when there are no negative buckets, and ends there
 * when there are no positive ones). Source: Prometheus, promql/quantile.go and the native histogram specification.
 * Custom bounds are interpolated linearly, the first bucket from 0.
 * Because the result lies in the bucket of the order statistic at that rank, it is within
 * `relativeErrorBound` of the exact value. Complexity: O(populated buckets log).
 */
import type { Bucket, ExponentialHistogram } from './exponential-histogram.ts';

/** NaN when empty or when q is NaN; -Infinity below q = 0, Infinity above q = 1. */
export function quantile(q: number, histogram: ExponentialHistogram): number {
  if (Number.isNaN(q) || histogram.count === 0) return NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  // Walk from the nearer end, so that float error at the tail stays small. NaN observations stand above all others.
  const fromTop = q >= 0.5 && !Number.isNaN(histogram.sum);
  const rank = (fromTop ? 1 - q : q) * histogram.count;
  let seen = 0;
  const bucket = findBucket(histogram, fromTop, (count) => (seen += count) >= rank);
  if (bucket === undefined || (Number.isNaN(histogram.sum) && seen < rank)) return NaN;
  const fraction = clampUnit((fromTop ? seen - rank : rank - (seen - bucket.count)) / bucket.count);
  return interpolate(trimZero(bucket, histogram), fraction, histogram);
}

/**
 * Observations that `count` holds and no bucket does: NaN, in histograms of clients that count it (then the sum is NaN
 * as well). Ours keep NaN out of the count.
 */
export function unbucketed(histogram: ExponentialHistogram): number {
  if (!Number.isNaN(histogram.sum)) return 0;
  let bucketed = histogram.zeroCount;
  for (const side of [histogram.positive, histogram.negative]) for (const count of side.values()) bucketed += count;
  return Math.max(0, histogram.count - bucketed);
}

/** The first bucket from that end that `reached` accepts, else the last one; bounds are computed for this one only. */
function findBucket(
  histogram: ExponentialHistogram,
  fromTop: boolean,
  reached: (count: number) => boolean,
): Bucket | undefined {
  const sides = ['negative', 'zero', 'positive'] as const;
  let found: { side: 'negative' | 'zero' | 'positive'; index: number; count: number } | undefined;
  for (const side of fromTop ? sides.toReversed() : sides) {
    const visit = (index: number, count: number): boolean => {
      found = { side, index, count };
      return reached(count);
    };
    if (side === 'zero') {
      if (histogram.zeroCount !== 0 && visit(0, histogram.zeroCount)) break;
      continue;
    }
    // Indexes of negative buckets count magnitudes, so they run the other way.
    const order = (side === 'negative') === fromTop ? 'ascending' : 'descending';
    if (histogram[side].some(order, visit)) break;
  }
  if (found === undefined) return undefined;
  const { side, index, count } = found;
  if (side !== 'zero') return { ...histogram.boundsOutsideZero(side, index), count };
  return { lower: -histogram.zeroThreshold, upper: histogram.zeroThreshold, count };
}

/** The bucket of the observation at a rank (1 is the smallest), undefined when the histogram is empty. */
export function bucketAtRank(rank: number, histogram: ExponentialHistogram): Bucket | undefined {
  let seen = 0;
  // A count of rates is rounded: an observation right at the border belongs to the bucket before.
  const slack = 1e-9 * histogram.count;
  return findBucket(histogram, false, (count) => (seen += count) >= rank - slack);
}

/** Share of observations in (lower, upper], interpolated inside buckets; NaN when empty or a bound is NaN. */
export function fraction(lower: number, upper: number, histogram: ExponentialHistogram): number {
  if (histogram.count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return NaN;
  if (lower >= upper) return 0;
  return (countUpTo(upper, histogram) - countUpTo(lower, histogram)) / histogram.count;
}

function countUpTo(value: number, histogram: ExponentialHistogram): number {
  let count = 0;
  for (const populated of histogram.buckets()) {
    const bucket = trimZero(populated, histogram);
    if (bucket.upper <= value) count += bucket.count;
    else if (bucket.lower < value)
      count += bucket.count * (openBelow(bucket, value) ? 1 : share(bucket, value, histogram));
  }
  return count;
}

/** Where values lie in a bucket without a lower bound is unknown: all of it counts as below. */
function openBelow({ lower }: Bucket, value: number): boolean {
  return lower === -Infinity && value !== -Infinity;
}

/** Share of a bucket between finite bounds that lies at or below a value inside it. */
export function share({ lower, upper }: Bucket, value: number, { customBounds }: ExponentialHistogram): number {
  if (lower === -Infinity || upper === Infinity) return 0;
  if (customBounds !== undefined || (lower <= 0 && upper >= 0)) return (value - lower) / (upper - lower);
  const [logLower, logUpper, logValue] = [lower, upper, value].map((bound) => Math.log2(Math.abs(bound)));
  return ((logValue as number) - (logLower as number)) / ((logUpper as number) - (logLower as number));
}

function interpolate({ lower, upper }: Bucket, fractionInto: number, { customBounds }: ExponentialHistogram): number {
  // Without a finite bound on one side, the other one is all that is known.
  if (lower === -Infinity) return upper;
  if (upper === Infinity) return lower;
  if (customBounds !== undefined || (lower <= 0 && upper >= 0)) return lower + (upper - lower) * fractionInto;
  const logLower = Math.log2(Math.abs(lower));
  const logUpper = Math.log2(Math.abs(upper));
  return Math.sign(lower) * 2 ** (logLower + (logUpper - logLower) * fractionInto);
}

function trimZero(bucket: Bucket, { positive, negative, customBounds }: ExponentialHistogram): Bucket {
  if (customBounds !== undefined)
    return bucket.lower === -Infinity && bucket.upper > 0 ? { ...bucket, lower: 0 } : bucket;
  if (bucket.lower >= 0 || bucket.upper <= 0) return bucket;
  if (negative.size === 0 && positive.size > 0) return { ...bucket, lower: 0 };
  if (positive.size === 0 && negative.size > 0) return { ...bucket, upper: 0 };
  return bucket;
}

function clampUnit(value: number): number {
  return Math.min(1, Math.max(0, value));
}
