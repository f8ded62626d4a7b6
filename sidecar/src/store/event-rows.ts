/** The rows of a batch of events, for a store that keeps rows. */
import type { EventRow } from '@tapewatch/core';
import type { EventBatch, EventColumn } from '../ports.ts';

export function rowsOf({ table, rowCount, columns }: EventBatch): EventRow[] {
  const fields = Object.entries(columns);
  return Array.from({ length: rowCount }, (_, row) => {
    const values = fields.map(([field, column]) => [field, valueAt(column, row)] as const);
    return { table, ...Object.fromEntries(values) } as unknown as EventRow;
  });
}

function valueAt(column: EventColumn, row: number): unknown {
  switch (column.kind) {
    case 'numbers': {
      const value = column.items[row] as number;
      return Number.isNaN(value) ? null : value;
    }
    case 'stamps':
    case 'counts':
      return column.isNull[row] === 1 ? null : column.items[row];
    case 'texts':
      return column.texts[column.codes[row] as number];
    case 'ids':
      return column.texts[row];
  }
}
