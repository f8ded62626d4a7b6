/** Exemplars as the table that Grafana draws over a chart: one row each, a text column per label. */
import { nanosFromMs, type Table, type TableField } from '@tapewatch/core';
import type { ExemplarSeries } from '../ports.ts';

/** More marks than this hide the chart below them. */
const MAX_EXEMPLARS = 1_000;

/** None, or one table of the name that Grafana's time series panel looks for. */
export function exemplarTables(found: readonly ExemplarSeries[], unit: string | undefined): Table[] {
  const all = found.flatMap(({ labels, exemplars }) => exemplars.map((exemplar) => ({ ...exemplar, series: labels })));
  if (all.length === 0) return [];
  // The slowest are the ones that a percentile leads to.
  const kept = all
    .sort((a, b) => b.value - a.value)
    .slice(0, MAX_EXEMPLARS)
    .sort((a, b) => a.timeMs - b.timeMs);
  const rows = kept.map(({ labels, series }) => ({ ...series.withoutMetricName().toRecord(), ...labels }));
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const fields: TableField[] = [
    { name: 'Time', type: 'time', values: kept.map(({ timeMs }) => nanosFromMs(timeMs)) },
    { name: 'Value', type: 'number', values: kept.map(({ value }) => value), ...(unit === undefined ? {} : { unit }) },
    ...names.map((name): TableField => ({
      name,
      type: 'string',
      values: rows.map((row: Readonly<Record<string, string>>) => row[name] ?? ''),
    })),
  ];
  const cut = all.length - kept.length;
  return [
    {
      name: 'exemplar',
      kind: 'table',
      version: [0, 0],
      fields,
      notices: cut === 0 ? [] : [{ severity: 'info', text: `${cut} exemplars with smaller values are left out` }],
      executedQuery: '',
      topic: 'annotations',
    },
  ];
}
