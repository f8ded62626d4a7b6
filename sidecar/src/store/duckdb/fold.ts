/**
 * The wider levels, merged from the next finer one when all of their parts are sealed: gauges and counters in SQL,
 * distributions here, where adding up a bin costs nanoseconds (grouping 5 M bins in SQL took 1.9 s of CPU, here 0.1 s).
 * Only windows of one shape (scale, zero threshold, bounds) become one row; rows add up when read.
 */
import { BIGINT, BOOLEAN, UINTEGER, type DuckDBConnection } from '@duckdb/node-api';
import { concatDistributionWindows, foldDistributions, type DistributionWindows } from '@tapewatch/core';
import {
  finerThan,
  floorToLevel,
  LEVELS,
  LEVEL_SECONDS,
  type Level,
  type LevelMarks,
  type WindowKind,
} from '../level.ts';
import { foldSlices, type Slice, type WindowCount } from './fold-slice.ts';
import { HISTOGRAM_SQL, histogramColumns } from './histogram-columns.ts';
import { readRows, within } from './sql.ts';
import { appendPacked, nanosOf, type PackedColumn } from './vector-append.ts';
import { HISTOGRAM_TYPES, histogramColumnsFrom, readColumns } from './vector-read.ts';

export const DAY_SECONDS = 86_400;

export function windowTable(kind: WindowKind, level: Level): string {
  return `${kind}_windows_${level}`;
}

export interface Fold {
  readonly kind: WindowKind;
  readonly level: Level;
  /** Whole windows of the level, in seconds. */
  readonly from: number;
  readonly to: number;
}

/** What is due, finest first: each fold reads what the one before it wrote. */
export function dueFolds(kind: WindowKind, marks: LevelMarks): Fold[] {
  const folds: Fold[] = [];
  const reached: Record<Level, number> = { ...marks };
  for (const level of LEVELS) {
    const finer = finerThan(level);
    if (finer === undefined || (kind === 'value' && level === '10s')) continue;
    const to = floorToLevel(reached[finer], level);
    if (to <= reached[level]) continue;
    folds.push({ kind, level, from: reached[level], to });
    reached[level] = to;
  }
  return folds;
}

/** `sliceRows`: of distributions at once. */
export async function runFold(
  connection: DuckDBConnection,
  { kind, level, from, to }: Fold,
  sliceRows = MAX_SLICE_ROWS,
): Promise<void> {
  if (kind === 'distribution') return foldInSlices(connection, { level, from, to }, sliceRows);
  const source = windowTable(kind, finerThan(level) as Level);
  const range = within('start_nanos', nanosAt(from), nanosAt(to));
  const widthNanos = BigInt(LEVEL_SECONDS[level]) * 1_000_000_000n;
  const start = `start_nanos // ${widthNanos} * ${widthNanos}`;
  await connection.run(
    `INSERT INTO ${windowTable(kind, level)}
     SELECT series_id, ${start} AS start_nanos, sum(count), sum(sum), min(min), max(max),
       arg_min(first, (first_nanos, rowid)), min(first_nanos), arg_max(last, (last_nanos, rowid)), max(last_nanos),
       sum(increase), false
     FROM ${source} WHERE ${range} GROUP BY 1, 2 ORDER BY 2, 1`,
  );
}

/**
 * A wider level's distributions, from slices of the finer one in order of time: each row is read once, and no more is in
 * memory than a slice and what its windows have come to.
 */
async function foldInSlices(
  connection: DuckDBConnection,
  { level, from, to }: Omit<Fold, 'kind'>,
  sliceRows: number,
): Promise<void> {
  const finer = windowTable('distribution', finerThan(level) as Level);
  const width = LEVEL_SECONDS[level];
  const { lowest, highest } = await shapeOf(connection, rowsWithin(finer, { from, to }));
  for (let first = lowest; first <= highest; first += sliceRows) {
    const ofSeries = `AND series_id BETWEEN ${first} AND ${Math.min(first + sliceRows - 1, highest)}`;
    const counts = await countBySecond(connection, `${rowsWithin(finer, { from, to })} ${ofSeries}`);
    for (const slices of foldSlices(counts, width, sliceRows)) {
      let folded: DistributionWindows | undefined;
      for (const slice of slices) {
        const parts = await readParts(connection, `${rowsWithin(finer, slice)} ${ofSeries}`);
        folded = foldDistributions(folded === undefined ? parts : concatDistributionWindows([folded, parts]), width);
      }
      if (folded !== undefined) await writeDistributionWindows(connection, level, folded);
    }
  }
}

function rowsWithin(table: string, { from, to }: Slice): string {
  return `FROM ${table} WHERE ${within('start_nanos', nanosAt(from), nanosAt(to))}`;
}

