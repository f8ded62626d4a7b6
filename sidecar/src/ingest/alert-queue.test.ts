/** Alerts into a real JetStream: the stream is made, what waits for the broker arrives in order, and a repeat is kept once. */
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { AlertObject } from '@tapewatch/contract';
import { AlertQueue } from './alert-queue.ts';
import { natsOptions } from './options.ts';
import { publishOptions } from './publish-options.ts';
import { NatsServer } from './testing/nats-server.ts';

let nats: NatsServer;
let queue: AlertQueue;
let said: string[];
let counted: Record<string, number>;
let waiting: () => number;

afterEach(async () => {
  await queue.close();
  await nats.stop();
});

function start(options: object = {}, url = nats.url): void {
  [said, counted] = [[], {}];
  queue = new AlertQueue(
    {
      nats: natsOptions.parse({ servers: [url], reconnectWait: '50ms' }),
      report: (level, message) => said.push(`${level} ${message}`),
      telemetry: {
        level: (_name, _help, read) => (waiting = read),
        notified: (_receiver, outcome) => (counted[outcome] = (counted[outcome] ?? 0) + 1),
      },
    },
    publishOptions.parse({ alerts: { enabled: true, ...options } }).alerts,
  );
}

const alert = (id: string, name = 'Slow orders.v2'): AlertObject => ({
  ...{ alert_id: id, timestamp: '2026-01-07T09:00:00Z', severity: 'critical', service: 'gateway', metric: 'm' },
  ...{ current_value: 5.2, threshold: 3, message: 'm', description: 'd', suggested_actions: [], runbook_url: '' },
  ...{ escalation_policy: '', correlation_id: 'c', status: 'firing', labels: { alertname: name }, annotations: {} },
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

async function withConnection<T>(use: (connection: NatsConnection) => Promise<T>): Promise<T> {
  const connection = await connect({ servers: nats.url });
  try {
    return await use(connection);
  } finally {
    await connection.close();
  }
}

/** What the stream has kept, in order. */
function kept(stream = 'TW_ALERTS'): Promise<{ subject: string; id: string; type: string | undefined }[]> {
  return withConnection(async (connection) => {
    const manager = await jetstreamManager(connection);
    const { state } = await manager.streams.info(stream);
    const found = [];
    for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
      const message = await manager.streams.getMessage(stream, { seq });
      const { alert_id: id } = message?.json<AlertObject>() ?? alert('?');
      found.push({ subject: message?.subject ?? '', id, type: message?.header.get('Content-Type') });
    }
    return found;
  });
}

it('makes the stream, and publishes by severity and name, each once', async () => {
  nats = await NatsServer.start();
  start();
  queue.put(alert('a1'));
  queue.put(alert('a1'));
  queue.put({ ...alert('a1'), status: 'resolved' });
  queue.put(alert('a2', ''));
  await until(() => waiting() === 0);
  const subject = 'tw.alerts.critical.Slow_orders_v2';
  expect(await kept()).toEqual([
    { subject, id: 'a1', type: 'application/json' },
    { subject, id: 'a1', type: 'application/json' },
    { subject: 'tw.alerts.critical._', id: 'a2', type: 'application/json' },
  ]);
  expect(counted).toEqual({ sent: 4 });
});

it('uses a stream that takes the subject already', async () => {
  nats = await NatsServer.start();
  await withConnection(async (connection) => {
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: 'DESK', subjects: ['desk.alerts.*.*'] });
  });
  start({ subject: 'desk.alerts' });
  queue.put(alert('a1'));
  await until(() => waiting() === 0);
  expect(await kept('DESK')).toHaveLength(1);
  expect(
    await withConnection(async (c) => (await jetstreamManager(c)).streams.find('tw.alerts.a.b').catch(() => 'none')),
  ).toBe('none');
});

it('keeps what the broker cannot take yet, in order, over its absence', async () => {
  nats = await NatsServer.start();
  start();
  queue.put(alert('a1'));
  await until(() => waiting() === 0);
  await nats.pause();
  for (const id of ['a2', 'a3', 'a4']) queue.put(alert(id));
  await until(() => said.some((line) => line.includes('reconnecting')));
  await nats.resume();
  await until(() => waiting() === 0);
  expect((await kept()).map(({ id }) => id)).toEqual(['a1', 'a2', 'a3', 'a4']);
}, 30_000);

it('drops the oldest past its bound, and says which', async () => {
  nats = await NatsServer.start();
  await nats.pause();
  start({ maxWaiting: 3 });
  for (const id of ['a1', 'a2', 'a3', 'a4', 'a5']) queue.put(alert(id));
  expect(waiting()).toBe(3);
  expect(counted).toEqual({ failed: 2 });
  expect(said.filter((line) => line.includes('was dropped'))).toEqual([
    expect.stringContaining('a2-firing was dropped'),
    expect.stringContaining('a3-firing was dropped'),
  ]);
  await nats.resume();
  await until(() => waiting() === 0);
  expect((await kept()).map(({ id }) => id)).toEqual(['a1', 'a4', 'a5']);
}, 30_000);

it('says once what is wrong, and goes on when it is mended', async () => {
  nats = await NatsServer.start({ jetstream: false });
  start();
  queue.put(alert('a1'));
  await until(() => said.some((line) => line.startsWith('error')));
  expect(said.find((line) => line.startsWith('error'))).toMatch(
    /alerts cannot be published: .*check that JetStream is on/i,
  );
  const { port } = nats;
  await nats.stop();
  nats = await NatsServer.start({ port });
  await until(() => waiting() === 0);
  expect(await kept()).toHaveLength(1);
  expect(said.filter((line) => line.startsWith('error') && /JetStream is on/.test(line)).length).toBeLessThanOrEqual(3);
}, 30_000);
