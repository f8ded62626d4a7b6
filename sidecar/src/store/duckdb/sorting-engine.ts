/**
 * Sorts rows in an engine of its own. A sort takes all the memory that it may before it spills, and appends to the store would
 * fail for lack of it meanwhile. There is no database in it, only Parquet files in and out, and it is gone after each sort.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { TapewatchError } from '../../errors.ts';
import { cancelled, isOutOfMemory, reasonOf } from '../faults.ts';
import { segmentFolder } from './segment-folder.ts';
import { interruptible, quoted, readRows } from './sql.ts';

/** Of the store's memory, on top of it while something is sorted; and the least with which that can be done, MiB. */
const [SHARE_OF_MEMORY, LEAST_MB] = [1 / 2, 128];
/** Rows with long lists do not spill well: what is too much at once is sorted in portions of series. */
const MAX_PORTIONS = 1_024;

/** Where unsorted rows wait and sorting spills to. */
function sortingFolder(databasePath: string): string {
  return join(resolve(segmentFolder(databasePath)), 'sorting');
}

/** Nothing in the folder outlives the work; what a crash leaves goes when the store opens (`removeStrays`). One at a time. */
export async function inSortingFolder<T>(databasePath: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = sortingFolder(databasePath);
  await mkdir(folder, { recursive: true });
  try {
    return await work(folder);
  } finally {
    await removeSortingFolder(databasePath);
  }
}

export function removeSortingFolder(databasePath: string): Promise<void> {
  return rm(sortingFolder(databasePath), { recursive: true, force: true });
}

/** Rows as SQL: those of `from`, with a column `series_id`, by series and then by `order`. */
export interface SortedRows {
  readonly columns: string;
  readonly from: string;
  readonly order: string;
}

export interface SortingOptions {
  /** For what is spilled, and for portions. */
  readonly folder: string;
  /** Memory of the store's engine, MiB. */
  readonly memoryLimitMb: number;
  /** To begin with; default 1. */
  readonly portions?: number;
  readonly signal: AbortSignal;
}

export interface Sorted {
  readonly rows: number;
  /** How many it took. */
  readonly portions: number;
}

/**
 * Writes sorted rows to a Parquet file; `format` are options of COPY. Throws `store.unavailable` when memory or disk do not
 * suffice, and as a cancelled read does when `signal` is aborted.
 */
export async function sortInto(
  { path, format }: { path: string; format: string },
  rows: SortedRows,
  { folder, memoryLimitMb, portions: begin = 1, signal }: SortingOptions,
): Promise<Sorted> {
  const engineMb = Math.max(LEAST_MB, Math.floor(memoryLimitMb * SHARE_OF_MEMORY));
  for (let portions = begin; ; portions *= 2) {
    try {
      const written = await withEngine({ folder, engineMb, signal }, async (connection) => {
        const copy = async (sql: string, to: string): Promise<number> => {
          signal.throwIfAborted();
          return (await connection.run(`COPY (${sql}) TO ${quoted(to)} (${format})`)).rowsChanged;
        };
        if (portions === 1) return copy(sqlOf(rows), path);
        const files: string[] = [];
        for (const range of await seriesRanges(connection, rows, portions)) {
          const file = join(folder, `portion-${files.length}.parquet`);
          files.push(quoted(file));
          await copy(sqlOf(rows, range), file);
        }
        return copy(`SELECT * FROM read_parquet([${files.join()}])`, path);
      });
      return { rows: written, portions };
    } catch (error) {
      if (signal.aborted) throw cancelled();
      if (!isOutOfMemory(error) || portions >= MAX_PORTIONS) throw asFault(error, engineMb);
    }
  }
}

function sqlOf({ columns, from, order }: SortedRows, range = 'true'): string {
  return `SELECT ${columns} FROM ${from} WHERE ${range} ORDER BY series_id, ${order}`;
}

/** Ranges of series with about as many rows each. */
async function seriesRanges(connection: DuckDBConnection, { from }: SortedRows, portions: number): Promise<string[]> {
  const ranges = await readRows(
    connection,
    `SELECT min(series_id), max(series_id) FROM (
       SELECT series_id, (sum(count) OVER (ORDER BY series_id) - count) * ${portions} // sum(count) OVER () AS portion
       FROM (SELECT series_id, count(*) AS count FROM ${from} GROUP BY series_id))
     GROUP BY portion ORDER BY portion`,
  );
  return ranges.map(([first, last]) => `series_id BETWEEN ${Number(first)} AND ${Number(last)}`);
}

/** Made anew for each attempt: one that had too little memory keeps what it took. */
async function withEngine<T>(
  { folder, engineMb, signal }: { folder: string; engineMb: number; signal: AbortSignal },
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: `${engineMb}MiB`,
    // One, because what comes in meanwhile needs the other cores.
    threads: '1',
    temp_directory: join(folder, 'spilled'),
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  try {
    const connection = await instance.connect();
    try {
      return await interruptible(connection, work, signal);
    } finally {
      connection.closeSync();
    }
  } finally {
    instance.closeSync();
  }
}

function asFault(cause: unknown, engineMb: number): TapewatchError {
  const reason = isOutOfMemory(cause)
    ? `it needs more than ${engineMb} MiB; give store.memoryLimitMb twice what it needs`
    : reasonOf(cause);
  return new TapewatchError('store.unavailable', `closed rows could not be sorted: ${reason}`, { cause });
}
