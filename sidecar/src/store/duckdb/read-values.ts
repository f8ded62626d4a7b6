/**
 * Samples of gauges and counters as columns: raw, or the last of each window where the plan says so, with what else was
 * asked of windows.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { SelectRequest, WindowAggregate } from '@tapewatch/core';
import { isStaleMarker, putStaleMarker } from '../../stale-marker.ts';
import { LEVEL_SECONDS } from '../level.ts';
import type { Horizon } from '../retention.ts';
import type { ValueSegment } from '../select-plan.ts';
import { nanosAtMs, nanosRange } from '../time-range.ts';
import { aggregateOf, aggregateOfSample } from '../window-aggregates.ts';
import { nanosAt, windowTable } from './fold.ts';
import type { ValueColumns } from './arrange-rows.ts';
import { inSight, readPlainly } from './read-plainly.ts';
import type { ReadSource } from './segment.ts';
import { msOf, readRows, seriesIn, within } from './sql.ts';
import { readColumns } from './vector-read.ts';

export interface Points {
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
  readonly staleMs?: Float64Array;
  readonly levelsMs: readonly number[];
  readonly windows?: Aggregates;
}

type Aggregates = { readonly [A in WindowAggregate]?: Float64Array };

/** As the engine arranges rows; of windows also what was asked of them. */
interface Arranged {
  readonly columns: ValueColumns;
  readonly windows?: Aggregates;
}

/** A run of rows of one series in the answer of a segment. */
interface Run {
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly levelMs: number;
  readonly windows: Aggregates | undefined;
}

/** Points per series id, ascending; ids without points are absent. */
export async function readValues(
  connection: DuckDBConnection,
  source: ReadSource,
  { segments, request }: { segments: readonly ValueSegment[]; request: SelectRequest },
): Promise<Map<number, Points>> {
  const runs = new Map<number, Run[]>();
  if (source.ids.length > 0) {
    for (const segment of segments) {
      const columns = await readPlainly(connection, source, { segment, request });
      const arranged =
        columns === undefined ? await readArranged(connection, source, { segment, request }) : { columns };
      addRuns(arranged, { segment, runs });
    }
  }
  return joined(runs, request.aggregates?.names ?? []);
}

/** As the engine arranges them, which spills what does not fit into its memory. */
export async function readArranged(
  connection: DuckDBConnection,
  source: ReadSource,
  { segment, request }: { segment: ValueSegment; request: SelectRequest },
): Promise<Arranged> {
  const statement = segmentSql(source, segment, request);
  const names = segment.level === 'raw' ? [] : (request.aggregates?.names ?? []);
  if (names.length > 0) return readWindows(connection, statement, names);
  const columns = await readColumns(connection, statement, ['u32', 'f64', 'f64']);
  if (segment.level === 'raw' && request.newestOfStep === true)
    await restoreMarkers(connection, source, segment, columns);
  return { columns };
}

/** After the last value the statement tells the first one, and then what was asked. */
async function readWindows(
  connection: DuckDBConnection,
  statement: string,
  names: readonly WindowAggregate[],
): Promise<Arranged> {
  const [series, times, lasts, firsts, ...stored] = await readColumns(connection, statement, [
    ...(['u32', 'f64', 'f64', 'f64'] as const),
    ...names.map(() => 'f64' as const),
  ]);
  names.forEach((name, i) => {
    const column = stored[i] as Float64Array;
    for (let row = 0; row < column.length; row++) {
      const ends = { first: firsts[row] as number, last: lasts[row] as number };
      column[row] = aggregateOf(name, column[row] as number, ends);
    }
  });
  return {
    columns: [series, times, lasts],
    windows: Object.fromEntries(names.map((name, i) => [name, stored[i] as Float64Array])),
  };
}

