/**
 * A small, fixed desk: what stands behind the sidecar's Grafana server in protocol and golden tests. The engine answers
 * a handful of expressions; the reader holds two orders with their fills and quotes. No clock, no randomness.
 */
import {
  ExponentialHistogram,
  Labels,
  nanos,
  type EvaluationRange,
  type EventTable,
  type Fill,
  type MatrixSeries,
  type OrderEvent,
  type QueryResult,
  type Quote,
  type RuleGroupView,
} from '@tapewatch/core';
import { TapewatchError } from '../../sidecar/src/errors.ts';
import { passesFilter } from '../../sidecar/src/store/event-filter.ts';
import type { AlertingView, EventFilter, EventRowByTable, PromqlEngine, StoreReader } from '../../sidecar/src/ports.ts';
import { exemplarFinder } from '../../sidecar/src/query/exemplar-query.ts';
import { createQueryService } from '../../sidecar/src/query/query-service.ts';
import type { QueryService } from '../../sidecar/src/ports.ts';

/** 2026-01-05T10:00:00Z */
export const START_MS = 1_767_607_200_000;
export const at = (seconds: number) => nanos(BigInt(START_MS + Math.round(seconds * 1_000)) * 1_000_000n);

const NONE = { warnings: [], infos: [] } as const;

function timesOf({ startMs, endMs, stepMs }: EvaluationRange): number[] {
  if (stepMs === 0) return [endMs];
  return Array.from({ length: Math.floor((endMs - startMs) / stepMs) + 1 }, (_, i) => startMs + i * stepMs);
}

/** Seconds since the start: the value at a stamp tells which stamp it is. */
function seriesOf(name: string, venue: string, factor: number, range: EvaluationRange): MatrixSeries {
  const labels = Labels.from({ __name__: name, venue });
  const points = timesOf(range).map((timeMs) => ({ timeMs, value: ((timeMs - START_MS) / 1_000) * factor }));
  return { labels, points };
}

function histogramSeries(range: EvaluationRange): MatrixSeries {
  const points = timesOf(range).map((timeMs) => {
    const histogram = new ExponentialHistogram({ scale: 1 });
    for (const value of [-0.5, 0, 0.001, 0.0015, 2]) histogram.observe(value, 0.2);
    return { timeMs, value: NaN, histogram };
  });
  return { labels: Labels.from({ venue: 'XNAS' }), points };
}

function answer(
  series: readonly MatrixSeries[],
  range: EvaluationRange,
  warnings: readonly string[] = [],
): QueryResult {
  if (range.stepMs > 0) return { ...NONE, warnings, type: 'matrix', series };
  const samples = series.flatMap(({ labels, points }) => points.slice(-1).map((point) => ({ ...point, labels })));
  return { ...NONE, warnings, type: 'vector', samples };
}

/** `never` does not answer until it is aborted, and tells so in `aborted`. */
export function fakeEngine(aborted: string[] = []): PromqlEngine {
  return {
    query(expr, range, signal) {
      if (expr.startsWith('queue_bytes')) {
        const both = [seriesOf('queue_bytes', 'BATS', 1, range), seriesOf('queue_bytes', 'XNAS', 1024, range)];
        return Promise.resolve(answer(both, range, ['one of the series was late']));
      }
      if (expr.includes('order_ack_seconds')) return Promise.resolve(answer([histogramSeries(range)], range));
      if (expr === 'nothing') return Promise.resolve(answer([], range));
      if (expr === 'never') {
        return new Promise((_, reject) => {
          signal?.addEventListener('abort', () => {
            aborted.push(expr);
            reject(signal.reason as Error);
          });
        });
      }
      const details = { from: 0, to: expr.length };
      return Promise.reject(new TapewatchError('query.parse', `"${expr}" is not PromQL`, { details }));
    },
  };
}

const ORDER = {
  symbol: 'AMD',
  account: 'main',
  orderType: 'limit',
  price: null,
  filledQuantity: 0,
  reason: '',
  decisionNanos: null,
  decisionMid: null,
  correlationId: '',
} as const;
const ORDERS: readonly OrderEvent[] = [
  order(1, { orderId: 'o1', venue: 'XNAS', strategy: 'maker', side: 'buy', arrivalMid: null }),
  order(2, { orderId: 'o2', venue: 'BATS', strategy: 'taker', side: 'sell', arrivalMid: 10.05 }),
  order(3, { orderId: 'o3', venue: 'IEXG', strategy: 'taker', side: 'buy', arrivalMid: null }),
];

type OrderParts = Pick<OrderEvent, 'orderId' | 'venue' | 'strategy' | 'side' | 'arrivalMid'>;

function order(second: number, parts: OrderParts): OrderEvent {
  const timeNanos = at(second);
  const step = { id: `${parts.orderId}-new`, event: 'new' as const, timeNanos, sentNanos: timeNanos, quantity: 100 };
  return { table: 'orders', ...ORDER, ...step, ...parts };
}

