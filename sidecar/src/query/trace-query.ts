/**
 * Answers one order's path as a trace for Grafana's trace view: the spans that name the order or its correlation id, and the
 * steps of the order itself as spans of the service `orders`, so that an order without any instrumentation has a path too.
 * Any of the three ids finds the others. Stamps are milliseconds, as Grafana's trace frames have them.
 */
import type { TraceQuery } from '@tapewatch/contract';
import {
  hopsBetween,
  orderHops,
  orderKey,
  type Fill,
  type Notice,
  type OrderEvent,
  type Span,
  type Table,
  type TableField,
} from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import type { EventFilter, EventRowByTable, QueryEnvelope, StoreReader } from '../ports.ts';
import { MAX_TRACE_ROWS } from './limit.ts';
import { emptyTable } from './promql-table.ts';
import { endNanosOf, startNanosOf } from './trading-read.ts';

export async function runTrace(
  query: TraceQuery,
  envelope: QueryEnvelope,
  reader: StoreReader,
  signal?: AbortSignal,
): Promise<Table[]> {
  const { orderId, correlationId, traceId } = query;
  const asked = [orderId, correlationId, traceId].filter((id) => id !== '');
  if (asked.length === 0)
    throw new TapewatchError(
      'query.invalid',
      'orderId, correlationId, traceId: all are empty; a trace needs one of them',
    );
  const range = { startNanos: startNanosOf(envelope), endNanos: endNanosOf(envelope) };
  const executedQuery = `trace of ${asked.join(', ')}`;
  const cut = new Set<string>();
  const read: Read = async (table, ids) => {
    const found = await reader.events(table, { ...range, ...ids, limit: MAX_TRACE_ROWS + 1 }, signal);
    if (found.length > MAX_TRACE_ROWS) cut.add(table);
    return found.slice(0, MAX_TRACE_ROWS);
  };
  const { orders, spans } = await gather(new Set(asked), read);
  const orderIds = [...new Set(orders.map((order) => order.orderId))];
  const fills = orderIds.length === 0 ? [] : await read('fills', { orderIds });
  const rows = [...spans.map(rowOf), ...orderRows(orders, fills, spans)];
  if (rows.length === 0) return [emptyTable('table', executedQuery)];
  const table = emptyTable('table', executedQuery, cutNotice([...cut]));
  return [{ ...table, name: 'Trace', fields: fieldsOf(rows), visualisation: 'trace' }];
}

function cutNotice(tables: readonly string[]): Notice[] {
  if (tables.length === 0) return [];
  const text = `more than ${MAX_TRACE_ROWS} rows of ${tables.join(', ')} name these ids: the first ones of the range are shown; shorten the range or ask by the id of the order`;
  return [{ severity: 'warning', text }];
}

/** At most `MAX_TRACE_ROWS` of the range that name one of the ids. */
type Read = <T extends 'orders' | 'fills' | 'spans'>(
  table: T,
  ids: Pick<EventFilter, 'orderIds' | 'correlationIds' | 'traceIds'>,
) => Promise<EventRowByTable[T][]>;

/** Each round asks by the names that the last one found: a correlation id leads to the order, its id to the spans. */
const ROUNDS = 3;

async function gather(
  names: Set<string>,
  read: Read,
): Promise<{ readonly orders: readonly OrderEvent[]; readonly spans: readonly Span[] }> {
  let orders: OrderEvent[] = [];
  let spans: Span[] = [];
  for (let round = 0, known = 0; round < ROUNDS && names.size > known; round++) {
    known = names.size;
    const ids = [...names];
    orders = distinct(
      [...(await read('orders', { orderIds: ids })), ...(await read('orders', { correlationIds: ids }))],
      (order) => `${orderKey(order)}\u0000${order.id}`,
    );
    spans = distinct(
      [...(await read('spans', { correlationIds: ids })), ...(await read('spans', { traceIds: ids }))],
      (span) => `${span.traceId} ${span.spanId} ${span.kind} ${span.timeNanos}`,
    );
    for (const order of orders) for (const id of [order.orderId, order.correlationId]) if (id !== '') names.add(id);
    for (const span of spans) for (const id of [span.traceId, span.correlationId]) if (id !== '') names.add(id);
  }
  return { orders, spans };
}

