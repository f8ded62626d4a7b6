/**
 * Each way in, from the sender to what is stored and drawn: the sidecar in this process with its DuckDB file, a real NATS,
 * HTTP, and the frames that Grafana's panels get.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type App, startApp } from '../../sidecar/src/app.ts';
import { SERVICE_SAMPLES } from '../../sidecar/src/codec/testing/service-messages.ts';
import { configSchema } from '../../sidecar/src/config.ts';
import { NatsServer } from '../../sidecar/src/ingest/testing/nats-server.ts';
import { connectAsGrafana, type GrafanaConnection } from '../protocol/grafana-client.ts';
import { ensureBuiltSidecar } from './built-sidecar.ts';
import { panelFrames, until } from './panel.ts';

const START_TIMEOUT_MS = 120_000;
const METRICS = '/api/v1/internal/monitoring/metrics';
const EVENTS = '/api/v1/internal/monitoring/events';

let folder: string;
let nats: NatsServer;
let publisher: NatsConnection;
let app: App;
let grafana: GrafanaConnection;

async function open(): Promise<void> {
  app = await startApp(
    configSchema.parse({
      nats: { servers: [nats.url] },
      store: { kind: 'duckdb', path: join(folder, 'store.duckdb') },
      http: { listen: '127.0.0.1:0' },
      grafana: { listen: `unix:${join(folder, 'grafana.sock')}` },
      monitoring: { prometheus_port: 0, websocket_port: 0 },
      log: { level: 'silent' },
    }),
  );
  grafana = connectAsGrafana(app.grafanaAddress as string);
  await until(async () => (await fetch(`${app.httpAddress}/readyz`)).status === 200);
}

async function close(): Promise<void> {
  grafana.close();
  await app.stop();
}

beforeAll(async () => {
  ensureBuiltSidecar(resolve(__dirname, '../..'));
  folder = mkdtempSync(join(tmpdir(), 'tapewatch-ways-in-'));
  nats = await NatsServer.start();
  publisher = await connect({ servers: nats.url });
  await open();
}, START_TIMEOUT_MS);
afterAll(async () => {
  await close();
  await publisher.close();
  await nats.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function ask(query: string): Promise<{ metric: Record<string, string>; value: [number, string] }[]> {
  const answer = await fetch(`${app.httpAddress}/api/v1/query?query=${encodeURIComponent(query)}`);
  const { data } = (await answer.json()) as {
    data: { result: { metric: Record<string, string>; value: [number, string] }[] };
  };
  return data.result;
}

async function post(path: string, document: object): Promise<{ readonly status: number; readonly answer: unknown }> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(app.httpAddress + path, { method: 'POST', headers, body: JSON.stringify(document) });
  return { status: answer.status, answer: await answer.json() };
}

/** The rows of the first frame that a panel with this query gets, by column. */
async function panel(document: object): Promise<Record<string, unknown>[]> {
  const range = { fromEpochMS: Date.now() - 300_000, toEpochMS: Date.now() + 60_000 };
  const [table] = await panelFrames(grafana, document, range);
  if (table === undefined) return [];
  const names = table.schema.fields.map(({ name }) => name);
  return Array.from({ length: table.numRows }, (_, row) =>
    Object.fromEntries(names.map((name, column): [string, unknown] => [name, table.getChildAt(column)?.get(row)])),
  );
}

const events = () => panel({ queryType: 'events', table: 'events' });
const drawn = async (expr: string): Promise<unknown> => (await panel({ queryType: 'promql', expr })).at(-1)?.['Value'];

it('NATS: metrics and events of a component are in the store and on a panel (proves: ING-01)', async () => {
  const time = new Date().toISOString();
  publisher.publish(
    'tw.metrics.gateway',
    JSON.stringify({ name: 'queue_depth', value: 12, labels: { venue: 'XNAS' } }),
  );
  publisher.publish('tw.events.gateway.session_opened', JSON.stringify({ time, venue: 'XNAS', duration_ms: 3.5 }));
  await until(async () => (await ask('queue_depth')).length === 1);
  await until(async () => (await events()).length === 1);
  expect(await drawn('queue_depth{venue="XNAS"}')).toBe(12);
  expect(await events()).toEqual([
    expect.objectContaining({
      serviceName: 'gateway',
      eventType: 'session_opened',
      labels: '{"venue":"XNAS"}',
      durationMs: 3.5,
      metricValue: null,
    }),
  ]);
  expect((await ask('business_events_total{service="gateway"}')).map(({ value }) => value[1])).toEqual(['1']);
  // It is in the store: another process's life later it still answers.
  await close();
  await open();
  expect(await drawn('queue_depth{venue="XNAS"}')).toBe(12);
  expect((await events()).map(({ eventType }) => eventType)).toEqual(['session_opened']);
});

it('HTTP: a pushed batch is confirmed, and can be queried with its stamps and labels (proves: API-01, ING-06)', async () => {
  const seconds = Math.floor(Date.now() / 1_000) - 5;
  const sample = (second: number, value: number) => ({
    name: 'inference_seconds_last',
    value,
    time: second,
    labels: { service: 'ml-inference', model: 'momentum' },
  });
  const { status, answer } = await post(METRICS, [sample(seconds, 0.25), sample(seconds + 3, 0.5)]);
  expect([status, answer]).toEqual([
    200,
    { status: 'success', data: expect.objectContaining({ accepted: 2, rejected: 0 }) as unknown },
  ]);
  expect(await ask('inference_seconds_last{service="ml-inference", model="momentum"}[1m]')).toEqual([
    expect.objectContaining({
      values: [
        [seconds, '0.25'],
        [seconds + 3, '0.5'],
      ],
    }),
  ]);
});

