/**
 * What start times say of a counter (when each sample began to count; 0 is unknown): a reset that no value shows, and
 * the moment at which the first sample of a window was zero. Source: Prometheus, promql/functions.go
 * (isStartTimestampReset, checkStartTimeOverlap).
 */
import { floatCount, type Window } from '../window.ts';

export interface Started {
  readonly timeMs: number;
  readonly startMs: number;
}

/** Whether the counter began anew between two samples; a start at the earlier sample is one for deltas only. */
export function isStartReset(before: Started, after: Started): boolean {
  const { startMs } = after;
  if (startMs === 0 || startMs === before.startMs || startMs >= after.timeMs || startMs < before.timeMs) return false;
  if (startMs > before.timeMs) return true;
  return before.startMs !== 0 && before.startMs < before.timeMs;
}

/** A start inside the time that the sample before already covers: the data contradict themselves. */
export function startsOverlap(before: Started, after: Started): boolean {
  return after.startMs !== 0 && after.startMs < before.timeMs && after.startMs !== before.startMs;
}

/** The samples of the window, by index, with their start times; undefined where the series knows none. */
export function startsOf({ series, floatFrom, floatTo }: Window): ((index: number) => Started) | undefined {
  if (series.floatStarts === undefined && series.histogramStarts === undefined) return undefined;
  const isFloat = floatTo > floatFrom;
  const starts = isFloat ? series.floatStarts : series.histogramStarts;
  const times = isFloat ? series.floatTimes : series.histogramTimes;
  if (starts === undefined) return undefined;
  return (index) => ({ timeMs: times[index] as number, startMs: starts[index] as number });
}

/** Stamp inside the window, before its first sample, at which that sample was zero. */
export function startInside(window: Window): number | undefined {
  const starts = startsOf(window);
  if (starts === undefined) return undefined;
  const { timeMs, startMs } = starts(floatCount(window) > 0 ? window.floatFrom : window.histogramFrom);
  return startMs !== 0 && startMs > window.startMs && startMs < timeMs ? startMs : undefined;
}
