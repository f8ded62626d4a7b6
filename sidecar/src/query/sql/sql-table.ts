/**
 * Columns of an answer as tables of the data plane: as they are (`table` or `numeric-long`), or as series, one for each number column and each
 * combination of the text columns' values, ascending by time.
 */
import { Labels, type Table, type TableField } from '@tapewatch/core';
import { TapewatchError } from '../../errors.ts';
import type { SqlColumn } from './protocol.ts';

/** Series of one answer. */
const MAX_SERIES = 10_000;

/** Texts and numbers are one number for each combination of the texts, which alert rules read too; anything else is a plain table. */
export function tableOf(columns: readonly SqlColumn[], base: Table): Table {
  const fields = columns.map((column): TableField => column);
  const isNumeric = columns.every(({ type }) => type === 'number' || type === 'string');
  const hasNumber = columns.some(({ type }) => type === 'number');
  const kind = isNumeric && hasNumber ? ({ kind: 'numeric-long', version: [0, 1] } as const) : {};
  return { ...base, ...kind, fields, visualisation: 'table' };
}

export function seriesOf(columns: readonly SqlColumn[], base: Table): Table[] {
  const time = columns.find((column) => column.type === 'time');
  const numbers = columns.filter((column) => column.type === 'number');
  if (time === undefined || numbers.length === 0) {
    const found = columns.map(({ name, type }) => `${name} (${type})`).join(', ');
    const text = `a time series needs a time column and a number column, got ${found}; ask for format table`;
    throw new TapewatchError('query.invalid', `format: ${text}`);
  }
  const texts = columns.filter((column) => column.type === 'string');
  const groups = groupRows(time.values, texts);
  return [...groups.values()].flatMap(({ labels, rows }) =>
    numbers.map((column) => ({
      ...base,
      kind: 'timeseries-multi' as const,
      version: [0, 1] as const,
      visualisation: 'graph' as const,
      fields: [
        { name: 'time', type: 'time' as const, values: rows.map((row) => time.values[row] ?? null) },
        { name: column.name, type: 'number' as const, labels, values: rows.map((row) => column.values[row] ?? null) },
      ],
    })),
  );
}

interface Group {
  readonly labels: Labels;
  readonly rows: number[];
}

/** Rows without a time belong nowhere. */
function groupRows(
  times: readonly (bigint | null)[],
  texts: readonly { readonly name: string; readonly values: readonly (string | null)[] }[],
): Map<string, Group> {
  const groups = new Map<string, Group>();
  times.forEach((time, row) => {
    if (time === null) return;
    const key = JSON.stringify(texts.map(({ values }) => values[row]));
    let group = groups.get(key);
    if (group === undefined) {
      const labels = Labels.from(texts.map(({ name, values }) => [name, values[row] ?? ''] as const));
      groups.set(key, (group = { labels, rows: [] }));
      if (groups.size > MAX_SERIES) {
        throw new TapewatchError(
          'query.limit',
          `the SQL answer has more than ${MAX_SERIES} series; group by fewer texts`,
        );
      }
    }
    group.rows.push(row);
  });
  const at = (row: number): bigint => times[row] ?? 0n;
  for (const { rows } of groups.values()) rows.sort((a, b) => (at(a) < at(b) ? -1 : at(a) > at(b) ? 1 : a - b));
  return groups;
}
