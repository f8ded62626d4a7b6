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
import { MAX_LATENCY_ROWS, refuseRowsBeyond } from './limit.ts';

export interface Ways {
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
  const orders = await read('orders', { ...query.filters, ...range });
  const fills = await read('fills', { ...query.filters, ...range });
  const spans = query.source === 'orders' ? [] : await read('spans', widened(range));
  if (spans.length > 0 || query.source === 'spans')
    return waysOfSpans(startingWithin(spans, range), orders, fills, query);
  const traces = orderHops(orders, fills, query.until);
  return { source: 'orders', traces, offsets: [], incomplete: 0, orders, fills, orderOf: (id) => id };
}

type Read = <T extends 'orders' | 'fills' | 'spans'>(
  table: T,
  filter: NanosRange & Partial<LatencyAttributionQuery['filters']>,
) => Promise<EventRowByTable[T][]>;

function rowsOf(reader: StoreReader, signal?: AbortSignal): Read {
  return async (table, filter) => {
    const rows = await reader.events(table, { ...filter, limit: MAX_LATENCY_ROWS + 1 }, signal);
    refuseRowsBeyond(MAX_LATENCY_ROWS, rows.length, table);
    return rows;
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
  fills: readonly Fill[],
  { filters, operation }: LatencyAttributionQuery,
): Ways {
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
  return { source: 'spans', traces, offsets, incomplete, orders, fills, orderOf: (id) => orderOfTrace.get(id) };
}
