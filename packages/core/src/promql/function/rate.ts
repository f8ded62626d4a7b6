/**
 * Change per window with extrapolation to its edges: `rate`, `increase`, `delta`, for floats and histograms. A counter
 * that goes down was reset; what it had before is added. The extrapolation stops half a sampling interval beyond the
 * outermost samples, and where the counter would have been zero. Source: Prometheus, promql/functions.go,
 * extrapolatedRate (3.x).
 */
import { addHistograms, scaleHistogram, subtractHistograms, wasReset } from '../../histogram/arithmetic.ts';
import type { ExponentialHistogram } from '../../histogram/exponential-histogram.ts';
import { floatCount, histogramCount, type Window } from '../window.ts';
import { canCombine, mixedFloatsAndHistograms, rangeFunction, type WindowContext, type WindowResult } from './range.ts';

export interface RateKind {
  readonly counter: boolean;
  readonly perSecond: boolean;
}

/** Gaps up to this multiple of the average sampling interval are bridged to the window's edge. */
const EXTRAPOLATION_SLACK = 1.1;
const COUNTER_SUFFIX = /_(?:total|sum|count|bucket)$/;

export const rateFunctions = [
  rangeFunction({
    name: 'rate',
    doc: 'Per-second average increase of a counter over the range, resets corrected, extrapolated to the edges.',
    reads: 'windows',
    over: extrapolated({ counter: true, perSecond: true }),
  }),
  rangeFunction({
    name: 'increase',
    doc: 'Increase of a counter over the range, resets corrected, extrapolated to the edges.',
    reads: 'windows',
    over: extrapolated({ counter: true, perSecond: false }),
  }),
  rangeFunction({
    name: 'delta',
    doc: 'Difference between the last and the first value of a gauge in the range, extrapolated to the edges.',
    reads: 'windows',
    over: extrapolated({ counter: false, perSecond: false }),
  }),
];

function extrapolated(kind: RateKind) {
  return (window: Window, _: readonly number[], context: WindowContext): WindowResult => {
    const [floats, histograms] = [floatCount(window), histogramCount(window)];
    if (floats > 0 && histograms > 0) {
      context.warn(mixedFloatsAndHistograms(context.metricName(window)));
      return undefined;
    }
    // Stamps are finer than the milliseconds here: without a span of time between first and last there is no rate.
    if (spanMs(window) === 0) return undefined;
    if (floats > 1) {
      noteNonCounter(kind, window, context);
      const change = floatChange(window, kind);
      return (
        change * factor(window, { kind, change, first: window.series.floats[window.floatFrom] as number, context })
      );
    }
    if (histograms < 2) return undefined;
    const change = histogramChange(window, kind, context);
    if (change === undefined) return undefined;
    const first = (window.series.histograms[window.histogramFrom] as ExponentialHistogram).count;
    return scaleHistogram(change, factor(window, { kind, change: change.count, first, context }));
  };
}

function noteNonCounter(kind: RateKind, window: Window, context: WindowContext): void {
  const name = context.metricName(window);
  if (!kind.counter || name === '' || COUNTER_SUFFIX.test(name)) return;
  context.info(`metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "${name}"`);
}

function floatChange({ series, floatFrom, floatTo }: Window, { counter }: RateKind): number {
  const { floats } = series;
  let change = (floats[floatTo - 1] as number) - (floats[floatFrom] as number);
  if (!counter) return change;
  for (let i = floatFrom + 1; i < floatTo; i++) {
    const before = floats[i - 1] as number;
    if ((floats[i] as number) < before) change += before;
  }
  return change;
}

function histogramChange(
  window: Window,
  { counter }: RateKind,
  context: WindowContext,
): ExponentialHistogram | undefined {
  const points = window.series.histograms.slice(window.histogramFrom, window.histogramTo);
  const [first, last] = [points[0] as ExponentialHistogram, points.at(-1) as ExponentialHistogram];
  if (counter) {
    if (points.some((point) => point.counterReset === 'gauge')) notACounter(window, context);
  } else if (first.counterReset !== 'gauge' || last.counterReset !== 'gauge') notAGauge(window, context);
  // A reset right after the first sample makes that sample's layout irrelevant.
  const resetAt = counter ? resetsOf(window) : NO_RESETS;
  const startsAnew = resetAt.has(window.histogramFrom + 1);
  const describe = { metricName: context.metricName(window), warn: context.warn, info: context.info };
  if (!canCombine(startsAnew ? points.slice(1) : points, 'subtraction', describe)) return undefined;
  let change = startsAnew ? last.clone() : subtractHistograms(last, first);
  for (let i = window.histogramFrom + 2; i < window.histogramTo; i++) {
    if (resetAt.has(i)) change = addHistograms(change, window.series.histograms[i - 1] as ExponentialHistogram);
  }
  change.min = Infinity;
  change.max = -Infinity;
  change.counterReset = 'gauge';
  return change;
}

const NO_RESETS: ReadonlySet<number> = new Set();
/** Indexes at which a series was reset, found once per list of histograms however many windows look at it. */
const resetCache = new WeakMap<readonly ExponentialHistogram[], ReadonlySet<number>>();

function resetsOf({ series: { histograms } }: Window): ReadonlySet<number> {
  const known = resetCache.get(histograms);
  if (known !== undefined) return known;
  const resets = new Set<number>();
  for (let i = 1; i < histograms.length; i++) {
    if (wasReset(histograms[i - 1] as ExponentialHistogram, histograms[i] as ExponentialHistogram)) resets.add(i);
  }
  resetCache.set(histograms, resets);
  return resets;
}

/** Between the first and the last sample; 0 for less than two. */
function spanMs({ series, floatFrom, floatTo, histogramFrom, histogramTo }: Window): number {
  const isFloat = floatTo > floatFrom;
  const [times, from, to] = isFloat
    ? [series.floatTimes, floatFrom, floatTo]
    : [series.histogramTimes, histogramFrom, histogramTo];
  return to - from < 2 ? 0 : (times[to - 1] as number) - (times[from] as number);
}

function factor(
  window: Window,
  { kind, change, first, context }: { kind: RateKind; change: number; first: number; context: WindowContext },
): number {
  const isFloat = floatCount(window) > 0;
  const times = isFloat ? window.series.floatTimes : window.series.histogramTimes;
  const firstMs = times[isFloat ? window.floatFrom : window.histogramFrom] as number;
  const lastMs = times[(isFloat ? window.floatTo : window.histogramTo) - 1] as number;
  const intervals = (isFloat ? floatCount(window) : histogramCount(window)) - 1;
  const sampled = (lastMs - firstMs) / 1000;
  const average = sampled / intervals;
  const edge = (gap: number): number => (gap >= average * EXTRAPOLATION_SLACK ? average / 2 : gap);
  let toStart = edge((firstMs - window.startMs) / 1000);
  const toEnd = edge((window.endMs - lastMs) / 1000);
  if (kind.counter && change > 0 && first >= 0) toStart = Math.min(toStart, sampled * (first / change));
  const extrapolation = (sampled + toStart + toEnd) / sampled;
  return kind.perSecond ? extrapolation / (context.rangeMs / 1000) : extrapolation;
}

export function notACounter(window: Window, context: WindowContext): void {
  context.warn(`this native histogram metric is not a counter: "${context.metricName(window)}"`);
}

export function notAGauge(window: Window, context: WindowContext): void {
  context.warn(`this native histogram metric is not a gauge: "${context.metricName(window)}"`);
}
