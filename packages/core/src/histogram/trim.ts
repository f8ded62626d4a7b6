/**
 * Cutting a histogram at a value: PromQL's `</` keeps the observations up to it, `>/` those above it. A bucket that the
 * value divides is shared out by interpolation (exponential, linear in the zero bucket and between custom bounds); count
 * and sum are estimated anew from the buckets that stay, each at its midpoint. Nothing changes when nothing is cut.
 * Source: Prometheus, model/histogram/float_histogram.go, TrimBuckets.
 */
import type { BucketCounts } from './bucket-counts.ts';
import type { Bucket, ExponentialHistogram } from './exponential-histogram.ts';
import { share } from './quantile.ts';

interface Kept {
  readonly count: number;
  readonly midpoint: number;
}

interface Cut {
  readonly at: number;
  /** True: keep what lies below. */
  readonly below: boolean;
  readonly custom: boolean;
}

const NOTHING: Kept = { count: 0, midpoint: 0 };

/** A copy without the observations above `at` (`keep` below) or below it (`keep` above). */
export function trimHistogram(
  histogram: ExponentialHistogram,
  at: number,
  keep: 'below' | 'above',
): ExponentialHistogram {
  const result = histogram.clone();
  const cut: Cut = { at, below: keep === 'below', custom: histogram.customBounds !== undefined };
  const total = { count: 0, sum: 0, changed: false };
  const add = (before: number, { count, midpoint }: Kept): void => {
    total.count += count;
    total.sum += midpoint * count;
    if (count !== before) total.changed = true;
  };
  for (const side of ['positive', 'negative'] as const) {
    const counts: BucketCounts = result[side];
    for (const [index, count] of [...counts]) {
      const kept = trimBucket({ ...histogram.boundsOf(side, index), count }, cut, histogram);
      counts.set(index, kept.count);
      add(count, kept);
    }
  }
  if (histogram.zeroCount > 0) {
    const kept = trimZeroBucket(histogram, cut);
    result.zeroCount = kept.count;
    add(histogram.zeroCount, kept);
  }
  if (!total.changed) return result;
  result.count = total.count;
  result.sum = total.sum;
  if (cut.below) result.max = Math.min(result.max, at);
  else result.min = Math.max(result.min, at);
  return result;
}

function trimBucket(bucket: Bucket, cut: Cut, histogram: ExponentialHistogram): Kept {
  const { lower, upper, count } = bucket;
  const whole = cut.below ? upper <= cut.at : lower >= cut.at;
  if (whole) return { count, midpoint: midpointOf(lower, upper, cut) };
  const divided = cut.below ? lower < cut.at : upper > cut.at;
  if (!divided) return NOTHING;
  if (lower === -Infinity || upper === Infinity) return trimOpenBucket(bucket, cut);
  const under = count * share(bucket, cut.at, histogram);
  return cut.below
    ? { count: under, midpoint: midpointOf(lower, cut.at, cut) }
    : { count: count - under, midpoint: midpointOf(cut.at, upper, cut) };
}

/**
 * A bucket without a bound on one side tells nothing of how its values are spread. The first one of custom bounds is
 * taken to start at 0 where it ends above; otherwise the bucket goes, unless the cut may leave all of it.
 */
function trimOpenBucket({ lower, upper, count }: Bucket, { at, below }: Cut): Kept {
  const none: Kept = NOTHING;
  if (lower === -Infinity) {
    const fromZero = upper > 0 && upper !== Infinity;
    if (below) {
      if (at > 0 && fromZero) return { count: (count * at) / upper, midpoint: at / 2 };
      return upper <= 0 ? { count, midpoint: at } : none;
    }
    if (at === -Infinity) return { count, midpoint: 0 };
    return at >= 0 && fromZero ? { count: count * (1 - at / upper), midpoint: (at + upper) / 2 } : none;
  }
  return !below && at >= lower ? { count, midpoint: at } : none;
}

function trimZeroBucket({ zeroThreshold, zeroCount, positive, negative }: ExponentialHistogram, cut: Cut): Kept {
  const upper = negative.size > 0 && positive.size === 0 ? 0 : zeroThreshold;
  const lower = positive.size > 0 && negative.size === 0 ? 0 : -zeroThreshold;
  const all: Kept = { count: zeroCount, midpoint: (lower + upper) / 2 };
  if (cut.at <= lower) return cut.below ? NOTHING : all;
  if (cut.at >= upper) return cut.below ? all : NOTHING;
  const under = (cut.at - lower) / (upper - lower);
  return cut.below
    ? { count: zeroCount * under, midpoint: (lower + cut.at) / 2 }
    : { count: zeroCount * (1 - under), midpoint: (cut.at + upper) / 2 };
}

function midpointOf(lower: number, upper: number, { custom }: Cut): number {
  if (lower === -Infinity || lower === Infinity) {
    if (upper === Infinity || upper === -Infinity) return 0;
    return upper > 0 ? upper / 2 : upper;
  }
  if (upper === Infinity || upper === -Infinity) return lower;
  if (custom) return (lower + upper) / 2;
  return Math.sign(lower + upper) * Math.sqrt(Math.abs(lower * upper));
}
