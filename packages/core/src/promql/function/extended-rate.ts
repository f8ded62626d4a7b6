/**
 * `rate`, `increase` and `delta` of `anchored` and `smoothed` selectors: the change between the values at the window's
 * own ends, without extrapolation. `anchored` takes the last sample at or before the start and the last one in the
 * window; `smoothed` interpolates at both ends between the neighbouring samples. Source: Prometheus,
 * promql/functions.go (extendedRate, extendedHistogramRate).
 */
import {
  addHistograms,
  divideHistogram,
  fitOf,
  scaleHistogram,
  subtractHistograms,
  wasReset,
} from '../../histogram/arithmetic.ts';
import type { ExponentialHistogram } from '../../histogram/exponential-histogram.ts';
import { floatCount, type RangeSeries, type Window } from '../window.ts';
import { canCombine, type WindowContext, type WindowResult } from './range.ts';
import { notACounter, notAGauge, type RateKind } from './rate-kind.ts';

/** Indexes of the first and the last sample that count, undefined when the window has nothing to tell. */
interface Ends {
  readonly first: number;
  readonly last: number;
}

export function extendedChange(kind: RateKind, window: Window, context: WindowContext): WindowResult {
  const seconds = context.rangeMs / 1000;
  if (floatCount(window) > 0) {
    const change = floatChange(kind, window, context);
    return change !== undefined && kind.perSecond ? change / seconds : change;
  }
  const change = histogramChange(kind, window, context);
  if (change === undefined) return undefined;
  const result = kind.perSecond ? divideHistogram(change, seconds) : change;
  result.counterReset = 'gauge';
  return result;
}

/** Index of the anchor: the last sample at or before the window's start, else the first one. */
function endsOf(
  times: ArrayLike<number>,
  bounds: Ends,
  { startMs, endMs }: Window,
  smoothed: boolean,
): Ends | undefined {
  const at = (index: number): number => times[index] as number;
  let { first, last } = bounds;
  while (first < last && at(first + 1) <= startMs) first++;
  if (smoothed) while (last > bounds.first && at(last - 1) >= endMs) last--;
  if (at(last) <= startMs || (smoothed && at(first) > endMs)) return undefined;
  return { first, last };
}

function floatChange(kind: RateKind, window: Window, context: WindowContext): number | undefined {
  const { series, startMs, endMs } = window;
  const smoothed = context.extension === 'smoothed';
  const bounds = { first: window.floatFrom, last: window.floatTo - 1 };
  const ends = endsOf(series.floatTimes, bounds, window, smoothed);
  if (ends === undefined) return undefined;
  const at = (index: number): number => series.floatTimes[index] as number;
  const value = (index: number): number => series.floats[index] as number;
  let { first, last } = ends;
  const left = smoothed && at(first) < startMs ? interpolated(series, first, startMs, kind.counter) : value(first);
  const right =
    smoothed && last > bounds.first && at(last) > endMs
      ? interpolated(series, last - 1, endMs, kind.counter)
      : value(last);
  if (!kind.counter) return right - left;
  // The values at the ends know of the resets around them already.
  if (at(first) <= startMs) first++;
  if (at(last) >= endMs) last--;
  let correction = 0;
  let previous = left;
  for (let i = first; i <= last; i++) {
    if (value(i) < previous) correction += previous;
    previous = value(i);
  }
  if (right < previous) correction += previous;
  return right - left + correction;
}

/** The value at a time between a sample and the next one; a counter that was reset between them began at zero. */
export function interpolated(
  { floatTimes, floats }: RangeSeries,
  index: number,
  atMs: number,
  counter: boolean,
): number {
  const [before, after] = [floats[index] as number, floats[index + 1] as number];
  const [beforeMs, afterMs] = [floatTimes[index] as number, floatTimes[index + 1] as number];
  const from = counter && after < before ? 0 : before;
  return from + ((after - from) * (atMs - beforeMs)) / (afterMs - beforeMs);
}

