/**
 * Change between neighbouring samples: `irate`, `idelta`, `resets`, `changes`; and trends over a window by regression
 * and double exponential smoothing. Source: Prometheus, promql/functions.go (instantValue, funcResets, funcChanges,
 * linearRegression, funcDoubleExponentialSmoothing).
 */
import { divideHistogram, histogramsEqual, subtractHistograms, wasReset } from '../../histogram/arithmetic.ts';
import type { ExponentialHistogram } from '../../histogram/exponential-histogram.ts';
import { PromqlError } from '../error.ts';
import { CompensatedSum } from '../kahan.ts';
import { floatCount, histogramCount, lastSamplesOf, samplesOf, type TimedSample, type Window } from '../window.ts';
import {
  canCombine,
  floatsOnly,
  mixedFloatsAndHistograms,
  rangeFunction,
  type WindowContext,
  type WindowResult,
} from './range.ts';
import { notACounter, notAGauge } from './rate-kind.ts';
import { isStartReset } from './start-time.ts';

export const changeFunctions = [
  rangeFunction({
    name: 'irate',
    doc: 'Per-second increase between the last two samples of a counter.',
    over: lastTwo({ counter: true }),
  }),
  rangeFunction({
    name: 'idelta',
    doc: 'Difference between the last two samples of a gauge.',
    over: lastTwo({ counter: false }),
  }),
  rangeFunction({
    name: 'resets',
    doc: 'Number of counter resets in the range.',
    extends: ['anchored'],
    over: countPairs(
      (before, after) => after < before,
      (before, after) => isStartReset(before, after) || isReset(before.sample, after.sample),
    ),
  }),
  rangeFunction({
    name: 'changes',
    doc: 'Number of times the value changed in the range.',
    extends: ['anchored'],
    over: countPairs(isFloatChange, ({ sample: before }, { sample: after }) =>
      typeof before === 'number' || typeof after === 'number'
        ? isFloatChange(before, after)
        : !histogramsEqual(before, after),
    ),
  }),
  rangeFunction({
    name: 'deriv',
    doc: 'Per-second slope of a gauge by least squares.',
    over: floatsOnly((window) => {
      if (floatCount(window) < 2) return undefined;
      return regression(window, window.series.floatTimes[window.floatFrom] as number).slope;
    }),
  }),
  rangeFunction({
    name: 'predict_linear',
    doc: 'Value of a gauge the given seconds from now, by least squares over the range.',
    after: ['seconds'],
    over: floatsOnly((window, [seconds = NaN]) => {
      if (floatCount(window) < 2) return undefined;
      const { slope, intercept } = regression(window, window.evalMs);
      return slope * seconds + intercept;
    }),
  }),
  rangeFunction({
    name: 'double_exponential_smoothing',
    doc: 'Smoothed value of a gauge: `sf` weighs new values, `tf` weighs the trend, both between 0 and 1.',
    after: ['sf', 'tf'],
    over: floatsOnly((window, [sf = NaN, tf = NaN], context) => smooth(window, { sf, tf, context })),
  }),
];

type Sample = number | ExponentialHistogram;

/** Pairs of neighbours that count; floats alone are compared without an object for each. */
function countPairs(
  ofFloats: (before: number, after: number) => boolean,
  ofSamples: (before: TimedSample, after: TimedSample) => boolean,
) {
  return (window: Window, _: readonly number[], context: WindowContext): number | undefined => {
    const { series, floatFrom, floatTo } = window;
    const plain = histogramCount(window) === 0 && series.floatStarts === undefined;
    if (plain && context.extension === undefined) {
      let count = 0;
      for (let i = floatFrom + 1; i < floatTo; i++) {
        if (ofFloats(series.floats[i - 1] as number, series.floats[i] as number)) count++;
      }
      return count;
    }
    const samples = context.extension === undefined ? samplesOf(window) : fromAnchor(samplesOf(window), window.startMs);
    if (samples === undefined) return undefined;
    let count = 0;
    for (let i = 1; i < samples.length; i++) {
      if (ofSamples(samples[i - 1] as TimedSample, samples[i] as TimedSample)) count++;
    }
    return count;
  };
}

