/** What a plan reads of a gauge or counter: raw samples, or windows by their last ones, with what else was asked of them. */
import { msFromNanos, type SelectRequest, type SeriesData } from '@tapewatch/core';
import { isStaleMarker } from '../../stale-marker.ts';
import { LEVEL_SECONDS } from '../level.ts';
import type { ValueSegment } from '../select-plan.ts';
import { nanosRange } from '../time-range.ts';
import { aggregateOf, aggregateOfSample } from '../window-aggregates.ts';
import type { SampleRun } from './sample-run.ts';
import type { ValueTable } from './window-table.ts';

export interface ValueSource {
  readonly id: number;
  readonly samples: SampleRun;
  readonly windows: ValueTable;
}

export function valuePoints(
  { id, samples, windows }: ValueSource,
  { segments, request }: { segments: readonly ValueSegment[]; request: SelectRequest },
): Omit<SeriesData, 'labels'> {
  const timesMs: number[] = [];
  const values: number[] = [];
  const staleMs: number[] = [];
  const levels = new Set<number>();
  const told = new Map(request.aggregates?.names.map((name) => [name, [] as number[]]));
  for (const { level, startMs, endMs } of segments) {
    const range = nanosRange(startMs, endMs);
    const before = timesMs.length;
    if (level === 'raw') {
      const raw = samples.range(range.from, range.to);
      raw.timesMs.forEach((ms, i) => {
        if (isStaleMarker(raw.values, i)) return void staleMs.push(ms);
        const value = raw.values[i] as number;
        timesMs.push(ms);
        values.push(value);
        for (const [name, column] of told) column.push(aggregateOfSample(name, value));
      });
    } else {
      for (const window of windows.windows(id, level, range)) {
        const { lastNanos, last, firsts: first } = window;
        timesMs.push(msFromNanos(lastNanos));
        values.push(last);
        for (const [name, column] of told) column.push(aggregateOf(name, window[name], { first, last }));
      }
    }
    if (timesMs.length > before) levels.add(level === 'raw' ? 0 : LEVEL_SECONDS[level] * 1_000);
  }
  const hasWindows = told.size > 0 && [...levels].some((level) => level > 0);
  return {
    ...{ timesMs, values, levelsMs: [...levels] },
    ...(hasWindows ? { windows: Object.fromEntries(told) } : {}),
    ...(staleMs.length === 0 ? {} : { staleMs }),
  };
}
