/**
 * The event tables seen through a filter. A table that lacks a filtered column (quotes have no strategy, health results
 * no venue) is not narrowed by it. Fills and orders carry ids; repeats of an id are dropped by every store.
 */
import type { EventRow, EventTable } from '@tapewatch/core';
import type { EventFilter } from '../ports.ts';

export const EVENT_TABLES: readonly EventTable[] = [
  'orders',
  'fills',
  'quotes',
  'health_results',
  'events',
  'dead_letters',
];

export const FILTER_COLUMNS = {
  orders: ['strategy', 'venue', 'symbol', 'account', 'orderIds'],
  fills: ['strategy', 'venue', 'symbol', 'account', 'orderIds'],
  quotes: ['venue', 'symbol'],
  health_results: [],
  events: [],
  dead_letters: [],
} as const satisfies Record<EventTable, readonly FilterColumn[]>;

export type FilterColumn = 'strategy' | 'venue' | 'symbol' | 'account' | 'orderIds';

/** What makes taking in a row twice harmless, or undefined where rows have no identity. */
export function identityOf(row: EventRow): string | undefined {
  if (row.table === 'orders') return row.id;
  if (row.table === 'fills') return JSON.stringify([row.venue, row.id]);
  return undefined;
}

export function passesFilter(row: EventRow, filter: EventFilter): boolean {
  if (row.timeNanos < filter.startNanos || row.timeNanos >= filter.endNanos) return false;
  const columns: readonly FilterColumn[] = FILTER_COLUMNS[row.table];
  return columns.every((column) => {
    const wanted = filter[column];
    return wanted === undefined || wanted.length === 0 || wanted.includes(fieldOf(row, column));
  });
}

function fieldOf(row: EventRow, column: FilterColumn): string {
  const field = column === 'orderIds' ? 'orderId' : column;
  return String((row as unknown as Readonly<Record<string, unknown>>)[field]);
}
