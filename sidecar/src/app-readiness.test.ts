/**
 * `/readyz` as publishers and supervisors use it: who waits for it publishes into something that keeps it. Alive it is all the
 * while, so that a broker that is down restarts nothing.
 */
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type App, startApp } from './app.ts';
import { configSchema } from './config.ts';
import { freePort, NatsServer } from './ingest/testing/nats-server.ts';

const TIMEOUT_MS = 60_000;

interface Answer {
  readonly status: number;
  readonly body: { readonly status: string; readonly detail: { readonly source: string } };
}

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(port: number): Promise<{ app: App; durable: readonly { subject: string; stream: string }[] }> {
  const config = configSchema.parse({
    nats: { servers: [`nats://127.0.0.1:${port}`], reconnectWait: '1s' },
    store: { kind: 'memory' },
    http: { listen: '127.0.0.1:0' },
    grafana: { enabled: false },
    monitoring: { prometheus_port: 0, websocket_port: 0 },
    log: { level: 'silent' },
  });
  const app = await startApp(config);
  closers.push(() => app.stop());
  const durable = config.streams.flatMap(({ subject, jetstream }) =>
    jetstream === undefined ? [] : [{ subject, stream: jetstream.stream }],
  );
  return { app, durable };
}

async function get(app: App, path: string): Promise<Answer> {
  const response = await fetch(app.httpAddress + path);
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

/** The first answer that is as wanted; nothing else happens between it and the return. */
async function first(app: App, wanted: (answer: Answer) => boolean): Promise<Answer> {
  for (;;) {
    const answer = await get(app, '/readyz');
    if (wanted(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const isReady = ({ status }: Answer): boolean => status === 200;

async function client(port: number): Promise<NatsConnection> {
  const connection = await connect({ servers: `127.0.0.1:${port}` });
  closers.push(() => connection.close());
  return connection;
}

it(
  'is ready once every stream has its consumer, says before why it is not, and is alive throughout',
  async () => {
    const port = await freePort();
    const { app, durable } = await start(port);
    expect(durable.length).toBeGreaterThan(3);
    const waiting = await first(app, ({ body }) => body.detail.source.includes('does not answer'));
    expect(waiting).toMatchObject({ status: 503, body: { status: 'degraded' } });
    expect((await get(app, '/healthz')).status).toBe(200);
    const server = await NatsServer.start({ port });
    closers.push(() => server.stop());
    const manager = await jetstreamManager(await client(port));
    await first(app, isReady);
    for (const { subject, stream } of durable) {
      expect(await manager.streams.find(subject)).toBe(stream);
      expect((await manager.consumers.list(stream).next()).length).toBeGreaterThan(0);
    }
  },
  TIMEOUT_MS,
);

it(
  'is not ready while a stream is missing that somebody deleted',
  async () => {
    const server = await NatsServer.start();
    closers.push(() => server.stop());
    const { app, durable } = await start(server.port);
    const manager = await jetstreamManager(await client(server.port));
    await first(app, isReady);
    const { stream, subject } = durable[0] as (typeof durable)[number];
    await manager.streams.delete(stream);
    const missing = await first(app, (answer) => !isReady(answer));
    expect(missing.body.detail.source).toMatch(
      /stream "\w+": delivery ended \(consumer deleted\); setting it up again/,
    );
    expect((await get(app, '/healthz')).status).toBe(200);
    await first(app, isReady);
    expect(await manager.streams.find(subject)).toBe(stream);
  },
  TIMEOUT_MS,
);
