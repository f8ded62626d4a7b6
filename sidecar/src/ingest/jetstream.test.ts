import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { SystemClock } from '../clock.ts';
import type { Envelope } from '../ports.ts';
import { inspectConsumer } from './inspect-consumer.ts';
import { JetstreamSource } from './jetstream.ts';
import { type NatsOptions, natsOptions, streamOptions } from './options.ts';
import { Collector, eventually, pauseMs, sourceContract } from './source.contract.ts';
import { compileStream } from './stream.ts';
import { NatsServer, type NatsServerOptions } from './testing/nats-server.ts';

const ENSURE = { subjects: ['feed.>'] };

function create(nats: NatsOptions, settings: object = {}, subject = 'feed.>', log: string[] = []): JetstreamSource {
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
    report: (_, message) => log.push(message),
  });
}

async function publish(connection: NatsConnection, subject: string, text: string): Promise<void> {
  const hdrs = headers();
  hdrs.set('Content-Type', 'text/plain');
  await jetstream(connection).publish(subject, text, { headers: hdrs });
}

const sequencesOf = (envelopes: readonly Envelope[]): (number | undefined)[] =>
  envelopes.map(({ position }) => position?.sequence);

describe.each(['auto', 'explicit'])('JetStream, acknowledge: %s', (acknowledge) => {
  sourceContract({
    create: (nats) => create(nats, { acknowledge }),
    async publish(connection, subject, text) {
      // After a restart JetStream answers a little later than the server itself.
      await publish(connection, subject, text).catch(() => undefined);
    },
  });
});

/** A real server, a publisher, and sources that are closed in the end. */
class Bench {
  readonly log: string[] = [];
  readonly #sources: JetstreamSource[] = [];
  readonly server: NatsServer;
  readonly publisher: NatsConnection;
  readonly manager: JetStreamManager;
  readonly nats: NatsOptions;
  settings: object = {};

  private constructor(server: NatsServer, publisher: NatsConnection, manager: JetStreamManager) {
    this.server = server;
    this.publisher = publisher;
    this.manager = manager;
    this.nats = natsOptions.parse({ servers: [server.url], reconnectWait: '50ms' });
  }

  static async start(options?: NatsServerOptions, login: object = {}): Promise<Bench> {
    const server = await NatsServer.start(options);
    const address = { servers: `127.0.0.1:${server.port}`, maxReconnectAttempts: -1, reconnectTimeWait: 50 };
    const publisher = await connect({ ...address, ...login });
    return new Bench(server, publisher, await jetstreamManager(publisher));
  }

  async open(collector: Collector, settings: object = {}, nats = this.nats): Promise<JetstreamSource> {
    const source = create(nats, { ...this.settings, ...settings }, 'feed.>', this.log);
    this.#sources.push(source);
    await source.open(collector.take);
    return source;
  }

  async publishAll(from: number, to: number): Promise<void> {
    for (let i = from; i < to; i++) await publish(this.publisher, 'feed.a', `m${i}`);
  }

  async publishStubbornly(from: number, to: number): Promise<void> {
    for (let i = from; i < to; i++) {
      const sent = (): Promise<boolean> =>
        publish(this.publisher, 'feed.a', `m${i}`).then(
          () => true,
          () => false,
        );
      while (!(await sent())) await pauseMs(50);
    }
  }

  async consumers(): Promise<Awaited<ReturnType<JetStreamManager['consumers']['info']>>[]> {
    const found = [];
    for (const name of ['tapewatch-feed', 'tapewatch-feed-a', 'tapewatch-feed-b']) {
      const info = await this.manager.consumers.info('FEED', name).catch(() => undefined);
      if (info !== undefined) found.push(info);
    }
    return found;
  }

  async names(): Promise<string[]> {
    return (await this.consumers()).map(({ name }) => name);
  }

  async pending(): Promise<number> {
    return (await this.consumers()).reduce((sum, { num_ack_pending }) => sum + num_ack_pending, 0);
  }

  async untilNothingPends(): Promise<void> {
    while ((await this.pending()) > 0) await pauseMs(10);
  }

  async stop(): Promise<void> {
    for (const source of this.#sources) {
      await source.close();
      await source.close();
    }
    await this.publisher.close();
    await this.server.stop();
  }
}

