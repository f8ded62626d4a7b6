/**
 * What belongs to a trace: spans and orders that share ids, where any of three ids (order, correlation, trace) finds the
 * others. A read is bounded; what was cut is said.
 */
import { orderKey, type Fill, type OrderEvent, type Span } from '@tapewatch/core';
import type { EventFilter, EventRowByTable, NanosRange, StoreReader } from '../ports.ts';
import { MAX_TRACE_ROWS } from './limit.ts';

type Ids = Pick<EventFilter, 'orderIds' | 'correlationIds' | 'traceIds'>;

/** Rows of a range by ids, at most `MAX_TRACE_ROWS` each time. */
export class TraceReads {
  readonly #reader: StoreReader;
  readonly #range: NanosRange;
  readonly #signal: AbortSignal | undefined;
  readonly #cut = new Set<string>();

  constructor(reader: StoreReader, range: NanosRange, signal?: AbortSignal) {
    this.#reader = reader;
    this.#range = range;
    this.#signal = signal;
  }

  async rows<T extends 'orders' | 'fills' | 'spans'>(table: T, ids: Ids): Promise<EventRowByTable[T][]> {
    const filter = { ...this.#range, ...ids, limit: MAX_TRACE_ROWS + 1 };
    const found = await this.#reader.events(table, filter, this.#signal);
    if (found.length > MAX_TRACE_ROWS) this.#cut.add(table);
    return found.slice(0, MAX_TRACE_ROWS);
  }

  /** Says that rows were cut, with what to do about it. */
  notice(remedy: string): string | undefined {
    if (this.#cut.size === 0) return undefined;
    const tables = [...this.#cut].join(', ');
    return `more than ${MAX_TRACE_ROWS} rows of ${tables} name these ids: the first ones of the range are shown; ${remedy}`;
  }
}

/** Each round asks by the names that the last one found: a correlation id leads to the order, its id to the spans. */
const ROUNDS = 3;

export async function gather(
  names: Set<string>,
  reads: TraceReads,
): Promise<{ readonly orders: readonly OrderEvent[]; readonly spans: readonly Span[] }> {
  let orders: OrderEvent[] = [];
  let spans: Span[] = [];
  for (let round = 0, known = 0; round < ROUNDS && names.size > known; round++) {
    known = names.size;
    const ids = [...names];
    orders = await ordersNaming(ids, reads);
    spans = distinct(
      [...(await reads.rows('spans', { correlationIds: ids })), ...(await reads.rows('spans', { traceIds: ids }))],
      (span) => `${span.traceId} ${span.spanId} ${span.kind} ${span.timeNanos}`,
    );
    for (const order of orders) for (const id of [order.orderId, order.correlationId]) if (id !== '') names.add(id);
    for (const span of spans) for (const id of [span.traceId, span.correlationId]) if (id !== '') names.add(id);
  }
  return { orders, spans };
}

/** Steps of orders that have, or name, one of the ids. */
export async function ordersNaming(ids: readonly string[], reads: TraceReads): Promise<OrderEvent[]> {
  return distinct(
    [...(await reads.rows('orders', { orderIds: ids })), ...(await reads.rows('orders', { correlationIds: ids }))],
    (order) => `${orderKey(order)}\u0000${order.id}`,
  );
}

export async function fillsOf(orders: readonly OrderEvent[], reads: TraceReads): Promise<Fill[]> {
  const orderIds = [...new Set(orders.map((order) => order.orderId))];
  return orderIds.length === 0 ? [] : reads.rows('fills', { orderIds });
}

/** Ascending by time. */
function distinct<Row extends OrderEvent | Span>(rows: readonly Row[], keyOf: (row: Row) => string): Row[] {
  return [...new Map(rows.map((row) => [keyOf(row), row])).values()].sort((a, b) =>
    a.timeNanos < b.timeNanos ? -1 : a.timeNanos > b.timeNanos ? 1 : 0,
  );
}
