/**
 * Rows whose identity holds their stamp: repeats are looked for among the stored rows of the same time only. Time moves on, so
 * a batch usually reaches little behind what is stored, or not at all; then nothing is read, and rows are appended as they
 * are. What reaches far back goes through a staging table and a join.
 */
import { type DuckDBConnection } from '@duckdb/node-api';
import {
  IDENTITY_FIELDS,
  identityOf,
  identityOfValues,
  type EventRow,
  type EventTable,
  type IdentifiedTable,
} from '@tapewatch/core';
import { relationOf, snakeCase } from './event-columns.ts';
import { readRows, within } from './sql.ts';

/** As far back a batch's rows are compared here. */
const NEAR_NANOS = 10_000_000_000n;
const NEVER = -(2n ** 63n);

/** Newest stamps by table, of the connection that writes. One that a rolled back transaction left is too new, which only reads more. */
const newest = new WeakMap<DuckDBConnection, Map<EventTable, bigint>>();

/** Those that are not stored yet; undefined where that is to be found out by a join. */
export async function unknownOf(
  connection: DuckDBConnection,
  table: IdentifiedTable,
  rows: readonly EventRow[],
): Promise<readonly EventRow[] | undefined> {
  const stamps = rows.map(({ timeNanos }) => timeNanos);
  const first = stamps.reduce<bigint>((a, b) => (b < a ? b : a), 2n ** 63n);
  const last = stamps.reduce<bigint>((a, b) => (b > a ? b : a), NEVER);
  const stored = await newestOf(connection, table);
  if (last > stored) newest.get(connection)?.set(table, last);
  if (first > stored) return rows;
  if (stored - first > NEAR_NANOS) return undefined;
  // Rows of other times than the batch's are no repeats of it, and what is no part of the identity is not read.
  const range = within('time_nanos', first, (last < stored ? last : stored) + 1n);
  const sql = `SELECT ${IDENTITY_FIELDS[table].map(snakeCase).join(', ')} FROM ${relationOf(table)} WHERE ${range}`;
  const known = new Set<string | undefined>(
    (await readRows(connection, sql)).map((values) => identityOfValues(values)),
  );
  return known.size === 0 ? rows : rows.filter((row) => !known.has(identityOf(row)));
}

async function newestOf(connection: DuckDBConnection, table: IdentifiedTable): Promise<bigint> {
  let tables = newest.get(connection);
  if (tables === undefined) newest.set(connection, (tables = new Map()));
  let stamp = tables.get(table);
  if (stamp === undefined) {
    const [row] = await readRows(connection, `SELECT max(time_nanos) FROM ${relationOf(table)}`);
    stamp = (row?.[0] as bigint | null | undefined) ?? NEVER;
    tables.set(table, stamp);
  }
  return stamp;
}
