/** An API over fixed answers: an engine that parses for real, two series, one rule group, one dead letter. */
import { createHash } from 'node:crypto';
import {
  ExponentialHistogram,
  Labels,
  located,
  nanos,
  parse,
  PromqlError,
  type EvaluationRange,
  type QueryResult,
  type RuleGroupView,
  type SeriesDefinition,
  type Table,
} from '@tapewatch/core';
import { TapewatchError } from '../../errors.ts';
import type { PromqlOptions, PromqlStats, QueryEnvelope, StoreReader, TraceFinder, TraceRow } from '../../ports.ts';
import { SystemClock } from '../../clock.ts';
import type { HttpDeps } from '../http-deps.ts';
import { httpOptions, type HttpSettings } from '../http-options.ts';

export const TOKENS = { viewer: 'viewer-token', operator: 'operator-token', admin: 'admin-token' } as const;

export function hashOf(token: string): string {
  return `sha256:${createHash('sha256').update(token).digest('hex')}`;
}

export function settingsWith(over: object = {}): HttpSettings {
  return httpOptions.parse({ listen: '127.0.0.1:0', ...over });
}

export const SECURED = {
  tokens: { viewer: [hashOf(TOKENS.viewer)], operator: [hashOf(TOKENS.operator)], admin: [hashOf(TOKENS.admin)] },
};

const SERIES: readonly SeriesDefinition[] = [
  {
    id: 1,
    labels: Labels.from({ __name__: 'order_ack_seconds', venue: 'XNAS' }),
    kind: 'distribution',
    stream: 's',
    unit: 'seconds',
    help: 'Help of order_ack_seconds.',
  },
  {
    id: 2,
    labels: Labels.from({ __name__: 'quotes_total', venue: 'XLON' }),
    kind: 'counter',
    stream: 's',
    unit: '1',
    help: '',
  },
];

export function histogram(): ExponentialHistogram {
  const built = new ExponentialHistogram({ scale: 0, zeroThreshold: 0.001 });
  for (const value of [-3, 0, 0, 1.5, 3]) built.observe(value);
  return built;
}

export const GROUPS: readonly RuleGroupView[] = ['desk', 'feeds', 'health'].map((name, index) => ({
  name,
  file: `/etc/tapewatch/${index === 0 ? 'a' : 'b'}.yaml`,
  intervalSeconds: 30,
  rules: [
    {
      type: 'alerting',
      name: `Slow${index}`,
      query: 'order_ack_seconds > 0.1',
      forSeconds: 60,
      keepFiringForSeconds: 0,
      labels: { severity: 'CRITICAL' },
      annotations: { summary: 'slow' },
      state: 'firing',
      health: 'ok',
      lastError: '',
      lastEvaluationNanos: 1_800_000_000_500_000_000n,
      evaluationSeconds: 0.002,
      alerts: [
        {
          labels: Labels.from({ alertname: `Slow${index}`, venue: 'XNAS' }),
          annotations: { summary: 'slow' },
          state: 'firing',
          activeAtNanos: 1_800_000_000_000_000_000n,
          value: 0.25,
          fingerprint: 'f',
        },
      ],
    },
    {
      type: 'recording',
      name: `r:${index}`,
      query: '1',
      forSeconds: 0,
      keepFiringForSeconds: 0,
      labels: {},
      annotations: {},
      state: 'inactive',
      health: 'err',
      lastError: 'broken',
      lastEvaluationNanos: 0n,
      evaluationSeconds: 0,
      alerts: [],
    },
  ],
}));

const TABLE: Table = {
  name: 'slippage',
  kind: 'numeric-long',
  version: [0, 1],
  fields: [
    { name: 'time', type: 'time', values: [1_800_000_000_000_000_000n, null] },
    { name: 'venue', type: 'string', values: ['XNAS', 'XLON'] },
    { name: 'bps', type: 'number', values: [1.25, NaN], unit: 'bps', labels: Labels.from({ side: 'buy' }) },
  ],
  notices: [{ severity: 'info', text: 'from fills' }],
  executedQuery: '',
};

/** Matrix and vector answers carry a number and a histogram. */
function answer(expr: string, range: EvaluationRange): QueryResult {
  const notes = {
    warnings: expr.includes('warn') ? ['careful'] : [],
    infos: expr.includes('info') ? ['by the way'] : [],
  };
  const labels = Labels.from({ __name__: 'm', venue: 'XNAS' });
  const timeMs = range.startMs;
  if (expr === '1+1') return { type: 'scalar', timeMs, value: 2, ...notes };
  if (expr === '"text"') return { type: 'string', timeMs, value: 'text', ...notes };
  if (range.stepMs === 0) {
    const samples = [
      { labels, timeMs, value: 0.25 },
      { labels: Labels.from({ venue: 'XLON' }), timeMs, value: NaN, histogram: histogram() },
    ];
    return { type: 'vector', samples, ...notes };
  }
  const points = [
    { timeMs, value: 1e-7 },
    { timeMs: timeMs + range.stepMs, value: Infinity },
  ];
  const histograms = [{ timeMs, value: NaN, histogram: histogram() }];
  return {
    type: 'matrix',
    series: [
      { labels, points },
      { labels: Labels.from({ venue: 'XLON' }), points: histograms },
    ],
    ...notes,
  };
}

const STATS: PromqlStats = {
  series: 2,
  samples: 20,
  levelsMs: [0],
  errorBound: 0.0054,
  cache: 'miss',
  seconds: 0.5,
};

