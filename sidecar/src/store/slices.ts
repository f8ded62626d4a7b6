/**
 * From stored deltas to what a selector presents: histograms that cumulate from the series' first sample on, with
 * counter semantics. Deltas travel between threads, because they are far smaller than the cumulated points.
 */
import {
  ExponentialHistogram,
  Labels,
  type EncodedHistogram,
  type LabelPair,
  type SelectRequest,
  type SeriesData,
} from '@tapewatch/core';

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

type Spacing = Pick<SelectRequest, 'endMs' | 'resolutionMs'>;

export function toSeriesData(slices: SeriesSlices, spacing: Spacing): SeriesData {
  const labels = Labels.from(slices.pairs);
  const timesMs = Array.from(slices.timesMs);
  if (slices.deltas === undefined) return { labels, timesMs, values: Array.from(slices.values) };
  const base = slices.base === undefined ? undefined : ExponentialHistogram.decode(slices.base);
  return cumulate(labels, { timesMs, base, deltas: slices.deltas.map(ExponentialHistogram.decode) }, spacing);
}

export interface Deltas {
  readonly timesMs: readonly number[];
  readonly base: ExponentialHistogram | undefined;
  readonly deltas: readonly ExponentialHistogram[];
}

/**
 * Running merge: a point holds the base and every delta up to it. Of the points that fall between two steps of the asked
 * resolution, counted back from the end of the range, only the last one is made: cloning is what costs, and a cumulative
 * point is exact at its own stamp whatever is left out before it. O(deltas x buckets).
 */
export function cumulate(labels: Labels, { timesMs, base, deltas }: Deltas, spacing: Spacing): SeriesData {
  const first = base ?? deltas[0];
  // An empty start of the same shape: merging must not widen a zero threshold or coarsen a scale that nobody has.
  const running = first === undefined ? new ExponentialHistogram() : emptyLike(first);
  if (base !== undefined) running.merge(base);
  const kept: number[] = [];
  const histograms: ExponentialHistogram[] = [];
  deltas.forEach((delta, i) => {
    running.merge(delta);
    const [time, next] = [timesMs[i] as number, timesMs[i + 1]];
    if (next !== undefined && stepOf(time, spacing) === stepOf(next, spacing)) return;
    kept.push(time);
    histograms.push(running.clone());
  });
  return { labels, timesMs: kept, values: kept.map(() => NaN), histograms };
}

/** Number of the step that a stamp falls in, its end inclusive; every stamp is its own step when all are wanted. */
function stepOf(timeMs: number, { endMs, resolutionMs }: Spacing): number {
  return resolutionMs <= 1 ? timeMs : Math.ceil((timeMs - endMs) / resolutionMs);
}

export function emptyLike({ scale, zeroThreshold, maxBuckets }: ExponentialHistogram): ExponentialHistogram {
  return new ExponentialHistogram({ scale, zeroThreshold, maxBuckets });
}
