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

/** Windows that may be added up: of one scale, zero threshold and list of bounds. */
interface Shape {
  /** Only windows of the shape meet it. */
  readonly condition: string;
  /** As SQL. */
  readonly scale: string;
  readonly zeroThreshold: string;
  readonly bounds: string;
  readonly hasNegative: boolean;
}

/**
 * There is nearly always one shape. Whether there is, extremes tell at a fraction of what it costs to compare every window
 * with it; grouping by the shape would be dearer still.
 */
async function readShapes(connection: DuckDBConnection, options: MergeOptions): Promise<Shape[]> {
  const parts = partsSql(options, 'true');
  const [row] = await readRows(
    connection,
    `SELECT min(scale), max(scale), min(zero_threshold), max(zero_threshold), max(len(custom_bounds)),
       max(len(negative_indexes)) > 0 FROM (${parts})`,
  );
  const [scale, otherScale, threshold, otherThreshold, bounds, hasNegative] = row ?? [];
  if (scale === null || scale === undefined) return [];
  if (scale === otherScale && threshold === otherThreshold && Number(bounds) === 0) {
    return [{ ...shapeOf(scale, threshold, '[]'), condition: 'true', hasNegative: hasNegative === true }];
  }
  const rows = await readRows(
    connection,
    `SELECT DISTINCT scale, zero_threshold, custom_bounds::VARCHAR FROM (${parts})`,
  );
  return rows.map(([own, zero, list]) => ({ ...shapeOf(own, zero, list), hasNegative: hasNegative === true }));
}

function shapeOf(scale: unknown, threshold: unknown, bounds: unknown): Omit<Shape, 'hasNegative'> {
  const sql = {
    scale: `${Number(scale)}::TINYINT`,
    zeroThreshold: `${Number(threshold)}::DOUBLE`,
    bounds: `'${String(bounds)}'::DOUBLE[]`,
  };
  const condition = `scale = ${sql.scale} AND zero_threshold = ${sql.zeroThreshold} AND custom_bounds = ${sql.bounds}`;
  return { ...sql, condition };
}

async function readShape(connection: DuckDBConnection, options: MergeOptions, shape: Shape): Promise<MergedRows> {
  const parts = partsSql(options, rows(shape.condition, options));
  const sums = (side: 'positive' | 'negative'): string => `${side}_sums AS (
    SELECT grp, step, list(k ORDER BY k) AS ks, list(n ORDER BY k) AS ns FROM (
      SELECT grp, step, k, sum(c) AS n FROM (
        SELECT grp, step, unnest(${side}_indexes) AS k, unnest(${side}_counts) AS c FROM (${parts})
        WHERE len(${side}_indexes) > 0) GROUP BY ALL)
    GROUP BY ALL)`;
  const none = `negative_sums AS (SELECT 0::UINTEGER AS grp, 0::UINTEGER AS step, []::INTEGER[] AS ks, []::DOUBLE[] AS ns
    WHERE false)`;
  const [groups, steps, ...histograms] = await readColumns(
    connection,
    `WITH totals AS (
      SELECT grp, step, sum(count) AS count, sum(sum) AS sum, min(min) AS min, max(max) AS max,
        sum(zero_count) AS zero_count, sum(nan_count) AS nan_count, sum(positive_infinity_count) AS up,
        sum(negative_infinity_count) AS down
      FROM (${parts}) GROUP BY ALL),
    ${sums('positive')}, ${shape.hasNegative ? sums('negative') : none}
    SELECT grp, step, count, sum, min, max, ${shape.scale}, ${shape.zeroThreshold}, zero_count, nan_count, up, down,
      coalesce(p.ks, []), coalesce(p.ns, []), coalesce(m.ks, []), coalesce(m.ns, []), ${shape.bounds}
    FROM totals LEFT JOIN positive_sums p USING (grp, step) LEFT JOIN negative_sums m USING (grp, step)
    ORDER BY grp, step`,
    ['u32', 'u32', ...HISTOGRAM_TYPES],
  );
  return { groups, steps, histograms: histogramColumnsFrom(histograms) };
}

function rows(condition: string, { allSeries, groupOf }: MergeOptions): string {
  return allSeries ? condition : `${condition} AND ${seriesIn([...groupOf.keys()])}`;
}

function partsSql({ groupOf, spans, firstMs, stepMs, relation }: MergeOptions, condition: string): string {
  const isOneGroup = new Set(groupOf.values()).size === 1;
  const members = `(SELECT unnest([${[...groupOf.keys()].join()}]::UINTEGER[]) AS id,
    unnest([${[...groupOf.values()].join()}]::UINTEGER[]) AS grp)`;
  return spans
    .map(({ level, from, to }) => {
      // Whole numbers: a window ends after the start of step 0, so what is divided is never negative.
      const stepNanos = BigInt(stepMs) * 1_000_000n;
      const shift = nanosAt(LEVEL_SECONDS[level]) - BigInt(firstMs) * 1_000_000n + stepNanos - 1n;
      const step = `((start_nanos + ${shift}) // ${stepNanos})::UINTEGER`;
      const group = isOneGroup ? '0::UINTEGER AS grp' : 'grp';
      const join = isOneGroup ? '' : `JOIN ${members} ON id = series_id`;
      return `SELECT ${group}, ${step} AS step, ${HISTOGRAM_SQL}
        FROM ${relation(windowTable('distribution', level), nanosAt(from), nanosAt(to))} ${join}
        WHERE ${within('start_nanos', nanosAt(from), nanosAt(to))} AND ${condition}`;
    })
    .join(' UNION ALL ');
}
