/**
 * Quantile and fraction of a classic histogram: cumulative counts per upper bound `le`, linear inside a bucket. Counts
 * that go down from one bound to the next are raised. Source: Prometheus, promql/quantile.go, BucketQuantile.
 */

export interface ClassicBucket {
  readonly upper: number;
  count: number;
}

export interface ClassicQuantile {
  readonly value: number;
  /** Counts had to be raised by more than rounding explains. */
  readonly forced: boolean;
}

/** Relative dip of a count that is put down to floating point arithmetic. */
const ROUNDING = 1e-12;

export function classicQuantile(q: number, unsorted: readonly ClassicBucket[]): ClassicQuantile {
  const none = { value: NaN, forced: false };
  if (Number.isNaN(q)) return none;
  if (q < 0) return { value: -Infinity, forced: false };
  if (q > 1) return { value: Infinity, forced: false };
  const buckets = coalesce(unsorted);
  if (buckets.at(-1)?.upper !== Infinity) return none;
  const forced = makeMonotonic(buckets);
  const last = buckets.length - 1;
  const observations = (buckets[last] as ClassicBucket).count;
  if (buckets.length < 2 || observations === 0) return { value: NaN, forced };
  return { value: valueAt(q * observations, buckets), forced };
}

function valueAt(rank: number, buckets: readonly ClassicBucket[]): number {
  const last = buckets.length - 1;
  let index = buckets.findIndex((bucket) => bucket.count >= rank);
  if (index === -1) index = last;
  if (index === last) return (buckets[last - 1] as ClassicBucket).upper;
  const { upper, count } = buckets[index] as ClassicBucket;
  if (index === 0 && upper <= 0) return upper;
  const below = index === 0 ? { upper: 0, count: 0 } : (buckets[index - 1] as ClassicBucket);
  return below.upper + (upper - below.upper) * ((rank - below.count) / (count - below.count));
}

/** Share of observations between two values. */
export function classicFraction(lower: number, upper: number, unsorted: readonly ClassicBucket[]): number {
  const buckets = coalesce(unsorted);
  const total = buckets.at(-1);
  if (total?.upper !== Infinity || Number.isNaN(lower) || Number.isNaN(upper)) return NaN;
  makeMonotonic(buckets);
  if (total.count === 0) return NaN;
  if (lower >= upper) return 0;
  return (rankOf(upper, buckets) - rankOf(lower, buckets)) / total.count;
}

function rankOf(value: number, buckets: readonly ClassicBucket[]): number {
  const index = buckets.findIndex((bucket) => value <= bucket.upper);
  const bucket = buckets[index];
  if (bucket === undefined) return buckets.at(-1)?.count ?? 0;
  const isFirst = index === 0;
  const below = isFirst ? { upper: bucket.upper > 0 ? 0 : -Infinity, count: 0 } : (buckets[index - 1] as ClassicBucket);
  if (value === bucket.upper) return bucket.count;
  // Where values lie in a bucket without a lower bound is unknown: all of it counts as below.
  if (below.upper === -Infinity && value !== -Infinity) return bucket.count;
  if (value <= below.upper || bucket.upper === Infinity) return below.count;
  return below.count + (bucket.count - below.count) * ((value - below.upper) / (bucket.upper - below.upper));
}

function coalesce(buckets: readonly ClassicBucket[]): ClassicBucket[] {
  const merged: ClassicBucket[] = [];
  for (const { upper, count } of [...buckets].sort((a, b) => a.upper - b.upper)) {
    const last = merged.at(-1);
    if (last?.upper === upper) last.count += count;
    else merged.push({ upper, count });
  }
  return merged;
}

function makeMonotonic(buckets: readonly ClassicBucket[]): boolean {
  let forced = false;
  for (let i = 1; i < buckets.length; i++) {
    const [before, bucket] = [buckets[i - 1] as ClassicBucket, buckets[i] as ClassicBucket];
    if (bucket.count >= before.count && !isNear(bucket.count, before.count)) continue;
    if (bucket.count < before.count && !isNear(bucket.count, before.count)) forced = true;
    bucket.count = before.count;
  }
  return forced;
}

function isNear(a: number, b: number): boolean {
  return a === b || Math.abs(a - b) <= ROUNDING * Math.min(Math.abs(a) + Math.abs(b), Number.MAX_VALUE);
}
