/**
 * Results of PromQL as tables of Grafana's data plane: one table per series for charts, one row per series for numbers.
 * A histogram is not a number: outside heat maps such points are left out with a warning that says what to write.
 */
import {
  METRIC_NAME,
  nanosFromMs,
  type Labels,
  type MatrixSeries,
  type Notice,
  type Point,
  type QueryResult,
  type Table,
  type TableField,
  type TableKind,
  type TableStat,
  type VectorSample,
} from '@tapewatch/core';
import { seriesName } from './legend.ts';

export interface Presentation {
  readonly expr: string;
  readonly legendFormat: string;
  readonly unit: string | undefined;
  readonly stepMs: number;
  /** Put on the first table. */
  readonly notices: readonly Notice[];
  readonly stats?: readonly TableStat[];
  /** What the values are worth, such as how exact a percentile is. */
  readonly description?: string;
}

const VERSION = [0, 1] as const;

/** No data, with the kind still stated: a rule then says NoData instead of failing. */
export function emptyTable(kind: TableKind, executedQuery: string, notices: readonly Notice[] = []): Table {
  const version = kind === 'heatmap-cells' || kind === 'table' ? ([0, 0] as const) : VERSION;
  return { name: '', kind, version, fields: [], notices, executedQuery };
}

export function noticesOf(result: QueryResult): Notice[] {
  return [
    ...result.warnings.map((text) => ({ severity: 'warning' as const, text })),
    ...result.infos.map((text) => ({ severity: 'info' as const, text })),
  ];
}

/** One `timeseries-multi` table per series; histograms are left out. */
export function seriesTables(series: readonly MatrixSeries[], how: Presentation): Table[] {
  const tables: Table[] = [];
  const grids = new Map<string, readonly bigint[]>();
  let histograms = 0;
  for (const { labels, points } of series) {
    const floats = points.filter(({ histogram }) => histogram === undefined);
    if (floats.length < points.length) histograms++;
    if (floats.length === 0) continue;
    const name = seriesName(how.legendFormat, labels, how.expr);
    const times = stampsOf(floats, how.stepMs, grids);
    const values = Float64Array.from(floats, ({ value }) => value);
    tables.push({
      name,
      kind: 'timeseries-multi',
      version: VERSION,
      fields: [
        { name: 'Time', type: 'time', values: times, intervalMs: how.stepMs },
        numberField(values, labels, name, how),
      ],
      notices: [],
      executedQuery: how.expr,
      visualisation: 'graph',
    });
  }
  return withNotices(tables, 'timeseries-multi', how, histograms);
}

/** Stamps in nanoseconds; series without gaps share one list, because making a BigInt costs more than the rest of a point. */
function stampsOf(points: readonly Point[], stepMs: number, grids: Map<string, readonly bigint[]>): readonly bigint[] {
  const [first, last] = [points[0]?.timeMs ?? 0, points.at(-1)?.timeMs ?? 0];
  const make = (): bigint[] => points.map(({ timeMs }) => nanosFromMs(timeMs));
  if (stepMs <= 0 || last - first !== (points.length - 1) * stepMs) return make();
  const key = `${first}/${points.length}`;
  const known = grids.get(key) ?? make();
  grids.set(key, known);
  return known;
}

/** One `numeric-multi` table per sample: what a Grafana alert rule reads without a reduce step. */
export function numberTables(samples: readonly VectorSample[], how: Presentation): Table[] {
  const floats = samples.filter(({ histogram }) => histogram === undefined);
  const tables = floats.map(({ labels, value }): Table => {
    const name = seriesName(how.legendFormat, labels, how.expr);
    const fields = [numberField([value], labels, name, how)];
    return { name, kind: 'numeric-multi', version: VERSION, fields, notices: [], executedQuery: how.expr };
  });
  return withNotices(tables, 'numeric-multi', how, samples.length - floats.length);
}

/** One `numeric-long` table: a text column per label, then the value. */
export function longTable(samples: readonly VectorSample[], how: Presentation): Table[] {
  const floats = samples.filter(({ histogram }) => histogram === undefined);
  const names = new Set(floats.flatMap(({ labels }) => labels.pairs.map(([name]) => name)));
  const columns = [...names].sort((a, b) => (a === METRIC_NAME ? -1 : b === METRIC_NAME ? 1 : a < b ? -1 : 1));
  const fields: TableField[] = columns.map((name) => ({
    name,
    type: 'string',
    values: floats.map(({ labels }) => labels.get(name)),
  }));
  fields.push({ name: 'Value', type: 'number', values: floats.map(({ value }) => value), ...describedBy(how) });
  const table: Table = {
    name: '',
    kind: 'numeric-long',
    version: VERSION,
    fields,
    notices: [],
    executedQuery: how.expr,
    visualisation: 'table',
  };
  return withNotices(floats.length === 0 ? [] : [table], 'numeric-long', how, samples.length - floats.length);
}

function numberField(
  values: readonly number[] | Float64Array,
  labels: Labels,
  name: string,
  how: Presentation,
): TableField {
  return {
    name: 'Value',
    type: 'number',
    values,
    labels: labels.withoutMetricName(),
    displayName: name,
    ...describedBy(how),
  };
}

function describedBy({ unit, description }: Presentation): { unit?: string; description?: string } {
  return { ...(unit === undefined ? {} : { unit }), ...(description === undefined ? {} : { description }) };
}

function withNotices(tables: Table[], kind: TableKind, how: Presentation, histograms: number): Table[] {
  const text = `${histograms} series hold histograms, which are not numbers: use histogram_quantile(), histogram_count() or histogram_avg(), or the heatmap format`;
  const notices: Notice[] = histograms === 0 ? [...how.notices] : [...how.notices, { severity: 'warning', text }];
  const [first = emptyTable(kind, how.expr), ...rest] = tables;
  return [{ ...first, notices, ...(how.stats === undefined ? {} : { stats: how.stats }) }, ...rest];
}
