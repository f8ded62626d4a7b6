/** Tables of trading reports: text columns for the dimensions and the currency, then the figures. */
import { Labels, nanosFromMs, type Notice, type Table, type TableField } from '@tapewatch/core';
import { emptyTable } from './promql-table.ts';
import { currencyUnit } from './unit.ts';

export interface GroupedRow {
  readonly group: readonly string[];
  readonly currency: string;
}

export interface Column<Row> {
  readonly name: string;
  readonly value: (row: Row) => number | null;
  readonly description: string;
  /** `money` takes the currency of the rows when they share one. */
  readonly unit: string;
  readonly decimals?: number;
}

export interface ReportText {
  readonly executedQuery: string;
  readonly notices: readonly Notice[];
}

export function reportTable<Row extends GroupedRow>(
  rows: readonly Row[],
  by: readonly string[],
  columns: readonly Column<Row>[],
  text: ReportText,
): Table {
  if (rows.length === 0) return emptyTable('numeric-long', text.executedQuery, text.notices);
  const fields: TableField[] = by.map((name, i) => ({
    name,
    type: 'string',
    values: rows.map(({ group }) => group[i] ?? ''),
  }));
  if (rows.some(({ currency }) => currency !== '')) {
    fields.push({ name: 'currency', type: 'string', values: rows.map(({ currency }) => currency) });
  }
  for (const { name, value, description, unit, decimals } of columns) {
    const known = unit === 'money' ? moneyUnit(rows) : unit;
    fields.push({
      name,
      type: 'number',
      values: rows.map(value),
      description,
      ...(known === undefined ? {} : { unit: known }),
      ...(decimals === undefined ? {} : { decimals }),
    });
  }
  return { name: '', kind: 'numeric-long', version: [0, 1], fields, ...text, visualisation: 'table' };
}

/** Values of one group over time. */
export interface GroupSeries extends GroupedRow {
  readonly timesMs: number[];
  readonly values: (number | null)[];
}

export interface SeriesText extends ReportText {
  readonly valueName: string;
  readonly description: string;
  readonly unit: string;
  readonly stepMs: number;
}

export function groupTables(series: readonly GroupSeries[], by: readonly string[], text: SeriesText): Table[] {
  const { executedQuery, stepMs } = text;
  const tables = series.map(({ group, currency, timesMs, values }, index): Table => {
    const labels = Labels.from([
      ...by.map((name, i) => [name, group[i] ?? ''] as const),
      ...(currency === '' ? [] : [['currency', currency] as const]),
    ]);
    const name = [...group, ...(text.unit === 'money' || group.length === 0 ? [currency] : [])].join(' ');
    const unit = text.unit === 'money' ? currencyUnit(currency) : text.unit;
    const { valueName, description } = text;
    const fields: TableField[] = [
      { name: 'Time', type: 'time', values: timesMs.map(nanosFromMs), intervalMs: stepMs },
      { name: valueName, type: 'number', values, labels, displayName: name, unit, description },
    ];
    const notices = index === 0 ? text.notices : [];
    return { name, kind: 'timeseries-multi', version: [0, 1], fields, notices, executedQuery, visualisation: 'graph' };
  });
  return tables.length === 0 ? [emptyTable('timeseries-multi', executedQuery, text.notices)] : tables;
}

function moneyUnit(rows: readonly GroupedRow[]): string | undefined {
  const currencies = new Set(rows.map(({ currency }) => currency));
  const [only] = currencies;
  return currencies.size === 1 && only !== undefined ? currencyUnit(only) : undefined;
}
