/**
 * Events of a batch, one row each, inside its transaction. Rows with an identity pass a staging table, where those that are
 * known already are dropped: by the primary key, or, where the identity holds the stamp and `stamped-events.ts` leaves it
 * open, by a join with the rows of that time (row groups are skipped by their smallest and largest stamp).
 */
import { BIGINT, type DuckDBConnection } from '@duckdb/node-api';
import { EVENT_TABLES } from '@tapewatch/contract';
import {
  IDENTITY_FIELDS,
  identityOf,
  isIdentified,
  type EventRow,
  type EventTable,
  type IdentifiedTable,
} from '@tapewatch/core';
import type { EventBatch } from '../../ports.ts';
import { rowsOf } from '../event-rows.ts';
import { reasonOf } from '../faults.ts';
import { appendColumns, type Column } from './columns.ts';
import { columnNames, eventColumns, relationOf, snakeCase } from './event-columns.ts';
import { eventVectors } from './event-vectors.ts';
import type { PackedBatch } from './packed-batch.ts';
import { unknownOf } from './stamped-events.ts';
import { appendPacked } from './vector-append.ts';

/** Rows of a batch are numbered within it; 2^20 per batch leaves 2^43 batches. */
const MAX_BATCH_EVENTS = 1_048_576n;
const IDENTIFIED = EVENT_TABLES.filter(isIdentified);

/**
 * What to do with ids that the table knows: `refuse` throws at the first one (see `isKnownId`), after which the transaction must be
 * undone; `skip` passes by a staging table, which costs twice as much. Ids are new in nearly every batch: the pipeline drops
 * what it has seen lately.
 */
export type KnownIds = 'refuse' | 'skip';

/** Where the row's number stands among the columns of a table; columns that were added later come after it. */
const ARRIVAL_AT: Readonly<Record<'orders' | 'fills', number>> = { orders: 16, fills: 14 };

/** Whether the engine refused a row because its id is there. */
export function isKnownId(error: unknown): boolean {
  return /violates (?:primary key|unique) constraint/.test(reasonOf(error));
}

/** Once per connection: where rows with ids wait to be compared with those that are known. */
export async function createStaging(connection: DuckDBConnection): Promise<void> {
  for (const table of IDENTIFIED) {
    const names = stagedNames(table);
    await connection.run(`CREATE TEMP TABLE staged_${table} AS SELECT ${names} FROM ${relationOf(table)} LIMIT 0`);
  }
}

/** Returns how many were dropped as repeats. */
export async function writeEvents(
  connection: DuckDBConnection,
  { events, eventBatches }: Pick<PackedBatch, 'events' | 'eventBatches'>,
  { mark, known }: { mark: number; known: KnownIds },
): Promise<number> {
  const arrived = BigInt(mark) * MAX_BATCH_EVENTS;
  let duplicates = 0;
  const tables = byTable(events);
  for (const [table, rows] of tables) {
    if (isIdentified(table)) duplicates += await writeIdentified(connection, table, { rows, arrived });
    else {
      const columns = eventColumns(table, rows);
      await appendColumns(connection, { table: relationOf(table) }, { columns, rowCount: rows.length });
    }
  }
  for (const batch of eventBatches) {
    const before = BigInt(tables.get(batch.table)?.length ?? 0);
    duplicates += await writeColumns(connection, batch, { arrived: arrived + before, known });
  }
  return duplicates;
}

/** As `writeEvents`, of rows that come as columns. */
async function writeColumns(
  connection: DuckDBConnection,
  batch: EventBatch,
  { arrived, known }: { arrived: bigint; known: KnownIds },
): Promise<number> {
  const { table, rowCount } = batch;
  const columns = eventVectors(batch);
  if (table === 'quotes') {
    await appendPacked(connection, relationOf(table), { columns, rowCount });
    return 0;
  }
  if (!hasUniqueIds(batch)) return writeIdentified(connection, table, { rows: rowsOf(batch), arrived });
  const arrival = { type: BIGINT, items: BigInt64Array.from({ length: rowCount }, (_, row) => arrived + BigInt(row)) };
  if (known === 'refuse') {
    await appendPacked(connection, relationOf(table), {
      columns: columns.toSpliced(ARRIVAL_AT[table], 0, arrival),
      rowCount,
    });
    return 0;
  }
  await appendPacked(connection, `staged_${table}`, { columns: [...columns, arrival], rowCount, catalog: 'temp' });
  return rowCount - (await takeStaged(connection, table, 'ON CONFLICT DO NOTHING'));
}

