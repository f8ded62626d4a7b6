/**
 * Everything of a batch in one transaction, positions and a batch number included. The batch number tells after a
 * failure whether the transaction was committed although it threw, as a full disk makes it happen.
 */
import {
  BIGINT,
  DOUBLE,
  mapValue,
  UINTEGER,
  VARCHAR,
  MAP,
  type DuckDBConnection,
  type DuckDBMapValue,
} from '@duckdb/node-api';
import { METRIC_NAME, type EventRow, type EventTable } from '@tapewatch/core';
import { EVENT_TABLES, identityOf } from '../event-filter.ts';
import { appendColumns, type Column } from './columns.ts';
import { columnNames, eventColumns } from './event-columns.ts';
import { histogramColumns } from './histogram-columns.ts';
import type { PackedBatch, PlainSeries, PlainTransition } from './packed-batch.ts';

/** Names in `positions` that are the store's own. */
export const BATCH_MARK = '__batch';
export const RAW_FROM_MARK = '__raw_from_ms';
export const SECONDS_FROM_MARK = '__seconds_from_ms';
export const OWN_MARKS: readonly string[] = [BATCH_MARK, RAW_FROM_MARK, SECONDS_FROM_MARK];

/** Rows of a batch are numbered within it; 2^20 per batch leaves 2^43 batches. */
const MAX_BATCH_EVENTS = 1_048_576n;
const IDENTIFIED = ['orders', 'fills'] as const;
const TEXT_MAP = MAP(VARCHAR, VARCHAR);

/** Once per connection: where rows with ids wait to be compared with those that are known. */
export async function createStaging(connection: DuckDBConnection): Promise<void> {
  for (const table of IDENTIFIED) {
    await connection.run(`CREATE TEMP TABLE staged_${table} AS FROM ${table} LIMIT 0`);
  }
}

