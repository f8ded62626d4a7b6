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
  /** `money` takes the currency of the rows when they share one; `price` as many decimals as its smallest needs. */
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
    const values = rows.map(value);
    const known = unit === 'money' ? moneyUnit(rows) : unit === 'price' ? PRICE_UNIT : unit;
    const digits = unit === 'price' ? priceDecimals(values) : decimals;
    fields.push({
      name,
      type: 'number',
      values,
      description,
      ...(known === undefined ? {} : { unit: known }),
      ...(digits === undefined ? {} : { decimals: digits }),
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
    const unit = text.unit === 'money' ? currencyUnit(currency) : text.unit === 'price' ? PRICE_UNIT : text.unit;
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

/** Grafana's `short` would write 60,123 as 60.1 K, and 213.27 as 213. */
const PRICE_UNIT = 'locale';
const PRICE_DIGITS = 6;
const MAX_PRICE_DECIMALS = 10;

/** Six digits of the smallest price: 1.08345, 213.275, 60,123.5. */
function priceDecimals(values: readonly (number | null)[]): number {
  const sizes = values.flatMap((value) => (value === null || value === 0 ? [] : [Math.abs(value)]));
  if (sizes.length === 0) return 2;
  const smallest = sizes.reduce((least, size) => Math.min(least, size));
  return Math.min(MAX_PRICE_DECIMALS, Math.max(0, PRICE_DIGITS - 1 - Math.floor(Math.log10(smallest))));
}
