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
  HUGEINT,
  MAP,
  mapValue,
  VARCHAR,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { EventRow, EventTable } from '@tapewatch/core';
import type { EventRowByTable } from '../../ports.ts';
import type { Column } from './columns.ts';

type ColumnType = readonly [name: string, type: DuckDBType];

const text = (name: string): ColumnType => [name, VARCHAR];
const number = (name: string): ColumnType => [name, DOUBLE];
const stamp = (name: string): ColumnType => [name, BIGINT];

export const EVENT_COLUMNS: Readonly<Record<EventTable, readonly ColumnType[]>> = {
  orders: [
    ...[text('id'), stamp('time_nanos'), text('order_id'), text('event'), stamp('sent_nanos')],
    ...[text('venue'), text('symbol'), text('strategy'), text('account'), text('side'), text('order_type')],
    ...[number('quantity'), number('price'), number('filled_quantity'), number('arrival_mid'), text('reason')],
  ],
  fills: [
    ...[text('id'), stamp('time_nanos'), text('order_id'), text('venue'), text('symbol'), text('strategy')],
    ...[text('account'), text('side'), number('quantity'), number('price'), text('currency')],
    ...[number('fee'), text('fee_currency'), text('liquidity')],
  ],
  quotes: [
    ...[stamp('time_nanos'), stamp('exchange_nanos'), text('venue'), text('symbol')],
    ...[number('bid'), number('bid_size'), number('ask'), number('ask_size'), ['sequence', HUGEINT] as const],
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

export function columnNames(table: EventTable): string[] {
  return EVENT_COLUMNS[table].map(([name]) => name);
}

/** An event from the values of a row in the order of `columnNames`. */
export function eventFrom<T extends EventTable>(table: T, values: readonly DuckDBValue[]): EventRowByTable[T] {
  const fields = EVENT_COLUMNS[table].map(([name], i) => [camelCase(name), fromValue(values[i] ?? null)]);
  return { table, ...Object.fromEntries(fields) } as EventRowByTable[T];
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function toValue(field: unknown): DuckDBValue {
  if (field instanceof Uint8Array) return blobValue(field);
  if (typeof field !== 'object' || field === null) return field as DuckDBValue;
  return mapValue(Object.entries(field as Readonly<Record<string, string>>).map(([key, value]) => ({ key, value })));
}

function fromValue(value: DuckDBValue): unknown {
  if (value instanceof DuckDBBlobValue) return new Uint8Array(value.bytes);
  if (value instanceof DuckDBMapValue)
    return Object.fromEntries(value.entries.map(({ key, value: text }) => [key, text]));
  return value;
}
