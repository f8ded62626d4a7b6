/**
 * Event rows as columns, as they travel between the threads: numbers are handed over, texts are codes into a list of the
 * distinct ones. Rows are made of them where they are wanted. Knows nothing of the engine.
 */
import type { EventTable } from '@tapewatch/core';
import type { EventRowByTable } from '../../ports.ts';

export type EventValues =
  /** `isNull` is 1 where a row has none; absent when all have one. */
  | {
      readonly kind: 'numbers';
      readonly items: Float64Array | BigInt64Array | BigUint64Array;
      readonly isNull?: Uint8Array;
    }
  | { readonly kind: 'texts'; readonly codes: Uint32Array; readonly texts: readonly string[] }
  | { readonly kind: 'lists'; readonly offsets: Uint32Array; readonly items: Float64Array }
  | { readonly kind: 'values'; readonly values: readonly unknown[] };

export interface PackedEvents {
  readonly table: EventTable;
  readonly rowCount: number;
  readonly columns: readonly (EventValues & { readonly field: string })[];
}

/** The code of a text that is NULL. */
export const NO_TEXT = 0xffffffff;

export function eventsFrom<T extends EventTable>({ table, rowCount, columns }: PackedEvents): EventRowByTable[T][] {
  // A copy of a whole row takes a third of the time of a row that grows field by field, and copying one that was itself grown
  // takes a hundred times as long as copying one that was made at once.
  const blank: Record<string, unknown> = Object.fromEntries([
    ['table', table],
    ...columns.map(({ field }) => [field, null] as const),
  ]);
  const fields = columns.map(({ field }) => field);
  const values = columns.map(valuesOf);
  const rows = new Array<Record<string, unknown>>(rowCount);
  for (let at = 0; at < rowCount; at++) {
    const row = { ...blank };
    for (let i = 0; i < fields.length; i++) row[fields[i] as string] = (values[i] as (at: number) => unknown)(at);
    rows[at] = row;
  }
  return rows as unknown as EventRowByTable[T][];
}

function valuesOf(column: EventValues): (at: number) => unknown {
  switch (column.kind) {
    case 'numbers': {
      const { items, isNull } = column;
      return isNull === undefined ? (at) => items[at] : (at) => (isNull[at] === 1 ? null : items[at]);
    }
    case 'texts': {
      const { codes, texts } = column;
      return (at) => texts[codes[at] as number] ?? null;
    }
    case 'lists': {
      const { offsets, items } = column;
      return (at) => Array.from(items.subarray(offsets[at], offsets[at + 1]));
    }
    case 'values': {
      const { values } = column;
      return (at) => values[at];
    }
  }
}
