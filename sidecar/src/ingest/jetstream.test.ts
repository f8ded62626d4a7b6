import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { SystemClock } from '../clock.ts';
import type { Envelope } from '../ports.ts';
import { JetstreamSource } from './jetstream.ts';
import { type NatsOptions, natsOptions, streamOptions } from './options.ts';
import { Collector, eventually, pauseMs, sourceContract } from './source.contract.ts';
import { compileStream } from './stream.ts';
import { NatsServer } from './testing/nats-server.ts';

const ENSURE = { subjects: ['feed.>'] };

function create(nats: NatsOptions, settings: object = {}, subject = 'feed.>'): JetstreamSource {
  const options = streamOptions.parse({
    name: 'feed',
    subject,
    delivery: 'jetstream',
    jetstream: { stream: 'FEED', ensureStream: ENSURE, ackWait: '500ms', ...settings },
  });
  return new JetstreamSource({
    nats,
    streams: [compileStream(options)],
    clock: new SystemClock(),
    report: () => undefined,
  });
}

async function publish(connection: NatsConnection, subject: string, text: string): Promise<void> {
  const hdrs = headers();
  hdrs.set('Content-Type', 'text/plain');
  await jetstream(connection).publish(subject, text, { headers: hdrs });
}

const sequencesOf = (envelopes: readonly Envelope[]): (number | undefined)[] =>
  envelopes.map(({ position }) => position?.sequence);

describe('JetStream', () => {
  sourceContract({
    create,
    async publish(connection, subject, text) {
      // After a restart JetStream answers a little later than the server itself.
      await publish(connection, subject, text).catch(() => undefined);
    },
  });
});

