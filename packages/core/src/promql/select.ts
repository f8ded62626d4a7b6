/** Instant selection: the newest sample of each series within the lookback before a time, unless the series ended. */
import type { SeriesData } from '../model/series.ts';
import { newColumn, put, type Column } from './vector.ts';
import { firstAfter } from './window.ts';

export interface Selection {
  readonly steps: number;
  /** Time that step i looks back from, after `offset` and `@`. Never decreases. */
  readonly timeMs: (step: number) => number;
  readonly lookbackMs: number;
  readonly reads: SelectionReads;
}

/** Each sample's value; or its stamp (without the name for `timestamp`) or its start time, both in seconds. */
export type SelectionReads = 'values' | 'stamps' | 'named stamps' | 'starts';

export function keepsName(reads: SelectionReads): boolean {
  return reads === 'values' || reads === 'named stamps';
}

/** One column per series, undefined for a series without a sample at any step. */
export function selectInstant(series: SeriesData, selection: Selection): Column | undefined {
  const { timesMs, values, histograms, startTimesMs, staleMs = [] } = series;
  const { steps, timeMs, lookbackMs, reads } = selection;
  if (reads === 'starts' && startTimesMs === undefined) return undefined;
  const column = newColumn(keepsName(reads) ? series.labels : series.labels.withoutMetricName(), steps);
  let next = 0;
  let nextStale = 0;
  let any = false;
  for (let step = 0; step < steps; step++) {
    const time = timeMs(step);
    next = firstAfter(timesMs, time, next);
    nextStale = firstAfter(staleMs, time, nextStale);
    if (next === 0) continue;
    const stamp = timesMs[next - 1] as number;
    if (stamp <= time - lookbackMs || (staleMs[nextStale - 1] ?? -Infinity) > stamp) continue;
    any = true;
    const histogram = histograms?.[next - 1];
    if (reads === 'values' || (reads === 'named stamps' && histogram !== undefined)) {
      put(column, step, histogram ?? (values[next - 1] as number));
    } else put(column, step, (reads === 'starts' ? (startTimesMs?.[next - 1] ?? 0) : stamp) / 1000);
  }
  return any ? column : undefined;
}
