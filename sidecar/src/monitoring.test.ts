/** The whole sidecar over a real NATS: its loops, what scrapers and live clients get, and the callbacks. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { WebSocket } from 'ws';
import { type App, startApp } from './app.ts';
import { configSchema } from './config.ts';
import { NatsServer } from './ingest/testing/nats-server.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

let nats: NatsServer;
let publisher: NatsConnection;
let app: App;
const sockets: WebSocket[] = [];

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

async function start(monitoring: object, rules?: string, servers: readonly string[] = [nats.url]): Promise<void> {
  const ruleFile = join(temporaryFolder('monitoring'), 'rules.yaml');
  if (rules !== undefined) writeFileSync(ruleFile, rules);
  const [prometheus_port, websocket_port] = [await freePort(), await freePort()];
  app = await startApp(
    configSchema.parse({
      nats: { servers, reconnectWait: '50ms' },
      store: { kind: 'memory' },
      http: { listen: '127.0.0.1:0' },
      grafana: { enabled: false },
      // How busy the machine is that the test runs on is not the question.
      health_checks: { system_resources: { enabled: false }, disk_space: { enabled: false } },
      alerting: rules === undefined ? {} : { ruleFiles: [ruleFile], startDelayMs: 0 },
      monitoring: { prometheus_port, websocket_port, ...monitoring },
      log: { level: 'silent' },
    }),
  );
  if (servers[0] === nats.url) await until(ready);
}

const ready = async (): Promise<boolean> => (await fetch(`${app.httpAddress}/readyz`)).status === 200;

beforeEach(async () => {
  nats = await NatsServer.start();
  publisher = await connect({ servers: `127.0.0.1:${nats.port}` });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await app.stop();
  await publisher.close();
  await nats.stop();
});

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

const scrape = async (): Promise<string> => (await fetch(`http://${app.prometheusAddress()}/metrics`)).text();

async function ask(query: string): Promise<number[]> {
  const answer = await fetch(`${app.httpAddress}/api/v1/query?query=${encodeURIComponent(query)}`);
  const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
  return data.result.map(({ value }) => Number(value[1]));
}

interface Update {
  readonly type: string;
  readonly data: Record<string, unknown>;
}

async function client(): Promise<Update[]> {
  const socket = new WebSocket(`ws://${app.liveAddress()}`);
  sockets.push(socket);
  const told: Update[] = [];
  socket.on('message', (text: Buffer) => told.push(JSON.parse(text.toString()) as Update));
  await once(socket, 'open');
  return told;
}

const gauge = (name: string, value: number, labels: object = {}): string => JSON.stringify({ name, value, labels });

it('runs four loops with the periods that are asked for, and says so in its metrics (proves: ING-30)', async () => {
  await start({});
  const text = await scrape();
  const periods = [...text.matchAll(/^tapewatch_loop_interval_seconds\{loop="(\w+)"\} (\d+)$/gm)];
  expect(Object.fromEntries(periods.map(([, loop, seconds]) => [loop, Number(seconds)]))).toEqual({
    metrics: 15,
    health: 30,
    alerts: 10,
    broadcast: 30,
  });
});

it('shows its own and the collected metrics on the exposition port (proves: API-18)', async () => {
  await start({ metrics_interval_seconds: 1 });
  publisher.publish('tw.metrics.a', gauge('queue_depth', 7, { venue: 'XNAS' }));
  await until(async () => (await scrape()).includes('queue_depth{venue="XNAS"} 7'));
  await until(async () => (await scrape()).includes('cpu_usage_percent{'));
  const text = await scrape();
  expect(text).toMatch(/^tapewatch_received_messages_total\{stream="metrics"\} 1$/m);
  // Our own requests stand in the page once, in the family of the registry and that of the store together.
  expect(text.match(/^# TYPE api_requests_total /gm)).toHaveLength(1);
  expect(configSchema.parse({}).monitoring.prometheus_port).toBe(8_000);
});

it('has data for rules on the API’s requests and their p95 (proves: MET-55, MET-56)', async () => {
  await start({ metrics_interval_seconds: 1 });
  for (let i = 0; i < 20; i += 1) await ask('vector(1)');
  await until(async () => (await ask('sum(rate(api_requests_total[5m])) > 0')).length === 1);
  const [p95] = await ask('http_request_duration_p95');
  expect(p95).toBeGreaterThan(0);
  expect(p95).toBeLessThan(10_000);
  expect(await ask('http_request_duration_p95 > 1000')).toEqual([]);
});

it('tells live clients of metrics, alerts, health and its own state (proves: WSL-01, WSL-05, WSL-08)', async () => {
  const rules = 'groups: [{ name: g, interval: 1s, rules: [{ alert: Deep, expr: queue_depth > 5 }] }]';
  await start({ broadcast_interval_seconds: 1, health_check_interval_seconds: 1 }, rules);
  const told = await client();
  publisher.publish('tw.metrics.a', gauge('queue_depth', 7));
  const has = (type: string): boolean => told.some((update) => update.type === type);
  await until(() => has('metrics_update') && has('alert_update') && has('heartbeat'));
  const metrics = told.find(({ type }) => type === 'metrics_update')?.data['metrics'] as {
    name: string;
    samples: { value: number }[];
  }[];
  expect(metrics.find(({ name }) => name === 'queue_depth')?.samples).toMatchObject([{ value: 7 }]);
  expect(told.find(({ type }) => type === 'alert_update')?.data).toMatchObject({
    to: 'firing',
    labels: { alertname: 'Deep' },
    value: 7,
  });
  expect(told.filter(({ type }) => type === 'status').at(-1)?.data).toMatchObject({
    level: 'HEALTHY',
    store: { ok: true },
  });
  await nats.stop();
  await until(() => has('health_update'));
  expect(told.find(({ type }) => type === 'health_update')?.data).toMatchObject({
    check: 'nats',
    level: 'CRITICAL',
    overall: 'CRITICAL',
  });
  expect(configSchema.parse({}).monitoring.websocket_port).toBe(8_765);
});

it('calls back at a trade, an alert and a change of health (proves: ING-31)', async () => {
  const rules = 'groups: [{ name: g, interval: 1s, rules: [{ alert: Deep, expr: queue_depth > 5 }] }]';
  await start({ health_check_interval_seconds: 1 }, rules);
  const seen: string[] = [];
  app.on('trade', ({ id, price }) => seen.push(`trade ${id} at ${price}`));
  app.on('alert', ({ labels, to }) => seen.push(`alert ${labels.get('alertname')} ${to}`));
  const stop = app.on('health_change', ({ check, level }) => seen.push(`health ${check} ${level}`));
  app.on('alert', () => {
    throw new Error('a callback that fails disturbs nobody');
  });
  const fill = {
    id: 'f1',
    order_id: 'o',
    venue: 'V',
    symbol: 'S',
    side: 'buy',
    quantity: 1,
    price: 10,
    currency: 'USD',
    time: Date.now(),
  };
  publisher.publish('tw.metrics.a', gauge('queue_depth', 7));
  await until(() => {
    // The stream of fills is made when the sidecar opens it; the fill's id makes repeats harmless.
    publisher.publish('tw.fills.V.mm', JSON.stringify(fill));
    return seen.length >= 2;
  });
  expect([...seen].sort()).toEqual(['alert Deep firing', 'trade f1 at 10']);
  await nats.stop();
  await until(() => seen.includes('health nats CRITICAL'));
  stop();
});

it('starts although a port is taken, and opens it when it is free again', async () => {
  const blocker = createServer().listen(0, '127.0.0.1');
  await once(blocker, 'listening');
  const { port } = blocker.address() as AddressInfo;
  await start({ prometheus_port: port, health_check_interval_seconds: 1 });
  expect(app.prometheusAddress()).toBeUndefined();
  blocker.close();
  await until(() => app.prometheusAddress() !== undefined);
  expect(await scrape()).toContain('tapewatch_build_info');
});

it('picks a broker up that starts after it, without a restart, and says so meanwhile (proves: ING-33)', async () => {
  const port = await freePort();
  await start({ health_check_interval_seconds: 1 }, undefined, [`nats://127.0.0.1:${port}`]);
  const health: string[] = [];
  app.on('health_change', ({ check, level }) => health.push(`${check} ${level}`));
  // What needs no broker works from the beginning; what waits for one is not called ready.
  expect(await ask('vector(7)')).toEqual([7]);
  expect(await ready()).toBe(false);
  await until(() => health.includes('nats CRITICAL'));
  const late = await NatsServer.start({ port });
  try {
    await until(ready);
    const sender = await connect({ servers: late.url });
    sender.publish('tw.metrics.a', gauge('queue_depth', 7));
    await until(async () => (await ask('queue_depth'))[0] === 7);
    await until(() => health.includes('nats HEALTHY'));
    await sender.close();
  } finally {
    await late.stop();
  }
});

it('finds what is odd and what breaks a limit as it comes in, not when a rule is due (proves: ING-19)', async () => {
  const window = 'depth[10m]';
  const group = {
    ...{ name: 'stream', interval: '1h' },
    rules: [
      { alert: 'Odd', expr: `abs(depth - avg_over_time(${window})) > 4 * stddev_over_time(${window})` },
      { alert: 'Deep', expr: 'depth > 100' },
      { record: 'depth:mean', expr: `avg_over_time(${window})` },
    ],
  };
  const rules = JSON.stringify({ groups: [group] });
  await start({}, rules);
  const told = await client();
  const firing = (): unknown[] =>
    told
      .filter(({ type, data }) => type === 'alert_update' && data['to'] === 'firing')
      .map(({ data }) => (data['labels'] as { alertname: string }).alertname);
  const startMs = Date.now() - 60_000;
  const depth = (second: number, value: number): void =>
    publisher.publish(
      'tw.metrics.a',
      JSON.stringify({ name: 'depth', value, time: `${BigInt(startMs + second * 1_000) * 1_000_000n}` }),
    );
  for (let second = 0; second < 50; second++) depth(second, 10 + (second % 3) / 10);
  // The stream is analysed: a mean follows each message, which a rule that is due once an hour could not.
  await until(async () => ((await ask('depth:mean'))[0] ?? 0) > 10.05);
  expect(firing()).toEqual([]);
  depth(51, 12);
  await until(() => firing().includes('Odd'));
  expect(firing()).toEqual(['Odd']);
  depth(53, 150);
  await until(() => firing().includes('Deep'));
});
