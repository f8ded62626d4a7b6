/**
 * Reads the ways of orders: from spans where there are some, else from the orders' own events. Filters are those of orders; a
 * span belongs to an order that names the same correlation id, or whose id it names. Of more traces than may be read, the
 * slow ones and a share of the others are read, with their orders alone.
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
import type { EventFilter, EventRowByTable, StoreReader, TraceSample } from '../ports.ts';
import { MAX_LATENCY_ROWS, MAX_ORDER_IDS_PER_READ, MAX_ROWS, refuseTooManyRows } from './limit.ts';

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
  /** Which traces were read; null where all were. */
  readonly sample: TraceSample | null;
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
  const sample = await sampleOf(reader, range, query, signal);
  return sample === undefined
    ? readNewest(reader, range, query, signal)
    : readSample(reader, { range, query, sample }, signal);
}

async function sampleOf(
  reader: StoreReader,
  range: NanosRange,
  { source, operation, filters, quantile, halfWidth }: LatencyAttributionQuery,
  signal?: AbortSignal,
): Promise<TraceSample | undefined> {
  if (source === 'orders') return undefined;
  const request = { ...range, operation, orders: filters, quantile: quantile - halfWidth, rows: MAX_LATENCY_ROWS };
  return reader.traceSample?.(request, signal);
}

interface SampleRead {
  readonly range: NanosRange;
  readonly query: LatencyAttributionQuery;
  readonly sample: TraceSample;
}

/** The spans of the chosen traces, the orders that name them, and the fills of those orders. */
async function readSample(
  reader: StoreReader,
  { range, query, sample }: SampleRead,
  signal?: AbortSignal,
): Promise<Ways> {
  const read = idReader(reader, signal);
  const spans = await read('spans', widened(range), { traceIds: sample.ids });
  const named = [...new Set(spans.flatMap(({ traceId, correlationId }) => [traceId, correlationId]))].filter(Boolean);
  const ofOrders = { ...query.filters, ...range };
  const found = [
    ...(await read('orders', ofOrders, { correlationIds: named })),
    ...(await read('orders', ofOrders, { orderIds: named })),
  ];
  const orders = [...new Map(found.map((order) => [`${orderKey(order)}\u0000${order.id}`, order])).values()].sort(
    byTime,
  );
  const orderIds = [...new Set(orders.map(({ orderId }) => orderId))];
  const fills = await read('fills', ofOrders, { orderIds });
  const ways = waysOfSpans(startingWithin(spans.sort(byTime), range), orders, query);
  const weights = new Map(sample.ids.map((id, i) => [id, sample.weights[i] ?? 1]));
  const traces = ways.traces.map((trace) => ({ ...trace, weight: weights.get(trace.id) ?? 1 }));
  return { ...ways, traces, sample, orders, fills: fills.sort(byTime), range };
}

type IdFilter = Pick<EventFilter, 'traceIds' | 'correlationIds' | 'orderIds'>;

/** Reads rows that name one of many ids, so many ids at a time. */
function idReader(reader: StoreReader, signal?: AbortSignal) {
  return async <T extends 'orders' | 'fills' | 'spans'>(
    table: T,
    filter: EventFilter,
    ids: IdFilter,
  ): Promise<EventRowByTable[T][]> => {
    const [[column, list] = ['traceIds', []]] = Object.entries(ids) as [keyof IdFilter, readonly string[]][];
    const rows: EventRowByTable[T][] = [];
    for (let from = 0; from < list.length; from += MAX_ORDER_IDS_PER_READ) {
      const some = { ...filter, [column]: list.slice(from, from + MAX_ORDER_IDS_PER_READ), limit: MAX_ROWS + 1 };
      for (const row of await reader.events(table, some, signal)) rows.push(row);
      refuseTooManyRows(rows.length, table);
    }
    return rows;
  };
}

function byTime(a: { readonly timeNanos: bigint }, b: { readonly timeNanos: bigint }): number {
  return a.timeNanos < b.timeNanos ? -1 : a.timeNanos > b.timeNanos ? 1 : 0;
}

async function readNewest(
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
  const parts = { orders: within(orders), fills: within(fills), range: present, sample: null };
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
): Omit<Ways, 'orders' | 'fills' | 'range' | 'sample'> {
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
