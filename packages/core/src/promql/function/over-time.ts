/**
 * The `*_over_time` family: one value from all samples of a window. Functions of floats pass histograms over and say so;
 * sums and averages take either, never a mix. Source: Prometheus, promql/functions.go.
 */
import { averageHistograms, sumHistograms } from '../../histogram/arithmetic.ts';
import type { ExponentialHistogram } from '../../histogram/exponential-histogram.ts';
import { CompensatedMean, CompensatedSum } from '../kahan.ts';
import { quantileOf, quantileOutOfRange } from '../order-statistic.ts';
import { floatCount, floatsOf, histogramCount, type Window } from '../window.ts';
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
    over: floatsOrHistograms((window) => {
      const mean = new CompensatedMean();
      eachFloat(window, (value) => mean.add(value));
      return mean.value;
    }, averageHistograms),
  }),
  rangeFunction({
    name: 'sum_over_time',
    doc: 'Sum of all values in the range.',
    over: floatsOrHistograms((window) => {
      const sum = new CompensatedSum();
      eachFloat(window, (value) => sum.add(value));
      return sum.value;
    }, sumHistograms),
  }),
  extreme('min_over_time', 'Smallest value in the range.', (value, best) => value < best),
  extreme('max_over_time', 'Largest value in the range.', (value, best) => value > best),
  rangeFunction({
    name: 'count_over_time',
    doc: 'Number of samples in the range.',
    over: (window) => floatCount(window) + histogramCount(window),
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

function eachFloat({ series, floatFrom, floatTo }: Window, visit: (value: number) => void): void {
  for (let i = floatFrom; i < floatTo; i++) visit(series.floats[i] as number);
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

/** NaN is smaller and larger than nothing: it stays only when all values are NaN. */
function extremeIndex(
  { series, floatFrom, floatTo }: Window,
  better: (value: number, best: number) => boolean,
): number {
  let best = floatFrom;
  for (let i = floatFrom + 1; i < floatTo; i++) {
    const current = series.floats[best] as number;
    if (Number.isNaN(current) || better(series.floats[i] as number, current)) best = i;
  }
  return best;
}

function extreme(name: string, doc: string, better: (value: number, best: number) => boolean) {
  return rangeFunction({
    name,
    doc,
    over: floatsOnly((window) => window.series.floats[extremeIndex(window, better)]),
  });
}

function timeOfExtreme(name: string, doc: string, better: (value: number, best: number) => boolean) {
  return rangeFunction({
    name,
    doc,
    over: floatsOnly((window) => (window.series.floatTimes[extremeIndex(window, better)] as number) / 1000),
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
    series.floats[floatFrom],
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
