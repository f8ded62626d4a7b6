/**
 * Change per window with extrapolation to its edges: `rate`, `increase`, `delta`, for floats and histograms. A counter
 * that goes down was reset; what it had before is added. The extrapolation stops half a sampling interval beyond the
 * outermost samples, and where the counter would have been zero; where the series tells when it began to count, that
 * moment is its zero. Source: Prometheus, promql/functions.go, extrapolatedRate (3.x).
 */
import { addHistograms, fitOf, scaleHistogram, subtractHistograms, wasReset } from '../../histogram/arithmetic.ts';
import type { HistogramDeltas } from '../../histogram/deltas.ts';
import type { ExponentialHistogram } from '../../histogram/exponential-histogram.ts';
import { firstAfter, floatCount, histogramCount, type RangeSeries, type Window } from '../window.ts';
import { extendedChange } from './extended-rate.ts';
import {
  mixedFloatsAndHistograms,
  mixedSchemas,
  rangeFunction,
  type WindowContext,
  type WindowResult,
} from './range.ts';
import { notACounter, notAGauge, type RateKind } from './rate-kind.ts';
import { isStartReset, startInside, startsOf, startsOverlap } from './start-time.ts';

/** Gaps up to this multiple of the average sampling interval are bridged to the window's edge. */
const EXTRAPOLATION_SLACK = 1.1;
const COUNTER_SUFFIX = /_(?:total|sum|count|bucket)$/;

