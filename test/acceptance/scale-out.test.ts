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
const ORDERS_A_TURN = { rates: 70, credit: 30 } as const;

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
      - { record: 'venue:orders:rate1m', expr: 'sum by (venue) (rate(orders_total[1m]))' }
      - { record: 'venue:acks:rate1m', expr: 'histogram_count(sum by (venue) (rate(ack_seconds[1m])))' }
      - record: 'venue:acks_within_250ms:rate1m'
        expr: |-
          histogram_fraction(0, 0.25, sum by (venue) (rate(ack_seconds[1m])))
            * histogram_count(sum by (venue) (rate(ack_seconds[1m]))) >= 0
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
  const all = await sidecar('all', { streams: [], scrape: { files: [scrape] } });
  let sent = 0;
  const publish = (): void => {
    sent++;
    for (const desk of DESKS) {
      for (let i = 1; i <= ORDERS_A_TURN[desk]; i++) {
        const common = { labels: { venue: 'XNAS', desk } };
        const orders = { name: 'orders_total', type: 'counter', value: (sent - 1) * ORDERS_A_TURN[desk] + i };
        // Of 70 rising by ten milliseconds 25 are within the limit, of 30 as many.
        const ack = { name: 'ack_seconds', type: 'observation', value: i / 100, unit: 'seconds' };
        publisher.publish(
          `desk.${desk}.a`,
          JSON.stringify([
            { ...orders, ...common },
            { ...ack, ...common },
          ]),
        );
      }
    }
  };
  const publishing = setInterval(publish, 200);
  try {
    await until(async () => {
      const recorded = await Promise.all(parts.map((part) => scalar(part, 'venue:orders:rate1m')));
      const [ofParts, ofAll] = [
        recorded.reduce((sum, rate) => sum + rate, 0),
        await scalar(all, 'sum(venue:orders:rate1m)'),
      ];
      return sent > 40 && ofParts > 0 && Math.abs(ofAll / ofParts - 1) < 0.02;
    });
    const isHalf = async (): Promise<boolean> => {
      const share = await scalar(all, 'sum(venue:acks_within_250ms:rate1m) / sum(venue:acks:rate1m)');
      return Math.abs(share - 0.5) < 0.02;
    };
    await until(isHalf);
    for (const [i, desk] of DESKS.entries()) {
      const shareOfDesk = ORDERS_A_TURN[desk] / 100;
      const ofShard = await scalar(
        all,
        `venue:orders:rate1m{shard="${desk}", venue="XNAS"} / ignoring (shard, instance) sum by (venue, job) (venue:orders:rate1m)`,
      );
      expect(Math.abs(ofShard - shareOfDesk)).toBeLessThan(0.05);
      expect(await scalar(parts[1 - i] as App, `count(orders_total{desk="${desk}"}) or vector(0)`)).toBe(0);
    }
  } finally {
    clearInterval(publishing);
  }
}, 90_000);