describe.each(['auto', 'explicit'])('JetStream beyond the contract, acknowledge: %s', (acknowledge) => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await Bench.start();
    bench.settings = { acknowledge };
  });
  afterEach(() => bench.stop());

  it('tells the position in the log and reads what was published before it came', async () => {
    await bench.manager.streams.add({ name: 'FEED', subjects: ['feed.>', 'other.>'] });
    await publish(bench.publisher, 'other.x', 'not ours');
    await bench.publishAll(0, 1);
    await publish(bench.publisher, 'other.x', 'not ours');
    await bench.publishAll(1, 3);
    const collector = new Collector();
    await bench.open(collector);
    await collector.until(3);
    const log = expect.stringMatching(/^FEED\/tapewatch-feed\/\d{4}-/) as string;
    expect(collector.envelopes.map(({ position }) => position)).toEqual([
      { log, sequence: 2, after: 0, settledThrough: 0 },
      { log, sequence: 4, after: 2, settledThrough: 0 },
      { log, sequence: 5, after: 4, settledThrough: 0 },
    ]);
    await bench.untilNothingPends();
  });

  it('goes on after what was stored; what was not settled at close comes again at once', async () => {
    const first = new Collector('later');
    const source = await bench.open(first, { ackWait: '10m' });
    await bench.publishAll(0, 5);
    await first.until(5);
    for (const envelope of first.envelopes.slice(0, 3)) envelope.settle?.('stored');
    await source.close();
    // Settled after close: the connection is kept for it.
    first.envelopes[3]?.settle?.('stored');
    await source.close();
    const second = new Collector();
    await bench.open(second, { ackWait: '10m' });
    await second.until(1);
    await bench.publishAll(5, 6);
    await second.until(2);
    expect(second.texts).toEqual(['m4', 'm5']);
  });

  it('delivers again what failed', async () => {
    const collector = new Collector('later');
    await bench.open(collector);
    await bench.publishAll(0, 3);
    await collector.until(3);
    collector.envelopes[0]?.settle?.('stored');
    collector.envelopes[1]?.settle?.('failed');
    collector.envelopes[2]?.settle?.('stored');
    await collector.until(4);
    expect(sequencesOf(collector.envelopes).slice(0, 4)).toEqual([1, 2, 3, 2]);
  });

  it('acknowledges nothing that is not settled, in whatever order messages settle', async () => {
    const collector = new Collector('later');
    await bench.open(collector, { ackWait: '10m' });
    await bench.publishAll(0, 4);
    await collector.until(4);
    const [a, b, c, d] = collector.envelopes;
    for (const envelope of [d, b]) envelope?.settle?.('stored');
    const floor = async (): Promise<number> =>
      Math.max(...(await bench.consumers()).map((info) => info.ack_floor.stream_seq));
    a?.settle?.('stored');
    while ((await floor()) < 2) await pauseMs(10);
    expect(await floor()).toBe(2);
    c?.settle?.('stored');
    await bench.untilNothingPends();
    expect(await floor()).toBe(4);
  });

  it('does not pass on again what is still in flight when the server repeats it', async () => {
    const collector = new Collector('later');
    await bench.open(collector, { ackWait: '200ms' });
    await bench.publishAll(0, 1);
    await collector.until(1);
    const deliveries = async (): Promise<number> => (await bench.consumers())[0]?.delivered.consumer_seq ?? 0;
    while ((await deliveries()) < 3) await pauseMs(20);
    expect(collector.envelopes).toHaveLength(1);
    collector.envelopes[0]?.settle?.('stored');
    await bench.untilNothingPends();
  });

  it('has no more in flight than it may, and pulls again when there is room', async () => {
    const collector = new Collector('later');
    await bench.open(collector, { maxAckPending: 10, ackWait: '10m' });
    await bench.publishAll(0, 30);
    await collector.until(10);
    expect(await bench.pending()).toBe(10);
    expect(collector.envelopes).toHaveLength(10);
    for (const envelope of collector.envelopes) envelope.settle?.('stored');
    await collector.until(20);
  });

  it('pauses at the bound in bytes, whatever the number of messages', async () => {
    const collector = new Collector('later');
    await bench.open(collector, { maxPendingBytes: 1_048_576, ackWait: '10m' });
    const big = 'x'.repeat(100_000);
    for (let i = 0; i < 120; i++) await publish(bench.publisher, 'feed.a', big);
    await collector.until(10);
    // Quiet for longer than a round trip takes: a sentinel consumer could not tell more.
    for (let last = -1; last !== collector.envelopes.length; await pauseMs(300)) last = collector.envelopes.length;
    // Each of four pulls may bring two messages of the largest size (2 MiB), whatever the bound.
    expect(collector.envelopes.length).toBeLessThan(100);
    await eventually(() => {
      for (const envelope of collector.envelopes) envelope.settle?.('stored');
      return collector.envelopes.length === 120;
    });
  });

  it('loses nothing when the server is killed in between', async () => {
    const collector = new Collector();
    const source = await bench.open(collector);
    await bench.publishAll(0, 50);
    await bench.server.pause('SIGKILL');
    await eventually(() => !source.status().connected);
    await bench.server.resume();
    await eventually(() => source.status().connected);
    await bench.publishStubbornly(50, 60);
    await eventually(() => new Set(collector.texts).size === 60);
  });

  it('sets the consumer up again when somebody deletes its stream', async () => {
    const collector = new Collector();
    await bench.open(collector);
    await bench.publishAll(0, 1);
    await collector.until(1);
    await bench.manager.streams.delete('FEED');
    const before = collector.envelopes.length;
    while (collector.envelopes.length === before) {
      await publish(bench.publisher, 'feed.a', 'again').catch(() => undefined);
      await pauseMs(100);
    }
    expect(collector.texts.at(-1)).toBe('again');
    // The new stream counts from 1 again; under the same name its messages would pass for stored ones.
    const [first, last] = [collector.envelopes[0]?.position, collector.envelopes.at(-1)?.position];
    expect(last?.sequence).toBe(first?.sequence);
    expect(last?.log).not.toBe(first?.log);
  });

  it('takes new settings over into a consumer that exists', async () => {
    const source = await bench.open(new Collector());
    await source.close();
    await bench.open(new Collector(), { maxAckPending: 7 });
    const ack_policy = acknowledge === 'auto' ? 'all' : 'explicit';
    expect((await bench.consumers()).map(({ config }) => config)).toEqual([
      expect.objectContaining({ max_ack_pending: 7, filter_subject: 'feed.>', ack_policy }),
    ]);
  });
});

