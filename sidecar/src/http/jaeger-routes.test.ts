/** Jaeger's API as its readers know it: paths, parameters, envelope, and JSON of a trace. */
import {
  jaegerEnvelope,
  jaegerErrorEnvelope,
  jaegerLinks,
  jaegerOperations,
  jaegerTraces,
  textsData,
} from '@tapewatch/contract';
import { MAX_NANOS } from '@tapewatch/core';
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';
import { buildHttpServer } from './server.ts';
import { fixture, SECURED, settingsWith, TOKENS, type Fixture } from './testing/fixture.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

let world: Fixture;
let app: FastifyInstance;
beforeAll(async () => {
  world = fixture();
  app = await buildHttpServer(world.deps, settingsWith());
});
afterAll(() => app.close());

async function ask<T extends z.ZodType>(url: string, schema: T) {
  const response = await app.inject(url);
  expect([response.statusCode, response.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
  return jaegerEnvelope(schema).strict().parse(response.json());
}

async function refusal(url: string): Promise<string> {
  const response = await app.inject(url);
  const { errors } = jaegerErrorEnvelope.strict().parse(response.json());
  expect(errors.map(({ code }) => code)).toEqual([response.statusCode]);
  return `${response.statusCode} ${errors[0]?.msg}`;
}

it('lists services, and what they do by name, or by name and kind', async () => {
  expect(await ask('/api/services', textsData)).toEqual({
    ...{ data: ['api-gateway', 'router'], total: 2, limit: 0, offset: 0, errors: null },
  });
  expect((await ask('/api/services/a%2Fb/operations', textsData)).data).toEqual(['send']);
  expect(world.tracesAsked.at(-1)).toBe('a/b');
  const operations = (await ask('/api/operations?service=router&spanKind=server', jaegerOperations)).data;
  expect(operations).toEqual([{ name: 'send', spanKind: 'server' }]);
});

it('writes a trace as Jaeger does', async () => {
  const { data } = await ask(`/api/traces/${TRACE}`, jaegerTraces);
  expect(world.tracesAsked.at(-1)).toEqual({ id: TRACE, startNanos: 0n, endNanos: MAX_NANOS });
  const text = (key: string, value: string) => ({ key, type: 'string', value });
  const of = { traceID: TRACE, warnings: null };
  expect(data).toEqual([
    {
      ...of,
      spans: [
        {
          ...{ ...of, spanID: '00f067aa0ba902b7', processID: 'p1', operationName: 'POST /orders', references: [] },
          ...{ startTime: 1_800_000_000_000_250, duration: 2_500, logs: [] },
          tags: [text('span.kind', 'server'), text('otel.status_code', 'OK'), text('http.route', '/orders')],
        },
        {
          ...{ ...of, spanID: '00f067aa0ba902b8', processID: 'p2', operationName: 'send' },
          ...{ startTime: 1_800_000_000_001_000, duration: 1_000 },
          references: [{ refType: 'CHILD_OF', traceID: TRACE, spanID: '00f067aa0ba902b7' }],
          logs: [{ timestamp: 1_800_000_000_001_500, fields: [text('event', 'reject')] }],
          tags: [
            text('span.kind', 'client'),
            text('otel.status_code', 'ERROR'),
            { key: 'error', type: 'bool', value: true },
            text('otel.status_description', 'venue closed'),
            { key: 'price', type: 'float64', value: 100.5 },
            { key: 'quantity', type: 'int64', value: 7 },
          ],
        },
      ],
      processes: {
        p1: { serviceName: 'api-gateway', tags: [text('host.name', 'edge-1')] },
        p2: { serviceName: 'router', tags: [] },
      },
    },
  ]);
});

it('takes a range beside an id in microseconds, and in milliseconds as Grafana sends it', async () => {
  await ask(`/api/traces/${TRACE}?start=1800000000000000&end=1800000001000000`, jaegerTraces);
  const range = { startNanos: 1_800_000_000_000_000_000n, endNanos: 1_800_000_001_000_000_000n };
  expect(world.tracesAsked.at(-1)).toEqual({ id: TRACE, ...range });
  await ask(`/api/traces/${TRACE}?start=1800000000000&end=1800000001000`, jaegerTraces);
  expect(world.tracesAsked.at(-1)).toEqual({ id: TRACE, ...range });
});

it('searches by service, operation, range, durations and tags, and says what was cut', async () => {
  const params = new URLSearchParams({
    ...{ service: 'router', operation: 'send', start: '1800000000000000', end: '1800000001000000', limit: '1' },
    ...{ minDuration: '1m1.5s', maxDuration: '1h', tags: '{"error":"true"}', tag: 'http.url:http://x' },
  });
  const { data, errors } = await ask(`/api/traces?${params.toString()}`, jaegerTraces);
  expect(data.map(({ traceID }) => traceID)).toEqual([TRACE]);
  expect(errors).toEqual([{ code: 206, msg: 'looked at the newest spans' }]);
  expect(world.tracesAsked.at(-1)).toEqual({
    ...{ service: 'router', operation: 'send', limit: 1, tags: { error: 'true', 'http.url': 'http://x' } },
    ...{ startNanos: 1_800_000_000_000_000_000n, endNanos: 1_800_000_001_000_000_001n },
    ...{ minDurationNanos: 61_500_000_000n, maxDurationNanos: 3_600_000_000_000n },
  });
});

it('has the defaults of Jaeger: a hundred traces of two days', async () => {
  await ask('/api/traces?service=router&end=1800000001000000&limit=9999', jaegerTraces);
  expect(world.tracesAsked.at(-1)).toMatchObject({ limit: 1_500, operation: '', tags: {}, minDurationNanos: 0n });
  await ask('/api/traces?service=router&end=1800000001000000', jaegerTraces);
  const asked = world.tracesAsked.at(-1) as { startNanos: bigint; endNanos: bigint; limit: number };
  expect([asked.limit, asked.endNanos - asked.startNanos]).toEqual([100, 2n * 86_400_000_000_000n]);
});

it('takes several ids in place of a search', async () => {
  const { data } = await ask(`/api/traces?traceID=${TRACE}&traceID=ffff`, jaegerTraces);
  expect(data).toHaveLength(1);
  const many = Array.from({ length: 6 }, () => 'traceID=a').join('&');
  expect(await refusal(`/api/traces?${many}`)).toContain('400 invalid parameter "traceID": 6 ids');
});

it('tells who called whom in a range', async () => {
  const { data } = await ask('/api/dependencies?endTs=1800000001000&lookback=1000&service=venue', jaegerLinks);
  expect(data).toEqual([{ parent: 'router', child: 'venue', callCount: 2 }]);
  expect(world.tracesAsked.at(-1)).toEqual({
    ...{ startNanos: 1_800_000_000_000_000_000n, endNanos: 1_800_000_001_000_000_000n },
  });
});

it.each([
  ['/api/traces/ffff', '404 trace not found: "ffff" names no stored span'],
  ['/api/traces', '400 parameter "service" is required'],
  ['/api/traces?service=a&start=yesterday', '400 invalid parameter "start": "yesterday" is not a whole number'],
  ['/api/traces?service=a&end=9999999999999999999', '400 invalid parameter "end": is later than the year 2262'],
  ['/api/traces?service=a&minDuration=fast', '400 invalid parameter "minDuration": "fast" is no duration'],
  ['/api/traces?service=a&minDuration=2s&maxDuration=1s', '400 "maxDuration" should be greater'],
  ['/api/traces?service=a&tag=x', '400 invalid parameter "tag": "x" is not key:value'],
  ['/api/traces?service=a&tags=%7B', '400 invalid parameter "tags": is no JSON object of texts'],
  ['/api/operations', '400 invalid parameter service'],
])('refuses %s in its own envelope', async (url, message) => {
  expect(await refusal(url)).toContain(message);
});

it('refuses more tags than a span is worth being held against', async () => {
  const tags = (count: number): string =>
    encodeURIComponent(JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [`t${i}`, '']))));
  await ask(`/api/traces?service=router&tags=${tags(100)}`, jaegerTraces);
  expect(await refusal(`/api/traces?service=router&tags=${tags(101)}`)).toContain(
    '400 invalid parameter "tags": 101 tags; ask for at most 100 at once',
  );
});

it('asks for a token like every other route', async () => {
  const secured = await buildHttpServer(fixture().deps, settingsWith(SECURED));
  try {
    const paths = ['/api/services', '/api/services/a/operations', '/api/operations?service=a', '/api/dependencies'];
    for (const url of [...paths, '/api/traces?service=a', `/api/traces/${TRACE}`]) {
      const stranger = await secured.inject(url);
      expect([stranger.statusCode, stranger.headers['www-authenticate']]).toEqual([401, 'Bearer']);
      expect(jaegerErrorEnvelope.strict().parse(stranger.json()).errors[0]?.msg).toContain('a bearer token is needed');
      const viewer = await secured.inject({ url, headers: { authorization: `Bearer ${TOKENS.viewer}` } });
      expect(viewer.statusCode).toBe(200);
    }
  } finally {
    await secured.close();
  }
});
