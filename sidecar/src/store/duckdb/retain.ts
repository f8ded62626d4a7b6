/**
 * Deletes what is older than its retention, with the horizon that readers go by, in one transaction. Before raw samples
 * of gauges and counters go, their 1 s windows are made. DuckDB reuses the space of deleted rows after a checkpoint.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { EVENT_TABLES } from '@tapewatch/contract';
import { LEVELS, LEVEL_SECONDS, type Level } from '../level.ts';
import type { Cutoffs, Horizon } from '../retention.ts';
import { relationOf } from './event-columns.ts';
import { nanosAt, windowTable } from './fold.ts';
import { OPEN_TRANSITIONS } from './read-recovery.ts';
import { readRows, transaction } from './sql.ts';
import { writeMarks } from './write-batch.ts';

const HORIZONS = ['raw', ...LEVELS] as const;

export function horizonMark(level: Level | 'raw'): string {
  return `__horizon_${level}`;
}

export async function readHorizon(connection: DuckDBConnection): Promise<Horizon> {
  const rows = await readRows(
    connection,
    `SELECT log, sequence FROM positions WHERE log LIKE '\\_\\_horizon%' ESCAPE '\\'`,
  );
  const marks = new Map(rows.map(([name, seconds]) => [name as string, Number(seconds)]));
  return Object.fromEntries(HORIZONS.map((level) => [level, marks.get(horizonMark(level)) ?? 0])) as unknown as Horizon;
}

export function writeHorizon(connection: DuckDBConnection, horizon: Horizon): Promise<void> {
  return writeMarks(
    connection,
    HORIZONS.map((level) => [horizonMark(level), horizon[level]] as const),
  );
}

/** `horizon`: what stands afterwards. Returns rows removed. */
export function retainRows(
  connection: DuckDBConnection,
  { events, transitions }: Cutoffs,
  horizon: Horizon,
): Promise<number> {
  const rawCutoff = nanosAt(horizon.raw);
  const windowsBefore = (level: Level): string[] =>
    (['value', 'distribution'] as const).map(
      (kind) =>
        `${windowTable(kind, level)} WHERE start_nanos <= ${nanosAt(horizon[level] - LEVEL_SECONDS[level])}::BIGINT`,
    );
  const deletions = [
    `samples WHERE time_nanos < ${rawCutoff}::BIGINT`,
    `histogram_samples WHERE time_nanos < ${rawCutoff}::BIGINT`,
    ...LEVELS.flatMap(windowsBefore),
    `distribution_checkpoints WHERE until_nanos < (
       SELECT max(until_nanos) FROM distribution_checkpoints WHERE until_nanos <= ${nanosAt(horizon['1h'])}::BIGINT)`,
    ...EVENT_TABLES.map((table) => `${relationOf(table)} WHERE time_nanos < ${events[table]}::BIGINT`),
    `transitions WHERE time_nanos < ${transitions}::BIGINT AND rowid NOT IN (${OPEN_TRANSITIONS})`,
  ];
  return transaction(connection, async () => {
    await connection.run(secondWindows(`samples WHERE time_nanos < ${rawCutoff}::BIGINT`));
    let removed = 0;
    for (const deletion of deletions) removed += (await connection.run(`DELETE FROM ${deletion}`)).rowsChanged;
    await writeMarks(
      connection,
      HORIZONS.map((level) => [horizonMark(level), horizon[level]] as const),
    );
    return removed;
  });
}

/**
 * Rows that came after their retention: what stands for them are their windows, at once, since readers look for nothing
 * else before the horizon.
 */
export function absorbExpired(connection: DuckDBConnection, { raw }: Horizon): Promise<void> {
  return transaction(connection, async () => {
    const expired = `samples WHERE time_nanos < ${nanosAt(raw)}::BIGINT`;
    await connection.run(secondWindows(expired));
    await connection.run(`DELETE FROM ${expired}`);
  });
}

/** Prometheus's staleness marker (see stale-marker.ts); ends of series are known as long as raw samples are. */
const STALE_BITS = `'0${'1'.repeat(11)}${'0'.repeat(50)}10'::BIT`;

/** Of what is about to go. An increase joins neighbours that go together; the wider windows have the exact one. */
export function secondWindows(source: string): string {
  return `INSERT INTO value_windows_1s
    SELECT series_id, time_nanos // 1000000000 * 1000000000 AS start_nanos, count(*),
      coalesce(sum(value) FILTER (isfinite(value)), 0), coalesce(min(value) FILTER (isfinite(value)), 'inf'),
      coalesce(max(value) FILTER (isfinite(value)), '-inf'),
      arg_min(value, (time_nanos, arrival)), min(time_nanos), arg_max(value, (time_nanos, arrival)), max(time_nanos),
      coalesce(sum(CASE WHEN NOT is_counter OR previous IS NULL OR NOT isfinite(previous) OR NOT isfinite(value) THEN 0
        WHEN value >= previous THEN value - previous ELSE value END), 0), false
    FROM (
      SELECT series_id, time_nanos, value, arrival, kind = 'counter' AS is_counter,
        lag(value) OVER (PARTITION BY series_id ORDER BY time_nanos, arrival) AS previous
      FROM (SELECT *, rowid AS arrival FROM ${source}) AS rows
        JOIN series ON series.id = series_id AND kind <> 'distribution'
      WHERE NOT isnan(value) OR value::BIT <> ${STALE_BITS})
    GROUP BY 1, 2 ORDER BY 2, 1`;
}