function histogramChange(kind: RateKind, window: Window, context: WindowContext): ExponentialHistogram | undefined {
  const { series, startMs, endMs } = window;
  const smoothed = context.extension === 'smoothed';
  const bounds = { first: window.histogramFrom, last: window.histogramTo - 1 };
  const ends = endsOf(series.histogramTimes, bounds, window, smoothed);
  if (ends === undefined) return undefined;
  const { first, last } = ends;
  const used = series.histograms.slice(first, last + 1);
  const describe = { metricName: context.metricName(window), warn: context.warn, info: context.info };
  if (used.some((histogram) => fitOf(used[0] as ExponentialHistogram, histogram) === 'incompatible')) {
    canCombine(used, 'subtraction', describe);
    return undefined;
  }
  if (kind.counter && used.some(({ counterReset }) => counterReset === 'gauge')) notACounter(window, context);
  const at = (index: number): number => series.histogramTimes[index] as number;
  const between = (index: number, atMs: number): ExponentialHistogram =>
    interpolatedHistogram(series, { index, atMs, counter: kind.counter, info: context.info });
  const spansStart = smoothed && at(first) < startMs;
  const left = spansStart ? between(first, startMs) : (series.histograms[first] as ExponentialHistogram);
  const right =
    smoothed && last > bounds.first && at(last) > endMs
      ? between(last - 1, endMs)
      : (series.histograms[last] as ExponentialHistogram);
  if (!kind.counter && (left.counterReset !== 'gauge' || right.counterReset !== 'gauge')) notAGauge(window, context);
  noteReconciled(right, left, 'subtraction', context);
  const change = subtractHistograms(right, left);
  if (!kind.counter) return change;
  return corrected(change, { series, ends, left, right, spansStart, context });
}

interface Correction {
  readonly series: RangeSeries;
  readonly ends: Ends;
  readonly left: ExponentialHistogram;
  readonly right: ExponentialHistogram;
  /** The left value stands between the first two samples. */
  readonly spansStart: boolean;
  readonly context: WindowContext;
}

function corrected(
  change: ExponentialHistogram,
  { series: { histograms }, ends, left, right, spansStart, context }: Correction,
): ExponentialHistogram {
  let previous = left;
  let from = ends.first + 1;
  const second = histograms[from];
  if (spansStart && second !== undefined && wasReset(histograms[ends.first] as ExponentialHistogram, second)) {
    previous = second;
    from++;
  }
  // Both ends stand between the same two samples: that reset is accounted for.
  if (from > ends.last) return change;
  let result = change;
  const addUnlessLater = (current: ExponentialHistogram): void => {
    if (!wasReset(previous, current)) return;
    noteReconciled(result, previous, 'addition', context);
    result = addHistograms(result, previous);
  };
  for (let i = from; i < ends.last; i++) {
    const current = histograms[i] as ExponentialHistogram;
    addUnlessLater(current);
    previous = current;
  }
  addUnlessLater(right);
  return result;
}

function noteReconciled(
  a: ExponentialHistogram,
  b: ExponentialHistogram,
  operation: 'addition' | 'subtraction',
  { info }: Pick<WindowContext, 'info'>,
): void {
  if (fitOf(a, b) === 'reconciled') info(`mismatched custom buckets were reconciled during ${operation}`);
}

/** The histogram at a time between two samples, bucket by bucket; after a reset it began empty. */
export function interpolatedHistogram(
  { histogramTimes, histograms }: RangeSeries,
  { index, atMs, counter, info }: { index: number; atMs: number; counter: boolean; info: (message: string) => void },
): ExponentialHistogram {
  const [before, after] = [histograms[index], histograms[index + 1]] as [ExponentialHistogram, ExponentialHistogram];
  const [beforeMs, afterMs] = [histogramTimes[index], histogramTimes[index + 1]] as [number, number];
  if (atMs === beforeMs) return before;
  if (atMs === afterMs) return after;
  const share = (atMs - beforeMs) / (afterMs - beforeMs);
  if (counter && wasReset(before, after)) return scaleHistogram(after, share);
  noteReconciled(after, before, 'subtraction', { info });
  const hint = after.counterReset;
  const difference = scaleHistogram(subtractHistograms(after, before), share);
  difference.counterReset = hint;
  noteReconciled(difference, before, 'addition', { info });
  const result = addHistograms(difference, before);
  return result;
}
