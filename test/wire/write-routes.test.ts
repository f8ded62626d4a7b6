/**
 * The ways in by HTTP, from the request to what the codecs make of it: formats, encodings, answers of each protocol,
 * bounds (PERFORMANCE.md 6, rows 21 and 22), roles. The intake is a stand-in that decodes and keeps.
 */
import type { FastifyInstance, InjectOptions } from 'fastify';
import { deflateSync, gzipSync } from 'node:zlib';
import { CollectingSink, type Decoded } from '../../sidecar/src/codec/testing/collecting-sink.ts';
import { createCodecRegistry } from '../../sidecar/src/codec/registry.ts';
import { sampleText } from '../../sidecar/src/codec/testing/decode.ts';
import { writeRequest, writeRequest2 } from '../../sidecar/src/codec/testing/remote-write.ts';
import { TapewatchError } from '../../sidecar/src/errors.ts';
import { buildHttpServer } from '../../sidecar/src/http/server.ts';
import { fixture, SECURED, settingsWith, TOKENS } from '../../sidecar/src/http/testing/fixture.ts';
import type { Intake } from '../../sidecar/src/ports.ts';

const NOW_MS = Date.now() - 1_000;
const received: (Decoded & { subject: string })[] = [];
const refused: string[] = [];
let busy = false;

function decodingIntake(): Intake {
  const [registry, sink] = [createCodecRegistry(), new CollectingSink()];
  return {
    async submit({ subject, payloadKind, contentType, payload, maxBytes }) {
      if (busy) throw new TapewatchError('intake.busy', '5 rows wait; try again');
      const context = { payloadKind, labels: {}, receivedNanos: BigInt(Date.now()) * 1_000_000n, maxBytes };
      registry.codecFor(contentType, 'auto').decodeInto(payload, context, sink);
      const decoded = sink.take();
      received.push({ ...decoded, subject });
      const problems = decoded.problems.filter(({ countOnly }) => countOnly !== true);
      return {
        accepted: decoded.samples.length + decoded.events.length,
        rejected: problems.reduce((sum, { items = 1 }) => sum + items, 0),
        histograms: decoded.samples.filter(({ kind }) => kind === 'histogram').length,
        exemplars: decoded.exemplars.length,
        problems,
      };
    },
    refuse({ subject, payload }, { reason }) {
      refused.push(`${subject} ${reason} ${payload.length}`);
    },
  };
}

let app: FastifyInstance;
let secured: FastifyInstance;

beforeAll(async () => {
  const deps = { ...fixture().deps, intake: decodingIntake() };
  app = await buildHttpServer(deps, settingsWith());
  secured = await buildHttpServer(deps, settingsWith(SECURED));
});
beforeEach(() => {
  received.length = 0;
  refused.length = 0;
  busy = false;
});
afterAll(async () => {
  await app.close();
  await secured.close();
});

async function post(url: string, payload: Buffer | string, headers: Record<string, string> = {}) {
  const request: InjectOptions = { method: 'POST', url, payload, headers: { host: '127.0.0.1:9470', ...headers } };
  return app.inject(request);
}
const texts = (): string[] => received.flatMap(({ samples }) => samples.map(sampleText));
const stamp = `${BigInt(NOW_MS) * 1_000_000n}`;
const METRICS = '/api/v1/internal/monitoring/metrics';
const EVENTS = '/api/v1/internal/monitoring/events';
const up = [{ labels: { __name__: 'up', job: 'node' }, samples: [{ value: 1, timeMs: NOW_MS }] }];

/** RFC 8878 by hand: each block is one byte repeated where it can be, else as it is. */
function zstdFrame(bytes: Buffer): Buffer {
  const blockMax = 131_072;
  const parts: Buffer[] = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50])];
  for (let at = 0; at < bytes.length; at += blockMax) {
    const block = bytes.subarray(at, at + blockMax);
    const [repeated, last] = [block.every((byte) => byte === block[0]), at + blockMax >= bytes.length];
    const header = Buffer.alloc(3);
    header.writeUIntLE((block.length << 3) | (Number(repeated) << 1) | Number(last), 0, 3);
    parts.push(header, repeated ? block.subarray(0, 1) : block);
  }
  return Buffer.concat(parts);
}