interface TraceRow {
  readonly traceID: string;
  readonly spanID: string;
  readonly parentSpanID: string;
  readonly operationName: string;
  readonly serviceName: string;
  readonly kind: string;
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly startTime: number;
  readonly duration: number;
  readonly serviceTags: readonly Tag[];
  readonly tags: readonly Tag[];
  readonly logs: readonly Log[];
}

/** As Grafana's trace view reads them. */
interface Tag {
  readonly key: string;
  readonly value: string | number;
}

interface Log {
  /** Milliseconds. */
  readonly timestamp: number;
  readonly fields: readonly Tag[];
}

/** Only what is told. */
function tagsOf(told: Readonly<Record<string, string | number | null>>): Tag[] {
  return Object.entries(told).flatMap(([key, value]) => (value === null || value === '' ? [] : [{ key, value }]));
}

const STATUS_CODES = { unset: 0, ok: 1, error: 2 } as const;

function rowOf(span: Span): TraceRow {
  return {
    traceID: span.traceId,
    spanID: span.spanId,
    parentSpanID: span.parentSpanId,
    operationName: span.name,
    serviceName: span.service,
    kind: span.kind,
    statusCode: STATUS_CODES[span.status],
    statusMessage: span.statusMessage,
    startTime: msOf(span.timeNanos),
    duration: Number(span.endNanos - span.timeNanos) / 1e6,
    serviceTags: tagsOf({ 'host.name': span.host }),
    tags: tagsOf({ correlation_id: span.correlationId, ...span.attributes }),
    logs: [],
  };
}

/** Each step of the order and each execution, at its moment. */
function logsOf(orders: readonly OrderEvent[], fills: readonly Fill[]): Log[] {
  const steps = orders.map(({ timeNanos, event, reason }) => ({ timeNanos, told: { event, reason } }));
  const executions = fills.map(({ timeNanos, execution, id, quantity, price, currency, fee, liquidity }) => ({
    timeNanos,
    told: { execution, id, quantity, price, currency, fee, liquidity },
  }));
  return [...steps, ...executions]
    .sort((a, b) => (a.timeNanos < b.timeNanos ? -1 : 1))
    .map(({ timeNanos, told }) => ({ timestamp: msOf(timeNanos), fields: tagsOf(told) }));
}

function orderTags({ orderId, venue, strategy, account, orderType, price, correlationId }: OrderEvent): Tag[] {
  const told = { order_id: orderId, correlation_id: correlationId, venue, strategy, account };
  return tagsOf({ ...told, order_type: orderType, price });
}

/** Per order a span from its first to its last stamp, below it one for each step; below the root of its trace if it has one. */
function orderRows(orders: readonly OrderEvent[], fills: readonly Fill[], spans: readonly Span[]): TraceRow[] {
  const fillsOf = groupedBy(fills, orderKey);
  const named = groupedBy(spans, ({ correlationId }) => correlationId);
  const traced = groupedBy(spans, ({ traceId }) => traceId);
  return [...groupedBy(orders, orderKey)].flatMap(([key, events]) => {
    const sorted = [...events].sort((a, b) => (a.timeNanos < b.timeNanos ? -1 : 1));
    const [first] = sorted;
    if (first === undefined) return [];
    const own = fillsOf.get(key) ?? [];
    const spanOf = [
      named.get(first.orderId),
      ...(first.correlationId === '' ? [] : [named.get(first.correlationId), traced.get(first.correlationId)]),
    ].find((found) => found !== undefined)?.[0];
    const traceID = spanOf?.traceId ?? (first.correlationId || first.orderId);
    const root = traced.get(traceID)?.find((span) => span.parentSpanId === '');
    const rejected = sorted.find(({ event }) => event === 'reject');
    const base = { traceID, serviceName: 'orders', kind: 'internal', statusMessage: rejected?.reason ?? '' };
    const steps = stepsOf(sorted, own);
    const spanID = `order-${first.orderId}`;
    const whole = {
      ...{
        ...base,
        spanID,
        parentSpanID: root?.spanId ?? '',
        operationName: `${first.side} ${first.quantity} ${first.symbol}`,
      },
      ...{ statusCode: rejected === undefined ? STATUS_CODES.unset : STATUS_CODES.error },
      ...{ serviceTags: [], tags: orderTags(first), logs: logsOf(sorted, own) },
      ...spanning(steps),
    };
    const parts = steps.map(({ name, from, to }, i): TraceRow => ({
      ...{
        ...base,
        spanID: `${spanID}-${i}`,
        parentSpanID: spanID,
        operationName: name,
        statusCode: STATUS_CODES.unset,
      },
      ...{ startTime: msOf(from), duration: Number(to - from) / 1e6, serviceTags: [], tags: [], logs: [] },
    }));
    return [whole, ...parts];
  });
}

