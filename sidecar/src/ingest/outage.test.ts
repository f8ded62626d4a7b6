/** Faults of the broker and of ourselves, short forms with a real server: rows 5 to 10 of the fault list. */
import { Worker } from 'node:worker_threads';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { SystemClock } from '../clock.ts';
import type { Source } from '../ports.ts';
import { CoreNatsSource } from './core-nats.ts';
import { JetstreamSource } from './jetstream.ts';
import { natsOptions, streamOptions } from './options.ts';
import { Collector, eventually, pauseMs } from './source.contract.ts';
import { compileStream } from './stream.ts';
import { NatsServer } from './testing/nats-server.ts';

const jetstream = { stream: 'FEED', ensureStream: { subjects: ['feed.>'] }, ackWait: '1s' };

interface Opening {
  readonly delivery: 'core' | 'jetstream';
  readonly collector: Collector;
  readonly pingInterval?: string;
  readonly ensureStream?: object;
}

describe('outages', () => {
  const closers: (() => Promise<unknown>)[] = [];
  const log: string[] = [];
  afterEach(async () => {
    log.length = 0;
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function start(config = ''): Promise<NatsServer> {
    const server = await NatsServer.start({ config });
    closers.push(() => server.stop());
    return server;
  }

  async function client(server: NatsServer): Promise<NatsConnection> {
    const connection = await connect({
      servers: `127.0.0.1:${server.port}`,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 50,
    });
    closers.push(() => connection.close());
    return connection;
  }

  /** Silence is noticed by pings; short ones only where silence is the fault, since a busy machine is silent, too. */
  async function open(
    server: NatsServer,
    { delivery, collector, pingInterval = '10s', ensureStream = jetstream.ensureStream }: Opening,
  ): Promise<Source> {
    const options = { name: 'feed', subject: 'feed.>', delivery, jetstream: { ...jetstream, ensureStream } };
    const stream = streamOptions.parse(options);
    const context = {
      nats: natsOptions.parse({ servers: [server.url], reconnectWait: '50ms', pingInterval }),
      streams: [compileStream(stream)],
      clock: new SystemClock(),
      report: (_: string, message: string) => log.push(message),
    };
    const source = delivery === 'core' ? new CoreNatsSource(context) : new JetstreamSource(context);
    closers.push(
      () => source.close(),
      () => source.close(),
    );
    await source.open(collector.take);
    return source;
  }

  it.each(['core', 'jetstream'] as const)(
    'row 9, %s: notices a server that answers nothing, and comes back',
    async (delivery) => {
      const server = await start();
      const collector = new Collector();
      const source = await open(server, { delivery, collector, pingInterval: '100ms' });
      server.freeze(true);
      await eventually(() => !source.status().connected);
      expect(source.status().detail).toContain('reconnecting');
      server.freeze(false);
      await eventually(() => source.status().connected);
      const publisher = await client(server);
      while (collector.envelopes.length === 0) {
        publisher.publish('feed.a', 'hello');
        await pauseMs(50);
      }
      expect(collector.texts[0]).toBe('hello');
    },
  );

  it('row 8: what is settled while the server is away is acknowledged when it is back, and nothing comes twice', async () => {
    const server = await start();
    const collector = new Collector('later');
    const source = await open(server, { delivery: 'jetstream', collector });
    const publisher = await client(server);
    for (let i = 0; i < 500; i++) publisher.publish('feed.a', `m${i}`);
    await publisher.flush();
    await collector.until(500);
    await server.pause('SIGKILL');
    await eventually(() => !source.status().connected);
    for (const envelope of collector.envelopes) envelope.settle?.('stored');
    // Longer than several attempts to connect and than ackWait.
    await pauseMs(1_500);
    await server.resume();
    await eventually(() => source.status().connected);
    const manager = await jetstreamManager(await client(server));
    // A killed server forgets its last deliveries: it repeats them, or a second consumer begins behind what is settled.
    const names = ['tapewatch-feed-a', 'tapewatch-feed-b'];
    let seen = '';
    const pending = async (): Promise<number> => {
      const infos = await Promise.all(names.map((name) => manager.consumers.info('FEED', name).catch(() => undefined)));
      // A new consumer behind everything has delivered nothing: its floor says 0, but nothing waits for it either.
      const through = infos.map(
        (info) => (info?.num_ack_pending === 0 ? info.delivered : info?.ack_floor)?.stream_seq ?? 0,
      );
      const floor = Math.max(...through);
      // The last messages may not have reached its files when it was killed; those it cannot wait for.
      const { state } = await manager.streams.info('FEED');
      const told = infos.map((info) => ({
        delivered: info?.delivered,
        floor: info?.ack_floor,
        left: info?.num_ack_pending,
      }));
      seen = JSON.stringify({ last: state.last_seq, told, source: source.status(), log });
      return state.last_seq - floor;
    };
    await eventually(async () => (await pending()) === 0).catch((error: Error) => {
      throw new Error(`${error.message}: ${seen}`);
    });
    expect(collector.envelopes).toHaveLength(500);
  });

  it('is connected again only when the streams that the broker lost are there again', async () => {
    const server = await start();
    const ensureStream = { ...jetstream.ensureStream, storage: 'memory' };
    const source = await open(server, { delivery: 'jetstream', collector: new Collector(), ensureStream });
    const manager = await jetstreamManager(await client(server));
    await manager.streams.info('FEED');
    await server.pause('SIGKILL');
    await eventually(() => !source.status().connected);
    await server.resume();
    const said = new Set<string>();
    await eventually(() => {
      const { connected, detail } = source.status();
      said.add(detail);
      return connected;
    });
    // The connection of this test may find the server later than the source does.
    await eventually(() =>
      manager.streams.info('FEED').then(
        () => true,
        () => false,
      ),
    );
    expect(await manager.consumers.list('FEED').next()).toHaveLength(1);
    expect([...said].join('\n')).toMatch(/stream "feed"/);
  });

  it('row 10: says that it was cut off as a slow consumer, and subscribes again', async () => {
    const server = await start('write_deadline: "200ms"\nmax_pending: 1MB');
    const collector = new Collector();
    const source = await open(server, { delivery: 'core', collector });
    const flood = new Worker(FLOOD, { eval: true, workerData: server.port });
    closers.push(() => flood.terminate());
    await collector.until(1);
    // The handler stands still while messages pile up at the server.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_000);
    await eventually(() => log.some((line) => /slow consumer is cut off/.test(line)));
    await eventually(() => source.status().connected);
    expect(log.join('\n')).toMatch(/read nothing for \d+ s: a slow consumer is cut off; reconnecting/);
    const before = collector.envelopes.length;
    await collector.until(before + 1);
    expect(log.join('\n')).toContain('core NATS kept nothing');
  });
});

/** Publishes from a thread of its own, since the test's stands still. */
const FLOOD = `
  const { connect } = require('@nats-io/transport-node');
  const { workerData: port } = require('node:worker_threads');
  (async () => {
    const connection = await connect({ servers: '127.0.0.1:' + port, maxReconnectAttempts: -1 });
    const payload = new Uint8Array(50_000);
    for (;;) {
      for (let i = 0; i < 20; i++) connection.publish('feed.a', payload);
      await connection.flush();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })();
`;
