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
import { insertRawWindows } from './raw-windows.ts';
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
    await makeSecondWindows(connection, `samples WHERE time_nanos < ${rawCutoff}::BIGINT`);
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
  return transaction(connection, () => absorbExpiredRows(connection, raw));
}

/** As `absorbExpired`, inside the caller's transaction. */
export async function absorbExpiredRows(connection: DuckDBConnection, rawSeconds: number): Promise<void> {
  const expired = `samples WHERE time_nanos < ${nanosAt(rawSeconds)}::BIGINT`;
  await makeSecondWindows(connection, expired);
  await connection.run(`DELETE FROM ${expired}`);
}

/** Of raw samples that are about to go. The wider windows have the exact increases. */
export function makeSecondWindows(connection: DuckDBConnection, source: string): Promise<void> {
  return insertRawWindows(connection, { source, level: '1s', revised: false });
}
