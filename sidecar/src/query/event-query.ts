/** Rows of one event table in the range, newest first, one column per field of the event. */
import type { TapewatchQueryDocument } from '@tapewatch/contract';
import type { EventTable, Notice, Table, TableField } from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import type { EventRowByTable, QueryEnvelope, StoreReader } from '../ports.ts';
import { emptyTable } from './promql-table.ts';
import { endNanosOf, startNanosOf } from './trading-read.ts';

export type EventsQuery = Extract<TapewatchQueryDocument, { queryType: 'events' }>;

type ColumnType = Exclude<TableField['type'], 'json'>;
type ColumnsOf<T extends EventTable> = readonly (readonly [key: keyof EventRowByTable[T] & string, type: ColumnType])[];

const COLUMNS: { readonly [T in EventTable]: ColumnsOf<T> } = {
  orders: [
    ['timeNanos', 'time'],
    ...texts('event', 'orderId', 'venue', 'symbol', 'strategy', 'account', 'side', 'orderType'),
    ...numbers('quantity', 'price', 'filledQuantity', 'arrivalMid'),
    ['sentNanos', 'time'],
    ['decisionNanos', 'time'],
    ['decisionMid', 'number'],
    ...texts('reason', 'id', 'correlationId'),
  ],
  fills: [
    ['timeNanos', 'time'],
    ...texts('orderId', 'venue', 'symbol', 'strategy', 'account', 'side'),
    ...numbers('quantity', 'price'),
    ['currency', 'string'],
    ['fee', 'number'],
    ...texts('feeCurrency', 'liquidity', 'id', 'execution', 'refersTo'),
  ],
  quotes: [
    ['timeNanos', 'time'],
    ['exchangeNanos', 'time'],
    ...texts('venue', 'symbol'),
    ...numbers('bid', 'bidSize', 'ask', 'askSize'),
    ['sequence', 'string'],
  ],
  market_trades: [
    ['timeNanos', 'time'],
    ['exchangeNanos', 'time'],
    ...texts('venue', 'symbol', 'aggressor'),
    ...numbers('price', 'quantity'),
    ['id', 'string'],
  ],
  book_levels: [
    ['timeNanos', 'time'],
    ['exchangeNanos', 'time'],
    ...texts('venue', 'symbol', 'kind', 'bidPrices', 'bidSizes', 'askPrices', 'askSizes', 'sequence'),
  ],
  positions: [
    ['timeNanos', 'time'],
    ...texts('kind', 'account', 'venue', 'symbol', 'strategy'),
    ...numbers('quantity', 'averagePrice', 'mark'),
    ['currency', 'string'],
    ...numbers('quantityLimit', 'maxPositions'),
  ],
  signals: [
    ['timeNanos', 'time'],
    ...texts('event', 'agent', 'symbol', 'strategy'),
    ...numbers('prediction', 'confidence', 'consensus', 'outcome'),
    ...texts('horizonNanos', 'reason', 'signalId', 'id', 'correlationId'),
  ],
  cash_flows: [
    ['timeNanos', 'time'],
    ...texts('kind', 'account', 'currency'),
    ['amount', 'number'],
    ...texts('venue', 'symbol', 'strategy', 'id'),
  ],
  fx_rates: [['timeNanos', 'time'], ...texts('base', 'quote'), ['rate', 'number'], ['source', 'string']],
  exchange_status: [
    ['timeNanos', 'time'],
    ...texts('venue', 'api', 'connection'),
    ...numbers('requestsRemaining', 'requestsLimit', 'latencySeconds'),
    ['message', 'string'],
  ],
  spans: [
    ['timeNanos', 'time'],
    ['endNanos', 'time'],
    ...texts('service', 'name', 'kind', 'status', 'host', 'traceId', 'spanId', 'parentSpanId'),
    ...texts('statusMessage', 'attributes', 'correlationId'),
  ],
  health_results: [['timeNanos', 'time'], ...texts('component', 'instance', 'status', 'message')],
  events: [
    ['timeNanos', 'time'],
    ...texts('serviceName', 'instanceId', 'eventType', 'metricName'),
    ['metricValue', 'number'],
    ['labels', 'string'],
    ['durationMs', 'number'],
    ...texts('userId', 'correlationId'),
  ],
  dead_letters: [['timeNanos', 'time'], ...texts('stream', 'subject', 'reason', 'detail', 'payload')],
};

