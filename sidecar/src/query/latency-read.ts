/**
 * Reads the ways of orders: from spans where there are some, else from the orders' own events. Filters are those of orders; a
 * span belongs to an order that names the same correlation id, or whose id it names.
 */
import type { LatencyAttributionQuery } from '@tapewatch/contract';
import {
  orderHops,
  orderKey,
  spanHops,
  type Fill,
  type HopTrace,
  type HostOffset,
  type OrderEvent,
  type Span,
} from '@tapewatch/core';
import type { EventRowByTable, StoreReader } from '../ports.ts';
import { MAX_LATENCY_ROWS } from './limit.ts';

export interface Ways {
  /** What was read of the asked range: its newest part where it has more rows than a query reads. */
  readonly range: NanosRange;
  readonly source: 'spans' | 'orders';
  /** Ascending by time. */
  readonly traces: readonly HopTrace[];
  readonly offsets: readonly HostOffset[];
  /** Traces that miss spans. */
  readonly incomplete: number;
  readonly orders: readonly OrderEvent[];
  readonly fills: readonly Fill[];
  /** The key of the order (`orderKey`) that a trace is of; undefined where it names none. */
  readonly orderOf: (traceId: string) => string | undefined;
}

export interface NanosRange {
  readonly startNanos: bigint;
  /** Exclusive. */
  readonly endNanos: bigint;
}

export async function readWays(
  reader: StoreReader,
  range: NanosRange,
  query: LatencyAttributionQuery,
  signal?: AbortSignal,
): Promise<Ways> {
  const read = rowsOf(reader, signal);
  const spans = query.source === 'orders' ? WHOLE : await read('spans', widened(range));
  const orders = await read('orders', { ...query.filters, ...range });
  const fills = await read('fills', { ...query.filters, ...range });
  // Where one table was cut, all begin there: a way needs every part of it.
  const since = [spans, orders, fills].reduce(
    (latest, rows) => (rows.since > latest ? rows.since : latest),
    range.startNanos,
  );
  const present = { startNanos: since, endNanos: range.endNanos };
  const within = <Row extends OrderEvent | Fill>({ rows }: Newest<Row>): Row[] =>
    rows.filter(({ timeNanos }) => timeNanos >= since);
  const parts = { orders: within(orders), fills: within(fills), range: present };
  if (spans.rows.length > 0 || query.source === 'spans')
    return { ...waysOfSpans(startingWithin(spans.rows, present), parts.orders, query), ...parts };
  const traces = orderHops(parts.orders, parts.fills, query.until);
  return { source: 'orders', traces, offsets: [], incomplete: 0, orderOf: (id) => id, ...parts };
}

interface Newest<Row> {
  /** Ascending by time. */
  readonly rows: readonly Row[];
  /** Before this there is more that was not read; 0 where nothing was left out. */
  readonly since: bigint;
}

const WHOLE = { rows: [], since: 0n };

type Read = <T extends 'orders' | 'fills' | 'spans'>(
  table: T,
  filter: NanosRange & Partial<LatencyAttributionQuery['filters']>,
) => Promise<Newest<EventRowByTable[T]>>;

function rowsOf(reader: StoreReader, signal?: AbortSignal): Read {
  return async (table, filter) => {
    const newest = { ...filter, limit: MAX_LATENCY_ROWS + 1, newestFirst: true };
    const rows = (await reader.events(table, newest, signal)).reverse();
    return rows.length > MAX_LATENCY_ROWS
      ? { rows: rows.slice(1), since: rows[1]?.timeNanos ?? 0n }
      : { rows, since: 0n };
  };
}

/** Spans of a trace that begins at the range's edge lie beyond it, more so where a host's clock is off. */
const MARGIN_NANOS = 5_000_000_000n;

function widened({ startNanos, endNanos }: NanosRange): NanosRange {
  return { startNanos: startNanos - MARGIN_NANOS, endNanos: endNanos + MARGIN_NANOS };
}

/** Of traces whose root is in the range, all spans. Traces without a root are counted as incomplete later. */
function startingWithin(spans: readonly Span[], { startNanos, endNanos }: NanosRange): Span[] {
  const outside = new Set<string>();
  for (const { parentSpanId, traceId, timeNanos } of spans)
    if (parentSpanId === '' && (timeNanos < startNanos || timeNanos >= endNanos)) outside.add(traceId);
  return spans.filter(({ traceId }) => !outside.has(traceId));
}

function waysOfSpans(
  spans: readonly Span[],
  orders: readonly OrderEvent[],
  { filters, operation }: LatencyAttributionQuery,
): Omit<Ways, 'orders' | 'fills' | 'range'> {
  const byCorrelation = new Map<string, string>();
  for (const order of orders) {
    byCorrelation.set(order.orderId, orderKey(order));
    if (order.correlationId !== '') byCorrelation.set(order.correlationId, orderKey(order));
  }
  const orderOfTrace = new Map<string, string>();
  const roots = new Map<string, string>();
  for (const { traceId, correlationId, parentSpanId, name } of spans) {
    const order = byCorrelation.get(correlationId) ?? byCorrelation.get(traceId);
    if (order !== undefined) orderOfTrace.set(traceId, order);
    if (parentSpanId === '') roots.set(traceId, name);
  }
  const filtered = [filters.strategy, filters.venue, filters.symbol, filters.account].some((list) => list.length > 0);
  const wanted = spans.filter(
    ({ traceId }) => (!filtered || orderOfTrace.has(traceId)) && (operation === '' || roots.get(traceId) === operation),
  );
  const { traces, offsets, incomplete } = spanHops(wanted);
  return { source: 'spans', traces, offsets, incomplete, orderOf: (id) => orderOfTrace.get(id) };
}
