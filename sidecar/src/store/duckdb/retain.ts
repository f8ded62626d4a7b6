/**
 * Deletes what is older than its retention, with the horizon that readers go by, in one transaction. DuckDB reuses the
 * space of deleted rows after a checkpoint; the file itself does not shrink.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { EVENT_TABLES } from '../event-filter.ts';
import type { Cutoffs, Horizon } from '../retention.ts';
import { SECOND_LEVEL_MS, TEN_SECOND_LEVEL_MS } from '../select-plan.ts';
import { OPEN_TRANSITIONS } from './read-recovery.ts';
import { RAW_FROM_MARK, SECONDS_FROM_MARK, writeMark } from './write-batch.ts';

export async function retainRows(connection: DuckDBConnection, cutoffs: Cutoffs, horizon: Horizon): Promise<number> {
  const windowsBefore = (levelMs: number, cutoff: bigint): string =>
    `windows WHERE level_ms = ${levelMs} AND start_nanos <= ${cutoff - BigInt(levelMs) * 1_000_000n}::BIGINT`;
  const deletions = [
    `samples WHERE time_nanos < ${cutoffs.samples}::BIGINT`,
    `histogram_samples WHERE time_nanos < ${cutoffs.samples}::BIGINT`,
    windowsBefore(SECOND_LEVEL_MS, cutoffs.secondWindows),
    windowsBefore(TEN_SECOND_LEVEL_MS, cutoffs.tenSecondWindows),
    ...EVENT_TABLES.map((table) => `${table} WHERE time_nanos < ${cutoffs.events[table]}::BIGINT`),
    `transitions WHERE time_nanos < ${cutoffs.transitions}::BIGINT AND rowid NOT IN (${OPEN_TRANSITIONS})`,
  ];
  await connection.run('BEGIN TRANSACTION');
  try {
    let removed = 0;
    for (const deletion of deletions) removed += (await connection.run(`DELETE FROM ${deletion}`)).rowsChanged;
    await writeMark(connection, RAW_FROM_MARK, horizon.rawFromMs);
    await writeMark(connection, SECONDS_FROM_MARK, horizon.secondsFromMs);
    await connection.run('COMMIT');
    return removed;
  } catch (error) {
    await connection.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
