/**
 * Percentiles of every step from its buckets, with the meaning that the sidecar and PromQL have: rank q * n, exponential
 * interpolation inside a bucket, linear inside the zero bucket (Prometheus, promql/quantile.go). The exact order
 * statistic lies in the same bucket, so the relative error is at most upper / lower - 1, which is returned beside it.
 * The same function as `quantile` of `@tapewatch/core`, on columns; a property test holds the two together.
 * Complexity: O(cells * percentiles).
 */
import type { HistogramSeries } from './histogram-series.ts';

export interface PercentileLine {
  /** 0 < q < 1. */
  readonly quantile: number;
  /** One value per step. */
  readonly values: Float64Array;
  /** Relative error bound per step; NaN where the percentile lies in the zero bucket. */
  readonly bounds: Float64Array;
}

export interface PercentileTable {
  readonly times: Float64Array;
  /** Samples per step. */
  readonly totals: Float64Array;
  readonly lines: readonly PercentileLine[];
}

/** `countFactor` turns counts that are rates (per second) into samples: the seconds of the rate's window. */
export function percentileTable(
  series: HistogramSeries,
  quantiles: readonly number[],
  countFactor = 1,
): PercentileTable {
  const steps = series.times.length;
  const totals = new Float64Array(steps);
  const lines = quantiles.map((quantile) => ({
    quantile,
    values: new Float64Array(steps),
    bounds: new Float64Array(steps),
  }));
  for (let step = 0; step < steps; step++) {
    const [from, to] = [series.offsets[step] as number, series.offsets[step + 1] as number];
    let total = 0;
    for (let i = from; i < to; i++) total += series.count[i] as number;
    totals[step] = total * countFactor;
    for (const line of lines) {
      const { value, bound } = stepQuantile(series, { from, to, total }, line.quantile);
      line.values[step] = value;
      line.bounds[step] = bound;
    }
  }
  return { times: series.times, totals, lines };
}

interface Step {
  readonly from: number;
  readonly to: number;
  readonly total: number;
}

function stepQuantile(series: HistogramSeries, step: Step, q: number): { value: number; bound: number } {
  // From the nearer end, so that rounding at the tail stays small.
  const fromTop = q >= 0.5;
  const rank = (fromTop ? 1 - q : q) * step.total;
  let index = fromTop ? step.to - 1 : step.from;
  let seen = series.count[index] as number;
  while (seen < rank && (fromTop ? index > step.from : index < step.to - 1)) {
    index += fromTop ? -1 : 1;
    seen += series.count[index] as number;
  }
  const count = series.count[index] as number;
  const into = Math.min(1, Math.max(0, (fromTop ? seen - rank : rank - (seen - count)) / count));
  return interpolate(series, step, index, into);
}

function interpolate(
  series: HistogramSeries,
  step: Step,
  index: number,
  into: number,
): { value: number; bound: number } {
  let lower = series.lower[index] as number;
  let upper = series.upper[index] as number;
  if (lower <= 0 && upper >= 0) {
    // A zero bucket at the edge of the histogram holds one sign only.
    if (lower < 0 && upper > 0 && step.to - step.from > 1) {
      if (index === step.from) lower = 0;
      else if (index === step.to - 1) upper = 0;
    }
    return { value: lower + (upper - lower) * into, bound: NaN };
  }
  const [logLower, logUpper] = [Math.log2(Math.abs(lower)), Math.log2(Math.abs(upper))];
  const value = Math.sign(lower) * 2 ** (logLower + (logUpper - logLower) * into);
  return { value, bound: lower > 0 ? upper / lower - 1 : lower / upper - 1 };
}

/**
 * Whether a percentile rests on enough samples: at least `minTailSamples` must lie beyond it on its thinner side. With
 * fewer than ten the estimate is dominated by single samples.
 */
export function isSupported(samples: number, quantile: number, minTailSamples: number): boolean {
  // 1 - 0.99 is a hair above 0.01; exactly 1,000 samples must do for p99.
  return samples * Math.min(quantile, 1 - quantile) >= minTailSamples * (1 - 1e-9);
}

/** Samples that `isSupported` asks for. */
export function neededSamples(quantile: number, minTailSamples: number): number {
  return Math.ceil((minTailSamples / Math.min(quantile, 1 - quantile)) * (1 - 1e-9));
}

/** 0.999 is written p99.9. */
export function percentileName(quantile: number): string {
  return `p${Number((quantile * 100).toPrecision(10))}`;
}
