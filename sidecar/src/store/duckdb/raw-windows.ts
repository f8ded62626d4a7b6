/**
 * Windows of gauges and counters from rows of raw samples, in SQL, for rows that the ladder did not take in: those whose
 * raw samples are about to go, and those that came late in bulk.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { LEVEL_SECONDS, type Level } from '../level.ts';
import { nanosAt, windowTable } from './fold.ts';

/** Prometheus's staleness marker (see stale-marker.ts); ends of series are known as long as raw samples are. */
const STALE_BITS = `'0${'1'.repeat(11)}${'0'.repeat(50)}10'::BIT`;

/** SQL: the row is a sample, and does not only tell that its series ended. */
export const IS_SAMPLE = `(NOT isnan(value) OR value::BIT <> ${STALE_BITS})`;

export interface RawWindows {
  /** A table of raw samples with its condition: `samples WHERE ...`. */
  readonly source: string;
  readonly level: Level;
  /** True for parts of windows that were sealed without these rows. */
  readonly revised: boolean;
}

/** An increase joins neighbours among the rows themselves. */
export async function insertRawWindows(connection: DuckDBConnection, windows: RawWindows): Promise<void> {
  await connection.run(windowsSql(windows, { kind: 'gauge', rows: ROWS, increase: '0' }));
  await connection.run(windowsSql(windows, { kind: 'counter', rows: ROWS_WITH_PREVIOUS, increase: INCREASE }));
}

const ROWS = 'rows';
const ROWS_WITH_PREVIOUS = `(
  SELECT *, lag(value) OVER (PARTITION BY series_id ORDER BY time_nanos, arrival) AS previous FROM rows)`;
const INCREASE = `coalesce(sum(CASE WHEN previous IS NULL OR NOT isfinite(previous) OR NOT isfinite(value) THEN 0
  WHEN value >= previous THEN value - previous ELSE value END), 0)`;

function windowsSql(
  { source, level, revised }: RawWindows,
  { kind, rows, increase }: { kind: 'gauge' | 'counter'; rows: string; increase: string },
): string {
  const width = nanosAt(LEVEL_SECONDS[level]);
  return `INSERT INTO ${windowTable('value', level)}
    WITH rows AS (
      SELECT series_id, time_nanos, value, arrival FROM (SELECT *, rowid AS arrival FROM ${source})
      WHERE series_id IN (SELECT id FROM series WHERE kind = '${kind}') AND ${IS_SAMPLE})
    SELECT series_id, time_nanos // ${width} * ${width} AS start_nanos, count(*),
      coalesce(sum(value) FILTER (isfinite(value)), 0), coalesce(min(value) FILTER (isfinite(value)), 'inf'),
      coalesce(max(value) FILTER (isfinite(value)), '-inf'),
      arg_min(value, (time_nanos, arrival)), min(time_nanos), arg_max(value, (time_nanos, arrival)), max(time_nanos),
      ${increase}, ${revised}
    FROM ${rows} GROUP BY 1, 2 ORDER BY 2, 1`;
}