/** The engine's aggregates turn every NaN into the same one: which of them are staleness markers is read from the rows. */
async function restoreMarkers(
  connection: DuckDBConnection,
  { relation }: ReadSource,
  { startMs, endMs }: ValueSegment,
  [series, times, values]: ValueColumns,
): Promise<void> {
  const ids = new Set(series.filter((_, i) => Number.isNaN(values[i])));
  if (ids.size === 0) return;
  const [markedSeries, markedTimes, markedValues] = await readColumns(
    connection,
    `${rawSql({ ids: [...ids], relation }, { startMs, endMs }, 'isnan(value)')} ORDER BY series_id, time_nanos, arrival`,
    ['u32', 'f64', 'f64'],
  );
  // Of rows with one stamp the last one answers.
  const marked = new Map<string, boolean>();
  markedTimes.forEach((time, i) => marked.set(`${markedSeries[i]}@${time}`, isStaleMarker(markedValues, i)));
  values.forEach((value, i) => {
    if (value !== value && marked.get(`${series[i]}@${times[i]}`) === true) putStaleMarker(values, i);
  });
}

function addRuns(
  { columns: [series, times, values], windows }: Arranged,
  { segment, runs }: { segment: ValueSegment; runs: Map<number, Run[]> },
): void {
  const levelMs = segment.level === 'raw' ? 0 : LEVEL_SECONDS[segment.level] * 1_000;
  for (let from = 0; from < series.length;) {
    const id = series[from] as number;
    let to = from + 1;
    while (to < series.length && series[to] === id) to++;
    const run = {
      ...{ times: times.subarray(from, to), values: values.subarray(from, to), levelMs },
      windows: windows === undefined ? undefined : part(windows, from, to),
    };
    const known = runs.get(id);
    if (known === undefined) runs.set(id, [run]);
    else known.push(run);
    from = to;
  }
}

function rawSql(
  { ids, relation }: ReadSource,
  range: Pick<ValueSegment, 'startMs' | 'endMs'>,
  condition: string,
): string {
  const { from, to } = nanosRange(range.startMs, range.endMs);
  return `SELECT series_id, ${msOf('time_nanos')}, value FROM ${relation('samples', from, to)}
    WHERE ${seriesIn(ids)} AND ${within('time_nanos', from, to)} AND ${condition}`;
}

function segmentSql(
  { ids, relation }: ReadSource,
  { level, startMs, endMs }: ValueSegment,
  request: SelectRequest,
): string {
  const { from, to } = nanosRange(startMs, endMs);
  const step = stepOf(request);
  if (level === 'raw') {
    if (step === undefined) {
      return `${rawSql({ ids, relation }, { startMs, endMs }, 'true')} ORDER BY series_id, time_nanos, arrival`;
    }
    const rows = `FROM ${relation('samples', from, to)} WHERE ${seriesIn(ids)} AND ${within('time_nanos', from, to)}`;
    return `SELECT series_id, ${msOf('max(time_nanos)')}, arg_max(value, (time_nanos, arrival)) ${rows}
      ${inSight('time_nanos', request)} GROUP BY series_id, ${step('time_nanos')} ORDER BY 1, 2`;
  }
  const widthNanos = nanosAt(LEVEL_SECONDS[level]);
  const rows = `FROM ${relation(windowTable('value', level), from - widthNanos, to)}
    WHERE ${seriesIn(ids)} AND ${within('start_nanos', from - widthNanos, to)}`;
  const names = request.aggregates?.names ?? [];
  const asked = names.length === 0 ? [] : [STORED.firsts, ...names.map((name) => STORED[name])];
  // Rows of one window are additive: the one with the latest sample tells the window's last value.
  const figures = [msOf('max(last_nanos)'), 'arg_max(last, (last_nanos, arrival))', ...asked];
  const last = `SELECT series_id, ${figures.join(', ')} ${rows}`;
  return step === undefined
    ? `${last} GROUP BY series_id, start_nanos HAVING ${within('max(last_nanos)', from, to)} ORDER BY 1, start_nanos`
    : `${last} AND ${within('last_nanos', from, to)} ${inSight('last_nanos', request)}
       GROUP BY series_id, ${step('last_nanos')} ORDER BY 1, 2`;
}

/** SQL for what a window's rows hold together. */
const STORED: Readonly<Record<WindowAggregate, string>> = {
  counts: 'sum(count)',
  sums: 'sum(sum)',
  mins: 'min(min)',
  maxs: 'max(max)',
  firsts: 'arg_min(first, (first_nanos, arrival))',
};