export interface Fixture {
  readonly deps: HttpDeps;
  readonly asked: { readonly query: unknown; readonly envelope: QueryEnvelope }[];
  /** What the finder of traces was asked, with its arguments. */
  readonly tracesAsked: unknown[];
  readonly statuses: string[];
  readonly logged: string[];
  connected: boolean;
  /** What the engine was asked last. */
  options: PromqlOptions | undefined;
  /** Replaces the engine's answer. */
  onQuery: ((signal: AbortSignal | undefined) => Promise<QueryResult>) | undefined;
}

export function fixture(): Fixture {
  const made: Omit<Fixture, 'deps'> = {
    asked: [],
    tracesAsked: [],
    statuses: [],
    logged: [],
    connected: true,
    onQuery: undefined,
    options: undefined,
  };
  const nothing = () => undefined;
  const line = (fields: object, message: string) => void made.logged.push(`${message} ${JSON.stringify(fields)}`);
  const port = new Proxy({} as HttpDeps['telemetry']['port'], { get: () => nothing });
  const deps: HttpDeps = {
    engine: {
      async query(expr, range, signal, options) {
        if (made.onQuery !== undefined) return made.onQuery(signal);
        parsed(expr);
        made.options = options;
        return { ...answer(expr, range), stats: STATS };
      },
    },
    exemplars: async (expr, { startMs }) => {
      const exemplar = { timeMs: startMs + 500, value: 0.25, labels: { order_id: 'o-1' } };
      const { metricName } = Labels.from({ __name__: expr });
      return [{ labels: Labels.from({ __name__: metricName, venue: 'XNAS' }), exemplars: [exemplar] }];
    },
    line: { waiting: 0, run: (work) => work() },
    reader: reader(),
    queryService: {
      async run(query, envelope) {
        made.asked.push({ query, envelope });
        return [TABLE];
      },
    } as HttpDeps['queryService'],
    traces: traces(made.tracesAsked),
    alerting: { groups: () => GROUPS, transitions: async () => [] },
    catalogue: {
      metrics: () => SERIES.map(({ labels, kind, unit, help }) => ({ name: labels.metricName, kind, unit, help })),
      matchers(selector) {
        const expr = parsed(selector);
        if (expr.kind === 'selector') return expr.matchers;
        throw new TapewatchError('query.parse', 'not a selector');
      },
    },
    health: async () => ({
      version: '1.2.3',
      source: { connected: made.connected, server: 'nats://h:4222', detail: made.connected ? 'connected' : 'away' },
      store: { ok: true, detail: 'open' },
    }),
    telemetry: {
      port,
      contentType: 'text/plain; version=0.0.4; charset=utf-8',
      text: async () => 'tapewatch_up 1\n',
      httpAnswered: (route, status) => void made.statuses.push(`${route} ${status}`),
    },
    clock: new SystemClock(),
    log: { debug: line, info: line, warn: line, error: line },
    version: '1.2.3',
  };
  return Object.assign(made, { deps });
}

function parsed(expr: string) {
  try {
    return parse(expr);
  } catch (error) {
    if (error instanceof PromqlError) throw new TapewatchError('query.parse', located(expr, error));
    throw error;
  }
}

/** A gateway whose call of an order failed at its venue, and who calls whom. */
function traces(asked: unknown[]): TraceFinder {
  const root: TraceRow = {
    ...{ traceID: '4bf92f3577b34da6a3ce929d0e0e4736', spanID: '00f067aa0ba902b7', parentSpanID: '' },
    ...{ operationName: 'POST /orders', serviceName: 'api-gateway', kind: 'server', statusCode: 1, statusMessage: '' },
    ...{ startTime: 1_800_000_000_000.25, duration: 2.5, serviceTags: [{ key: 'host.name', value: 'edge-1' }] },
    ...{ tags: [{ key: 'http.route', value: '/orders' }], logs: [] },
  };
  const child: TraceRow = {
    ...{ ...root, spanID: '00f067aa0ba902b8', parentSpanID: root.spanID, operationName: 'send', kind: 'client' },
    ...{ serviceName: 'router', statusCode: 2, statusMessage: 'venue closed', startTime: 1_800_000_000_001 },
    ...{
      duration: 1,
      serviceTags: [],
      tags: [
        { key: 'price', value: 100.5 },
        { key: 'quantity', value: 7 },
      ],
    },
    logs: [{ timestamp: 1_800_000_000_001.5, fields: [{ key: 'event', value: 'reject' }] }],
  };
  return {
    services: async () => ['api-gateway', 'router'],
    operations: async (service) => {
      asked.push(service);
      return [
        { name: 'send', kind: 'client' },
        { name: 'send', kind: 'server' },
      ];
    },
    trace: async (id, range) => {
      asked.push({ id, ...range });
      return { traces: id === root.traceID || id === 'o-1' ? [[root, child]] : [], notices: [] };
    },
    search: async (search) => {
      asked.push(search);
      return { traces: [[root, child]], notices: search.limit === 1 ? ['looked at the newest spans'] : [] };
    },
    links: async (range) => {
      asked.push(range);
      return [
        { parent: 'api-gateway', child: 'router', calls: 3 },
        { parent: 'router', child: 'venue', calls: 2 },
      ];
    },
  };
}

function reader(): StoreReader {
  const letter = {
    table: 'dead_letters' as const,
    timeNanos: nanos(1_800_000_000_000_000_000n),
    stream: 'orders',
    subject: 'tw.orders.x',
    reason: 'syntax',
    detail: 'not JSON',
    payload: new Uint8Array([0xff, 0x00]),
  };
  return {
    select: async () => [],
    series: async (lists) =>
      SERIES.filter(({ labels }) =>
        lists.length === 0
          ? true
          : lists.some((list) =>
              list.every(({ name, operator, value }) => operator !== '=' || labels.get(name) === value),
            ),
      ),
    events: async () => [letter] as never,
    quotesBefore: async () => [],
    transitions: async () => [],
  };
}
