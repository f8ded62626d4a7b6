/** A seeded desk whose gateway may be slow, with or without spans, and a query service over it. */
import {
  nanos,
  seededUniform,
  type EventRow,
  type EventTable,
  type Fill,
  type OrderEvent,
  type Quote,
  type Span,
} from '@tapewatch/core';
import type { AlertingView, EventFilter, EventRowByTable, StoreReader } from '../../ports.ts';
import { passesFilter } from '../../store/event-filter.ts';
import { exemplarFinder } from '../exemplar-query.ts';
import { createQueryService } from '../query-service.ts';

export const ENVELOPE = {
  startMs: 600_000,
  endMs: 1_199_999,
  intervalMs: 1_000,
  maxDataPoints: 1_000,
  fromAlert: false,
};
export const ns = (ms: number) => nanos(BigInt(Math.round(ms * 1e6)));

export function readerOver(rows: readonly EventRow[]): StoreReader {
  const ofTable = <T extends EventTable>(table: T) =>
    rows.filter((row) => row.table === table) as unknown as EventRowByTable[T][];
  const feeds = new Map<string, Quote[]>();
  for (const quote of ofTable('quotes')) {
    const feed = feeds.get(feedOf(quote));
    if (feed === undefined) feeds.set(feedOf(quote), [quote]);
    else feed.push(quote);
  }
  return {
    select: () => Promise.resolve([]),
    series: () => Promise.resolve([]),
    events: <T extends EventTable>(table: T, filter: EventFilter) =>
      Promise.resolve(
        ofTable(table)
          .filter((row) => passesFilter(row, filter))
          .sort((a, b) => (a.timeNanos < b.timeNanos === (filter.newestFirst !== true) ? -1 : 1))
          .slice(0, filter.limit),
      ),
    quotesBefore: (asks) =>
      Promise.resolve(asks.map((asked) => quoteBefore(feeds.get(feedOf(asked)) ?? [], asked.timeNanos))),
    transitions: () => Promise.resolve([]),
  };
}

export function serviceOver(rows: readonly EventRow[]) {
  const reader = readerOver(rows);
  const alerting: AlertingView = { groups: () => [], transitions: () => Promise.resolve([]) };
  const engine = { query: () => Promise.resolve({ type: 'matrix' as const, series: [], warnings: [], infos: [] }) };
  const exemplars = exemplarFinder({ reader, kept: { select: () => [] } });
  return createQueryService({ engine, reader, alerting, exemplars, unitOf: () => undefined });
}

function feedOf({ venue, symbol }: { readonly venue: string; readonly symbol: string }): string {
  return `${venue}/${symbol}`;
}

/** `quotes` ascending by time. */
function quoteBefore(quotes: readonly Quote[], timeNanos: bigint): Quote | null {
  let [low, high] = [0, quotes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((quotes[middle] as Quote).timeNanos < timeNanos) low = middle + 1;
    else high = middle;
  }
  return quotes[low - 1] ?? null;
}

export const SPAN: Omit<
  Span,
  'timeNanos' | 'endNanos' | 'traceId' | 'spanId' | 'parentSpanId' | 'name' | 'kind' | 'service' | 'host'
> = {
  ...{ table: 'spans', status: 'ok', statusMessage: '', attributes: {}, correlationId: '' },
};

interface Desk {
  /** Milliseconds that the gateway needs more, by order. */
  readonly slowMs: (i: number) => number;
  /** The gateway's clock minus the strategy's. */
  readonly offsetMs: number;
  readonly withSpans: boolean;
}

export const ORDERS = 2_000;
export const BPS_PER_MS = 0.5;

/** 1,000 orders before the range and 1,000 in it: strategy → gateway → back, then a fill that cost 0.5 bps a millisecond. */
export function desk({ slowMs, offsetMs, withSpans }: Desk): EventRow[] {
  const uniform = seededUniform(11);
  const rows: EventRow[] = [];
  for (let i = 0; i < ORDERS; i++) {
    const at = (i * 1_200_000) / ORDERS;
    const out = 0.5 + 0.3 * uniform();
    const work = 1 + uniform() + slowMs(i);
    const back = 0.5 + 0.3 * uniform();
    const total = out + work + back;
    const quote: Quote = {
      ...{ table: 'quotes', timeNanos: ns(at - 1), exchangeNanos: null, venue: 'V', symbol: 'S', sequence: null },
      ...{ bid: 99.99, ask: 100.01, bidSize: 1, askSize: 1 },
    };
    const order: Omit<OrderEvent, 'id' | 'event' | 'timeNanos'> = {
      ...{ table: 'orders', orderId: `o${i}`, venue: 'V', symbol: 'S', strategy: 'mm', account: '', side: 'buy' },
      ...{
        orderType: 'limit',
        quantity: 1,
        price: null,
        filledQuantity: 0,
        arrivalMid: null,
        reason: '',
        sentNanos: ns(at),
      },
      ...{ decisionNanos: null, decisionMid: null, correlationId: `trace-${i}` },
    };
    const fill: Fill = {
      ...{ table: 'fills', id: `f${i}`, timeNanos: ns(at + total), orderId: `o${i}`, venue: 'V', symbol: 'S' },
      ...{ strategy: 'mm', account: '', side: 'buy', quantity: 1, currency: 'USD', fee: 0, feeCurrency: 'USD' },
      ...{
        price: 100 * (1 + (BPS_PER_MS * total + uniform() - 0.5) / 1e4),
        liquidity: '',
        execution: 'new',
        refersTo: '',
      },
    };
    const steps: OrderEvent[] = [
      { ...order, id: `o${i}-new`, event: 'new', timeNanos: ns(at) },
      { ...order, id: `o${i}-ack`, event: 'ack', timeNanos: ns(at + out + work) },
    ];
    rows.push(quote, ...steps, fill);
    if (!withSpans) continue;
    const traceId = i.toString(16).padStart(32, '0');
    const call = { ...SPAN, traceId, correlationId: `o${i}`, timeNanos: ns(at), endNanos: ns(at + total) };
    const client: Span = {
      ...call,
      spanId: 'a',
      parentSpanId: '',
      name: 'send',
      kind: 'client',
      service: 'strategy',
      host: 'h1',
    };
    const server: Span = {
      ...{
        ...call,
        spanId: 'b',
        parentSpanId: 'a',
        name: 'route',
        kind: 'server',
        service: 'gateway',
        host: 'h2',
        correlationId: '',
      },
      ...{ timeNanos: ns(at + out + offsetMs), endNanos: ns(at + out + work + offsetMs) },
    };
    rows.push(client, server);
  }
  return rows;
}

/** Every tenth order of the second half needs 4 ms more. */
export const SLOW = (i: number): number => (i >= ORDERS / 2 && i % 10 === 0 ? 4 : 0);

/** Built once: most questions are about the same desk. */
export const SLOW_DESK = desk({ slowMs: SLOW, offsetMs: 2, withSpans: true });
export const QUIET_DESK = desk({ slowMs: () => 0, offsetMs: 0, withSpans: true });