/** Commits and returns how many events were dropped as repeats. On a throw the caller asks `lastBatch`. */
export async function writeBatch(connection: DuckDBConnection, batch: PackedBatch, mark: number): Promise<number> {
  await connection.run('BEGIN TRANSACTION');
  try {
    await writeSeries(connection, batch.series);
    await writeSamples(connection, batch);
    await writeWindows(connection, batch);
    const duplicates = await writeEvents(connection, batch.events, mark);
    await writeTransitions(connection, batch.transitions);
    await writeMarks(connection, batch, mark);
    await connection.run('COMMIT');
    return duplicates;
  } catch (error) {
    // Fails too when the commit was the failing step or the instance is gone; the first error is the one to tell.
    await connection.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

export async function readMark(connection: DuckDBConnection, name: string): Promise<number | undefined> {
  const result = await connection.run('SELECT sequence FROM positions WHERE log = $1', [name]);
  const [row] = await result.getRows();
  return row === undefined ? undefined : Number(row[0]);
}

export async function writeMark(connection: DuckDBConnection, log: string, sequence: number): Promise<void> {
  await connection.run(
    `INSERT INTO positions VALUES ($1, $2)
     ON CONFLICT (log) DO UPDATE SET sequence = greatest(sequence, excluded.sequence)`,
    [log, BigInt(sequence)],
    [VARCHAR, BIGINT],
  );
}

async function writeMarks(connection: DuckDBConnection, batch: PackedBatch, mark: number): Promise<void> {
  for (const { log, sequence } of batch.positions) await writeMark(connection, log, sequence);
  for (const { stream, untilNanos } of batch.sealed) {
    await connection.run(
      `INSERT INTO sealed VALUES ($1, $2)
       ON CONFLICT (stream) DO UPDATE SET until_nanos = greatest(until_nanos, excluded.until_nanos)`,
      [stream, untilNanos],
      [VARCHAR, BIGINT],
    );
  }
  await writeMark(connection, BATCH_MARK, mark);
}

async function writeSeries(connection: DuckDBConnection, series: readonly PlainSeries[]): Promise<void> {
  const text = (read: (row: PlainSeries) => string): Column => ({
    type: VARCHAR,
    at: (i) => read(series[i] as PlainSeries),
  });
  const columns: Column[] = [
    { type: UINTEGER, at: (i) => (series[i] as PlainSeries).id },
    text(({ pairs }) => pairs.find(([name]) => name === METRIC_NAME)?.[1] ?? ''),
    { type: TEXT_MAP, at: (i) => mapOf((series[i] as PlainSeries).pairs) },
    ...[text(({ kind }) => kind), text(({ stream }) => stream), text(({ unit }) => unit), text(({ help }) => help)],
  ];
  await appendColumns(connection, { table: 'series' }, { columns, rowCount: series.length });
}

async function writeSamples(connection: DuckDBConnection, { samples, histograms }: PackedBatch): Promise<void> {
  const identity = ({ seriesIds, timesNanos }: { seriesIds: Uint32Array; timesNanos: BigInt64Array }): Column[] => [
    { type: UINTEGER, at: (i) => seriesIds[i] as number },
    { type: BIGINT, at: (i) => timesNanos[i] as bigint },
  ];
  const values: Column = { type: DOUBLE, at: (i) => samples.values[i] as number };
  const rowCount = samples.seriesIds.length;
  await appendColumns(connection, { table: 'samples' }, { columns: [...identity(samples), values], rowCount });
  await appendColumns(
    connection,
    { table: 'histogram_samples' },
    {
      columns: [...identity(histograms), ...histogramColumns(histograms.histograms)],
      rowCount: histograms.seriesIds.length,
    },
  );
}

async function writeWindows(connection: DuckDBConnection, { windows }: PackedBatch): Promise<void> {
  const { seriesIds, numbers, stamps } = windows;
  const number = (name: keyof typeof numbers): Column => ({ type: DOUBLE, at: (i) => numbers[name][i] as number });
  const stamp = (name: keyof typeof stamps): Column => ({ type: BIGINT, at: (i) => stamps[name][i] as bigint });
  const columns: Column[] = [
    { type: UINTEGER, at: (i) => seriesIds[i] as number },
    { type: UINTEGER, at: (i) => numbers.levelMs[i] as number },
    ...[stamp('startNanos'), number('count'), number('sum'), number('min'), number('max')],
    ...[number('first'), stamp('firstNanos'), number('last'), stamp('lastNanos'), number('increase')],
    ...histogramColumns(windows.histograms),
  ];
  await appendColumns(connection, { table: 'windows' }, { columns, rowCount: seriesIds.length });
}

async function writeEvents(connection: DuckDBConnection, events: readonly EventRow[], mark: number): Promise<number> {
  let duplicates = 0;
  for (const table of EVENT_TABLES) {
    const rows = events.filter((row) => row.table === table);
    if (rows.length === 0) continue;
    if (isIdentified(table)) duplicates += await writeIdentified(connection, table, { rows, mark });
    else {
      await appendColumns(connection, { table }, { columns: eventColumns(table, rows), rowCount: rows.length });
    }
  }
  return duplicates;
}

async function writeIdentified(
  connection: DuckDBConnection,
  table: (typeof IDENTIFIED)[number],
  { rows, mark }: { rows: readonly EventRow[]; mark: number },
): Promise<number> {
  // The first of a batch wins, as across batches; conflicts inside one INSERT have no defined winner.
  const unique = new Map<string, EventRow>();
  for (const row of rows) {
    const identity = identityOf(row) ?? '';
    if (!unique.has(identity)) unique.set(identity, row);
  }
  const staged = [...unique.values()];
  const arrival: Column = { type: BIGINT, at: (row) => BigInt(mark) * MAX_BATCH_EVENTS + BigInt(row) };
  const columns = [...eventColumns(table, staged), arrival];
  await appendColumns(connection, { table: `staged_${table}`, catalog: 'temp' }, { columns, rowCount: staged.length });
  const names = [...columnNames(table), 'arrival'].join(', ');
  const { rowsChanged } = await connection.run(
    `INSERT INTO ${table} (${names}) SELECT ${names} FROM temp.staged_${table} ON CONFLICT DO NOTHING`,
  );
  await connection.run(`DELETE FROM temp.staged_${table}`);
  return rows.length - rowsChanged;
}

async function writeTransitions(connection: DuckDBConnection, rows: readonly PlainTransition[]): Promise<void> {
  const text = (read: (row: PlainTransition) => string): Column => ({
    type: VARCHAR,
    at: (i) => read(rows[i] as PlainTransition),
  });
  const stamp = (read: (row: PlainTransition) => bigint): Column => ({
    type: BIGINT,
    at: (i) => read(rows[i] as PlainTransition),
  });
  const columns: Column[] = [
    stamp(({ timeNanos }) => timeNanos),
    ...[text(({ rule }) => rule), text(({ group }) => group)],
    { type: TEXT_MAP, at: (i) => mapOf((rows[i] as PlainTransition).pairs) },
    ...[text(({ from }) => from), text(({ to }) => to), text(({ reason }) => reason)],
    { type: DOUBLE, at: (i) => (rows[i] as PlainTransition).value },
    stamp(({ activeAtNanos }) => activeAtNanos),
    { type: TEXT_MAP, at: (i) => mapOf(Object.entries((rows[i] as PlainTransition).annotations)) },
  ];
  await appendColumns(connection, { table: 'transitions' }, { columns, rowCount: rows.length });
}

export function isIdentified(table: EventTable): table is (typeof IDENTIFIED)[number] {
  return (IDENTIFIED as readonly string[]).includes(table);
}

function mapOf(pairs: Iterable<readonly [string, string]>): DuckDBMapValue {
  return mapValue(Array.from(pairs, ([key, value]) => ({ key, value })));
}
