/** What a push sends, decoded by our own reader of remote write, and what becomes of a database that refuses or is away. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Labels, nanos } from '@tapewatch/core';
import { RecordingLog, VirtualClock } from '../../alerting/testing/virtual-world.ts';
import { createCodecRegistry } from '../../codec/registry.ts';
import { CollectingSink } from '../../codec/testing/collecting-sink.ts';
import { MemoryStore } from '../../store/memory/memory-store.ts';
import { batchOf, samplesOf, seriesOf } from '../../store/store.fixture.ts';
import { storeOptions } from '../../store/open-store.ts';
import { forwardOptions } from './forward-options.ts';
import { Forwarder } from './forwarder.ts';

const TYPE = 'application/x-protobuf';
/** In the words of our own reader. */
const READ_AS = 'application/x-protobuf;proto=prometheus.WriteRequest';
let server: http.Server;
let base: string;
let requests: { readonly path: string; readonly headers: http.IncomingHttpHeaders; readonly body: Buffer }[];
let answers: number[];
let counted: string[];
let log: RecordingLog;
let clock: VirtualClock;
let leftOut: () => number;

beforeAll(async () => {
  server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) });
      response.writeHead(answers.shift() ?? 204).end(answers.length === 0 ? '' : 'no room');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  [requests, answers, counted, log, clock] = [[], [], [], new RecordingLog(), new VirtualClock()];
});

async function forwarder(options: object): Promise<Forwarder> {
  const store = new MemoryStore(
    storeOptions.parse({ kind: 'memory' }) as { kind: 'memory' } & ConstructorParameters<typeof MemoryStore>[0],
  );
  await store.open();
  const series = ['XLON', 'XNAS'].map((venue, i) => seriesOf(i + 1, { __name__: 'resting_orders', venue }));
  const at = nanos(clock.now() - 1_000_000_000n);
  await store.append(
    batchOf({
      series,
      samples: samplesOf([
        [1, at, 4],
        [2, at, 7],
      ]),
    }),
  );
  const telemetry = {
    forwarded: (_target: string, outcome: string, samples: number) => void counted.push(`${outcome} ${samples}`),
    level: (_name: string, _help: string, read: () => number) => void (leftOut = read),
  };
  const metric = { name: 'resting_orders', kind: 'gauge' as const, unit: '1', help: '' };
  const own = [
    {
      ...{ name: 'tapewatch_build_info', type: 'gauge' as const, help: '', unit: '' },
      samples: [{ name: 'tapewatch_build_info', labels: { version: '1' }, value: 1 }],
    },
  ];
  return new Forwarder(
    {
      ...{ reader: store, clock, log, telemetry, userAgent: 'Tapewatch/1' },
      ...{ catalogue: { metrics: () => [metric] }, own: async () => own },
    },
    forwardOptions.parse(options),
  );
}

function received(): string[] {
  const timeMs = Number(clock.now() / 1_000_000n);
  return requests.flatMap(({ body }) => {
    const sink = new CollectingSink();
    const context = { payloadKind: 'metric' as const, labels: {}, receivedNanos: clock.now() };
    createCodecRegistry().codecFor(READ_AS, 'auto').decodeInto(body, context, sink);
    const { samples, problems } = sink.take();
    expect(problems).toEqual([]);
    return samples.map((sample) => {
      expect(sample.timeNanos).toBe(BigInt(timeMs) * 1_000_000n);
      return `${Labels.from(sample.labels.toRecord()).toString()} ${sample.kind === 'histogram' ? '' : sample.value}`;
    });
  });
}

it('sends the latest of each series and our own metrics, as of one moment, with labels of the target', async () => {
  const push = await forwarder({
    remoteWrite: [{ url: `${base}/write`, bearerToken: 'secret', labels: { site: 'ny' } }],
  });
  await push.run();
  expect(requests.map(({ path }) => path)).toEqual(['/write']);
  expect(requests[0]?.headers).toMatchObject({
    ...{ 'content-type': TYPE, 'content-encoding': 'snappy', authorization: 'Bearer secret' },
    ...{ 'x-prometheus-remote-write-version': '0.1.0', 'user-agent': 'Tapewatch/1' },
  });
  expect(received().sort()).toEqual([
    'resting_orders{site="ny", venue="XLON"} 4',
    'resting_orders{site="ny", venue="XNAS"} 7',
    'tapewatch_build_info{site="ny", version="1"} 1',
  ]);
  expect(counted).toEqual(['sent 3']);
});

it('sends in parts, to every target', async () => {
  const push = await forwarder({ remoteWrite: [{ url: `${base}/a` }, { url: `${base}/b` }], maxSamplesPerRequest: 2 });
  await push.run();
  expect(requests.map(({ path }) => path).sort()).toEqual(['/a', '/a', '/b', '/b']);
  expect(received()).toHaveLength(6);
  expect(counted.sort()).toEqual(['sent 1', 'sent 1', 'sent 2', 'sent 2']);
});

it('leaves out and counts what is past its bound', async () => {
  const push = await forwarder({ remoteWrite: [{ url: base }], maxSeries: 1 });
  await push.run();
  expect(leftOut()).toBe(1);
  expect(received()).toHaveLength(2);
});

it('tries again what may pass, and drops what the database calls our fault', async () => {
  const push = await forwarder({ remoteWrite: [{ url: base }] });
  answers = [503, 429, 204];
  await push.run();
  expect([requests.length, counted]).toEqual([3, ['sent 3']]);
  answers = [400, 204];
  await push.run();
  expect([requests.length, counted]).toEqual([4, ['sent 3', 'dropped 3']]);
  expect(log.lines).toEqual([expect.stringMatching(/^warn Samples could not be pushed .*HTTP 400/)]);
  answers = [];
  await push.run();
  expect(log.lines.at(-1)).toMatch(/^info The time-series database takes samples again/);
});

it('gives up a database that is away, tells it once, and ends at once when closed', async () => {
  const push = await forwarder({ remoteWrite: [{ url: 'http://127.0.0.1:9/write' }], maxAttempts: 2 });
  await push.run();
  await push.run();
  expect(counted).toEqual(['dropped 3', 'dropped 3']);
  expect(log.lines.filter((line) => line.startsWith('warn'))).toHaveLength(1);
  push.close();
  await push.run();
  expect(requests).toEqual([]);
});