/** Whether no two rows of the batch are the same event, as in nearly every batch. */
function hasUniqueIds({ table, rowCount, columns }: EventBatch): boolean {
  const seen = new Set<string>();
  const { id, venue } = columns;
  if (id?.kind !== 'ids') return true;
  // The codes of a batch's venues tell them apart as well as their names.
  const codes = table === 'fills' && venue?.kind === 'texts' ? venue.codes : undefined;
  for (let row = 0; row < rowCount; row++) {
    const text = id.texts[row] as string;
    seen.add(codes === undefined ? text : `${codes[row]} ${text}`);
  }
  return seen.size === rowCount;
}

async function writeIdentified(
  connection: DuckDBConnection,
  table: IdentifiedTable,
  { rows, arrived }: { rows: readonly EventRow[]; arrived: bigint },
): Promise<number> {
  // The first of a batch wins, as across batches; conflicts inside one INSERT have no defined winner.
  const unique = new Map<string, EventRow>();
  for (const row of rows) {
    const identity = identityOf(row) ?? '';
    if (!unique.has(identity)) unique.set(identity, row);
  }
  const staged = [...unique.values()];
  const arrival: Column = { type: BIGINT, at: (row) => arrived + BigInt(row) };
  const unknown = hasStamp(table) ? await unknownOf(connection, table, staged) : undefined;
  if (unknown !== undefined) {
    const columns = [...eventColumns(table, unknown), arrival];
    await appendColumns(connection, { table: relationOf(table) }, { columns, rowCount: unknown.length });
    return rows.length - unknown.length;
  }
  const columns = [...eventColumns(table, staged), arrival];
  await appendColumns(connection, { table: `staged_${table}`, catalog: 'temp' }, { columns, rowCount: staged.length });
  return rows.length - (await takeStaged(connection, table, unknownOnly(table, staged)));
}

/** Moves what is staged into its table as far as it is not known there; returns how many rows that were. */
async function takeStaged(connection: DuckDBConnection, table: IdentifiedTable, unless: string): Promise<number> {
  const names = stagedNames(table);
  const { rowsChanged } = await connection.run(
    `INSERT INTO ${relationOf(table)} (${names}) SELECT ${names} FROM temp.staged_${table} AS staged ${unless}`,
  );
  await connection.run(`DELETE FROM temp.staged_${table}`);
  return rowsChanged;
}

function byTable(events: readonly EventRow[]): Map<EventTable, EventRow[]> {
  const tables = new Map<EventTable, EventRow[]>();
  for (const row of events) {
    const rows = tables.get(row.table);
    if (rows === undefined) tables.set(row.table, [row]);
    else rows.push(row);
  }
  return tables;
}

function hasStamp(table: IdentifiedTable): boolean {
  const fields: readonly string[] = IDENTITY_FIELDS[table];
  return fields.includes('timeNanos');
}

function unknownOnly(table: IdentifiedTable, rows: readonly EventRow[]): string {
  if (!hasStamp(table)) return 'ON CONFLICT DO NOTHING';
  const fields: readonly string[] = IDENTITY_FIELDS[table];
  const stamps = rows.map(({ timeNanos }) => timeNanos);
  const first = stamps.reduce((a, b) => (b < a ? b : a));
  const last = stamps.reduce((a, b) => (b > a ? b : a));
  const equal = fields.map(snakeCase).map((column) => `known.${column} = staged.${column}`);
  return `WHERE NOT EXISTS (
    SELECT 1 FROM ${relationOf(table)} AS known
    WHERE known.time_nanos >= ${first}::BIGINT AND known.time_nanos <= ${last}::BIGINT AND ${equal.join(' AND ')})`;
}

function stagedNames(table: IdentifiedTable): string {
  return [...columnNames(table), 'arrival'].join(', ');
}