/** The last sample at or before the start and all after it; undefined when there are none after it. */
function fromAnchor(samples: readonly TimedSample[], startMs: number): readonly TimedSample[] | undefined {
  const inside = samples.findIndex(({ timeMs }) => timeMs > startMs);
  return inside < 0 ? undefined : samples.slice(Math.max(0, inside - 1));
}

function isFloatChange(before: Sample, after: Sample): boolean {
  return before !== after && !(Number.isNaN(before) && Number.isNaN(after));
}

function isReset(before: Sample, after: Sample): boolean {
  if (typeof before === 'number' || typeof after === 'number') return typeof before !== typeof after || after < before;
  return wasReset(before, after);
}

function lastTwo({ counter }: { counter: boolean }) {
  return (window: Window, _: readonly number[], context: WindowContext): WindowResult => {
    const [before, after] = lastSamplesOf(window, 2);
    if (before === undefined || after === undefined) return undefined;
    const seconds = (after.timeMs - before.timeMs) / 1000;
    if (seconds === 0) return undefined;
    const [a, b] = [before.sample, after.sample];
    if (typeof a === 'number' && typeof b === 'number') {
      const change = counter && (b < a || isStartReset(before, after)) ? b : b - a;
      return counter ? change / seconds : change;
    }
    if (typeof a === 'number' || typeof b === 'number') {
      context.warn(mixedFloatsAndHistograms(context.metricName(window)));
      return undefined;
    }
    const gauges = [a, b].filter((histogram) => histogram.counterReset === 'gauge').length;
    if (counter && gauges > 0) notACounter(window, context);
    if (!counter && gauges < 2) notAGauge(window, context);
    const fresh = counter && (isStartReset(before, after) || wasReset(a, b));
    const describe = { metricName: context.metricName(window), warn: context.warn, info: context.info };
    if (!fresh && !canCombine([a, b], 'subtraction', describe)) return undefined;
    const change = fresh ? b.clone() : subtractHistograms(b, a);
    change.counterReset = 'gauge';
    return counter ? divideHistogram(change, seconds) : change;
  };
}

/** Least squares line through the window's floats; `intercept` is its value at `atMs`. */
function regression({ series, floatFrom, floatTo }: Window, atMs: number): { slope: number; intercept: number } {
  const [x, y, xy, xx] = [new CompensatedSum(), new CompensatedSum(), new CompensatedSum(), new CompensatedSum()];
  const first = series.floats[floatFrom] as number;
  let constant = true;
  for (let i = floatFrom; i < floatTo; i++) {
    const value = series.floats[i] as number;
    const seconds = ((series.floatTimes[i] as number) - atMs) / 1000;
    if (value !== first) constant = false;
    x.add(seconds);
    y.add(value);
    xy.add(seconds * value);
    xx.add(seconds * seconds);
  }
  if (constant) return Math.abs(first) === Infinity ? { slope: NaN, intercept: NaN } : { slope: 0, intercept: first };
  const n = floatTo - floatFrom;
  const slope = (xy.value - (x.value * y.value) / n) / (xx.value - (x.value * x.value) / n);
  return { slope, intercept: y.value / n - (slope * x.value) / n };
}

function smooth(
  window: Window,
  { sf, tf, context }: { sf: number; tf: number; context: WindowContext },
): number | undefined {
  for (const [name, value] of Object.entries({ smoothing: sf, trend: tf })) {
    if (value > 0 && value < 1) continue;
    const message = `invalid ${name} factor. Expected: 0 < ${name === 'trend' ? 'tf' : 'sf'} < 1, got: ${value}`;
    throw new PromqlError('execution', message, context.call.call);
  }
  const { floats } = window.series;
  if (floatCount(window) < 2) return undefined;
  let level = floats[window.floatFrom] as number;
  let before = 0;
  let trend = (floats[window.floatFrom + 1] as number) - level;
  for (let i = window.floatFrom + 1; i < window.floatTo; i++) {
    if (i > window.floatFrom + 1) trend = tf * (level - before) + (1 - tf) * trend;
    const next = sf * (floats[i] as number) + (1 - sf) * (level + trend);
    before = level;
    level = next;
  }
  return level;
}
