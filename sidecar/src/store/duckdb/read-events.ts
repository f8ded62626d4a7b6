/** Event rows by filter. */
import { LIST, listValue, VARCHAR, type DuckDBConnection } from '@duckdb/node-api';
import { isIdentified, type EventTable } from '@tapewatch/core';
import type { EventFilter } from '../../ports.ts';
import { fieldOf, FILTER_COLUMNS, type FilterColumn } from '../event-filter.ts';
import { columnNames, relationOf, snakeCase } from './event-columns.ts';
import type { PackedEvents } from './packed-events.ts';
import { readPacked } from './read-packed.ts';
import { readRows, within, type Parameters } from './sql.ts';

export async function readEvents(
  connection: DuckDBConnection,
  table: EventTable,
  filter: EventFilter,
): Promise<PackedEvents> {
  const parameters: Parameters = { values: [], types: [] };
  const conditions = [within('time_nanos', filter.startNanos, filter.endNanos)];
  const columns: readonly FilterColumn[] = FILTER_COLUMNS[table];
  for (const column of columns) {
    const wanted = filter[column];
    if (wanted === undefined || wanted.length === 0) continue;
    parameters.values.push(listValue([...wanted]));
    parameters.types.push(LIST(VARCHAR));
    const name = snakeCase(fieldOf(column));
    // A hash join: looking each row up in a list is rows times list, seconds for the orders of some thousand fills.
    conditions.push(`${name} IN (SELECT unnest($${parameters.values.length}))`);
  }
  const newest = filter.newestFirst === true && (filter.limit ?? 0) >= MANY_ROWS;
  if (newest) conditions.push(await sinceNewest(connection, { table, conditions, parameters, filter }));
  const direction = filter.newestFirst === true ? 'DESC' : 'ASC';
  const arrival = isIdentified(table) ? 'arrival' : 'rowid';
  const sql = `SELECT ${columnNames(table).join(', ')} FROM ${relationOf(table)} WHERE ${conditions.join(' AND ')}
     ORDER BY time_nanos ${direction}, ${arrival} ${direction} ${limitOf(filter.limit)}`;
  return readPacked(connection, { table, sql, parameters });
}

/** From here on it pays to find out first where the newest rows begin. */
const MANY_ROWS = 1_000;

interface NewestRows {
  readonly table: EventTable;
  readonly conditions: readonly string[];
  readonly parameters: Parameters;
  readonly filter: EventFilter;
}

/**
 * A condition that leaves the newest rows and few others, so that only their blocks are read. Where the newest begin is
 * guessed from how many rows there are in how much time, and the guess is put right by counting, which reads the stamps
 * alone; putting all of them in order to know takes twenty times as long.
 */
async function sinceNewest(
  connection: DuckDBConnection,
  { table, conditions, parameters, filter }: NewestRows,
): Promise<string> {
  const limit = filter.limit ?? 0;
  const where = conditions.join(' AND ');
  const [[all, oldest, newest] = []] = await readRows(
    connection,
    `SELECT count(*)::DOUBLE, min(time_nanos), max(time_nanos) FROM ${relationOf(table)} WHERE ${where}`,
    parameters,
  );
  const since = (stamp: bigint): string => `time_nanos >= ${stamp}::BIGINT`;
  if (typeof oldest !== 'bigint' || typeof newest !== 'bigint') return since(filter.startNanos);
  if (Number(all) <= limit) return since(oldest);
  let share = (GUESS * limit) / Number(all);
  for (let guesses = 0; guesses < MAX_GUESSES && share < 1; guesses++) {
    const stamp = newest - BigInt(Math.ceil(Number(newest - oldest) * share));
    const [[count] = []] = await readRows(
      connection,
      `SELECT count(*)::DOUBLE FROM ${relationOf(table)} WHERE ${where} AND ${since(stamp)}`,
      parameters,
    );
    const found = Number(count);
    if (found >= limit && found <= MAX_ROWS_READ * limit) return since(stamp);
    share *= found === 0 ? 2 * MAX_ROWS_READ : (GUESS * limit) / found;
  }
  const [[exact] = []] = await readRows(
    connection,
    `SELECT min(time_nanos) FROM (SELECT time_nanos FROM ${relationOf(table)} WHERE ${where}
     ORDER BY time_nanos DESC ${limitOf(limit)})`,
    parameters,
  );
  return since(typeof exact === 'bigint' ? exact : filter.startNanos);
}

/** So many times the rows that are wanted are aimed at, and at most so many are read. */
const GUESS = 1.25;
const MAX_ROWS_READ = 2;
const MAX_GUESSES = 6;

function limitOf(limit: number | undefined): string {
  return limit === undefined ? '' : `LIMIT ${Math.max(0, Math.floor(limit))}`;
}
