/**
 * Instant selection of a `smoothed` selector: the value at a time, interpolated between the samples around it within the
 * lookback on both sides; before the newest sample nothing follows, and the newest is carried on. Source: Prometheus,
 * promql/engine.go, smoothSeries.
 */
import type { ExponentialHistogram } from '../histogram/exponential-histogram.ts';
import type { Extension } from './ast.ts';
import { interpolated, interpolatedHistogram } from './function/extended-rate.ts';
import { mixedFloatsAndHistograms, mixedSchemas } from './function/range.ts';
import type { Point } from './result.ts';
import { type Column, newColumn, put } from './vector.ts';
import { firstAfter, type RangeSeries } from './window.ts';

interface Note {
  warn(message: string): void;
  info(message: string): void;
}

export interface Smoothing {
  readonly steps: number;
  /** Time of step i, after `offset` and `@`. Never decreases. */
  readonly timeMs: (step: number) => number;
  readonly lookbackMs: number;
  readonly note: Note;
}

export function smoothInstant(series: RangeSeries, { steps, timeMs, lookbackMs, note }: Smoothing): Column {
  const column = newColumn(series.labels, steps);
  const { floatTimes, histogramTimes } = series;
  for (let step = 0; step < steps; step++) {
    const time = timeMs(step);
    const floats = neighbours(floatTimes, time, lookbackMs);
    const histograms = neighbours(histogramTimes, time, lookbackMs);
    if (floats.some && histograms.some) note.warn(mixedFloatsAndHistograms(series.labels.metricName));
    else if (floats.some) put(column, step, floatAt(series, time, floats));
    else if (histograms.some) put(column, step, histogramAt(series, time, { ...histograms, note }));
  }
  return column;
}

/** Index of the newest sample at or before the time, -1 for none within the lookback, and whether one follows. */
interface Neighbours {
  readonly before: number;
  readonly follows: boolean;
  readonly some: boolean;
}

function neighbours(times: ArrayLike<number>, time: number, lookbackMs: number): Neighbours {
  const next = firstAfter(times, time, 0);
  const before = next > 0 && (times[next - 1] as number) > time - lookbackMs ? next - 1 : -1;
  const follows = next < times.length && (times[next] as number) <= time + lookbackMs;
  return { before, follows, some: before >= 0 || follows };
}

function floatAt(series: RangeSeries, time: number, { before, follows }: Neighbours): number | undefined {
  if (before < 0) return undefined;
  const exact = (series.floatTimes[before] as number) === time;
  return exact || !follows ? series.floats[before] : interpolated(series, before, time, false);
}

function histogramAt(
  series: RangeSeries,
  time: number,
  { before, follows, note }: Neighbours & { note: Note },
): ExponentialHistogram | undefined {
  const [current, next] = [series.histograms[before], series.histograms[before + 1]];
  if (current === undefined || series.histogramTimes[before] === time) return current;
  if (!follows || next === undefined) {
    const carried = current.clone();
    // What is known of the sample's past does not hold for a copy of it at a later time.
    carried.counterReset = 'unknown';
    return carried;
  }
  if ((current.customBounds === undefined) !== (next.customBounds === undefined)) {
    note.warn(mixedSchemas(series.labels.metricName));
    return undefined;
  }
  const counter = current.counterReset !== 'gauge' || next.counterReset !== 'gauge';
  return interpolatedHistogram(series, { index: before, atMs: time, counter, info: note.info });
}

/**
 * An extended range vector as it is shown: the samples inside the window, framed by the values at its ends. Empty when
 * no sample lies after the start. Source: Prometheus, promql/engine.go, extendFloats.
 */
export function extendedPoints(series: RangeSeries, window: ExtendedWindow): Point[] {
  const { startMs, endMs, kind, beforeMs, afterMs } = window;
  const { floatTimes, floats } = series;
  const at = (index: number): number => floatTimes[index] as number;
  const from = firstAfter(floatTimes, startMs - beforeMs, 0);
  let last = firstAfter(floatTimes, endMs + afterMs, from) - 1;
  if (last < from) return [];
  const smoothed = kind === 'smoothed';
  let first = from;
  while (first < last && at(first + 1) <= startMs) first++;
  if (smoothed) while (last > from && at(last - 1) >= endMs) last--;
  if (at(last) <= startMs) return [];
  const left = smoothed && at(first) < startMs ? interpolated(series, first, startMs, false) : floats[first];
  const right =
    smoothed && last > from && at(last) > endMs ? interpolated(series, last - 1, endMs, false) : floats[last];
  if (at(first) <= startMs) first++;
  if (at(last) >= endMs) last--;
  const points: Point[] = [{ timeMs: startMs, value: left as number }];
  for (let i = first; i <= last; i++) points.push({ timeMs: at(i), value: floats[i] as number });
  points.push({ timeMs: endMs, value: right as number });
  return points;
}

interface ExtendedWindow {
  readonly startMs: number;
  readonly endMs: number;
  readonly kind: Extension;
  readonly beforeMs: number;
  readonly afterMs: number;
}
