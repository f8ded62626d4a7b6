/**
 * Distributions as a base and deltas. The deltas are the windows of the plan's spans; the base, everything before them,
 * is the last cumulated day and the widest windows since: at most a hundred rows a series, added up as columns.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import {
  concatHistogramColumns,
  emptyLikeRow,
  foldDistributions,
  mergeRow,
  type DistributionWindows,
  type ExponentialHistogram,
  type HistogramColumns,
} from '@tapewatch/core';
import { LEVEL_SECONDS } from '../level.ts';
import { cover, type ReadState, type WindowSpan } from '../select-plan.ts';
import { foldParts, lastCheckpoint, readParts, nanosAt, windowTable } from './fold.ts';
import { HISTOGRAM_SQL } from './histogram-columns.ts';
import type { ReadSource } from './segment.ts';
import { seriesIn, within } from './sql.ts';
import { HISTOGRAM_TYPES, histogramColumnsFrom, readColumns } from './vector-read.ts';

/** Their bases, about a hundred rows each, are read at once, without counting them first. */
const FEW_SERIES = 300;

export interface Deltas {
  /** Per series: the ends of its windows, and the row of each. */
  readonly bySeries: ReadonlyMap<number, { readonly timesMs: Float64Array; readonly rows: Uint32Array }>;
  readonly histograms: HistogramColumns;
}

/** Windows of the spans, stamped with their ends, ascending; rows of one window share its stamp. */
export async function readDeltas(
  connection: DuckDBConnection,
  { ids, relation }: ReadSource,
  spans: readonly WindowSpan[],
): Promise<Deltas> {
  const parts: HistogramColumns[] = [];
  const found = new Map<number, { timesMs: number[]; rows: number[] }>();
  let first = 0;
  for (const { level, from, to } of ids.length === 0 ? [] : spans) {
    const [series, ends, ...histograms] = await readColumns(
      connection,
      `SELECT series_id, (start_nanos // 1000000 + ${LEVEL_SECONDS[level] * 1_000})::DOUBLE, ${HISTOGRAM_SQL}
       FROM ${relation(windowTable('distribution', level), nanosAt(from), nanosAt(to))}
       WHERE ${seriesIn(ids)} AND ${within('start_nanos', nanosAt(from), nanosAt(to))}
       ORDER BY series_id, start_nanos`,
      ['u32', 'f64', ...HISTOGRAM_TYPES],
    );
    for (let i = 0; i < series.length; i++) {
      const id = series[i] as number;
      let deltas = found.get(id);
      if (deltas === undefined) found.set(id, (deltas = { timesMs: [], rows: [] }));
      deltas.timesMs.push(ends[i] as number);
      deltas.rows.push(first + i);
    }
    first += series.length;
    parts.push(histogramColumnsFrom(histograms));
  }
  const bySeries = new Map(
    Array.from(found, ([id, { timesMs, rows }]) => [
      id,
      { timesMs: Float64Array.from(timesMs), rows: Uint32Array.from(rows) },
    ]),
  );
  return { bySeries, histograms: concatHistogramColumns(parts) };
}

/** Everything that ended at or before a stamp (seconds), per series. */
export async function readBases(
  connection: DuckDBConnection,
  { ids, relation }: ReadSource,
  { before, state }: { before: number; state: ReadState },
): Promise<Map<number, ExponentialHistogram>> {
  const merged = new Map<number, ExponentialHistogram>();
  if (ids.length === 0) return merged;
  const since = await lastCheckpoint(connection, before);
  const parts = [
    `SELECT series_id, 0 AS start_nanos, ${HISTOGRAM_SQL} FROM distribution_checkpoints
     WHERE ${seriesIn(ids)} AND until_nanos = ${nanosAt(since)}::BIGINT`,
    ...cover(since, before, state).map(
      ({
        level,
        from,
        to,
      }) => `SELECT series_id, 0 AS start_nanos, ${HISTOGRAM_SQL} FROM ${relation(windowTable('distribution', level), nanosAt(from), nanosAt(to))}
        WHERE ${seriesIn(ids)} AND ${within('start_nanos', nanosAt(from), nanosAt(to))}`,
    ),
  ];
  const from = `FROM (${parts.join(' UNION ALL ')}) WHERE true`;
  const take = (rows: DistributionWindows): void => {
    const { seriesIds, histograms } = foldDistributions(rows, LEVEL_SECONDS['1h']);
    seriesIds.forEach((id, row) => {
      let histogram = merged.get(id);
      if (histogram === undefined) merged.set(id, (histogram = emptyLikeRow(histograms, row)));
      mergeRow(histogram, histograms, row);
    });
  };
  if (ids.length > FEW_SERIES) await foldParts(connection, from, take);
  else take(await readParts(connection, from));
  return merged;
}
