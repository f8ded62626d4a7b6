/**
 * What the ladder sealed, into the tables of its first rungs, with their new marks. Parts that came late are also added,
 * as rows of their own, to every wider level (and cumulated day) that has sealed their time already.
 */
import { BIGINT, BOOLEAN, DOUBLE, UINTEGER, type DuckDBConnection } from '@duckdb/node-api';
import {
  foldLateDistributions,
  foldLateValues,
  type DistributionWindows,
  type SealedWindows,
  type ValueWindows,
} from '@tapewatch/core';
import { LEVELS, LEVEL_SECONDS, type Level, type Marks, type WindowKind } from '../level.ts';
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
  await writeLateValues(connection, values, before);
  await writeLateDistributions(connection, distributions, before);
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

async function writeLateValues(connection: DuckDBConnection, values: ValueWindows, before: Marks): Promise<void> {
  if (!values.revised.includes(1)) return;
  for (const level of LEVELS.slice(2)) {
    const late = { widthSeconds: LEVEL_SECONDS[level], beforeSeconds: before.value[level] };
    await writeValues(connection, level, foldLateValues(values, late));
  }
}

async function writeLateDistributions(
  connection: DuckDBConnection,
  distributions: DistributionWindows,
  before: Marks,
): Promise<void> {
  const { revised, startSeconds } = distributions;
  const earliest = startSeconds.reduce((low, start, row) => (revised[row] === 1 && start < low ? start : low), NEVER);
  if (earliest === NEVER) return;
  for (const level of LEVELS.slice(1)) {
    const late = { widthSeconds: LEVEL_SECONDS[level], beforeSeconds: before.distribution[level] };
    await writeDistributionWindows(connection, level, foldLateDistributions(distributions, late));
  }
  const checkpoints = await readRows(
    connection,
    `SELECT DISTINCT until_nanos FROM distribution_checkpoints WHERE until_nanos > ${nanosAt(earliest)}::BIGINT`,
  );
  for (const [until] of checkpoints) {
    const untilSeconds = Number((until as bigint) / 1_000_000_000n);
    // One window for all that is before the checkpoint.
    const late = { widthSeconds: untilSeconds, beforeSeconds: untilSeconds };
    const { seriesIds, histograms } = foldLateDistributions(distributions, late);
    const columns: PackedColumn[] = [
      { type: UINTEGER, items: seriesIds },
      { type: BIGINT, items: new BigInt64Array(seriesIds.length).fill(until as bigint) },
      ...histogramColumns(histograms),
    ];
    await appendPacked(connection, 'distribution_checkpoints', { columns, rowCount: seriesIds.length });
  }
}

const NEVER = 2 ** 32;