/** SQL for the number of the step that a stamp falls in, counted back from the end of the range; undefined when every sample is wanted. */
function stepOf({ newestOfStep, resolutionMs, endMs }: SelectRequest): ((stamp: string) => string) | undefined {
  if (newestOfStep !== true) return undefined;
  // One step: a constant that is no column number.
  if (resolutionMs === 0) return () => 'true';
  return (stamp) =>
    `((${nanosAtMs(Math.floor(endMs) + 1)} - 1 - ${stamp}) // ${nanosAtMs(Math.max(1, Math.round(resolutionMs)))})`;
}

/** The points of all series in two columns, of which each has a part: many small arrays cost more than what is in them. */
function joined(bySeries: ReadonlyMap<number, readonly Run[]>, names: readonly WindowAggregate[]): Map<number, Points> {
  let length = 0;
  let hasWindows = false;
  for (const { times, windows } of [...bySeries.values()].flat()) {
    length += times.length;
    hasWindows ||= windows !== undefined;
  }
  const told = (hasWindows ? names : []).map((name) => [name, new Float64Array(length)] as const);
  const columns = { timesMs: new Float64Array(length), values: new Float64Array(length), told };
  const points = new Map<number, Points>();
  let from = 0;
  for (const [id, runs] of bySeries) {
    const one = joinedOne(runs, columns, from);
    points.set(id, one);
    from += one.timesMs.length;
  }
  return points;
}

interface Joined {
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
  readonly told: readonly (readonly [WindowAggregate, Float64Array])[];
}

function joinedOne(runs: readonly Run[], { timesMs, values, told }: Joined, from: number): Points {
  const staleMs: number[] = [];
  let size = from;
  for (const run of runs) {
    for (let i = 0; i < run.times.length; i++) {
      const value = run.values[i] as number;
      if (value !== value && isStaleMarker(run.values, i)) {
        staleMs.push(run.times[i] as number);
        continue;
      }
      timesMs[size] = run.times[i] as number;
      for (const [name, column] of told) column[size] = run.windows?.[name]?.[i] ?? aggregateOfSample(name, value);
      values[size++] = value;
    }
  }
  const hasWindows = runs.some(({ windows }) => windows !== undefined);
  return {
    ...(hasWindows ? { windows: part(Object.fromEntries(told), from, size) } : {}),
    timesMs: timesMs.subarray(from, size),
    values: values.subarray(from, size),
    levelsMs: [...new Set(runs.map(({ levelMs }) => levelMs))],
    ...(staleMs.length === 0 ? {} : { staleMs: Float64Array.from(staleMs) }),
  };
}

function part(windows: Aggregates, from: number, to: number): Aggregates {
  return Object.fromEntries(Object.entries(windows).map(([name, column]) => [name, column.subarray(from, to)]));
}

/**
 * Which of the series have a raw row in the range or, where retention has taken those, a window that reaches into it.
 * Inclusive milliseconds.
 */
export async function readActive(
  connection: DuckDBConnection,
  { ids, relation }: ReadSource,
  { startMs, endMs, horizon }: { startMs: number; endMs: number; horizon: Horizon },
): Promise<Set<number>> {
  const { from, to } = nanosRange(startMs, endMs);
  const raw = `WHERE ${seriesIn(ids)} AND ${within('time_nanos', from, to)}`;
  const parts = [
    `SELECT DISTINCT series_id FROM ${relation('samples', from, to)} ${raw}`,
    `SELECT DISTINCT series_id FROM ${relation('histogram_samples', from, to)} ${raw}`,
  ];
  const rawFrom = nanosAt(horizon.raw);
  if (from < rawFrom) {
    const level = from >= nanosAt(horizon['10s']) ? '10s' : '1h';
    const range = within('start_nanos', from - nanosAt(LEVEL_SECONDS[level]) + 1n, to < rawFrom ? to : rawFrom);
    for (const kind of ['value', 'distribution'] as const) {
      const source = relation(windowTable(kind, level), from - nanosAt(LEVEL_SECONDS[level]), to);
      parts.push(`SELECT DISTINCT series_id FROM ${source} WHERE ${seriesIn(ids)} AND ${range}`);
    }
  }
  const rows = await readRows(connection, parts.join(' UNION '));
  return new Set(rows.map(([id]) => id as number));
}
