/**
 * The `*_over_time` family: one value from all samples of a window. Functions of floats pass histograms over and say so;
 * sums and averages take either, never a mix. Where samples are gone and windows of a store stand for them, counts, sums,
 * extremes and the first value are those of the windows. Source: Prometheus, promql/functions.go.
 */
import { averageHistograms, sumHistograms } from '../../histogram/arithmetic.ts';
import type { ExponentialHistogram } from '../../histogram/exponential-histogram.ts';
import type { WindowAggregate } from '../../model/series.ts';
import { CompensatedMean, CompensatedSum } from '../kahan.ts';
import { quantileOf, quantileOutOfRange } from '../order-statistic.ts';
import { floatCount, floatsOf, histogramCount, type RangeSeries, type Window } from '../window.ts';
import {
  canCombine,
  floatsOnly,
  mixedFloatsAndHistograms,
  rangeFunction,
  type RangeFunction,
  type WindowContext,
  type WindowResult,
} from './range.ts';

export const overTimeFunctions = [
  rangeFunction({
    name: 'avg_over_time',
    doc: 'Average of all values in the range.',
    aggregates: ['counts', 'sums'],
    over: floatsOrHistograms((window) => {
      if (window.series.floatWindows !== undefined) return sumOf(window) / samplesIn(window);
      const mean = new CompensatedMean();
      eachFloat(window, (value) => mean.add(value));
      return mean.value;
    }, averageHistograms),
  }),
  rangeFunction({
    name: 'sum_over_time',
    doc: 'Sum of all values in the range.',
    aggregates: ['sums'],
    over: floatsOrHistograms(sumOf, sumHistograms),
  }),
  extreme('min_over_time', 'Smallest value in the range.', { of: 'mins', better: (value, best) => value < best }),
  extreme('max_over_time', 'Largest value in the range.', { of: 'maxs', better: (value, best) => value > best }),
  rangeFunction({
    name: 'count_over_time',
    doc: 'Number of samples in the range.',
    aggregates: ['counts'],
    over: (window) => samplesIn(window) + histogramCount(window),
  }),
  rangeFunction({
    name: 'quantile_over_time',
    doc: 'The q-quantile (0 <= q <= 1) of the values in the range, interpolated between neighbours.',
    before: ['q'],
    over: floatsOnly((window, [q = NaN], { call }) => {
      const message = quantileOutOfRange(q);
      if (message !== undefined) call.annotations.warn(message, call.call.args[0] ?? call.call);
      return quantileOf(q, floatsOf(window));
    }),
  }),
  rangeFunction({
    name: 'stdvar_over_time',
    doc: 'Population variance of the values in the range.',
    over: floatsOnly(variance),
  }),
  rangeFunction({
    name: 'stddev_over_time',
    doc: 'Population standard deviation of the values in the range.',
    over: floatsOnly((window) => Math.sqrt(variance(window))),
  }),
  rangeFunction({
    name: 'mad_over_time',
    doc: 'Median absolute deviation of the values in the range.',
    over: floatsOnly((window) => {
      const values = floatsOf(window);
      if (values.some(Number.isNaN)) return NaN;
      const median = quantileOf(0.5, values);
      return quantileOf(
        0.5,
        values.map((value) => Math.abs(value - median)),
      );
    }),
  }),
  rangeFunction({
    name: 'first_over_time',
    doc: 'The oldest sample in the range.',
    keepsName: true,
    aggregates: ['firsts'],
    over: (window) => firstSample(window)[1],
  }),
  rangeFunction({
    name: 'last_over_time',
    doc: 'The newest sample in the range.',
    keepsName: true,
    reads: 'windows',
    over: (window) => lastSample(window)[1],
  }),
  rangeFunction({
    name: 'present_over_time',
    doc: '1 for every series that has a sample in the range.',
    aggregates: [],
    over: () => 1,
  }),
  rangeFunction({
    name: 'ts_of_first_over_time',
    doc: 'Unix time, in seconds, of the oldest sample in the range.',
    over: (window) => firstSample(window)[0] / 1000,
  }),
  rangeFunction({
    name: 'ts_of_last_over_time',
    doc: 'Unix time, in seconds, of the newest sample in the range.',
    aggregates: [],
    over: (window) => lastSample(window)[0] / 1000,
  }),
  timeOfExtreme(
    'ts_of_min_over_time',
    'Unix time, in seconds, of the last smallest value.',
    (value, best) => value <= best,
  ),
  timeOfExtreme(
    'ts_of_max_over_time',
    'Unix time, in seconds, of the last largest value.',
    (value, best) => value >= best,
  ),
];

