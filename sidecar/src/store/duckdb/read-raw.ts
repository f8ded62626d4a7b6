/** Raw rows of some series from a stamp on, ascending by stamp: what rebuilds windows that were open at a crash. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { RawSlice } from '../../ports.ts';
import { isStaleMarker } from '../../stale-marker.ts';
import { HISTOGRAM_SQL, histogramFrom } from './histogram-columns.ts';
import type { ReadSource } from './segment.ts';
import { readRows, seriesIn } from './sql.ts';
import { readColumns } from './vector-read.ts';

const EVER = 2n ** 63n - 1n;

export async function readRawSince(
  connection: DuckDBConnection,
  { ids, relation }: ReadSource,
  fromNanos: bigint,
): Promise<RawSlice[]> {
  if (ids.length === 0) return [];
  const where = `WHERE ${seriesIn(ids)} AND time_nanos >= ${fromNanos}::BIGINT ORDER BY time_nanos, series_id, arrival`;
  const [seriesIds, stamps, values] = await readColumns(
    connection,
    `SELECT series_id, time_nanos, value FROM ${relation('samples', fromNanos, EVER)} ${where}`,
    ['u32', 'i64', 'f64'],
  );
  const histograms = await readRows(
    connection,
    `SELECT series_id, time_nanos, ${HISTOGRAM_SQL} FROM ${relation('histogram_samples', fromNanos, EVER)} ${where}`,
  );
  const slices: RawSlice[] = Array.from(values, (value, i) => {
    const slice = { seriesId: seriesIds[i] as number, timeNanos: stamps[i] as bigint, value };
    return value !== value && isStaleMarker(values, i) ? { ...slice, stale: true } : slice;
  });
  for (const [seriesId, timeNanos, ...histogram] of histograms) {
    const slice = { seriesId: seriesId as number, timeNanos: timeNanos as bigint, value: NaN };
    slices.push({ ...slice, histogram: histogramFrom(histogram) });
  }
  return histograms.length === 0 ? slices : slices.sort(byStamp);
}

function byStamp(a: RawSlice, b: RawSlice): number {
  return a.timeNanos < b.timeNanos ? -1 : a.timeNanos > b.timeNanos ? 1 : a.seriesId - b.seriesId;
}
