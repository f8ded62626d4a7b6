/** A batch of events in columns as the engine's columns, in the order of the table. */
import { BIGINT, DOUBLE, UBIGINT } from '@duckdb/node-api';
import type { EventBatch, EventColumn } from '../../ports.ts';
import { camelCase, columnNames } from './event-columns.ts';
import { packedTexts } from './packed-text.ts';
import type { PackedColumn } from './vector-append.ts';

export function eventVectors({ table, rowCount, columns }: EventBatch): PackedColumn[] {
  return columnNames(table).map((name) => vectorOf(columns[camelCase(name)] as EventColumn, rowCount));
}

function vectorOf(column: EventColumn, rowCount: number): PackedColumn {
  switch (column.kind) {
    case 'numbers': {
      const { items } = column;
      return { type: DOUBLE, items, ...validityOf(rowCount, (row) => !Number.isNaN(items[row] as number)) };
    }
    case 'stamps':
      return { type: BIGINT, items: column.items, ...validityOf(rowCount, (row) => column.isNull[row] === 0) };
    case 'counts': {
      // The same bits, read without a sign.
      const { buffer, byteOffset } = column.items;
      const items = new BigUint64Array(buffer, byteOffset, rowCount);
      return { type: UBIGINT, items, ...validityOf(rowCount, (row) => column.isNull[row] === 0) };
    }
    case 'texts':
    case 'ids':
      return packedTexts(column, rowCount);
  }
}

/** A bit a row; nothing where all rows have a value. */
function validityOf(rowCount: number, isValid: (row: number) => boolean): { validity?: Uint8Array } {
  let validity: Uint8Array | undefined;
  for (let row = 0; row < rowCount; row++) {
    if (isValid(row)) continue;
    // Whole words of 64 bits, as the engine reads them.
    validity ??= new Uint8Array(Math.ceil(rowCount / 64) * 8).fill(255);
    validity[row >> 3] = (validity[row >> 3] as number) & ~(1 << (row & 7));
  }
  return validity === undefined ? {} : { validity };
}
