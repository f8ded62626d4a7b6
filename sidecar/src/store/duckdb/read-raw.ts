/** Raw rows of some series from a stamp on, ascending by stamp: what rebuilds windows that were open at a crash. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { RawSlice } from '../../ports.ts';
import { HISTOGRAM_SQL, histogramFrom } from './histogram-columns.ts';
import { readRows, seriesIn } from './sql.ts';

export async function readRawSince(
  connection: DuckDBConnection,
  ids: readonly number[],
  fromNanos: bigint,
): Promise<RawSlice[]> {
  if (ids.length === 0) return [];
  const where = `WHERE ${seriesIn(ids)} AND time_nanos >= ${fromNanos}::BIGINT ORDER BY time_nanos, series_id, rowid`;
  const values = await readRows(connection, `SELECT series_id, time_nanos, value FROM samples ${where}`);
  const histograms = await readRows(
    connection,
    `SELECT series_id, time_nanos, ${HISTOGRAM_SQL} FROM histogram_samples ${where}`,
  );
  const slices: RawSlice[] = values.map(([seriesId, timeNanos, value]) => ({
    seriesId: seriesId as number,
    timeNanos: timeNanos as bigint,
    value: value as number,
  }));
  for (const [seriesId, timeNanos, ...histogram] of histograms) {
    const slice = { seriesId: seriesId as number, timeNanos: timeNanos as bigint, value: NaN };
    slices.push({ ...slice, histogram: histogramFrom(histogram) });
  }
  return histograms.length === 0 ? slices : slices.sort(byStamp);
}

function byStamp(a: RawSlice, b: RawSlice): number {
  return a.timeNanos < b.timeNanos ? -1 : a.timeNanos > b.timeNanos ? 1 : a.seriesId - b.seriesId;
}
