/** Tells once per reason which figures of a table are empty, and why: an empty cell alone would look like a fault. */
import { WITHHELD_TEXT, type Figure, type Notice, type WithheldReason } from '@tapewatch/core';
import type { Column } from './trading-table.ts';

/** A column whose value may be withheld. */
export interface FigureColumn<Row> extends Omit<Column<Row>, 'value'> {
  readonly figure: (row: Row) => Figure;
}

export function plainColumn<Row>({ figure, ...column }: FigureColumn<Row>): Column<Row> {
  return { ...column, value: (row) => figure(row).value };
}

export function withheldNotices<Row>(rows: readonly Row[], columns: readonly FigureColumn<Row>[]): Notice[] {
  const names = new Map<WithheldReason, string[]>();
  for (const { name, figure } of columns) {
    const reasons = new Set(rows.map((row) => figure(row)).flatMap((of) => (of.value === null ? [of.reason] : [])));
    for (const reason of reasons) names.set(reason, [...(names.get(reason) ?? []), name]);
  }
  return [...names].map(([reason, list]) => ({
    severity: 'info',
    text: `left empty, because ${WITHHELD_TEXT[reason]}: ${list.join(', ')}`,
  }));
}