describe('JetStream, beyond the contract', () => {
  let server: NatsServer;
  let publisher: NatsConnection;
  let nats: NatsOptions;
  const sources: JetstreamSource[] = [];

  beforeEach(async () => {
    server = await NatsServer.start();
    nats = natsOptions.parse({ servers: [server.url], reconnectWait: '50ms' });
    publisher = await connect({ servers: `127.0.0.1:${server.port}`, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  });
  afterEach(async () => {
    for (const source of sources.splice(0)) {
      await source.close();
      await source.close();
    }
    await publisher.close();
    await server.stop();
  });

  async function open(collector: Collector, settings: object = {}): Promise<JetstreamSource> {
    const source = create(nats, settings);
    sources.push(source);
    await source.open(collector.take);
    return source;
  }
  const publishAll = async (from: number, to: number): Promise<void> => {
    for (let i = from; i < to; i++) await publish(publisher, 'feed.a', `m${i}`);
  };
  const pending = async (): Promise<number> =>
    (await (await jetstreamManager(publisher)).consumers.info('FEED', 'tapewatch-feed')).num_ack_pending;

  it('tells the position in the log and reads what was published before it came', async () => {
    await (await jetstreamManager(publisher)).streams.add({ name: 'FEED', subjects: ['feed.>'] });
    await publishAll(0, 3);
    const collector = new Collector();
    await open(collector);
    await collector.until(3);
    expect(collector.envelopes.map(({ position }) => position)).toEqual(
      [1, 2, 3].map((n) => ({
        log: expect.stringMatching(/^FEED\/tapewatch-feed\/\d{4}-/) as string,
        sequence: n,
        deliverySequence: n,
        redelivered: false,
      })),
    );
    while ((await pending()) > 0) await pauseMs(10);
  });

  it('goes on after what was stored; what was not settled at close comes again at once', async () => {
    const first = new Collector('later');
    const source = await open(first, { ackWait: '10m' });
    await publishAll(0, 5);
    await first.until(5);
    for (const envelope of first.envelopes.slice(0, 3)) envelope.settle('stored');
    await source.close();
    // Settled after close: the connection is kept for it.
    first.envelopes[3]?.settle('stored');
    await source.close();
    const second = new Collector();
    await open(second, { ackWait: '10m' });
    await second.until(1);
    await publishAll(5, 6);
    await second.until(2);
    expect(second.texts).toEqual(['m4', 'm5']);
  });

  it('delivers again what failed, and not what was stored', async () => {
    const collector = new Collector('later');
    await open(collector);
    await publishAll(0, 2);
    await collector.until(2);
    collector.envelopes[0]?.settle('failed');
    collector.envelopes[1]?.settle('stored');
    await collector.until(3);
    expect(sequencesOf(collector.envelopes)).toEqual([1, 2, 1]);
    expect(collector.envelopes.map(({ position }) => position?.redelivered)).toEqual([false, false, true]);
  });

  it('does not pass on again what is still in flight when the server repeats it', async () => {
    const collector = new Collector('later');
    await open(collector, { ackWait: '200ms' });
    await publishAll(0, 1);
    await collector.until(1);
    const manager = await jetstreamManager(publisher);
    const deliveries = async (): Promise<number> =>
      (await manager.consumers.info('FEED', 'tapewatch-feed')).delivered.consumer_seq;
    while ((await deliveries()) < 3) await pauseMs(20);
    expect(collector.envelopes).toHaveLength(1);
    collector.envelopes[0]?.settle('stored');
    while ((await pending()) > 0) await pauseMs(10);
  });

  it('has no more in flight than it may', async () => {
    const collector = new Collector('later');
    await open(collector, { maxAckPending: 10, ackWait: '10m' });
    await publishAll(0, 30);
    await collector.until(10);
    expect(await pending()).toBe(10);
    expect(collector.envelopes).toHaveLength(10);
    for (const envelope of collector.envelopes) envelope.settle('stored');
    await collector.until(20);
  });

  it('loses nothing when the server is killed in between', async () => {
    const collector = new Collector();
    const source = await open(collector);
    await publishAll(0, 50);
    await server.pause('SIGKILL');
    await eventually(() => !source.status().connected);
    await server.resume();
    await eventually(() => source.status().connected && !publisher.isClosed());
    for (let i = 50; i < 60; i++) {
      for (;;) {
        const done = await publish(publisher, 'feed.a', `m${i}`).then(
          () => true,
          () => false,
        );
        if (done) break;
        await pauseMs(50);
      }
    }
    await eventually(() => new Set(collector.texts).size === 60);
  });

  it('sets the consumer up again when somebody deletes it or its stream', async () => {
    const collector = new Collector();
    await open(collector);
    await publishAll(0, 1);
    await collector.until(1);
    await (await jetstreamManager(publisher)).streams.delete('FEED');
    const before = collector.envelopes.length;
    while (collector.envelopes.length === before) {
      await publish(publisher, 'feed.a', 'again').catch(() => undefined);
      await pauseMs(100);
    }
    expect(collector.texts.at(-1)).toBe('again');
    // The new stream counts from 1 again; under the same name its messages would pass for stored ones.
    const [first, last] = [collector.envelopes[0]?.position, collector.envelopes.at(-1)?.position];
    expect(last?.sequence).toBe(first?.sequence);
    expect(last?.log).not.toBe(first?.log);
  });

  it('takes new settings over into a consumer that exists', async () => {
    const source = await open(new Collector());
    await source.close();
    await open(new Collector(), { maxAckPending: 7 });
    const { config } = await (await jetstreamManager(publisher)).consumers.info('FEED', 'tapewatch-feed');
    expect(config).toMatchObject({ max_ack_pending: 7, filter_subject: 'feed.>', ack_policy: 'explicit' });
  });

  it.each<[string, object, string, RegExp]>([
    ['the stream is missing', { ensureStream: undefined }, 'feed.>', /no stream FEED; create it with subjects feed\.>/],
    ['the stream captures something else', {}, 'other.>', /captures feed\.>, not other\.>/],
    [
      'the stream cannot be created',
      { ensureStream: { subjects: ['feed.>'], replicas: 3 } },
      'feed.>',
      /cannot create FEED/,
    ],
  ])('says what to do when %s', async (_, settings, subject, message) => {
    const source = create(nats, settings, subject);
    await expect(source.open(() => undefined)).rejects.toMatchObject({
      code: 'source.rejected',
      message: expect.stringMatching(message) as string,
    });
    expect(source.status().connected).toBe(false);
  });

  it('refuses a consumer of that name that reads something else', async () => {
    const manager = await jetstreamManager(publisher);
    await manager.streams.add({ name: 'FEED', subjects: ['feed.>'] });
    await manager.consumers.add('FEED', {
      durable_name: 'tapewatch-feed',
      filter_subject: 'feed.x',
      ack_policy: 'explicit',
    });
    await expect(create(nats).open(() => undefined)).rejects.toMatchObject({
      code: 'source.rejected',
      message: expect.stringContaining('reads feed.x') as string,
    });
  });

  it('says that JetStream is off', async () => {
    const plain = await NatsServer.start({ jetstream: false });
    await expect(create(natsOptions.parse({ servers: [plain.url] })).open(() => undefined)).rejects.toMatchObject({
      code: 'source.rejected',
      message: expect.stringContaining('start nats-server with -js') as string,
    });
    await plain.stop();
  });
});
