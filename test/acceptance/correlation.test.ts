/**
 * One id joins an event, an alert and a trace: orders and their spans come in, an alert on their latency fires with what was
 * slow and which order shows it, and that order's id finds its steps, its business event and its trace.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type App, startApp } from '../../sidecar/src/app.ts';
import { configSchema } from '../../sidecar/src/config.ts';
import { NatsServer } from '../../sidecar/src/ingest/testing/nats-server.ts';
import { until } from './panel.ts';

const ORDERS = 600;
const BEGIN_MS = Date.now() - 120_000;
const RULES = {
  groups: [
    {
      name: 'desk',
      interval: '1s',
      rules: [
        {
          alert: 'OrderLatencyHigh',
          expr: 'histogram_quantile(0.99, sum by (venue) (order_ack_seconds)) > 0.004 and on () count_events > 0',
          tapewatch: { explain_over: '5m' },
        },
        { alert: 'Deployed', expr: 'business_events_total{event_type="deployed"} > 0' },
      ],
    },
  ],
};

let folder: string;
let nats: NatsServer;
let publisher: NatsConnection;
let app: App;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tapewatch-correlation-'));
  const rules = join(folder, 'rules.yaml');
  writeFileSync(rules, JSON.stringify(RULES));
  nats = await NatsServer.start();
  publisher = await connect({ servers: nats.url });
  app = await startApp(
    configSchema.parse({
      nats: { servers: [nats.url] },
      store: { kind: 'memory' },
      http: { listen: '127.0.0.1:0' },
      alerting: { ruleFiles: [rules], startDelayMs: 0, explainTimeoutMs: 60_000 },
      monitoring: { prometheus_port: 0, websocket_port: 0 },
      log: { level: 'silent' },
    }),
  );
  await until(async () => (await fetch(`${app.httpAddress}/readyz`)).status === 200);
}, 120_000);

afterAll(async () => {
  await app.stop();
  await publisher.close();
  await nats.stop();
  rmSync(folder, { recursive: true, force: true });
});

const stamp = (ms: number): string => String(BigInt(Math.round(ms * 1e3)) * 1_000n);

/** Sent, routed by the gateway, acknowledged. One order in ten waits 5 ms in the gateway. */
function send(i: number): void {
  const startMs = BEGIN_MS + i * 100;
  const workMs = 1 + (i % 7) / 10 + (i % 10 === 3 ? 5 : 0);
  const base = { order_id: `o${i}`, venue: 'XNAS', symbol: 'ACME', side: 'buy', quantity: 1, correlation_id: `c${i}` };
  const step = (event: string, ms: number): void =>
    publisher.publish(
      'tw.orders.XNAS.maker',
      JSON.stringify({ ...base, id: `o${i}-${event}`, event, time: stamp(ms), sent_time: stamp(startMs) }),
    );
  step('new', startMs);
  step('ack', startMs + workMs + 1);
  const span = (spanId: string, name: string, [from, to]: readonly [number, number], parent = ''): void =>
    publisher.publish(
      'tw.spans.desk',
      JSON.stringify({
        ...{ trace_id: (i + 1).toString(16).padStart(32, '0'), span_id: spanId, parent_span_id: parent, name },
        ...{ start_time: stamp(startMs + from), end_time: stamp(startMs + to), correlation_id: `c${i}`, host: 'h' },
      }),
    );
  span('00000000000000a1', 'send', [0, workMs + 1]);
  span('00000000000000a2', 'route', [0.5, workMs + 0.5], '00000000000000a1');
}

interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

async function alertOf(name: string): Promise<Alert | undefined> {
  const answer = await fetch(`${app.httpAddress}/api/v1/alerts`);
  const { data } = (await answer.json()) as { data: { alerts: Alert[] } };
  return data.alerts.find(({ labels, annotations }) => labels['alertname'] === name && 'correlation_id' in annotations);
}

/** Columns of the first table that answers. */
async function ask(document: object): Promise<Record<string, readonly unknown[]>> {
  const query = new URLSearchParams({
    ...{ document: JSON.stringify(document), from: String(BEGIN_MS / 1_000 - 60), to: String(Date.now() / 1_000) },
  });
  const answer = await fetch(`${app.httpAddress}/api/v1/trading/query?${query}`);
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(text);
  const { data } = JSON.parse(text) as {
    data: { tables: { columns: { name: string }[]; rows: (readonly unknown[])[] }[] };
  };
  const { columns, rows } = data.tables[0] ?? { columns: [], rows: [] };
  return Object.fromEntries(columns.map(({ name }, i) => [name, rows.map((row) => row[i])]));
}

it('one id links event, alert and trace; what comes without one gets its own (proves: TRC-07, ING-21)', async () => {
  for (let i = 0; i < ORDERS; i++) {
    send(i);
    publisher.publish(
      'tw.events.risk.order_checked',
      JSON.stringify({ time: stamp(BEGIN_MS + i * 100), correlation_id: `c${i}` }),
    );
  }
  publisher.publish('tw.events.ml.deployed', JSON.stringify({ time: stamp(BEGIN_MS) }));
  await until(
    async () => (await ask({ queryType: 'events', table: 'spans', limit: 10_000 }))['spanId']?.length === 2 * ORDERS,
  );
  publisher.publish('tw.metrics.desk', JSON.stringify({ name: 'count_events', type: 'gauge', value: 1 }));
  await until(async () => (await alertOf('OrderLatencyHigh')) !== undefined);
  const { annotations } = (await alertOf('OrderLatencyHigh')) as Alert;
  expect(annotations).toMatchObject({ slow_hop: 'desk: route' });
  const id = annotations['correlation_id'] ?? '';
  expect(Number(id.slice(1)) % 10).toBe(3);
  const trace = await ask({ queryType: 'trace', correlationId: id });
  expect(trace['operationName']).toEqual(expect.arrayContaining(['send', 'route', 'sent → ack']));
  // Records of two components about one order, in one view: each names who wrote it.
  const wrote = new Set(
    trace['operationName']?.map((name, i) => `${String(trace['serviceName']?.[i])}: ${String(name)}`),
  );
  expect([...wrote]).toEqual(expect.arrayContaining(['desk: route', 'orders: sent → ack']));
  expect(trace['traceID']?.[0]).toBe(annotations['trace_id']);
  const events = await ask({ queryType: 'events', table: 'events', limit: 10_000 });
  expect(events['correlationId']?.filter((one) => one === id)).toHaveLength(1);
  const own = events['correlationId']?.find((_, i) => events['eventType']?.[i] === 'deployed');
  expect(own).toMatch(/^event_\d{8}_[0-9a-f]{16}$/);
  await until(async () => (await alertOf('Deployed')) !== undefined);
  expect((await alertOf('Deployed'))?.annotations['correlation_id']).toMatch(/^incident_\d{8}_[0-9a-f]{8}$/);
}, 180_000);
