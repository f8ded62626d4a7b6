/**
 * Windows over series for range vectors. Floats and histograms of a series are kept apart, each with its stamps. A
 * window is left-open: it holds the samples after its start, up to and including its end (Prometheus 3).
 */
import type { HistogramDeltas } from '../histogram/deltas.ts';
import type { ExponentialHistogram } from '../histogram/exponential-histogram.ts';
import type { Labels } from '../model/labels.ts';
import type { SeriesData, WindowColumns } from '../model/series.ts';
import type { Extension } from './ast.ts';

/** One series with its floats and histograms, each list ascending in time. */
export interface RangeSeries {
  readonly labels: Labels;
  readonly floatTimes: ArrayLike<number>;
  readonly floats: ArrayLike<number>;
  readonly histogramTimes: ArrayLike<number>;
  readonly histograms: readonly ExponentialHistogram[];
  /** Histograms as what each adds, where the series tells; reading `histograms` makes them all then. */
  readonly deltas?: HistogramDeltas;
  /** Where samples were left out: the number of each float in the whole series. */
  readonly floatRanks?: ArrayLike<number>;
  /** Where floats are the last ones of windows: what is known of each window. */
  readonly floatWindows?: WindowColumns;
  /** Floats that are less than the one before, by index; kept by who finds them. */
  falls?: readonly number[];
  /** When each sample began to count, where the series tells; 0 is unknown. Beside the stamps. */
  readonly floatStarts?: ArrayLike<number>;
  readonly histogramStarts?: ArrayLike<number>;
}

/** What a function over a range sees: index bounds (`to` exclusive) into the series' lists. Reused; do not keep. */
export interface Window {
  readonly series: RangeSeries;
  floatFrom: number;
  floatTo: number;
  histogramFrom: number;
  histogramTo: number;
  /** Exclusive start and inclusive end of the window, milliseconds. */
  startMs: number;
  endMs: number;
  /** The evaluation time, which differs from the end by `offset` and `@`. */
  evalMs: number;
}

/** An evaluated range vector: the window of step i ends at `endMs(i)` and is `rangeMs` long. */
export interface Ranges {
  readonly series: readonly RangeSeries[];
  readonly rangeMs: number;
  /** How far the samples of a window reach beyond its ends, for `anchored` and `smoothed`. */
  readonly extension?: { readonly kind: Extension; readonly beforeMs: number; readonly afterMs: number };
  endMs(step: number): number;
  /** Counts samples that were looked at and stops the query past its limit. */
  touch(samples: number): void;
}

export function rangeSeries(series: SeriesData): RangeSeries {
  if (series.deltas !== undefined) return deltaSeries(series, series.deltas);
  const { labels, timesMs, values, histograms, startTimesMs, ranks, windows } = series;
  if (histograms === undefined) {
    const starts = startTimesMs === undefined ? {} : { floatStarts: startTimesMs };
    const beside = {
      ...starts,
      ...(ranks === undefined ? {} : { floatRanks: ranks }),
      ...(windows === undefined ? {} : { floatWindows: windows }),
    };
    return { labels, floatTimes: timesMs, floats: values, histogramTimes: [], histograms: [], ...beside };
  }
  const split = {
    labels,
    floatTimes: [] as number[],
    floats: [] as number[],
    histogramTimes: [] as number[],
    histograms: [] as ExponentialHistogram[],
  };
  const [floatStarts, histogramStarts]: [number[], number[]] = [[], []];
  for (let i = 0; i < timesMs.length; i++) {
    const time = timesMs[i] as number;
    const histogram = histograms[i];
    if (histogram === undefined) {
      split.floatTimes.push(time);
      split.floats.push(values[i] as number);
    } else {
      split.histogramTimes.push(time);
      split.histograms.push(histogram);
    }
    if (startTimesMs !== undefined) {
      (histogram === undefined ? floatStarts : histogramStarts).push(startTimesMs[i] as number);
    }
  }
  return startTimesMs === undefined ? split : { ...split, floatStarts, histogramStarts };
}

/** A distribution throughout, whose histograms are only made when a function asks for them. */
function deltaSeries(series: SeriesData, deltas: HistogramDeltas): RangeSeries {
  return {
    labels: series.labels,
    floatTimes: [],
    floats: [],
    histogramTimes: series.timesMs,
    deltas,
    get histograms() {
      return series.histograms as readonly ExponentialHistogram[];
    },
  };
}

