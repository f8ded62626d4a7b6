/** The ladder as the file knows it: marks, the open windows from raw rows after them, and where counters stood. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { Ladder, type KindCodes, type RawHistograms, type RawRows } from '@tapewatch/core';
import { LEVELS, type LevelMarks, type Marks } from '../level.ts';
import { nanosAt } from './fold.ts';
import { HISTOGRAM_SQL } from './histogram-columns.ts';
import { readRows } from './sql.ts';
import { HISTOGRAM_TYPES, histogramColumnsFrom, readColumns } from './vector-read.ts';
import { markName } from './write-windows.ts';

/** How far back the last value of a counter is looked for; after a longer silence its next increase is not counted. */
const COUNTER_REACH_SECONDS = 3_600;

const SECOND = 'time_nanos // 1000000000';
const STAMP = `(${SECOND})::UINTEGER, (time_nanos % 1000000000)::UINTEGER`;

export async function readMarks(connection: DuckDBConnection): Promise<Marks> {
  const rows = await readRows(connection, 'SELECT log, sequence FROM positions');
  const marks = new Map(rows.map(([name, value]) => [name as string, Number(value)]));
  const marksOf = (kind: keyof Marks): LevelMarks =>
    Object.fromEntries(LEVELS.map((level) => [level, marks.get(markName(kind, level)) ?? 0])) as LevelMarks;
  return { value: marksOf('value'), distribution: marksOf('distribution') };
}

export async function restoreLadder(
  connection: DuckDBConnection,
  { marks, kinds, nowSeconds }: { marks: Marks; kinds: KindCodes; nowSeconds: number },
): Promise<Ladder> {
  const valuesSeconds = marks.value['10s'];
  const ladder = new Ladder({ valuesSeconds, distributionsSeconds: marks.distribution['1s'] });
  ladder.continueCounters(await readCounters(connection, valuesSeconds));
  const from = Math.min(valuesSeconds, marks.distribution['1s']);
  ladder.restore(await readRawRows(connection, from), kinds, nowSeconds);
  return ladder;
}

async function readCounters(connection: DuckDBConnection, markSeconds: number): Promise<RawRows['samples']> {
  const [seriesIds, seconds, nanos, values] = await readColumns(
    connection,
    `SELECT series_id, (stamp // 1000000000)::UINTEGER, (stamp % 1000000000)::UINTEGER, value FROM (
       SELECT series_id, max(last_nanos) AS stamp, arg_max(last, last_nanos) AS value FROM value_windows_10s
       WHERE start_nanos >= ${nanosAt(Math.max(0, markSeconds - COUNTER_REACH_SECONDS))}::BIGINT
         AND series_id IN (SELECT id FROM series WHERE kind = 'counter') GROUP BY series_id)`,
    ['u32', 'u32', 'u32', 'f64'],
  );
  return { seriesIds, seconds, nanos, values };
}

/** In the order in which they were stored. */
async function readRawRows(connection: DuckDBConnection, fromSeconds: number): Promise<RawRows> {
  const where = `WHERE time_nanos >= ${nanosAt(fromSeconds)}::BIGINT ORDER BY rowid`;
  const [seriesIds, seconds, nanos, values] = await readColumns(
    connection,
    `SELECT series_id, ${STAMP}, value FROM samples ${where}`,
    ['u32', 'u32', 'u32', 'f64'],
  );
  return { samples: { seriesIds, seconds, nanos, values }, histograms: await readHistograms(connection, where) };
}

async function readHistograms(connection: DuckDBConnection, where: string): Promise<RawHistograms> {
  const [seriesIds, seconds, nanos, ...histograms] = await readColumns(
    connection,
    `SELECT series_id, ${STAMP}, ${HISTOGRAM_SQL} FROM histogram_samples ${where}`,
    ['u32', 'u32', 'u32', ...HISTOGRAM_TYPES],
  );
  return { seriesIds, seconds, nanos, histograms: histogramColumnsFrom(histograms) };
}
