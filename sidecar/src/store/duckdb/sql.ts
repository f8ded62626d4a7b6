/**
 * Small pieces of SQL that several readers share. Numbers that we made ourselves (series ids, bounds) are written into
 * the text, because constants are pushed down into scans; everything that came from outside is a parameter.
 */
import type { DuckDBConnection, DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { cancelled } from '../faults.ts';

const INTERRUPT_EVERY_MS = 50;

export interface Parameters {
  readonly values: DuckDBValue[];
  readonly types: DuckDBType[];
}

export async function readRows(
  connection: DuckDBConnection,
  sql: string,
  parameters?: Parameters,
): Promise<DuckDBValue[][]> {
  const result = await connection.run(sql, parameters?.values, parameters?.types);
  return result.getRows();
}

/** Bytes that the engine holds, its cache included. */
export async function engineMemory(connection: DuckDBConnection): Promise<number> {
  const [row] = await readRows(connection, 'SELECT sum(memory_usage_bytes)::DOUBLE FROM duckdb_memory()');
  return Number(row?.[0] ?? 0);
}

export function seriesIn(ids: readonly number[]): string {
  return ids.length === 1 ? `series_id = ${ids[0]}` : `series_id IN (${ids.join(',')})`;
}

/** A path as a literal. */
export function quoted(path: string): string {
  return `'${path.replaceAll("'", "''")}'`;
}

/** Half-open range of stamps. */
export function within(column: string, from: bigint, to: bigint): string {
  return `${column} >= ${literal(from)} AND ${column} < ${literal(to)}`;
}

/** Whole milliseconds towards minus infinity, as a double. */
export function msOf(column: string): string {
  return `((${column} - ((${column} % 1000000) + 1000000) % 1000000) // 1000000)::DOUBLE`;
}

function literal(value: bigint): string {
  return `${value}::BIGINT`;
}

/** Commits what the work did, or nothing of it. */
export async function transaction<T>(connection: DuckDBConnection, work: () => Promise<T>): Promise<T> {
  await connection.run('BEGIN TRANSACTION');
  try {
    const result = await work();
    await connection.run('COMMIT');
    return result;
  } catch (error) {
    // Fails too when the commit was the failing step or the instance is gone; the first error is the one to tell.
    await connection.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** Interrupts the engine when `signal` is aborted; throws `query.cancelled` when it was before the work began. */
export async function interruptible<T>(
  connection: DuckDBConnection,
  work: (connection: DuckDBConnection) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  let again: NodeJS.Timeout | undefined;
  const interrupt = (): void => {
    connection.interrupt();
    // One between two statements stops neither of them.
    again = setInterval(() => connection.interrupt(), INTERRUPT_EVERY_MS);
  };
  signal?.addEventListener('abort', interrupt, { once: true });
  try {
    if (signal?.aborted === true) throw cancelled();
    return await work(connection);
  } finally {
    signal?.removeEventListener('abort', interrupt);
    clearInterval(again);
  }
}