describe('JetStream, everything up to a message at once', () => {
  let bench: Bench;
  beforeEach(async () => (bench = await Bench.start()));
  afterEach(() => bench.stop());

  it('reads on with the same consumer after a clean end, and begins a new one after an unclean one', async () => {
    const first = new Collector();
    const clean = await bench.open(first);
    await bench.publishAll(0, 3);
    await first.until(3);
    await bench.untilNothingPends();
    await clean.close();
    expect(await bench.names()).toEqual(['tapewatch-feed-a']);
    const second = new Collector('later');
    const unclean = await bench.open(second);
    await bench.publishAll(3, 6);
    await second.until(3);
    expect(second.envelopes.map(({ position }) => position?.after)).toEqual([3, 4, 5]);
    expect(await bench.names()).toEqual(['tapewatch-feed-a']);
    second.envelopes[0]?.settle?.('stored');
    await unclean.close();
    await unclean.close();
    const third = new Collector();
    // After a crash nothing waits for ackWait.
    await bench.open(third, { ackWait: '10m' });
    await third.until(2);
    expect(third.texts).toEqual(['m4', 'm5']);
    expect(third.envelopes.map(({ position }) => position?.after)).toEqual([4, 5]);
    expect(await bench.names()).toEqual(['tapewatch-feed-b']);
  });

  it('takes the explicit consumer of an earlier release over where it stands', async () => {
    const old = new Collector('later');
    const before = await bench.open(old, { acknowledge: 'explicit' });
    await bench.publishAll(0, 6);
    await old.until(6);
    // The third stays unsettled, the fourth does not: only the run from the start is a position.
    for (const i of [0, 1, 3]) old.envelopes[i]?.settle?.('stored');
    await before.close();
    await before.close();
    const collector = new Collector();
    await bench.open(collector);
    await collector.until(4);
    expect(collector.texts).toEqual(['m2', 'm3', 'm4', 'm5']);
    expect(collector.envelopes[0]?.position?.log).toBe(old.envelopes[0]?.position?.log);
    expect(await bench.names()).toEqual(['tapewatch-feed-a']);
    expect((await bench.consumers())[0]?.config.opt_start_seq).toBe(3);
  });

  it('goes back to an explicit consumer when it is told to', async () => {
    const first = new Collector();
    const source = await bench.open(first);
    await bench.publishAll(0, 3);
    await first.until(3);
    await bench.untilNothingPends();
    await source.close();
    const second = new Collector();
    const explicit = await bench.open(second, { acknowledge: 'explicit' });
    await bench.publishAll(3, 4);
    await second.until(1);
    expect(second.texts).toEqual(['m3']);
    expect(await bench.names()).toEqual(['tapewatch-feed']);
    expect(explicit.status().detail).toContain('acknowledged one by one: feed');
  });

  it('survives an end between making the new consumer and deleting the old one', async () => {
    const first = new Collector();
    const source = await bench.open(first);
    await bench.publishAll(0, 4);
    await first.until(4);
    await bench.untilNothingPends();
    await source.close();
    await bench.manager.consumers.add('FEED', {
      durable_name: 'tapewatch-feed-b',
      filter_subject: 'feed.>',
      ack_policy: 'all',
      deliver_policy: 'by_start_sequence',
      opt_start_seq: 3,
    });
    const second = new Collector();
    await bench.open(second);
    await bench.publishAll(4, 6);
    await second.until(2);
    expect(second.texts).toEqual(['m4', 'm5']);
    expect(await bench.names()).toHaveLength(1);
  });

  it('acknowledges nothing past a delivery that got lost, and reads it again', async () => {
    const collector = new Collector('later');
    // A low bound in bytes pauses the source, so that another reader of its consumer can take a message away.
    await bench.open(collector, { ackWait: '10m', maxPendingBytes: 1_048_576 });
    const total = 120;
    for (let i = 0; i < total; i++) await publish(bench.publisher, 'feed.a', 'x'.repeat(100_000));
    const thief = await jetstream(bench.publisher).consumers.get('FEED', 'tapewatch-feed-a');
    const stolen = await thief.next({ expires: 5_000 });
    const settleAll = (): void => collector.envelopes.forEach((envelope) => envelope.settle?.('stored'));
    await eventually(() => {
      settleAll();
      return collector.envelopes.length === total;
    });
    expect(stolen?.seq).toBeGreaterThan(1);
    expect(sequencesOf(collector.envelopes)).toEqual(Array.from({ length: total }, (_, i) => i + 1));
    expect(bench.log.join('\n')).toContain('a delivery was lost');
    expect(await bench.names()).toEqual(['tapewatch-feed-b']);
  });

  it('keeps acknowledging one by one where a work queue allows no other way, and says so', async () => {
    await bench.manager.streams.add({ name: 'FEED', subjects: ['feed.>'], retention: 'workqueue' });
    const collector = new Collector();
    const source = await bench.open(collector);
    await bench.publishAll(0, 2);
    await collector.until(2);
    await bench.untilNothingPends();
    expect(source.status().detail).toContain('acknowledged one by one: feed');
    const options = { name: 'feed', subject: 'feed.>', delivery: 'jetstream', jetstream: { stream: 'FEED' } };
    expect(await inspectConsumer(bench.publisher, streamOptions.parse(options))).toBe(
      'FEED read by tapewatch-feed, acknowledged one by one, 0 messages wait, 0 in flight',
    );
    expect(bench.log.join('\n')).toContain('a work queue allows no other way');
  });
});

