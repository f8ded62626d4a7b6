/**
 * Everything of a batch in one transaction, positions and a batch number included. The batch number tells after a
 * failure whether the transaction was committed although it threw, as a full disk makes it happen.
 */
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  mapValue,
  UINTEGER,
  VARCHAR,
  MAP,
  type DuckDBConnection,
  type DuckDBMapValue,
} from '@duckdb/node-api';
import { METRIC_NAME, type SealedWindows } from '@tapewatch/core';
import type { Marks } from '../level.ts';
import { appendColumns, type Column } from './columns.ts';
import { histogramColumns } from './histogram-columns.ts';
import type { PackedBatch, PlainSeries, PlainTransition } from './packed-batch.ts';
import { transaction } from './sql.ts';
import { appendPacked, nanosOf, type PackedColumn } from './vector-append.ts';
import { isKnownId, type KnownIds, writeEvents } from './write-events.ts';
import { writeSealed } from './write-windows.ts';

/** A name in `positions` with its number, which only grows. */
export type Mark = readonly [name: string, value: number];

/** The store's own names start like this; those of durable logs are `<log>@<from>`. */
export const OWN_MARK_PREFIX = '__';
export const BATCH_MARK = '__batch';

const TEXT_MAP = MAP(VARCHAR, VARCHAR);

export interface BatchSeal {
  /** Number of the batch. */
  readonly mark: number;
  readonly sealed: SealedWindows;
  /** Where the levels stood before. */
  readonly marks: Marks;
  /** Rows of the batch that the ladder did not take in, which are written here. */
  readonly writeLate: () => Promise<void>;
}

/** Commits and returns how many events were dropped as repeats. On a throw the caller asks `lastBatch`. */
export async function writeBatch(connection: DuckDBConnection, batch: PackedBatch, seal: BatchSeal): Promise<number> {
  try {
    return await writeOnce(connection, batch, { ...seal, known: 'refuse' });
  } catch (error) {
    if (!isKnownId(error)) throw error;
    // Nothing else was tried before the events, and the transaction is undone.
    return writeOnce(connection, batch, { ...seal, known: 'skip' });
  }
}

async function writeOnce(
  connection: DuckDBConnection,
  batch: PackedBatch,
  { mark, sealed, marks, writeLate, known }: BatchSeal & { known: KnownIds },
): Promise<number> {
  return transaction(connection, async () => {
    const duplicates = await writeEvents(connection, batch, { mark, known });
    await writeSeries(connection, batch.series);
    await writeSamples(connection, batch);
    await writeLate();
    const levelMarks = await writeSealed(connection, sealed, marks);
    await writeTransitions(connection, batch.transitions);
    const positions = batch.positions.map(({ log, sequence }): Mark => [log, sequence]);
    // One statement cannot raise a mark twice.
    await writeMarks(
      connection,
      new Map([...positions.sort((a, b) => a[1] - b[1]), ...levelMarks, [BATCH_MARK, mark]]),
    );
    return duplicates;
  });
}

export async function readMark(connection: DuckDBConnection, name: string): Promise<number | undefined> {
  const result = await connection.run('SELECT sequence FROM positions WHERE log = $1', [name]);
  const [row] = await result.getRows();
  return row === undefined ? undefined : Number(row[0]);
}

export async function writeMarks(connection: DuckDBConnection, marks: Iterable<Mark>): Promise<void> {
  const rows = [...marks];
  const values = rows.map((_, i) => `($${i * 2 + 1}, $${i * 2 + 2})`).join(', ');
  await connection.run(
    `INSERT INTO positions VALUES ${values}
     ON CONFLICT (log) DO UPDATE SET sequence = greatest(sequence, excluded.sequence)`,
    rows.flatMap(([log, sequence]) => [log, BigInt(sequence)]),
    rows.flatMap(() => [VARCHAR, BIGINT]),
  );
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
  const columns: PackedColumn[] = [
    { type: UINTEGER, items: samples.seriesIds },
    { type: BIGINT, items: nanosOf(samples.seconds, samples.nanos) },
    { type: DOUBLE, items: samples.values },
  ];
  await appendPacked(connection, 'samples', { columns, rowCount: samples.seriesIds.length });
  const readyMade: PackedColumn[] = [
    { type: UINTEGER, items: histograms.seriesIds },
    { type: BIGINT, items: nanosOf(histograms.seconds, histograms.nanos) },
    ...histogramColumns(histograms.histograms),
  ];
  const rowCount = histograms.seriesIds.length;
  await appendPacked(connection, 'histogram_samples', { columns: readyMade, rowCount });
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
    { type: BOOLEAN, at: (i) => (rows[i] as PlainTransition).revised === true },
  ];
  await appendColumns(connection, { table: 'transitions' }, { columns, rowCount: rows.length });
}

function mapOf(pairs: Iterable<readonly [string, string]>): DuckDBMapValue {
  return mapValue(Array.from(pairs, ([key, value]) => ({ key, value })));
}
