/**
 * The event tables' columns in the order of the schema. A column's field is its name in camel case, so one list serves
 * writing, reading and the schema test.
 */
import {
  BIGINT,
  BLOB,
  blobValue,
  DOUBLE,
  DuckDBBlobValue,
  DuckDBMapValue,
  DuckDBListValue,
  LIST,
  listValue,
  MAP,
  mapValue,
  UBIGINT,
  VARCHAR,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { EventRow, EventTable } from '@tapewatch/core';
import type { Column } from './columns.ts';

type ColumnType = readonly [name: string, type: DuckDBType];

const text = (name: string): ColumnType => [name, VARCHAR];
const number = (name: string): ColumnType => [name, DOUBLE];
const stamp = (name: string): ColumnType => [name, BIGINT];
const numbers = (name: string): ColumnType => [name, LIST(DOUBLE)];

export const EVENT_COLUMNS: Readonly<Record<EventTable, readonly ColumnType[]>> = {
  orders: [
    ...[text('id'), stamp('time_nanos'), text('order_id'), text('event'), stamp('sent_nanos')],
    ...[text('venue'), text('symbol'), text('strategy'), text('account'), text('side'), text('order_type')],
    ...[number('quantity'), number('price'), number('filled_quantity'), number('arrival_mid'), text('reason')],
    ...[stamp('decision_nanos'), number('decision_mid'), text('correlation_id')],
  ],
  fills: [
    ...[text('id'), stamp('time_nanos'), text('order_id'), text('venue'), text('symbol'), text('strategy')],
    ...[text('account'), text('side'), number('quantity'), number('price'), text('currency')],
    ...[number('fee'), text('fee_currency'), text('liquidity')],
    ...[text('execution'), text('refers_to')],
  ],
  quotes: [
    ...[stamp('time_nanos'), stamp('exchange_nanos'), text('venue'), text('symbol')],
    ...[number('bid'), number('bid_size'), number('ask'), number('ask_size'), ['sequence', UBIGINT] as const],
  ],
  market_trades: [
    ...[text('id'), stamp('time_nanos'), stamp('exchange_nanos'), text('venue'), text('symbol')],
    ...[number('price'), number('quantity'), text('aggressor')],
  ],
  book_levels: [
    ...[stamp('time_nanos'), stamp('exchange_nanos'), text('venue'), text('symbol'), text('kind')],
    ...[numbers('bid_prices'), numbers('bid_sizes'), numbers('ask_prices'), numbers('ask_sizes')],
    ['sequence', UBIGINT],
  ],
  positions: [
    ...[stamp('time_nanos'), text('kind'), text('account'), text('venue'), text('symbol'), text('strategy')],
    ...[number('quantity'), number('average_price'), number('mark'), text('currency')],
    ...[number('quantity_limit'), number('max_positions')],
  ],
  signals: [
    ...[text('id'), stamp('time_nanos'), text('signal_id'), text('event'), text('agent'), text('symbol')],
    ...[text('strategy'), number('prediction'), number('confidence'), number('consensus'), number('outcome')],
    ...[stamp('horizon_nanos'), text('reason'), text('correlation_id')],
  ],
  cash_flows: [
    ...[text('id'), stamp('time_nanos'), text('kind'), text('account'), text('currency'), number('amount')],
    ...[text('venue'), text('symbol'), text('strategy')],
  ],
  fx_rates: [stamp('time_nanos'), text('base'), text('quote'), number('rate'), text('source')],
  exchange_status: [
    ...[stamp('time_nanos'), text('venue'), text('api'), text('connection')],
    ...[number('requests_remaining'), number('requests_limit'), text('message'), number('latency_seconds')],
  ],
  spans: [
    ...[stamp('time_nanos'), stamp('end_nanos'), text('trace_id'), text('span_id'), text('parent_span_id')],
    ...[text('name'), text('kind'), text('service'), text('host'), text('status'), text('status_message')],
    ...[['attributes', MAP(VARCHAR, VARCHAR)] as const, text('correlation_id')],
  ],
  health_results: [stamp('time_nanos'), text('component'), text('instance'), text('status'), text('message')],
  events: [
    ...[stamp('time_nanos'), text('service_name'), text('instance_id'), text('event_type')],
    ...[text('metric_name'), number('metric_value'), ['labels', MAP(VARCHAR, VARCHAR)] as const],
    ...[number('duration_ms'), text('user_id'), text('correlation_id')],
  ],
  dead_letters: [
    ...[stamp('time_nanos'), text('stream'), text('subject'), text('reason'), text('detail')],
    ['payload', BLOB],
  ],
};

/** The columns of `rows`, which all belong to `table`. */
export function eventColumns(table: EventTable, rows: readonly EventRow[]): Column[] {
  return EVENT_COLUMNS[table].map(([name, type]) => {
    const field = camelCase(name);
    return { type, at: (row) => toValue((rows[row] as unknown as Readonly<Record<string, unknown>>)[field]) };
  });
}

/** The name of a table in the file: `positions` are the store's own, of durable logs. */
export function relationOf(table: EventTable): string {
  return table === 'positions' ? 'position_snapshots' : table;
}

export function columnNames(table: EventTable): string[] {
  return EVENT_COLUMNS[table].map(([name]) => name);
}

/** A column's name from its field. */
export function snakeCase(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The field of a column. */
export function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function toValue(field: unknown): DuckDBValue {
  if (field instanceof Uint8Array) return blobValue(field);
  if (typeof field !== 'object' || field === null) return field as DuckDBValue;
  if (Array.isArray(field)) return listValue(field as DuckDBValue[]);
  return mapValue(Object.entries(field as Readonly<Record<string, string>>).map(([key, value]) => ({ key, value })));
}

export function fromValue(value: DuckDBValue): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof DuckDBBlobValue) return new Uint8Array(value.bytes);
  if (value instanceof DuckDBListValue) return value.items;
  if (value instanceof DuckDBMapValue)
    return Object.fromEntries(value.entries.map(({ key, value: text }) => [key, text]));
  return value;
}
