/**
 * What every source owes, run by each implementation against a real nats-server: order, reading from the moment it is
 * open, settling, close, a restart of the server, a server list whose first one is down, refused credentials.
 */
import { connect, type NatsConnection, type ConnectionOptions } from '@nats-io/transport-node';
import { TapewatchError } from '../errors.ts';
import type { Envelope, Source } from '../ports.ts';
import { type NatsOptions, natsOptions } from './options.ts';
import { freePort, NatsServer, type NatsServerOptions } from './testing/nats-server.ts';

/** Shorter than a test's own limit: a loop that outlives its test would keep the whole run from ending. */
const EVENTUALLY_MS = 25_000;

export interface SourceUnderTest {
  /** A source that reads `feed.>` as the stream `feed`. */
  create(nats: NatsOptions): Source;
  /** Publishes and resolves when the server has it. */
  publish(connection: NatsConnection, subject: string, text: string): Promise<void>;
}

/** Collects envelopes, settles them as told, and waits for a number of them. */
export class Collector {
  readonly envelopes: Envelope[] = [];
  readonly #outcome: 'stored' | 'failed' | 'later';
  #waiting: { count: number; resolve: () => void } | undefined;

  constructor(outcome: 'stored' | 'failed' | 'later' = 'stored') {
    this.#outcome = outcome;
  }

  readonly take = (envelope: Envelope): void => {
    this.envelopes.push(envelope);
    if (this.#outcome !== 'later') envelope.settle?.(this.#outcome);
    if (this.#waiting !== undefined && this.envelopes.length >= this.#waiting.count) this.#waiting.resolve();
  };

  get texts(): string[] {
    return this.envelopes.map(({ payload }) => Buffer.from(payload).toString());
  }

  async until(count: number): Promise<this> {
    if (this.envelopes.length < count) await new Promise<void>((resolve) => (this.#waiting = { count, resolve }));
    return this;
  }
}

export function sourceContract({ create, publish }: SourceUnderTest): void {
  const closers: (() => Promise<unknown>)[] = [];
  const later = <T>(thing: T, end: (thing: T) => Promise<unknown>): T => {
    closers.unshift(() => end(thing));
    return thing;
  };
  const startServer = async (options?: NatsServerOptions) =>
    later(await NatsServer.start(options), (server) => server.stop());
  const client = async (server: NatsServer, options: ConnectionOptions = {}) =>
    later(
      await connect({
        servers: `127.0.0.1:${server.port}`,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 50,
        ...options,
      }),
      (c) => c.close(),
    );
  const optionsFor = (server: NatsServer, rest: object = {}) =>
    natsOptions.parse({ servers: [server.url], reconnectWait: '50ms', ...rest });
  const open = async (nats: NatsOptions, collector = new Collector()) => {
    const source = later(create(nats), closeTwice);
    await source.open(collector.take);
    return { source, collector };
  };

  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  it('delivers what is published once it is open, in order, with subject and content type', async () => {
    const server = await startServer();
    const publisher = await client(server);
    const { source, collector } = await open(optionsFor(server));
    expect(source.status()).toMatchObject({ connected: true, server: server.url });
    for (let i = 0; i < 200; i++) await publish(publisher, `feed.a.${i % 3}`, `m${i}`);
    await collector.until(200);
    expect(collector.texts).toEqual(Array.from({ length: 200 }, (_, i) => `m${i}`));
    expect(collector.envelopes[4]).toMatchObject({ stream: 'feed', subject: 'feed.a.1', contentType: 'text/plain' });
    expect(collector.envelopes[4]?.receivedNanos).toBeGreaterThan(1_700_000_000_000_000_000n);
  });

  it('delivers nothing after close, and can be closed twice', async () => {
    const server = await startServer();
    const publisher = await client(server);
    const { source, collector } = await open(optionsFor(server));
    await publish(publisher, 'feed.a', 'before');
    await collector.until(1);
    await source.close();
    await source.close();
    expect(source.status().connected).toBe(false);
    await publish(publisher, 'feed.a', 'after');
    // A second source that has read the later message shows that the first one had its chance.
    const { collector: other } = await open(optionsFor(server));
    await publish(publisher, 'feed.a', 'last');
    await other.until(1);
    expect(collector.texts).toEqual(['before']);
  });

  it('goes on after a restart of the server', async () => {
    const server = await startServer();
    const { source, collector } = await open(optionsFor(server));
    await server.pause('SIGKILL');
    await eventually(() => !source.status().connected);
    expect(source.status().detail).toMatch(/reconnecting/);
    await server.resume();
    await eventually(() => source.status().connected);
    const publisher = await client(server);
    for (let i = 0; collector.envelopes.length === 0; i++) {
      await publish(publisher, 'feed.a', `m${i}`);
      await pauseMs(20);
    }
    expect(collector.texts[0]).toMatch(/^m\d+$/);
  });

  it('uses the next server of the list when the first one is down', async () => {
    const server = await startServer();
    const down = await freePort();
    const { source } = await open(
      natsOptions.parse({ servers: [`nats://127.0.0.1:${down}`, server.url], reconnectWait: '50ms' }),
    );
    expect(source.status().server).toBe(server.url);
  });

  it('waits for a server that is not there yet, and stops waiting when it is closed', async () => {
    const port = await freePort();
    const nats = natsOptions.parse({ servers: [`nats://127.0.0.1:${port}`], reconnectWait: '20ms' });
    const source = later(create(nats), closeTwice);
    const collector = new Collector();
    const opening = source.open(collector.take);
    await eventually(() => source.status().detail.includes('does not answer'));
    const server = await startServer({ port });
    await opening;
    await publish(await client(server), 'feed.a', 'hello');
    await collector.until(1);

    const hopeless = create(natsOptions.parse({ servers: [`nats://127.0.0.1:${await freePort()}`] }));
    const failed = expect(hopeless.open(() => undefined)).rejects.toMatchObject({ code: 'source.unavailable' });
    await hopeless.close();
    await failed;
  });

  it('fails at once without a server when told not to wait', async () => {
    const nats = natsOptions.parse({ servers: [`nats://127.0.0.1:${await freePort()}`], waitForServer: false });
    await expect(create(nats).open(() => undefined)).rejects.toMatchObject({
      code: 'source.unavailable',
      message: expect.stringContaining('start it or change nats.servers') as string,
    });
  });

  it('says that the credentials were refused, without the password', async () => {
    const server = await startServer({ config: 'authorization { user: desk, password: right }' });
    const wrong = optionsFor(server, { user: 'desk', password: 'wr0ng-secret' });
    const error = await create(wrong)
      .open(() => undefined)
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    expect(error).toBeInstanceOf(TapewatchError);
    expect(error).toMatchObject({
      code: 'source.rejected',
      message: expect.stringContaining('refused user "desk"') as string,
    });
    expect(String(error)).not.toContain('wr0ng-secret');

    const { collector } = await open(optionsFor(server, { user: 'desk', password: 'right' }));
    await publish(await client(server, { user: 'desk', pass: 'right' }), 'feed.a', 'hello');
    await collector.until(1);
  });
}

async function closeTwice(source: Source): Promise<void> {
  await source.close();
  await source.close();
}

export function pauseMs(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until a condition holds; the test's own time limit ends a vain wait. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + EVENTUALLY_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${EVENTUALLY_MS} ms: ${condition.toString()}`);
    await pauseMs(10);
  }
}
