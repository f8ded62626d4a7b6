/**
 * Distributions of many series merged into one histogram a group and step, without a histogram a series: what a quantile
 * over a fleet needs. Groups and steps are few, so SQL sums the buckets (15 M of them take 0.2 s of CPU).
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { concatHistogramColumns, type HistogramColumns } from '@tapewatch/core';
import { LEVEL_SECONDS } from '../level.ts';
import type { WindowSpan } from '../select-plan.ts';
import { nanosAt, windowTable } from './fold.ts';
import { HISTOGRAM_SQL } from './histogram-columns.ts';
import type { RelationOf } from './segment.ts';
import { readRows, seriesIn, within } from './sql.ts';
import { HISTOGRAM_TYPES, histogramColumnsFrom, readColumns } from './vector-read.ts';

export interface MergedRows {
  /** Number of the group, and of the step from 0; ascending by group, then by step. Shapes have rows of their own. */
  readonly groups: Uint32Array;
  readonly steps: Uint32Array;
  readonly histograms: HistogramColumns;
}

export interface MergeOptions {
  /** Group of each series by id. */
  readonly groupOf: ReadonlyMap<number, number>;
  readonly spans: readonly WindowSpan[];
  /** End of step 0 and width of all, milliseconds. A window belongs to the step in whose (start, end] it ends. */
  readonly firstMs: number;
  readonly stepMs: number;
  /** Every distribution is in a group. */
  readonly allSeries: boolean;
  readonly relation: RelationOf;
}

export async function readMerged(connection: DuckDBConnection, options: MergeOptions): Promise<MergedRows> {
  const parts: MergedRows[] = [];
  if (options.groupOf.size > 0 && options.spans.length > 0) {
    for (const shape of await readShapes(connection, options)) parts.push(await readShape(connection, options, shape));
  }
  const concat = (read: (part: MergedRows) => Uint32Array): Uint32Array => {
    return Uint32Array.from(parts.flatMap((part) => [...read(part)]));
  };
  const rows = { groups: concat(({ groups }) => groups), steps: concat(({ steps }) => steps) };
  return { ...rows, histograms: concatHistogramColumns(parts.map(({ histograms }) => histograms)) };
}

/** A condition that only windows of one shape meet. There is nearly always one; grouping by it would be dear. */
async function readShapes(connection: DuckDBConnection, options: MergeOptions): Promise<string[]> {
  const rows = await readRows(
    connection,
    `SELECT DISTINCT scale, zero_threshold, custom_bounds::VARCHAR FROM (${partsSql(options, 'true')})`,
  );
  return rows.map(([scale, threshold, bounds]) => {
    const exact = `scale = ${Number(scale)} AND zero_threshold = ${Number(threshold)}::DOUBLE`;
    return `${exact} AND custom_bounds = '${String(bounds)}'::DOUBLE[]`;
  });
}

async function readShape(connection: DuckDBConnection, options: MergeOptions, shape: string): Promise<MergedRows> {
  const parts = partsSql(options, rows(shape, options));
  const sums = (side: 'positive' | 'negative'): string => `${side}_sums AS (
    SELECT grp, step, list(k ORDER BY k) AS ks, list(n ORDER BY k) AS ns FROM (
      SELECT grp, step, k, sum(c) AS n FROM (
        SELECT grp, step, unnest(${side}_indexes) AS k, unnest(${side}_counts) AS c FROM (${parts})
        WHERE len(${side}_indexes) > 0) GROUP BY ALL)
    GROUP BY ALL)`;
  const [groups, steps, ...histograms] = await readColumns(
    connection,
    `WITH totals AS (
      SELECT grp, step, sum(count) AS count, sum(sum) AS sum, min(min) AS min, max(max) AS max,
        any_value(scale) AS scale, any_value(zero_threshold) AS zero_threshold, any_value(custom_bounds) AS bounds,
        sum(zero_count) AS zero_count, sum(nan_count) AS nan_count, sum(positive_infinity_count) AS up,
        sum(negative_infinity_count) AS down
      FROM (${parts}) GROUP BY ALL),
    ${sums('positive')}, ${sums('negative')}
    SELECT grp, step, count, sum, min, max, scale, zero_threshold, zero_count, nan_count, up, down,
      coalesce(p.ks, []), coalesce(p.ns, []), coalesce(m.ks, []), coalesce(m.ns, []), bounds
    FROM totals LEFT JOIN positive_sums p USING (grp, step) LEFT JOIN negative_sums m USING (grp, step)
    ORDER BY grp, step`,
    ['u32', 'u32', ...HISTOGRAM_TYPES],
  );
  return { groups, steps, histograms: histogramColumnsFrom(histograms) };
}

function rows(shape: string, { allSeries, groupOf }: MergeOptions): string {
  return allSeries ? shape : `${shape} AND ${seriesIn([...groupOf.keys()])}`;
}

function partsSql({ groupOf, spans, firstMs, stepMs, relation }: MergeOptions, condition: string): string {
  const isOneGroup = new Set(groupOf.values()).size === 1;
  const members = `(SELECT unnest([${[...groupOf.keys()].join()}]::UINTEGER[]) AS id,
    unnest([${[...groupOf.values()].join()}]::UINTEGER[]) AS grp)`;
  return spans
    .map(({ level, from, to }) => {
      const endMs = `start_nanos // 1000000 + ${LEVEL_SECONDS[level] * 1_000}`;
      const step = `ceil((${endMs} - ${firstMs}) / ${stepMs})::UINTEGER`;
      const group = isOneGroup ? '0::UINTEGER AS grp' : 'grp';
      const join = isOneGroup ? '' : `JOIN ${members} ON id = series_id`;
      return `SELECT ${group}, ${step} AS step, ${HISTOGRAM_SQL}
        FROM ${relation(windowTable('distribution', level), nanosAt(from), nanosAt(to))} ${join}
        WHERE ${within('start_nanos', nanosAt(from), nanosAt(to))} AND ${condition}`;
    })
    .join(' UNION ALL ');
}
