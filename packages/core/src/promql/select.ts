/** Instant selection: the newest sample of each series within the lookback before a time, unless the series ended. */
import type { SeriesData } from '../model/series.ts';
import { newColumn, put, type Column } from './vector.ts';
import { firstAfter } from './window.ts';

export interface Selection {
  readonly steps: number;
  /** Time that step i looks back from, after `offset` and `@`. Never decreases. */
  readonly timeMs: (step: number) => number;
  readonly lookbackMs: number;
  /** Give each sample's stamp in seconds in place of its value, and drop the name (`timestamp`). */
  readonly stamps: boolean;
}

/** One column per series, undefined for a series without a sample at any step. */
export function selectInstant(series: SeriesData, selection: Selection): Column | undefined {
  const { timesMs, values, histograms, staleMs = [] } = series;
  const { steps, timeMs, lookbackMs, stamps } = selection;
  const column = newColumn(stamps ? series.labels.withoutMetricName() : series.labels, steps);
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
    put(column, step, stamps ? stamp / 1000 : (histograms?.[next - 1] ?? (values[next - 1] as number)));
  }
  return any ? column : undefined;
}