describe('remote write by HTTP', () => {
  const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };
  const headers2 = { ...headers, 'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request' };

  it('takes both versions and says how much was written', async () => {
    expect((await post('/api/v1/write', writeRequest(up), headers)).statusCode).toBe(204);
    const answer = await post('/api/v1/write', writeRequest2(up), headers2);
    expect([answer.statusCode, answer.headers['x-prometheus-remote-write-samples-written']]).toEqual([204, '1']);
    expect(answer.headers['x-prometheus-remote-write-histograms-written']).toBe('0');
    expect(answer.headers['x-prometheus-remote-write-exemplars-written']).toBe('0');
    const exemplars = [{ labels: { trace_id: 't' }, value: 1, timeMs: NOW_MS }];
    const withTrace = await post('/api/v1/write', writeRequest2(up.map((one) => ({ ...one, exemplars }))), headers2);
    expect(withTrace.headers['x-prometheus-remote-write-exemplars-written']).toBe('1');
    expect(texts()).toEqual(Array(3).fill(`up{job="node"} gauge 1 @${stamp}`));
  });

  it('refuses a body that says to be larger than allowed with 413, before it is unpacked', async () => {
    // A varint of 2^31 - 1 in front of hardly anything.
    const bomb = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x07, 0x00, 0x61]);
    const answer = await post('/api/v1/write', bomb, headers);
    expect([answer.statusCode, answer.body]).toEqual([413, expect.stringContaining('2147483647 bytes after snappy')]);
  });

  it('answers 400 with counts when a part was refused, and keeps the rest', async () => {
    const bad = { labels: { job: 'nameless' }, samples: [{ value: 1, timeMs: NOW_MS }] };
    const native = {
      labels: { __name__: 'h' },
      natives: [{ schema: 0, spans: [[1, 1]] as const, deltas: [2], timeMs: NOW_MS }],
    };
    const answer = await post('/api/v1/write', writeRequest2([...up, bad, native]), headers2);
    expect([answer.statusCode, answer.headers['x-prometheus-remote-write-samples-written']]).toEqual([400, '1']);
    expect(answer.headers['x-prometheus-remote-write-histograms-written']).toBe('1');
    expect(answer.body).toMatch(/^1 rejected, 2 accepted; schema: /);
  });

  it('answers 503 with Retry-After when the queue is full, 415 for another type', async () => {
    busy = true;
    const answer = await post('/api/v1/write', writeRequest(up), headers);
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '1']);
    expect((await post('/api/v1/write', '{}', { 'content-type': 'application/json' })).statusCode).toBe(415);
  });
});

describe('OTLP by HTTP', () => {
  const request = (points: object[]): string =>
    JSON.stringify({
      resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'queue', gauge: { dataPoints: points } }] }] }],
    });
  const headers = { 'content-type': 'application/json' };

  it('answers an empty message, or what was refused as a partial success', async () => {
    const whole = await post('/v1/metrics', request([{ asInt: '3', timeUnixNano: stamp }]), headers);
    expect([whole.statusCode, whole.json()]).toEqual([200, {}]);
    const partial = await post('/v1/metrics', gzipSync(request([{ asInt: '3' }, {}])), {
      ...headers,
      'content-encoding': 'gzip',
    });
    expect(partial.json()).toMatchObject({ partialSuccess: { rejectedDataPoints: '1' } });
    expect(texts()[0]).toBe(`queue gauge 3 @${stamp}`);
  });

  it('answers protobuf with protobuf, and 400 for what is none', async () => {
    const answer = await post('/v1/metrics', Buffer.from([0x0a, 0x00]), { 'content-type': 'application/x-protobuf' });
    expect([answer.statusCode, answer.rawPayload.length, answer.headers['content-type']]).toEqual([
      200,
      0,
      'application/x-protobuf',
    ]);
    const bad = await post('/v1/metrics', Buffer.from([0x0a, 0x7f]), { 'content-type': 'application/x-protobuf' });
    expect([bad.statusCode, bad.rawPayload[0], bad.rawPayload[1]]).toEqual([400, 8, 3]);
    expect((await post('/v1/metrics', 'x', { 'content-type': 'text/plain' })).statusCode).toBe(415);
  });
});

describe('line protocol by HTTP', () => {
  it.each([
    ['/write', '', stamp],
    ['/api/v2/write', '?bucket=b&precision=ns', stamp],
    ['/api/v2/write', '?precision=us', `${NOW_MS}000`],
    ['/write', '?precision=ms&db=x', `${NOW_MS}`],
    ['/write', '?precision=s', `${Math.floor(NOW_MS / 1000)}`],
  ])('at %s%s reads the stamp in its unit', async (url, query, time) => {
    const answer = await post(`${url}${query}`, `cpu,host=a usage=1.5,note="x" ${time}\n`);
    expect(answer.statusCode).toBe(204);
    const whole = query.endsWith('=s') ? `${Math.floor(NOW_MS / 1000)}000000000` : stamp;
    expect(texts()).toEqual([`cpu_usage{host="a"} gauge 1.5 @${whole}`]);
  });

  it('answers 400 in the words of each version when lines were refused', async () => {
    const [v1, v2] = [await post('/write', 'bad\ncpu v=1'), await post('/api/v2/write', 'bad\ncpu v=1')];
    expect([v1.statusCode, v1.json()]).toEqual([
      400,
      { error: expect.stringMatching(/^partial write: 1 rejected, 1 accepted/) as string },
    ]);
    expect(v2.json()).toMatchObject({ code: 'invalid' });
    expect(texts()).toHaveLength(2);
    expect((await post('/write?precision=fortnight', 'cpu v=1')).statusCode).toBe(400);
  });
});