function fill(orderId: string, second: number, price: number, quantity: number): Fill {
  const { venue, strategy, side } = ORDERS.find((one) => one.orderId === orderId) as OrderEvent;
  const money = { currency: 'USD', fee: 0.25, feeCurrency: 'USD', liquidity: 'taker' as const };
  const report = { execution: 'new' as const, refersTo: '' };
  const id = `${orderId}-${second}`;
  const names = { orderId, venue, strategy, side, symbol: 'AMD', account: 'main' };
  return { table: 'fills', id, timeNanos: at(second), ...names, ...money, ...report, price, quantity };
}

const FILLS: readonly Fill[] = [
  fill('o1', 1.5, 10.02, 60),
  fill('o1', 12, 10.04, 40),
  fill('o2', 14, 10, 50),
  fill('o3', 15, 11, 10),
];

function quote(venue: string, second: number, bid: number | null, ask: number | null): Quote {
  const rest = { exchangeNanos: null, bidSize: 100, askSize: 100, sequence: 18_446_744_073_709_551_615n };
  return { table: 'quotes', timeNanos: at(second), venue, symbol: 'AMD', bid, ask, ...rest };
}

const QUOTES: readonly Quote[] = [
  quote('XNAS', 0.5, 10, 10.02),
  quote('BATS', 0.5, 10.02, 10.04),
  quote('IEXG', 0.5, 10, null),
  quote('XNAS', 20, 10.1, 10.12),
];

const ROWS: { readonly [T in EventTable]: readonly EventRowByTable[T][] } = {
  orders: ORDERS,
  fills: FILLS,
  quotes: QUOTES,
  market_trades: [],
  book_levels: [],
  positions: [],
  signals: [],
  cash_flows: [],
  fx_rates: [],
  exchange_status: [],
  spans: [],
  health_results: [],
  events: [],
  dead_letters: [
    {
      table: 'dead_letters',
      timeNanos: at(3),
      stream: 'metrics',
      subject: 'tw.metrics.x',
      reason: 'syntax',
      detail: 'not JSON',
      payload: Buffer.from('{"na'),
    },
  ],
};

export const fakeReader: StoreReader = {
  select: () => Promise.resolve([]),
  series: () =>
    Promise.resolve(
      ['XNAS', 'BATS'].map((venue, id) => ({
        id,
        labels: Labels.from({ __name__: 'fills_total', venue, strategy: 'maker' }),
        kind: 'counter' as const,
        stream: 'fills',
        unit: '1',
        help: '',
      })),
    ),
  events: <T extends EventTable>(table: T, filter: EventFilter) => {
    const within = ROWS[table].filter((row) => passesFilter(row, filter));
    if (filter.newestFirst === true) within.reverse();
    return Promise.resolve(within.slice(0, filter.limit));
  },
  quotesBefore: (asked) =>
    Promise.resolve(
      asked.map(({ venue, symbol, timeNanos }) => {
        const before = QUOTES.filter(
          (row) => row.venue === venue && row.symbol === symbol && row.timeNanos < timeNanos,
        );
        return before.at(-1) ?? null;
      }),
    ),
  transitions: () => Promise.resolve([]),
};

const GROUPS: readonly RuleGroupView[] = [
  {
    name: 'latency',
    file: 'latency.yaml',
    intervalSeconds: 1,
    rules: [
      {
        type: 'alerting',
        name: 'AckSlow',
        query: 'x > 1',
        forSeconds: 0,
        keepFiringForSeconds: 0,
        labels: {},
        annotations: {},
        state: 'firing',
        health: 'ok',
        lastError: '',
        lastEvaluationNanos: at(9),
        evaluationSeconds: 0.001,
        alerts: [
          {
            labels: Labels.from({ alertname: 'AckSlow', severity: 'CRITICAL', venue: 'XNAS' }),
            annotations: { summary: 'acknowledgements are slow' },
            state: 'firing',
            activeAtNanos: at(8),
            value: 0.42,
            fingerprint: 'f00d',
          },
        ],
      },
    ],
  },
];

export const fakeAlerting: AlertingView = {
  groups: () => GROUPS,
  transitions: () =>
    Promise.resolve([
      {
        timeNanos: at(8),
        rule: 'AckSlow',
        group: 'latency',
        labels: Labels.from({ alertname: 'AckSlow', severity: 'CRITICAL', venue: 'XNAS' }),
        from: 'inactive',
        to: 'firing',
        reason: 'the condition holds and there is no hold time',
        value: 0.42,
        activeAtNanos: at(8),
        annotations: {},
      },
    ]),
};

export function fakeQueryService(aborted: string[] = []): QueryService {
  const unitOf = (name: string) => ({ queue_bytes: 'bytes', order_ack_seconds: 'seconds' })[name];
  const exemplars = exemplarFinder({ reader: fakeReader, kept: { select: () => [] } });
  return createQueryService({
    ...{ engine: fakeEngine(aborted), reader: fakeReader, alerting: fakeAlerting, exemplars, unitOf },
  });
}
