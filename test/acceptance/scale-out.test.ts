/**
 * More than one sidecar takes in: two share the desks by subject and each records its part, and a third scrapes what they
 * recorded and answers for all of them (docs/scale-out.md).
 *
 * proves: PRF-08
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type App, startApp } from '../../sidecar/src/app.ts';
import { configSchema } from '../../sidecar/src/config.ts';
import { NatsServer } from '../../sidecar/src/ingest/testing/nats-server.ts';
import { freePorts } from '../../tools/demo/port.ts';
import { ensureBuiltSidecar } from './built-sidecar.ts';
import { until } from './panel.ts';

const DESKS = ['rates', 'credit'] as const;
const ORDERS = { rates: 700, credit: 300 } as const;

let folder: string;
let nats: NatsServer;
let publisher: NatsConnection;
const apps: App[] = [];

async function sidecar(name: string, settings: object): Promise<App> {
  const [prometheus_port] = await freePorts(1);
  const app = await startApp(
    configSchema.parse({
      nats: { servers: [nats.url] },
      store: { kind: 'duckdb', path: join(folder, `${name}.duckdb`) },
      http: { listen: '127.0.0.1:0' },
      grafana: { listen: `unix:${join(folder, `${name}.sock`)}` },
      monitoring: { prometheus_port, websocket_port: 0 },
      log: { level: 'silent' },
      ...settings,
    }),
  );
  apps.push(app);
  await until(async () => (await fetch(`${app.httpAddress}/readyz`)).status === 200);
  return app;
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function scalar(app: App, query: string): Promise<number> {
  const answer = await fetch(`${app.httpAddress}/api/v1/query?query=${encodeURIComponent(query)}`);
  const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
  return Number(data.result[0]?.value[1]);
}

beforeAll(async () => {
  ensureBuiltSidecar(resolve(__dirname, '../..'));
  folder = mkdtempSync(join(tmpdir(), 'tapewatch-scale-out-'));
  nats = await NatsServer.start();
  publisher = await connect({ servers: nats.url });
}, 120_000);
afterAll(async () => {
  for (const app of apps.reverse()) await app.stop();
  await publisher.close();
  await nats.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('a sidecar that scrapes what others recorded answers for all of them', async () => {
  const rules = file(
    'recorded.yaml',
    `groups:
  - name: recorded
    interval: 1s
    rules:
      - { record: 'venue:orders:total', expr: 'sum by (venue) (orders_total)' }
      - { record: 'venue:acks:total', expr: 'histogram_count(sum by (venue) (ack_seconds))' }
      - record: 'venue:acks_within_250ms:total'
        expr: 'histogram_fraction(0, 0.25, sum by (venue) (ack_seconds)) * histogram_count(sum by (venue) (ack_seconds))'
`,
  );
  const parts: App[] = [];
  for (const desk of DESKS) {
    const streams = [{ name: 'metrics', subject: `desk.${desk}.>`, payload: 'metric' }];
    parts.push(await sidecar(desk, { streams, alerting: { ruleFiles: [rules] } }));
  }
  const targets = parts.map(
    (part, i) => `      - { targets: ['${part.prometheusAddress()}'], labels: { shard: ${DESKS[i]} } }`,
  );
  const scrape = file(
    'scrape.yaml',
    `scrape_configs:
  - job_name: shards
    scrape_interval: 1s
    metrics_path: /federate
    params: { 'match[]': ['{__name__=~"venue:.+"}'] }
    honor_labels: true
    static_configs:
${targets.join('\n')}
`,
  );
  const all = await sidecar('all', { scrape: { files: [scrape] } });
  for (const desk of DESKS) {
    for (let i = 1; i <= ORDERS[desk]; i++) {
      const common = { labels: { venue: 'XNAS', desk } };
      publisher.publish(
        `desk.${desk}.a`,
        JSON.stringify({ name: 'orders_total', type: 'counter', value: i, ...common }),
      );
      publisher.publish(
        `desk.${desk}.a`,
        JSON.stringify({ name: 'ack_seconds', type: 'observation', value: i / 1_000, unit: 'seconds', ...common }),
      );
    }
  }
  await publisher.flush();
  await until(async () => (await scalar(all, 'sum(venue:orders:total)')) === 1_000);
  for (const [i, desk] of DESKS.entries()) {
    expect(await scalar(parts[i] as App, 'sum(venue:orders:total)')).toBe(ORDERS[desk]);
    expect(await scalar(all, `venue:orders:total{shard="${desk}", venue="XNAS"}`)).toBe(ORDERS[desk]);
  }
  // Of 700 rising by a millisecond 250 are within the limit, of 300 as many.
  await until(async () => (await scalar(all, 'sum(venue:acks:total)')) === 1_000);
  const share = await scalar(all, 'sum(venue:acks_within_250ms:total) / sum(venue:acks:total)');
  expect(Math.abs(share - 0.5)).toBeLessThan(0.01);
}, 60_000);
