/** Samples of gauges and counters: raw, or the last of each window where the plan says so. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { msFromNanos } from '@tapewatch/core';
import { TEN_SECOND_LEVEL_MS, type Segment } from '../select-plan.ts';
import { nanosRange } from '../time-range.ts';
import { msOf, readRows, seriesIn, within } from './sql.ts';

export interface Points {
  readonly timesMs: number[];
  readonly values: number[];
}

/** Points per series id, ascending; ids without points are absent. */
export async function readValues(
  connection: DuckDBConnection,
  ids: readonly number[],
  segments: readonly Segment[],
): Promise<Map<number, Points>> {
  const bySeries = new Map<number, Points>();
  if (ids.length === 0) return bySeries;
  const add = (id: number, timeMs: number, value: number): void => {
    let points = bySeries.get(id);
    if (points === undefined) bySeries.set(id, (points = { timesMs: [], values: [] }));
    points.timesMs.push(timeMs);
    points.values.push(value);
  };
  for (const segment of segments) {
    await (segment.levelMs === 0 ? readRaw : readLasts)(connection, { ids, segment, add });
  }
  return bySeries;
}

interface Reading {
  readonly ids: readonly number[];
  readonly segment: Segment;
  readonly add: (id: number, timeMs: number, value: number) => void;
}

async function readRaw(connection: DuckDBConnection, { ids, segment, add }: Reading): Promise<void> {
  const { from, to } = nanosRange(segment.startMs, segment.endMs);
  const result = await connection.run(
    `SELECT series_id, ${msOf('time_nanos')}, value FROM samples
     WHERE ${seriesIn(ids)} AND ${within('time_nanos', from, to)} ORDER BY series_id, time_nanos, rowid`,
  );
  for (const chunk of await result.fetchAllChunks()) {
    const [series, times, values] = [0, 1, 2].map((column) => chunk.getColumnVector(column));
    for (let row = 0; row < chunk.rowCount; row++) {
      add(series?.getItem(row) as number, times?.getItem(row) as number, values?.getItem(row) as number);
    }
  }
}

async function readLasts(connection: DuckDBConnection, { ids, segment, add }: Reading): Promise<void> {
  const { from, to } = nanosRange(segment.startMs, segment.endMs);
  const widthNanos = BigInt(segment.levelMs) * 1_000_000n;
  // Rows of one window are additive: the one with the latest sample tells the window's last value.
  const rows = await readRows(
    connection,
    `SELECT series_id, start_nanos, last_nanos, last FROM windows
     WHERE level_ms = ${segment.levelMs} AND ${seriesIn(ids)} AND ${within('start_nanos', from - widthNanos, to)}
     ORDER BY series_id, start_nanos, last_nanos, rowid`,
  );
  rows.forEach(([id, start, lastNanos, last], i) => {
    const next = rows[i + 1];
    if (next?.[0] === id && next?.[1] === start) return;
    const stamp = lastNanos as bigint;
    if (stamp >= from && stamp < to) add(id as number, msFromNanos(stamp), last as number);
  });
}

/** Which of the series have a raw row in the range, or a window that ends in it. Inclusive milliseconds. */
export async function readActive(
  connection: DuckDBConnection,
  ids: readonly number[],
  { startMs, endMs }: { startMs: number; endMs: number },
): Promise<Set<number>> {
  const { from, to } = nanosRange(startMs, endMs);
  const raw = `WHERE ${seriesIn(ids)} AND ${within('time_nanos', from, to)}`;
  const width = 'level_ms::BIGINT * 1000000';
  const rows = await readRows(
    connection,
    `SELECT DISTINCT series_id FROM samples ${raw}
     UNION SELECT DISTINCT series_id FROM histogram_samples ${raw}
     UNION SELECT DISTINCT series_id FROM windows
       WHERE ${seriesIn(ids)} AND ${within('start_nanos', from - WIDEST_LEVEL_NANOS, to)}
         AND ${within(`(start_nanos + ${width})`, from, to)}`,
  );
  return new Set(rows.map(([id]) => id as number));
}

const WIDEST_LEVEL_NANOS = BigInt(TEN_SECOND_LEVEL_MS) * 1_000_000n;