/** Calls `visit` with the window of each step that holds a sample. Bounds only move forward. */
export function eachWindow(
  series: RangeSeries,
  { ranges, evalMs, steps }: { ranges: Ranges; evalMs: (step: number) => number; steps: number },
  visit: (window: Window, step: number) => void,
): void {
  const window: Window = {
    series,
    floatFrom: 0,
    floatTo: 0,
    histogramFrom: 0,
    histogramTo: 0,
    startMs: 0,
    endMs: 0,
    evalMs: 0,
  };
  const { floatTimes, histogramTimes } = series;
  const { beforeMs, afterMs } = ranges.extension ?? { beforeMs: 0, afterMs: 0 };
  for (let step = 0; step < steps; step++) {
    window.endMs = ranges.endMs(step);
    window.startMs = window.endMs - ranges.rangeMs;
    window.evalMs = evalMs(step);
    const [first, last] = [window.startMs - beforeMs, window.endMs + afterMs];
    window.floatFrom = firstAfter(floatTimes, first, window.floatFrom);
    window.floatTo = firstAfter(floatTimes, last, Math.max(window.floatTo, window.floatFrom));
    window.histogramFrom = firstAfter(histogramTimes, first, window.histogramFrom);
    window.histogramTo = firstAfter(histogramTimes, last, Math.max(window.histogramTo, window.histogramFrom));
    const held = window.floatTo - window.floatFrom + window.histogramTo - window.histogramFrom;
    if (held === 0) continue;
    ranges.touch(held);
    visit(window, step);
  }
}

/** First index at or after `from` whose stamp is after `time`; the length when there is none. Doubling steps, then halves. */
export function firstAfter(times: ArrayLike<number>, time: number, from: number): number {
  const { length } = times;
  if (from >= length || (times[from] as number) > time) return from;
  let low = from;
  let reach = 1;
  while (low + reach < length && (times[low + reach] as number) <= time) {
    low += reach;
    reach *= 2;
  }
  let high = Math.min(length, low + reach);
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) <= time) low = middle;
    else high = middle;
  }
  return high;
}

export function floatCount(window: Window): number {
  return window.floatTo - window.floatFrom;
}

export function histogramCount(window: Window): number {
  return window.histogramTo - window.histogramFrom;
}

/** Floats of the window, copied. */
export function floatsOf({ series, floatFrom, floatTo }: Window): number[] {
  return Array.prototype.slice.call(series.floats, floatFrom, floatTo) as number[];
}

export interface TimedSample {
  readonly timeMs: number;
  readonly sample: number | ExponentialHistogram;
  /** When it began to count; 0 is unknown. */
  readonly startMs: number;
}

/** Floats and histograms of the window in order of time. */
export function samplesOf(window: Window): TimedSample[] {
  const { series } = window;
  const samples: TimedSample[] = [];
  let h = window.histogramFrom;
  for (let f = window.floatFrom; f < window.floatTo; f++) {
    const timeMs = series.floatTimes[f] as number;
    for (; h < window.histogramTo && (series.histogramTimes[h] as number) < timeMs; h++) {
      samples.push(histogramAt(series, h));
    }
    samples.push(floatAt(series, f));
  }
  for (; h < window.histogramTo; h++) samples.push(histogramAt(series, h));
  return samples;
}

/** The newest `count` samples of the window at most, in order of time. */
export function lastSamplesOf(window: Window, count: number): TimedSample[] {
  const { series, floatFrom, histogramFrom } = window;
  const samples: TimedSample[] = [];
  let [f, h] = [window.floatTo - 1, window.histogramTo - 1];
  while (samples.length < count && (f >= floatFrom || h >= histogramFrom)) {
    const isFloat =
      h < histogramFrom || (f >= floatFrom && (series.floatTimes[f] as number) > (series.histogramTimes[h] as number));
    samples.unshift(isFloat ? floatAt(series, f--) : histogramAt(series, h--));
  }
  return samples;
}

function floatAt({ floatTimes, floats, floatStarts }: RangeSeries, index: number): TimedSample {
  const startMs = floatStarts?.[index] ?? 0;
  return { timeMs: floatTimes[index] as number, sample: floats[index] as number, startMs };
}

function histogramAt({ histogramTimes, histograms, histogramStarts }: RangeSeries, index: number): TimedSample {
  const startMs = histogramStarts?.[index] ?? 0;
  return { timeMs: histogramTimes[index] as number, sample: histograms[index] as ExponentialHistogram, startMs };
}