/** `of`: what to visit of windows that stand for samples, in place of their last values. */
function eachFloat({ series, floatFrom, floatTo }: Window, visit: (value: number) => void, of?: WindowAggregate): void {
  const values = floatsFrom(series, of);
  for (let i = floatFrom; i < floatTo; i++) visit(values[i] as number);
}

function floatsFrom({ floats, floatWindows }: RangeSeries, of?: WindowAggregate): ArrayLike<number> {
  return (of === undefined ? undefined : floatWindows?.[of]) ?? floats;
}

function sumOf(window: Window): number {
  const sum = new CompensatedSum();
  eachFloat(window, (value) => sum.add(value), 'sums');
  return sum.value;
}

/** How many floats there are, or were before windows stood for them. */
function samplesIn(window: Window): number {
  if (window.series.floatWindows?.counts === undefined) return floatCount(window);
  let count = 0;
  eachFloat(window, (held) => (count += held), 'counts');
  return count;
}

function floatsOrHistograms(
  ofFloats: (window: Window) => number,
  ofHistograms: (histograms: readonly ExponentialHistogram[]) => ExponentialHistogram,
): RangeFunction['over'] {
  return (window, _, context: WindowContext): WindowResult => {
    if (histogramCount(window) === 0) return ofFloats(window);
    if (floatCount(window) > 0) {
      context.warn(mixedFloatsAndHistograms(context.metricName(window)));
      return undefined;
    }
    const histograms = window.series.histograms.slice(window.histogramFrom, window.histogramTo);
    const describe = { metricName: context.metricName(window), warn: context.warn, info: context.info };
    return canCombine(histograms, 'aggregation', describe) ? ofHistograms(histograms) : undefined;
  };
}

type Better = (value: number, best: number) => boolean;

/** NaN is smaller and larger than nothing: it stays only when all values are NaN. */
function extremeIndex(values: ArrayLike<number>, { floatFrom, floatTo }: Window, better: Better): number {
  let best = floatFrom;
  for (let i = floatFrom + 1; i < floatTo; i++) {
    const current = values[best] as number;
    if (Number.isNaN(current) || better(values[i] as number, current)) best = i;
  }
  return best;
}

function extreme(name: string, doc: string, { of, better }: { of: WindowAggregate; better: Better }) {
  return rangeFunction({
    name,
    doc,
    aggregates: [of],
    over: floatsOnly((window) => {
      const values = floatsFrom(window.series, of);
      return values[extremeIndex(values, window, better)];
    }),
  });
}

function timeOfExtreme(name: string, doc: string, better: Better) {
  return rangeFunction({
    name,
    doc,
    over: floatsOnly((window) => {
      const { floats, floatTimes } = window.series;
      return (floatTimes[extremeIndex(floats, window, better)] as number) / 1000;
    }),
  });
}

/** Welford's recurrence with compensated sums. */
function variance(window: Window): number {
  const mean = new CompensatedSum();
  const squares = new CompensatedSum();
  let count = 0;
  eachFloat(window, (value) => {
    count++;
    const delta = value - mean.value;
    mean.add(delta / count);
    squares.add(delta * (value - mean.value));
  });
  return squares.value / count;
}

type Stamped = readonly [timeMs: number, sample: number | ExponentialHistogram | undefined];

function firstSample({ series, floatFrom, floatTo, histogramFrom, histogramTo }: Window): Stamped {
  const float: Stamped = [
    floatFrom < floatTo ? (series.floatTimes[floatFrom] as number) : Infinity,
    floatsFrom(series, 'firsts')[floatFrom],
  ];
  const hasHistogram = histogramFrom < histogramTo;
  const histogramMs = hasHistogram ? (series.histogramTimes[histogramFrom] as number) : Infinity;
  return histogramMs < float[0] ? [histogramMs, series.histograms[histogramFrom]] : float;
}

function lastSample({ series, floatFrom, floatTo, histogramFrom, histogramTo }: Window): Stamped {
  const floatMs = floatFrom < floatTo ? (series.floatTimes[floatTo - 1] as number) : -Infinity;
  const histogramMs = histogramFrom < histogramTo ? (series.histogramTimes[histogramTo - 1] as number) : -Infinity;
  return histogramMs > floatMs
    ? [histogramMs, series.histograms[histogramTo - 1]]
    : [floatMs, series.floats[floatTo - 1]];
}