const TABLES_OF_ORDERS: ReadonlySet<EventTable> = new Set<EventTable>(['orders', 'fills']);

const EXCERPT_BYTES = 512;

export async function runEvents(
  query: EventsQuery,
  envelope: QueryEnvelope,
  reader: StoreReader,
  signal?: AbortSignal,
): Promise<Table[]> {
  const { orderId } = query;
  if (orderId !== '' && !TABLES_OF_ORDERS.has(query.table)) {
    const text = `orderId: is "${orderId}", and rows of ${query.table} name no order; ask for orders or fills`;
    throw new TapewatchError('query.invalid', text);
  }
  const ofOrder = orderId === '' ? '' : ` of order ${orderId}`;
  const executedQuery = `events: ${query.table}${ofOrder}, newest ${query.limit}`;
  const range = { startNanos: startNanosOf(envelope), endNanos: endNanosOf(envelope) };
  // One row more than asked tells whether something was cut.
  const orderIds = orderId === '' ? {} : { orderIds: [orderId] };
  const filter = { ...range, ...orderIds, limit: query.limit + 1, newestFirst: true };
  const found: readonly object[] = await reader.events(query.table, filter, signal);
  const rows = found.slice(0, query.limit);
  if (rows.length === 0) return [emptyTable('table', executedQuery)];
  const text = `showing the newest ${query.limit} rows of the range; raise the limit or shorten the range to see more`;
  const notices: Notice[] = found.length > rows.length ? [{ severity: 'info', text }] : [];
  const columns: readonly (readonly [string, ColumnType])[] = COLUMNS[query.table];
  const fields = columns.map(([key, type]) => ({ ...fieldOf(key, type, rows), ...widthOf(key, type) }));
  return [{ ...emptyTable('table', executedQuery, notices), fields, visualisation: 'table' }];
}

/** Milliseconds and ids are what one looks for, and what Grafana's usual column cuts off. */
const WIDTHS: Readonly<Record<string, number>> = { orderId: 180, correlationId: 180, detail: 360, message: 360 };
const TIME_WIDTH = 190;

function widthOf(key: string, type: ColumnType): { readonly width?: number } {
  const width = type === 'time' ? TIME_WIDTH : WIDTHS[key];
  return width === undefined ? {} : { width };
}

function fieldOf(key: string, type: ColumnType, rows: readonly object[]): TableField {
  const name = key === 'timeNanos' ? 'time' : key.replace(/Nanos$/, 'Time');
  const cells = rows.map((row): unknown => Reflect.get(row, key));
  switch (type) {
    case 'time':
      return { name, type, values: cells.map((cell) => (typeof cell === 'bigint' ? cell : null)) };
    case 'number':
      return { name, type, values: cells.map((cell) => (typeof cell === 'number' ? cell : null)) };
    case 'boolean':
      return { name, type, values: cells.map((cell) => (typeof cell === 'boolean' ? cell : null)) };
    case 'string':
      return { name, type, values: cells.map(textOf) };
  }
}

function textOf(cell: unknown): string | null {
  if (cell === null || cell === undefined) return null;
  if (cell instanceof Uint8Array) return Buffer.from(cell.subarray(0, EXCERPT_BYTES)).toString('utf8');
  return typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
}

function texts<K extends string>(...keys: readonly K[]): (readonly [K, 'string'])[] {
  return keys.map((key) => [key, 'string'] as const);
}

function numbers<K extends string>(...keys: readonly K[]): (readonly [K, 'number'])[] {
  return keys.map((key) => [key, 'number'] as const);
}
