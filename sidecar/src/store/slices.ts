/**
 * From stored deltas to what a selector presents: histograms that cumulate from the series' first sample on, with
 * counter semantics. Deltas travel between threads, because they are far smaller than the cumulated points.
 */
import { ExponentialHistogram, Labels, type EncodedHistogram, type LabelPair, type SeriesData } from '@tapewatch/core';

/** One series of an answer in plain, clonable form. */
export interface SeriesSlices {
  readonly pairs: readonly LabelPair[];
  readonly timesMs: Float64Array;
  /** Gauges and counters; empty for distributions. */
  readonly values: Float64Array;
  /** Distributions: everything before the first point, and what each point adds. */
  readonly base?: EncodedHistogram;
  readonly deltas?: readonly EncodedHistogram[];
}

export function toSeriesData(slices: SeriesSlices): SeriesData {
  const labels = Labels.from(slices.pairs);
  const timesMs = Array.from(slices.timesMs);
  if (slices.deltas === undefined) return { labels, timesMs, values: Array.from(slices.values) };
  const base = slices.base === undefined ? undefined : ExponentialHistogram.decode(slices.base);
  return cumulate(labels, timesMs, { base, deltas: slices.deltas.map(ExponentialHistogram.decode) });
}

/** Running merge: point i holds the base and the deltas up to i. O(points x buckets). */
export function cumulate(
  labels: Labels,
  timesMs: readonly number[],
  { base, deltas }: { base: ExponentialHistogram | undefined; deltas: readonly ExponentialHistogram[] },
): SeriesData {
  const first = base ?? deltas[0];
  // An empty start of the same shape: merging must not widen a zero threshold or coarsen a scale that nobody has.
  const running = first === undefined ? new ExponentialHistogram() : emptyLike(first);
  if (base !== undefined) running.merge(base);
  const histograms = deltas.map((delta) => running.merge(delta).clone());
  return { labels, timesMs, values: timesMs.map(() => NaN), histograms };
}

export function emptyLike({ scale, zeroThreshold, maxBuckets }: ExponentialHistogram): ExponentialHistogram {
  return new ExponentialHistogram({ scale, zeroThreshold, maxBuckets });
}
