/**
 * Interval of a ratio of sums (a mean, a weighted mean) of observations that depend on their neighbours: blocks of
 * consecutive observations are drawn with replacement from the series closed to a circle, and the ratio of each draw gives
 * the percentiles. Source: Politis and Romano, "A circular block-resampling procedure for stationary data", 1992; the
 * length of a block grows with n^(1/3) (Kuensch 1989). Complexity: O(replicates * blocks), by sums from the start.
 */
import { quantileType7 } from './quantile-type7.ts';
import type { Uniform } from './seeded-generator.ts';
import { DEFAULT_CONFIDENCE, type Estimate } from './wilson.ts';

export interface BootstrapOptions {
  readonly uniform: Uniform;
  readonly confidence?: number;
  /** 0: no interval. */
  readonly replicates?: number;
  /** Observations in a block; 1 is the ordinary bootstrap. Default: `defaultBlockLength`. */
  readonly blockLength?: number;
}

export const DEFAULT_REPLICATES = 999;
/** Fewer observations than this have no interval worth the name. */
export const MIN_OBSERVATIONS = 8;

export function defaultBlockLength(observations: number): number {
  return Math.max(1, Math.ceil(2 * Math.cbrt(observations)));
}

/**
 * Sum of `parts` over sum of `weights`, in order of time. The interval is null below `MIN_OBSERVATIONS`; all is null
 * without weight.
 */
export function bootstrapRatio(
  parts: ArrayLike<number>,
  weights: ArrayLike<number>,
  options: BootstrapOptions,
): Estimate | null {
  const n = parts.length;
  const [partSums, weightSums] = [circularSums(parts), circularSums(weights)];
  const total = weightSums[n] as number;
  if (n === 0 || !(total > 0)) return null;
  const value = (partSums[n] as number) / total;
  const { uniform, confidence = DEFAULT_CONFIDENCE, replicates = DEFAULT_REPLICATES } = options;
  if (n < MIN_OBSERVATIONS || replicates === 0) return { value, lower: null, upper: null };
  const length = Math.min(n, Math.max(1, Math.floor(options.blockLength ?? defaultBlockLength(n))));
  const draws: number[] = [];
  for (let replicate = 0; replicate < replicates; replicate++) {
    let [part, weight] = [0, 0];
    for (let left = n; left > 0; left -= length) {
      const start = Math.floor(uniform() * n);
      const end = start + Math.min(length, left);
      part += (partSums[end] as number) - (partSums[start] as number);
      weight += (weightSums[end] as number) - (weightSums[start] as number);
    }
    if (weight > 0) draws.push(part / weight);
  }
  draws.sort((a, b) => a - b);
  const tail = (1 - confidence) / 2;
  return { value, lower: quantileType7(draws, tail), upper: quantileType7(draws, 1 - tail) };
}

/** Mean of `values`, in order of time. */
export function bootstrapMean(values: ArrayLike<number>, options: BootstrapOptions): Estimate | null {
  return bootstrapRatio(values, new Float64Array(values.length).fill(1), options);
}

/** Sums of the first 0 to 2n observations of the circle. */
function circularSums(values: ArrayLike<number>): Float64Array {
  const n = values.length;
  const sums = new Float64Array(2 * n + 1);
  for (let i = 0; i < 2 * n; i++) sums[i + 1] = (sums[i] as number) + (values[i % n] as number);
  return sums;
}