it('JetStream keeps the explicit consumer of users who may not delete consumers, and names the right', async () => {
  const config = `authorization { users: [
    {user: admin, password: pw},
    {user: desk, password: pw, permissions: {
      publish: ["$JS.API.INFO", "$JS.API.STREAM.INFO.FEED", "$JS.API.CONSUMER.INFO.FEED.>", "$JS.API.CONSUMER.CREATE.FEED.>",
        "$JS.API.CONSUMER.MSG.NEXT.FEED.>", "$JS.ACK.FEED.>"],
      subscribe: ["_INBOX.>"]}}]}`;
  const bench = await Bench.start({ config }, { user: 'admin', pass: 'pw' });
  try {
    await bench.manager.streams.add({ name: 'FEED', subjects: ['feed.>'] });
    const nats = natsOptions.parse({ servers: [bench.server.url], user: 'desk', password: 'pw' });
    const collector = new Collector();
    await bench.open(collector, {}, nats);
    await bench.publishAll(0, 2);
    await collector.until(2);
    await bench.untilNothingPends();
    expect(bench.log.join('\n')).toMatch(/may not publish \$JS\.API\.CONSUMER\.DELETE\.FEED\.tapewatch-feed-a/);
    expect(await bench.names()).toEqual(['tapewatch-feed']);
  } finally {
    await bench.stop();
  }
});

describe('JetStream refusals', () => {
  let bench: Bench;
  beforeEach(async () => (bench = await Bench.start()));
  afterEach(() => bench.stop());

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
    const source = create(bench.nats, settings, subject);
    await expect(source.open(() => undefined)).rejects.toMatchObject({
      code: 'source.rejected',
      message: expect.stringMatching(message) as string,
    });
    expect(source.status().connected).toBe(false);
  });

  it.each(['tapewatch-feed', 'tapewatch-feed-b'])('refuses a consumer %s that reads something else', async (name) => {
    await bench.manager.streams.add({ name: 'FEED', subjects: ['feed.>'] });
    await bench.manager.consumers.add('FEED', {
      durable_name: name,
      filter_subject: 'feed.x',
      ack_policy: 'explicit',
    });
    await expect(create(bench.nats).open(() => undefined)).rejects.toMatchObject({
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
