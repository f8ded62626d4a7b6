/**
 * What the ladder sealed, into the tables of its first rungs, with their new marks. Parts that came late are also added,
 * as rows of their own, to every wider level (and cumulated day) that has sealed their time already.
 */
import { BIGINT, BOOLEAN, DOUBLE, UINTEGER, type DuckDBConnection } from '@duckdb/node-api';
import {
  histogramAt,
  histogramColumnsOf,
  type DistributionWindows,
  type SealedWindows,
  type ValueWindows,
} from '@tapewatch/core';
import { floorToLevel, LEVELS, type Level, type Marks, type WindowKind } from '../level.ts';
import { histogramColumns } from './histogram-columns.ts';
import { nanosAt, windowTable, writeDistributionWindows } from './fold.ts';
import { readRows } from './sql.ts';
import { appendPacked, nanosOf, type PackedColumn } from './vector-append.ts';

/** Returns the names and values of the marks that moved. */
export async function writeSealed(
  connection: DuckDBConnection,
  { values, distributions, marks }: SealedWindows,
  before: Marks,
): Promise<[string, number][]> {
  await writeValues(connection, '10s', values);
  await writeDistributionWindows(connection, '1s', distributions);
  await writeLateValues(connection, lateRows(values.revised), { values, before });
  await writeLateDistributions(connection, lateRows(distributions.revised), { distributions, before });
  const moved: [string, number][] = [];
  if (marks.valuesSeconds > before.value['10s']) moved.push([markName('value', '10s'), marks.valuesSeconds]);
  if (marks.distributionsSeconds > before.distribution['1s']) {
    moved.push([markName('distribution', '1s'), marks.distributionsSeconds]);
  }
  return moved;
}

/** Name of a level's mark in `positions`. */
export function markName(kind: WindowKind, level: Level): string {
  return `__${kind}_${level}`;
}

async function writeValues(connection: DuckDBConnection, level: Level, windows: ValueWindows): Promise<void> {
  const double = (items: Float64Array): PackedColumn => ({ type: DOUBLE, items });
  const stamp = (offsets?: Float64Array): PackedColumn => ({
    type: BIGINT,
    items: nanosOf(windows.startSeconds, offsets),
  });
  const columns: PackedColumn[] = [
    { type: UINTEGER, items: windows.seriesIds },
    stamp(),
    ...[double(windows.counts), double(windows.sums), double(windows.mins), double(windows.maxs)],
    ...[double(windows.firsts), stamp(windows.firstOffsets), double(windows.lasts), stamp(windows.lastOffsets)],
    double(windows.increases),
    { type: BOOLEAN, items: windows.revised },
  ];
  await appendPacked(connection, windowTable('value', level), { columns, rowCount: windows.seriesIds.length });
}

function lateRows(revised: Uint8Array): number[] {
  const rows: number[] = [];
  revised.forEach((late, row) => {
    if (late === 1) rows.push(row);
  });
  return rows;
}

async function writeLateValues(
  connection: DuckDBConnection,
  rows: readonly number[],
  { values, before }: { values: ValueWindows; before: Marks },
): Promise<void> {
  for (const level of LEVELS.slice(2)) {
    const sealed = rows.filter((row) => (values.startSeconds[row] as number) < before.value[level]);
    if (sealed.length === 0) continue;
    const pick = (column: Float64Array) => Float64Array.from(sealed, (row) => column[row] as number);
    const starts = Uint32Array.from(sealed, (row) => floorToLevel(values.startSeconds[row] as number, level));
    // Offsets count from the start of the wider window.
    const shift = (column: Float64Array) =>
      Float64Array.from(
        sealed,
        (row, i) => (column[row] as number) + ((values.startSeconds[row] as number) - (starts[i] as number)) * 1e9,
      );
    await writeValues(connection, level, {
      seriesIds: Uint32Array.from(sealed, (row) => values.seriesIds[row] as number),
      startSeconds: starts,
      ...{ counts: pick(values.counts), sums: pick(values.sums), mins: pick(values.mins), maxs: pick(values.maxs) },
      ...{ firsts: pick(values.firsts), firstOffsets: shift(values.firstOffsets) },
      ...{ lasts: pick(values.lasts), lastOffsets: shift(values.lastOffsets) },
      increases: pick(values.increases),
      revised: new Uint8Array(sealed.length).fill(1),
    });
  }
}

async function writeLateDistributions(
  connection: DuckDBConnection,
  rows: readonly number[],
  { distributions, before }: { distributions: DistributionWindows; before: Marks },
): Promise<void> {
  const { seriesIds, startSeconds, histograms } = distributions;
  const startOf = (row: number): number => startSeconds[row] as number;
  const pick = (sealed: readonly number[]) => ({
    seriesIds: Uint32Array.from(sealed, (row) => seriesIds[row] as number),
    revised: new Uint8Array(sealed.length).fill(1),
    histograms: histogramColumnsOf(sealed.map((row) => histogramAt(histograms, row))),
  });
  for (const level of LEVELS.slice(1)) {
    const sealed = rows.filter((row) => startOf(row) < before.distribution[level]);
    if (sealed.length === 0) continue;
    const starts = Uint32Array.from(sealed, (row) => floorToLevel(startOf(row), level));
    await writeDistributionWindows(connection, level, { ...pick(sealed), startSeconds: starts });
  }
  if (rows.length === 0) return;
  const checkpoints = await readRows(
    connection,
    `SELECT DISTINCT until_nanos FROM distribution_checkpoints
     WHERE until_nanos > ${nanosAt(Math.min(...rows.map(startOf)))}::BIGINT`,
  );
  for (const [until] of checkpoints) {
    const sealed = rows.filter((row) => nanosAt(startOf(row)) < (until as bigint));
    const { seriesIds: ids, histograms: added } = pick(sealed);
    const columns: PackedColumn[] = [
      { type: UINTEGER, items: ids },
      { type: BIGINT, items: new BigInt64Array(sealed.length).fill(until as bigint) },
      ...histogramColumns(added),
    ];
    await appendPacked(connection, 'distribution_checkpoints', { columns, rowCount: sealed.length });
  }
}