it('OTLP over HTTP: an exemplar comes back from query_exemplars and marks the chart', async () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const atMs = Date.now() - 5_000;
  const time = `${BigInt(atMs) * 1_000_000n}`;
  const exemplars = [{ asDouble: 0.7, timeUnixNano: time, traceId, spanId: '00f067aa0ba902b7' }];
  const point = { timeUnixNano: time, count: '1', sum: 0.7, scale: 3, positive: { offset: -5, bucketCounts: ['1'] } };
  const metric = {
    ...{ name: 'match', unit: 's' },
    exponentialHistogram: { aggregationTemporality: 1, dataPoints: [{ ...point, exemplars }] },
  };
  expect((await post('/v1/metrics', { resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] })).status).toBe(
    200,
  );
  const expr = 'histogram_quantile(0.99, sum(rate(match_seconds[1m])))';
  const range = `start=${atMs / 1_000 - 60}&end=${atMs / 1_000 + 60}`;
  const query = `query=${encodeURIComponent(expr)}&${range}`;
  const answer: unknown = await (await fetch(`${app.httpAddress}/api/v1/query_exemplars?${query}`)).json();
  // The shape is that of Prometheus's documentation, "Querying exemplars".
  expect(answer).toEqual({
    status: 'success',
    data: [
      {
        seriesLabels: { __name__: 'match_seconds' },
        exemplars: [
          { labels: { trace_id: traceId, span_id: '00f067aa0ba902b7' }, value: '0.7', timestamp: atMs / 1_000 },
        ],
      },
    ],
  });
  const frames = await panelFrames(
    grafana,
    { queryType: 'promql', expr, exemplar: true },
    { fromEpochMS: Date.now() - 300_000, toEpochMS: Date.now() + 60_000 },
  );
  const marks = frames.find(({ schema }) => schema.fields.some(({ name }) => name === 'trace_id'));
  expect(marks?.getChild('trace_id')?.get(0)).toBe(traceId);
  const exposed = await (await fetch(`${app.httpAddress}/metrics`)).text();
  expect(exposed).toMatch(/^tapewatch_exemplars 1$/m);
});

it('HTTP: a pushed business event is confirmed and stored with its context (proves: API-03, ING-07)', async () => {
  const event = {
    event_type: 'tier_upgraded',
    timestamp: new Date().toISOString(),
    service_name: 'billing',
    instance_id: 'billing-1',
    metric_name: 'monthly_price',
    metric_value: 49,
    context: { from: 'basic', to: 'premium' },
    user_id: 'u-1841',
    correlation_id: 'c-77',
  };
  const { status, answer } = await post(EVENTS, event);
  expect([status, answer]).toEqual([
    200,
    { status: 'success', data: expect.objectContaining({ accepted: 1, rejected: 0 }) as unknown },
  ]);
  const [found] = (await events()).filter(({ eventType }) => eventType === 'tier_upgraded');
  expect(found).toMatchObject({
    time: Date.parse(event.timestamp),
    serviceName: 'billing',
    instanceId: 'billing-1',
    metricName: 'monthly_price',
    metricValue: 49,
    labels: '{"from":"basic","to":"premium"}',
    userId: 'u-1841',
    correlationId: 'c-77',
  });
});

it('services, infrastructure, databases and the business: one of each is stored and drawn (proves: ING-10)', async () => {
  const { application_metrics: service, system_metrics: host, database_metrics: database } = SERVICE_SAMPLES;
  publisher.publish(
    'tw.metrics.desk',
    JSON.stringify([{ application_metrics: service }, { system_metrics: host }, { database_metrics: database }]),
  );
  publisher.publish('tw.events.desk.report_sent', '{"metric_name":"pages","metric_value":7}');
  await until(async () => (await ask('table_sizes')).length === 3);
  await until(async () => (await events()).some(({ eventType }) => eventType === 'report_sent'));
  expect(await drawn('response_time_p95_ms')).toBe(45);
  expect(await drawn('memory_usage_bytes{instance="ml-inference-001"}')).toBe(2_147_483_648);
  expect(await drawn('queries_per_second{database_type="clickhouse"}')).toBe(45.2);
  expect((await events())[0]).toMatchObject({ eventType: 'report_sent', metricName: 'pages', metricValue: 7 });
});

it('metrics, log lines and health status each have a way in (proves: ING-09)', async () => {
  publisher.publish('tw.metrics.router', JSON.stringify({ name: 'routes_known', value: 3 }));
  const line = { time: new Date().toISOString(), level: 'error', message: 'no route to XLON', attempt: 2 };
  publisher.publish('tw.logs.gateway.router', JSON.stringify(line));
  publisher.publish('tw.health.router.r1', JSON.stringify({ status: 'DEGRADED', message: 'one route lost' }));
  const logs = async () => (await events()).filter(({ eventType }) => eventType === 'log');
  await until(async () => (await logs()).length === 1 && (await ask('component_health')).length === 1);
  await until(async () => (await ask('routes_known')).length === 1);
  expect(await drawn('routes_known')).toBe(3);
  const [found] = await logs();
  expect(found).toMatchObject({ serviceName: 'gateway', time: Date.parse(line.time) });
  expect(JSON.parse(found?.['labels'] as string)).toEqual({
    ...{ logger: 'router', level: 'error', message: 'no route to XLON', attempt: '2' },
  });
  expect(await drawn('component_health{component="router", instance="r1"}')).toBe(1);
  const [result] = await panel({ queryType: 'events', table: 'health_results' });
  expect(result).toMatchObject({ component: 'router', status: 'DEGRADED', message: 'one route lost' });
});
