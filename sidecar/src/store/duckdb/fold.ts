/**
 * The wider levels, merged in SQL from the next finer one when all of their parts are sealed. Buckets are summed by
 * index, and only windows of one shape (scale, zero threshold, bounds) become one row; rows add up when read.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import {
  finerThan,
  floorToLevel,
  LEVELS,
  LEVEL_SECONDS,
  type Level,
  type LevelMarks,
  type WindowKind,
} from '../level.ts';
import { HISTOGRAM_SQL } from './histogram-columns.ts';
import { readRows, within } from './sql.ts';

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

export async function runFold(connection: DuckDBConnection, { kind, level, from, to }: Fold): Promise<void> {
  const source = windowTable(kind, finerThan(level) as Level);
  const range = within('start_nanos', nanosAt(from), nanosAt(to));
  const widthNanos = BigInt(LEVEL_SECONDS[level]) * 1_000_000_000n;
  const start = `start_nanos // ${widthNanos} * ${widthNanos}`;
  const target = windowTable(kind, level);
  const merged =
    kind === 'value'
      ? `SELECT series_id, ${start} AS start_nanos, sum(count), sum(sum), min(min), max(max),
           arg_min(first, first_nanos), min(first_nanos), arg_max(last, (last_nanos, rowid)), max(last_nanos),
           sum(increase), false
         FROM ${source} WHERE ${range} GROUP BY 1, 2 ORDER BY 2, 1`
      : `${mergedHistograms(`(SELECT series_id, ${start} AS key, ${HISTOGRAM_SQL} FROM ${source} WHERE ${range})`)}
         SELECT series_id, key, ${HISTOGRAM_SQL}, false FROM merged ORDER BY key, series_id`;
  await connection.run(`INSERT INTO ${target} ${merged}`);
}

/** The cumulated distributions of a day's end: those of the last checkpoint and the 1 h windows since. */
export async function runCheckpoint(
  connection: DuckDBConnection,
  { from, to }: { from: number; to: number },
): Promise<void> {
  const [since, until] = [nanosAt(from), nanosAt(to)];
  const parts = `(
    SELECT series_id, 0 AS key, ${HISTOGRAM_SQL} FROM distribution_checkpoints WHERE until_nanos = ${since}::BIGINT
    UNION ALL
    SELECT series_id, 0 AS key, ${HISTOGRAM_SQL} FROM distribution_windows_1h
    WHERE ${within('start_nanos', since, until)})`;
  await connection.run(
    `INSERT INTO distribution_checkpoints ${mergedHistograms(parts)}
     SELECT series_id, ${until}::BIGINT, ${HISTOGRAM_SQL} FROM merged ORDER BY series_id`,
  );
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

/** A WITH clause whose `merged` has a row for each (series_id, key, shape) of `parts`. */
export function mergedHistograms(parts: string): string {
  const shape = 'series_id, key, scale, zero_threshold, custom_bounds';
  const sums = (side: 'positive' | 'negative'): string => `${side}_sums AS (
    SELECT ${shape}, list(k ORDER BY k) AS ks, list(n ORDER BY k) AS ns FROM (
      SELECT ${shape}, k, sum(c) AS n FROM (
        SELECT ${shape}, unnest(${side}_indexes) AS k, unnest(${side}_counts) AS c FROM parts) GROUP BY ALL)
    GROUP BY ALL)`;
  return `WITH parts AS ${parts},
    shapes AS (
      SELECT ${shape}, sum(count) AS count, kahan_sum(sum) AS sum, min(min) AS min, max(max) AS max,
        sum(zero_count) AS zero_count, sum(nan_count) AS nan_count,
        sum(positive_infinity_count) AS positive_infinity_count,
        sum(negative_infinity_count) AS negative_infinity_count
      FROM parts GROUP BY ALL),
    ${sums('positive')}, ${sums('negative')},
    merged AS (
      SELECT shapes.*, coalesce(p.ks, []) AS positive_indexes, coalesce(p.ns, []) AS positive_counts,
        coalesce(m.ks, []) AS negative_indexes, coalesce(m.ns, []) AS negative_counts
      FROM shapes LEFT JOIN positive_sums p USING (${shape}) LEFT JOIN negative_sums m USING (${shape}))`;
}

export function nanosAt(seconds: number): bigint {
  return BigInt(seconds) * 1_000_000_000n;
}