describe('metrics of services', () => {
  it('are confirmed with counts and reasons', async () => {
    const body = [
      { name: 'a', value: 1, time: stamp, labels: { b: 'c' } },
      { name: '9', value: 1 },
    ];
    const answer = await post(METRICS, JSON.stringify(body), { 'content-type': 'application/json' });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({
      status: 'success',
      data: { accepted: 1, rejected: 1, problems: [{ reason: 'schema' }] },
    });
    expect([texts(), received[0]?.subject]).toEqual([[`a{b="c"} gauge 1 @${stamp}`], `http:${METRICS}`]);
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['zstd', (text: string) => zstdFrame(Buffer.from(text))],
  ])('may be packed by %s', async (encoding, pack) => {
    const answer = await post(METRICS, pack('[{"name":"a","value":1},{"name":"a","value":2}]'), {
      'content-type': 'application/json',
      'content-encoding': encoding,
    });
    expect(answer.json()).toMatchObject({ data: { accepted: 2, rejected: 0 } });
  });

  it('that are all bad are a fault, as is no body, another encoding, a broken one', async () => {
    const json = { 'content-type': 'application/json' };
    expect((await post(METRICS, '{"name":"a"}', json)).statusCode).toBe(400);
    expect((await post(METRICS, '', json)).statusCode).toBe(400);
    expect((await post(METRICS, 'x', { ...json, 'content-encoding': 'br' })).statusCode).toBe(415);
    expect((await post(METRICS, 'x', { ...json, 'content-encoding': 'gzip' })).statusCode).toBe(400);
    expect(refused).toEqual([`http:${METRICS} encoding 1`, `http:${METRICS} encoding 1`]);
    expect((await post(METRICS, 'x', { 'content-type': 'image/png' })).json()).toMatchObject({
      status: 'error',
      errorType: 'bad_data',
    });
  });

  it.each([
    ['gzip', (bytes: Buffer) => gzipSync(bytes)],
    ['deflate', (bytes: Buffer) => deflateSync(bytes)],
    ['zstd', (bytes: Buffer) => zstdFrame(bytes)],
  ])('packed as a bomb by %s are refused with 413 that names the limit', async (encoding, pack) => {
    const before = process.memoryUsage().rss;
    const bomb = pack(Buffer.alloc(200_000_000));
    const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
    const answer = await post(METRICS, bomb, headers);
    expect([answer.statusCode, answer.json<{ error: string }>().error]).toEqual([
      413,
      expect.stringContaining('16777216') as string,
    ]);
    expect(received).toEqual([]);
    // Counted with its reason; what is kept of it is what came.
    expect(refused).toEqual([`http:${METRICS} too_large ${bomb.length}`]);
    // The 200 MB of this test themselves are in it.
    expect(process.memoryUsage().rss - before).toBeLessThan(400_000_000);
  });

  it('longer than the limit of bodies are refused with 413 before they are read', async () => {
    expect((await post(METRICS, Buffer.alloc(6_000_000), { 'content-type': 'application/json' })).statusCode).toBe(413);
    expect(refused).toEqual([`http:${METRICS} too_large 0`]);
  });
});

describe('business events of services', () => {
  it('go to their tables, and are confirmed', async () => {
    const order = {
      event_type: 'order',
      id: 'o1',
      timestamp: NOW_MS,
      order_id: 'o1',
      event: 'ack',
      venue: 'v',
      symbol: 's',
      side: 'buy',
      quantity: 1,
    };
    const signup = {
      event_type: 'tier_upgraded',
      timestamp: new Date(NOW_MS).toISOString(),
      service_name: 'billing',
      tier: 'premium',
    };
    const answer = await post(EVENTS, JSON.stringify([order, signup]));
    expect(answer.json()).toMatchObject({ data: { accepted: 2, rejected: 0 } });
    const events = received.flatMap(({ events: list }) => list);
    expect(events).toEqual([
      expect.objectContaining({ table: 'orders', id: 'o1', timeNanos: BigInt(stamp) }),
      expect.objectContaining({
        table: 'events',
        timeNanos: BigInt(stamp),
        serviceName: 'billing',
        eventType: 'tier_upgraded',
        labels: { tier: 'premium' },
      }),
    ]);
  });

  it('that say nothing are refused with the reason', async () => {
    expect((await post(EVENTS, '{"tier":"premium"}')).statusCode).toBe(400);
    expect((await post(EVENTS, 'not JSON')).statusCode).toBe(400);
    expect(refused).toEqual([`http:${EVENTS} syntax 8`]);
  });
});

describe('who may write', () => {
  it.each(['/api/v1/write', '/v1/metrics', '/write', '/api/v2/write', METRICS, EVENTS])(
    '%s: operators and admins',
    async (url) => {
      const status = async (token?: string): Promise<number> => {
        const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
        return (await secured.inject({ method: 'POST', url, payload: 'x', headers })).statusCode;
      };
      expect([await status(), await status(TOKENS.viewer)]).toEqual([401, 403]);
      expect([400, 415, 204]).toContain(await status(TOKENS.operator));
    },
  );

  it('no page of another site', async () => {
    expect((await post('/write', 'cpu v=1', { origin: 'https://evil.example' })).statusCode).toBe(403);
    expect((await post('/write', 'cpu v=1', { origin: 'http://127.0.0.1:9470' })).statusCode).toBe(204);
  });
});
