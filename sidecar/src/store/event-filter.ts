/**
 * The event tables seen through a filter. A table that lacks a filtered column (quotes have no strategy, health results
 * no venue) is not narrowed by it. What makes rows the same event stands in core; repeats are dropped by every store.
 */
import type { EventRow, EventTable } from '@tapewatch/core';
import type { EventFilter } from '../ports.ts';

export const FILTER_COLUMNS = {
  orders: ['strategy', 'venue', 'symbol', 'account', 'orderIds', 'correlationIds'],
  fills: ['strategy', 'venue', 'symbol', 'account', 'orderIds', 'execution'],
  quotes: ['venue', 'symbol'],
  market_trades: ['venue', 'symbol'],
  book_levels: ['venue', 'symbol'],
  positions: ['strategy', 'venue', 'symbol', 'account'],
  signals: ['strategy', 'symbol', 'agent', 'correlationIds'],
  cash_flows: ['strategy', 'venue', 'symbol', 'account'],
  fx_rates: [],
  exchange_status: ['venue'],
  spans: ['service', 'traceIds', 'correlationIds'],
  health_results: [],
  events: ['correlationIds'],
  dead_letters: [],
} as const satisfies Record<EventTable, readonly FilterColumn[]>;

/** Filters that are lists of ids, and the field that they are about. */
const FIELD_OF_IDS = { orderIds: 'orderId', traceIds: 'traceId', correlationIds: 'correlationId' } as const;

export type FilterColumn =
  'strategy' | 'venue' | 'symbol' | 'account' | 'agent' | 'service' | 'execution' | keyof typeof FIELD_OF_IDS;

/** The field of a row that the filter looks at. */
export function fieldOf(column: FilterColumn): string {
  return column in FIELD_OF_IDS ? FIELD_OF_IDS[column as keyof typeof FIELD_OF_IDS] : column;
}

export function passesFilter(row: EventRow, filter: EventFilter): boolean {
  if (row.timeNanos < filter.startNanos || row.timeNanos >= filter.endNanos) return false;
  const columns: readonly FilterColumn[] = FILTER_COLUMNS[row.table];
  return columns.every((column) => {
    const wanted: readonly string[] | undefined = filter[column];
    return wanted === undefined || wanted.length === 0 || wanted.includes(String(Reflect.get(row, fieldOf(column))));
  });
}
