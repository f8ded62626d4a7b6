import { connect } from '@nats-io/transport-node';
import { jetstream } from '@nats-io/jetstream';
import { SystemClock } from '../clock.ts';
import { openSources } from './open-sources.ts';
import { natsOptions, streamsOptions } from './options.ts';
import { Collector, eventually } from './source.contract.ts';
import { SupervisedSource } from './supervised-source.ts';
import type { Source, SourceStatus } from '../ports.ts';
import { NatsServer } from './testing/nats-server.ts';

const DURABLE = {
  name: 'orders',
  subject: 'tw.orders.>',
  payload: 'order',
  delivery: 'jetstream',
  jetstream: { stream: 'TW_ORDERS', ensureStream: { subjects: ['tw.orders.>'] } },
};

class FailingSource implements Source {
  closed = 0;
  constructor(readonly failures: string[]) {}
  async open(): Promise<void> {
    const failure = this.failures.shift();
    if (failure !== undefined) throw new Error(failure);
  }
  async close(): Promise<void> {
    this.closed++;
  }
  status(): SourceStatus {
    return { connected: true, server: 'nats://here', detail: 'connected' };
  }
}

describe('a supervised source', () => {
  it('is not connected before it is subscribed, although its broker is reached', async () => {
    let subscribed = (): void => undefined;
    class SlowSource extends FailingSource {
      override open(): Promise<void> {
        return new Promise((resolve) => (subscribed = resolve));
      }
    }
    const source = new SupervisedSource({ create: () => new SlowSource([]), report: () => undefined, retry: true });
    const opening = source.open(() => undefined);
    expect(source.status()).toMatchObject({ connected: false, detail: 'connected, not yet subscribed' });
    subscribed();
    await opening;
    expect(source.status()).toMatchObject({ connected: true, detail: 'connected' });
  });

  it('tells a refusal once with its remedy, stays not connected, and works when the broker was mended', async () => {
    const server = await NatsServer.start({ jetstream: false });
    const reports: string[] = [];
    const { sources } = openSources({
      nats: natsOptions.parse({ servers: [server.url], reconnectWait: '50ms' }),
      streams: streamsOptions.parse([DURABLE]),
      clock: new SystemClock(),
      report: (level, message) => void (level === 'error' && reports.push(message)),
    });
    const source = sources[0] as Source;
    const collector = new Collector();
    const opening = source.open(collector.take);
    await eventually(() => reports.length > 0);
    expect(reports[0]).toContain('start nats-server with -js');
    expect(source.status()).toMatchObject({
      connected: false,
      detail: expect.stringContaining('start nats-server with -js') as string,
    });
    const port = server.port;
    await server.pause('SIGKILL');
    const mended = await NatsServer.start({ port });
    await opening;
    expect(source.status().connected).toBe(true);
    const publisher = await connect({ servers: `127.0.0.1:${port}` });
    await jetstream(publisher).publish('tw.orders.a', '{}');
    await collector.until(1);
    await publisher.close();
    await source.close();
    await source.close();
    await mended.stop();
    await server.stop();
    expect(reports).toHaveLength(1);
  });

  it('makes a fresh source for each attempt and closes the one that failed', async () => {
    const failures = ['no right', 'no right', 'another reason'];
    const made: FailingSource[] = [];
    const reports: string[] = [];
    const source = new SupervisedSource({
      create: () => {
        const next = new FailingSource(failures);
        made.push(next);
        return next;
      },
      report: (_level, message) => void reports.push(message),
      retry: true,
      firstRetryMs: 1,
    });
    await source.open(() => undefined);
    expect(made.map(({ closed }) => closed)).toEqual([1, 1, 1, 0]);
    expect(reports.map((report) => report.split(';')[0])).toEqual(['no right', 'another reason']);
    expect(source.status().connected).toBe(true);
  });

  it('throws the first failure where it may not retry, and ends quietly when it is closed meanwhile', async () => {
    const options = { report: () => undefined, create: () => new FailingSource(['no', 'no']) };
    const strict = new SupervisedSource({ ...options, retry: false });
    await expect(strict.open(() => undefined)).rejects.toThrow('no');
    const patient = new SupervisedSource({ ...options, retry: true, firstRetryMs: 3_600_000 });
    const opening = patient.open(() => undefined);
    await eventually(() => !patient.status().connected);
    await patient.close();
    await expect(opening).resolves.toBeUndefined();
  });
});