export const rateFunctions = [
  rangeFunction({
    name: 'rate',
    doc: 'Per-second average increase of a counter over the range, resets corrected, extrapolated to the edges.',
    reads: 'edges',
    extends: ['anchored', 'smoothed'],
    over: extrapolated({ counter: true, perSecond: true }),
  }),
  rangeFunction({
    name: 'increase',
    doc: 'Increase of a counter over the range, resets corrected, extrapolated to the edges.',
    reads: 'edges',
    extends: ['anchored', 'smoothed'],
    over: extrapolated({ counter: true, perSecond: false }),
  }),
  rangeFunction({
    name: 'delta',
    doc: 'Difference between the last and the first value of a gauge in the range, extrapolated to the edges.',
    reads: 'edges',
    extends: ['anchored', 'smoothed'],
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
    if (floats > 0) noteNonCounter(kind, window, context);
    if (context.extension === 'anchored' && kind.counter && window.series.deltas !== undefined) {
      return anchoredDelta(window, window.series.deltas, { kind, context });
    }
    if (context.extension !== undefined) return extendedChange(kind, window, context);
    const began = kind.counter ? startInside(window) : undefined;
    // Stamps are finer than the milliseconds here: without a span of time between first and last there is no rate.
    if (began === undefined && spanMs(window) === 0) return undefined;
    if (floats > 0) return floatRate(window, { kind, began, context });
    const { deltas } = window.series;
    if (deltas !== undefined && kind.counter) return deltaRate(window, deltas, { kind, began, context });
    const first = window.series.histograms[window.histogramFrom] as ExponentialHistogram;
    let change = histograms > 1 ? histogramChange(window, kind, context) : undefined;
    if (change === undefined && histograms > 1) return undefined;
    const sampled = change?.count ?? 0;
    if (began !== undefined) change = change === undefined ? first.clone() : addHistograms(change, first);
    if (change === undefined) return undefined;
    const result = scaleHistogram(
      change,
      factor(window, { kind, change: sampled, first: first.count, began, context }),
    );
    result.counterReset = histograms > 1 ? 'gauge' : result.counterReset;
    return result;
  };
}

interface RateInput {
  readonly kind: RateKind;
  readonly began: number | undefined;
  readonly context: WindowContext;
}

function floatRate(window: Window, { kind, began, context }: RateInput): number {
  const first = window.series.floats[window.floatFrom] as number;
  const change = floatChange(window, kind, context);
  const whole = began === undefined ? change : change + first;
  return whole * factor(window, { kind, change, first, began, context });
}

/** Without resets, the change is what came after the first sample of the window; nothing is subtracted. */
function deltaRate(window: Window, deltas: HistogramDeltas, input: RateInput): ExponentialHistogram | undefined {
  const change = deltaChange(window, deltas, input);
  if (change === undefined) return undefined;
  const result = deltas.between(change.from, change.to, change.factor);
  result.counterReset = 'gauge';
  return result;
}

/** A window's change of a distribution: what points after `from` (-1: before the first) up to `to` add, times a factor. */
export interface DeltaChange {
  from: number;
  to: number;
  factor: number;
}

/** How `rate` and `increase` see a window of deltas; undefined where they have no value. */
export function deltaChange(
  window: Window,
  deltas: HistogramDeltas,
  { kind, context }: { readonly kind: RateKind; readonly context: Pick<WindowContext, 'rangeMs'> },
): DeltaChange | undefined {
  if (spanMs(window) === 0) return undefined;
  const [from, to] = [window.histogramFrom, window.histogramTo - 1];
  const first = deltas.countAt(from);
  const change = deltas.countAt(to) - first;
  return { from, to, factor: factor(window, { kind, began: undefined, context, change, first }) };
}

/**
 * The same of an `anchored` window. What a distribution had counted at the window's start is known also after a long
 * silence and before its first point, so every observation of the window counts.
 */
export function anchoredChange(
  { series: { histogramTimes }, startMs, histogramFrom, histogramTo }: Window,
  { kind, context }: { readonly kind: RateKind; readonly context: Pick<WindowContext, 'rangeMs'> },
): DeltaChange | undefined {
  const from = firstAfter(histogramTimes, startMs, histogramFrom) - 1;
  const to = histogramTo - 1;
  return from >= to ? undefined : { from, to, factor: kind.perSecond ? 1 / (context.rangeMs / 1000) : 1 };
}

function anchoredDelta(
  window: Window,
  deltas: HistogramDeltas,
  input: Omit<RateInput, 'began'>,
): ExponentialHistogram | undefined {
  const change = anchoredChange(window, input);
  if (change === undefined) return undefined;
  const result = deltas.between(change.from, change.to, change.factor);
  result.counterReset = 'gauge';
  return result;
}

/** Once per series, by its name. */
function noteNonCounter(kind: RateKind, window: Window, context: WindowContext): void {
  if (!kind.counter || context.noted === window.series) return;
  context.noted = window.series;
  const name = context.metricName(window);
  if (name === '' || COUNTER_SUFFIX.test(name)) return;
  context.info(`metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "${name}"`);
}

function floatChange(window: Window, { counter }: RateKind, context: WindowContext): number {
  const { floatFrom, floatTo, series } = window;
  const { floats } = series;
  let change = (floats[floatTo - 1] as number) - (floats[floatFrom] as number);
  if (!counter) return change;
  if (series.floatStarts !== undefined) return change + resetsByStart(window, context);
  const resets = floatResets(series);
  for (let i = firstAfter(resets, floatFrom, 0); i < resets.length; i++) {
    const at = resets[i] as number;
    if (at >= floatTo) break;
    change += floats[at - 1] as number;
  }
  return change;
}

const NO_RESETS: readonly number[] = [];

/** Where the floats of a series go down, found once however many windows ask. */
function floatResets(series: RangeSeries): readonly number[] {
  if (series.falls !== undefined) return series.falls;
  const { floats } = series;
  let falls: number[] | undefined;
  for (let i = 1; i < floats.length; i++) if ((floats[i] as number) < (floats[i - 1] as number)) (falls ??= []).push(i);
  return (series.falls = falls ?? NO_RESETS);
}

/** What was lost at resets, those that only the start times tell included. */
function resetsByStart(window: Window, context: WindowContext): number {
  const { floatFrom, floatTo, series } = window;
  const starts = startsOf(window);
  let lost = 0;
  for (let i = floatFrom + 1; i < floatTo; i++) {
    const [before, value] = [series.floats[i - 1] as number, series.floats[i] as number];
    const begun = starts !== undefined && isStartReset(starts(i - 1), starts(i));
    if (starts !== undefined && startsOverlap(starts(i - 1), starts(i))) noteOverlap(window, context);
    if (value < before || begun) lost += before;
  }
  return lost;
}

function noteOverlap(window: Window, context: WindowContext): void {
  const name = context.metricName(window);
  context.warn(`sample has start time that overlaps with previous sample timestamp for metric "${name}"`);
}

function histogramChange(
  window: Window,
  { counter }: RateKind,
  context: WindowContext,
): ExponentialHistogram | undefined {
  const { series, histogramFrom, histogramTo } = window;
  const { histograms } = series;
  const [first, last] = [histograms[histogramFrom], histograms[histogramTo - 1]] as [
    ExponentialHistogram,
    ExponentialHistogram,
  ];
  if (counter) {
    for (let i = histogramFrom; i < histogramTo; i++) {
      if (histograms[i]?.counterReset === 'gauge') notACounter(window, context);
    }
  } else if (first.counterReset !== 'gauge' || last.counterReset !== 'gauge') notAGauge(window, context);
  const isReset = counter ? resetTest(window, context) : NEVER;
  // A reset right after the first sample makes that sample's layout irrelevant.
  const startsAnew = isReset(histogramFrom + 1);
  if (!haveOneKind(window, counter, startsAnew)) {
    context.warn(mixedSchemas(context.metricName(window)));
    return undefined;
  }
  if (!startsAnew) noteReconciled(last, first, 'subtraction', context);
  let change = startsAnew ? last.clone() : subtractHistograms(last, first);
  if (counter) change.downscale(coarsest(window, startsAnew));
  for (let i = histogramFrom + (startsAnew ? 2 : 1); i < histogramTo; i++) {
    if (!isReset(i)) continue;
    const before = histograms[i - 1] as ExponentialHistogram;
    noteReconciled(change, before, 'addition', context);
    change = addHistograms(change, before);
  }
  change.min = Infinity;
  change.max = -Infinity;
  change.counterReset = 'gauge';
  return change;
}

/** Exponential and custom buckets do not mix; of a gauge only the outermost samples count. */
function haveOneKind({ series, histogramFrom, histogramTo }: Window, counter: boolean, startsAnew: boolean): boolean {
  const from = histogramFrom + Number(startsAnew);
  const custom = series.histograms[from]?.customBounds !== undefined;
  if (!counter) return (series.histograms[histogramTo - 1]?.customBounds !== undefined) === custom;
  for (let i = from + 1; i < histogramTo; i++) {
    if ((series.histograms[i]?.customBounds !== undefined) !== custom) return false;
  }
  return true;
}

function coarsest({ series, histogramFrom, histogramTo }: Window, startsAnew: boolean): number {
  let scale = Infinity;
  for (let i = histogramFrom + Number(startsAnew); i < histogramTo; i++) {
    const histogram = series.histograms[i] as ExponentialHistogram;
    if (histogram.customBounds !== undefined) return Infinity;
    if (histogram.scale < scale) scale = histogram.scale;
  }
  return scale;
}

function noteReconciled(
  a: ExponentialHistogram,
  b: ExponentialHistogram,
  operation: 'addition' | 'subtraction',
  { info }: WindowContext,
): void {
  if (fitOf(a, b) === 'reconciled') info(`mismatched custom buckets were reconciled during ${operation}`);
}

const NEVER = (): boolean => false;
/** Per list of histograms, whether it was reset at each index: found when first asked, however many windows ask. */
const resetCache = new WeakMap<readonly ExponentialHistogram[], Uint8Array>();
const [UNKNOWN, RESET, GOES_ON] = [0, 1, 2];

function resetTest(window: Window, context: WindowContext): (index: number) => boolean {
  const known = resetsOf(window);
  const starts = startsOf(window);
  if (starts === undefined) return known;
  for (let i = window.histogramFrom + 1; i < window.histogramTo; i++) {
    if (startsOverlap(starts(i - 1), starts(i))) noteOverlap(window, context);
  }
  return (index) => known(index) || isStartReset(starts(index - 1), starts(index));
}

function resetsOf({ series: { histograms } }: Window): (index: number) => boolean {
  let known = resetCache.get(histograms);
  if (known === undefined) {
    known = new Uint8Array(histograms.length);
    resetCache.set(histograms, known);
  }
  const states = known;
  return (index) => {
    if (index >= histograms.length) return false;
    if (states[index] === UNKNOWN) {
      const reset = wasReset(histograms[index - 1] as ExponentialHistogram, histograms[index] as ExponentialHistogram);
      states[index] = reset ? RESET : GOES_ON;
    }
    return states[index] === RESET;
  };
}

/** Between the first and the last sample; 0 for less than two. */
function spanMs({ series, floatFrom, floatTo, histogramFrom, histogramTo }: Window): number {
  const isFloat = floatTo > floatFrom;
  const times = isFloat ? series.floatTimes : series.histogramTimes;
  const [from, to] = isFloat ? [floatFrom, floatTo] : [histogramFrom, histogramTo];
  return to - from < 2 ? 0 : (times[to - 1] as number) - (times[from] as number);
}

function factor(
  window: Window,
  {
    kind,
    change,
    first,
    began,
    context,
  }: Omit<RateInput, 'context'> & { context: Pick<WindowContext, 'rangeMs'>; change: number; first: number },
) {
  const isFloat = floatCount(window) > 0;
  const times = isFloat ? window.series.floatTimes : window.series.histogramTimes;
  const firstMs = times[isFloat ? window.floatFrom : window.histogramFrom] as number;
  const lastMs = times[(isFloat ? window.floatTo : window.histogramTo) - 1] as number;
  const intervals = isFloat ? floatIntervals(window) : histogramCount(window) - 1;
  const average = intervals === 0 ? 0 : (lastMs - firstMs) / 1000 / intervals;
  const sampled = (lastMs - (began ?? firstMs)) / 1000;
  let toStart = began === undefined ? edge((firstMs - window.startMs) / 1000, average) : 0;
  const toEnd = edge((window.endMs - lastMs) / 1000, average);
  if (began === undefined && kind.counter && change > 0 && first >= 0) {
    toStart = Math.min(toStart, sampled * (first / change));
  }
  const extrapolation = (sampled + toStart + toEnd) / sampled;
  return kind.perSecond ? extrapolation / (context.rangeMs / 1000) : extrapolation;
}

/** Between the samples of the window, those that a reader left out included. */
function floatIntervals({ series: { floatRanks }, floatFrom, floatTo }: Window): number {
  if (floatRanks === undefined) return floatTo - 1 - floatFrom;
  return (floatRanks[floatTo - 1] as number) - (floatRanks[floatFrom] as number);
}

function edge(gap: number, average: number): number {
  return gap >= average * EXTRAPOLATION_SLACK ? average / 2 : gap;
}