/** Each group keeps the order of the rows. */
function groupedBy<Row>(rows: readonly Row[], keyOf: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
}

interface Step {
  readonly name: string;
  readonly from: bigint;
  readonly to: bigint;
}

/** From the hops to the first fill (or the ack where there is none), then each further event from the one before. */
function stepsOf(orders: readonly OrderEvent[], fills: readonly Fill[]): Step[] {
  const way = orderHops(orders, fills, 'fill')[0] ?? orderHops(orders, fills, 'ack')[0];
  const steps: Step[] = [];
  let reached = way?.timeNanos ?? orders[0]?.timeNanos ?? 0n;
  for (const { name, nanos } of way?.hops ?? []) {
    steps.push({ name, from: reached, to: reached + BigInt(nanos) });
    reached += BigInt(nanos);
  }
  const later = [
    ...orders.map(({ timeNanos, event }) => ({ name: event as string, host: '', timeNanos })),
    ...fills.map(({ timeNanos, execution }) => ({
      name: execution === 'new' ? 'fill' : execution,
      host: '',
      timeNanos,
    })),
  ]
    .filter(({ timeNanos }) => timeNanos > reached)
    .sort((a, b) => (a.timeNanos < b.timeNanos ? -1 : 1));
  const rest = hopsBetween('', [{ name: lastOf(steps), host: '', timeNanos: reached }, ...later]);
  for (const { name, nanos } of rest?.hops ?? []) {
    steps.push({ name, from: reached, to: reached + BigInt(nanos) });
    reached += BigInt(nanos);
  }
  return steps.length > 0 ? steps : [{ name: orders[0]?.event ?? '', from: reached, to: reached }];
}

/** Where the last step led. */
function lastOf(steps: readonly Step[]): string {
  return steps[steps.length - 1]?.name.split(' → ')[1] ?? 'start';
}

function spanning(steps: readonly Step[]): { startTime: number; duration: number } {
  const [from, to] = [steps[0]?.from ?? 0n, steps[steps.length - 1]?.to ?? 0n];
  return { startTime: msOf(from), duration: Number(to - from) / 1e6 };
}

/** Fractions of a millisecond too: a double holds stamps of this century to a quarter of a microsecond. */
function msOf(nanos: bigint): number {
  return Number(nanos / 1_000_000n) + Number(nanos % 1_000_000n) / 1e6;
}

/** Ascending by time. */
function distinct<Row extends OrderEvent | Span>(rows: readonly Row[], keyOf: (row: Row) => string): Row[] {
  return [...new Map(rows.map((row) => [keyOf(row), row])).values()].sort((a, b) =>
    a.timeNanos < b.timeNanos ? -1 : a.timeNanos > b.timeNanos ? 1 : 0,
  );
}

function fieldsOf(rows: readonly TraceRow[]): TableField[] {
  const document = (name: 'serviceTags' | 'tags' | 'logs'): TableField => ({
    name,
    type: 'json',
    values: rows.map((row) => JSON.stringify(row[name])),
  });
  const text = (name: keyof TraceRow): TableField => ({
    name,
    type: 'string',
    values: rows.map((row) => String(row[name])),
  });
  const number = (name: 'startTime' | 'duration' | 'statusCode', unit?: string): TableField => ({
    ...{ name, type: 'number', values: rows.map((row) => row[name]) },
    ...(unit === undefined ? {} : { unit }),
  });
  return [
    ...(['traceID', 'spanID', 'parentSpanID', 'operationName', 'serviceName', 'kind'] as const).map(text),
    ...[number('statusCode'), text('statusMessage'), number('startTime'), number('duration', 'ms')],
    ...(['serviceTags', 'tags', 'logs'] as const).map(document),
  ];
}