/** Rows by second, ascending. */
export async function countBySecond(
  connection: DuckDBConnection,
  from: string,
  timeColumn = 'start_nanos',
): Promise<WindowCount[]> {
  const [seconds, rows] = await readColumns(
    connection,
    `SELECT (${timeColumn} // 1000000000)::UINTEGER AS second, count(*)::DOUBLE ${from} GROUP BY 1 ORDER BY 1`,
    ['u32', 'f64'],
  );
  return Array.from(seconds, (second, i) => ({ second, rows: rows[i] as number }));
}

/** The cumulated distributions of a day's end: those of the last checkpoint and the 1 h windows since. */
export async function runCheckpoint(
  connection: DuckDBConnection,
  { from, to }: { from: number; to: number },
): Promise<void> {
  const [since, until] = [nanosAt(from), nanosAt(to)];
  const parts = `FROM (
    SELECT series_id, 0 AS start_nanos, ${HISTOGRAM_SQL} FROM distribution_checkpoints
    WHERE until_nanos = ${since}::BIGINT
    UNION ALL
    SELECT series_id, 0 AS start_nanos, ${HISTOGRAM_SQL} FROM distribution_windows_1h
    WHERE ${within('start_nanos', since, until)}) WHERE true`;
  await foldParts(connection, parts, async (rows) => {
    const { seriesIds, histograms } = foldDistributions(rows, LEVEL_SECONDS['1h']);
    const columns: PackedColumn[] = [
      { type: UINTEGER, items: seriesIds },
      { type: BIGINT, items: new BigInt64Array(seriesIds.length).fill(until) },
      ...histogramColumns(histograms),
    ];
    await appendPacked(connection, 'distribution_checkpoints', { columns, rowCount: seriesIds.length });
  });
}

/**
 * Reads rows of histograms in portions of whole series, so that memory stays bounded however wide the level is. `from`
 * is the FROM and WHERE of a relation with series_id, start_nanos and the histogram's columns.
 */
export async function foldParts(
  connection: DuckDBConnection,
  from: string,
  take: (parts: DistributionWindows) => Promise<void> | void,
): Promise<void> {
  const { rows, lowest, highest } = await shapeOf(connection, from);
  const portions = Math.ceil(rows / MAX_ROWS_AT_ONCE);
  const width = Math.ceil((highest - lowest + 1) / portions);
  for (let i = 0; i < portions; i++) {
    const first = lowest + i * width;
    await take(await readParts(connection, `${from} AND series_id BETWEEN ${first} AND ${first + width - 1}`));
  }
}

/** Of no rows: none, and no series between the lowest and the highest. */
async function shapeOf(
  connection: DuckDBConnection,
  from: string,
): Promise<{ readonly rows: number; readonly lowest: number; readonly highest: number }> {
  const [shape] = await readRows(connection, `SELECT count(*), min(series_id), max(series_id) ${from}`);
  const [rows, lowest, highest] = (shape ?? []).map(Number) as [number, number, number];
  return rows === 0 ? { rows, lowest: 0, highest: -1 } : { rows, lowest, highest };
}

/** All rows at once, for a caller who knows that they are few. */
export async function readParts(connection: DuckDBConnection, from: string): Promise<DistributionWindows> {
  const [seriesIds, startSeconds, ...histograms] = await readColumns(
    connection,
    `SELECT series_id, (start_nanos // 1000000000)::UINTEGER, ${HISTOGRAM_SQL} ${from}`,
    ['u32', 'u32', ...HISTOGRAM_TYPES],
  );
  const revised = new Uint8Array(seriesIds.length);
  return { seriesIds, startSeconds, revised, histograms: histogramColumnsFrom(histograms) };
}

/** Rows in memory at once, here and in the engine: 20,000 of 200 bins are 50 MB each. */
const MAX_ROWS_AT_ONCE = 20_000;
/** Of a slice, and series of what slices are put together to. */
const MAX_SLICE_ROWS = 12_000;

export async function writeDistributionWindows(
  connection: DuckDBConnection,
  level: Level,
  { seriesIds, startSeconds, revised, histograms }: DistributionWindows,
): Promise<void> {
  const columns: PackedColumn[] = [
    { type: UINTEGER, items: seriesIds },
    { type: BIGINT, items: nanosOf(startSeconds) },
    ...histogramColumns(histograms),
    { type: BOOLEAN, items: revised },
  ];
  await appendPacked(connection, windowTable('distribution', level), { columns, rowCount: seriesIds.length });
}

/** Seconds of the last cumulated day at or before the stamp; 0 when there is none. */
export async function lastCheckpoint(connection: DuckDBConnection, before: number): Promise<number> {
  const [row] = await readRows(
    connection,
    `SELECT max(until_nanos) FROM distribution_checkpoints WHERE until_nanos <= ${nanosAt(before)}::BIGINT`,
  );
  const until = row?.[0];
  return typeof until === 'bigint' ? Number(until / 1_000_000_000n) : 0;
}

export function nanosAt(seconds: number): bigint {
  return BigInt(seconds) * 1_000_000_000n;
}
