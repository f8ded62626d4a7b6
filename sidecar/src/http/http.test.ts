import {
  alertsData,
  buildInfoData,
  deadLettersData,
  errorEnvelope,
  exemplarsData,
  metadataData,
  queryData,
  rulesData,
  seriesData,
  successEnvelope,
  textsData,
  tradingData,
} from '@tapewatch/contract';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { buildHttpServer } from './server.ts';
import { fixture, settingsWith, type Fixture } from './testing/fixture.ts';

let world: Fixture;
let app: FastifyInstance;

beforeAll(async () => {
  world = fixture();
  app = await buildHttpServer(world.deps, settingsWith());
});

beforeEach(() => {
  world.onQuery = undefined;
  world.connected = true;
});

afterAll(() => app.close());

async function get(url: string): Promise<{ status: number; body: Record<string, unknown>; type: string }> {
  const response = await app.inject({ method: 'GET', url });
  return { status: response.statusCode, body: response.json(), type: String(response.headers['content-type']) };
}

/** The data of a successful answer, after it was held against its schema. */
async function data<T extends z.ZodType>(url: string, schema: T): Promise<z.output<T>> {
  const { status, body, type } = await get(url);
  expect([status, type]).toEqual([200, 'application/json; charset=utf-8']);
  successEnvelope(schema).strict().parse(body);
  return body['data'] as z.output<T>;
}

async function refusal(url: string): Promise<string> {
  const { status, body } = await get(url);
  const { errorType, error } = errorEnvelope.strict().parse(body);
  return `${status} ${errorType}: ${error}`;
}

/** The answer of the fixture's histogram as Prometheus writes it. */
const HISTOGRAM = {
  count: '5',
  sum: '1.5',
  buckets: [
    [1, '-4', '-2', '1'],
    [3, '-0.001', '0.001', '2'],
    [0, '1', '2', '1'],
    [0, '2', '4', '1'],
  ],
};

describe('queries in Prometheus’s JSON', () => {
  it('answers vectors with numbers and native histograms', async () => {
    expect(await data('/api/v1/query?query=m&time=1435781451.781', queryData)).toEqual({
      resultType: 'vector',
      result: [
        { metric: { __name__: 'm', venue: 'XNAS' }, value: [1435781451.781, '0.25'] },
        { metric: { venue: 'XLON' }, histogram: [1435781451.781, HISTOGRAM] },
      ],
    });
  });

  it('answers matrices, scalars and strings', async () => {
    expect(await data('/api/v1/query_range?query=m&start=10&end=2027-01-15T08:00:00Z&step=30d', queryData)).toEqual({
      resultType: 'matrix',
      result: [
        {
          metric: { __name__: 'm', venue: 'XNAS' },
          values: [
            [10, '1e-07'],
            [2592010, '+Inf'],
          ],
        },
        { metric: { venue: 'XLON' }, histograms: [[10, HISTOGRAM]] },
      ],
    });
    expect(await data('/api/v1/query?query=1%2B1&time=5', queryData)).toEqual({
      resultType: 'scalar',
      result: [5, '2'],
    });
    expect(await data('/api/v1/query?query=%22text%22&time=5', queryData)).toEqual({
      resultType: 'string',
      result: [5, 'text'],
    });
  });

  it('takes a form by POST, as Grafana’s health test asks', async () => {
    const response = await app.inject({
      method: 'POST',
      url: '/api/v1/query',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: 'query=1%2B1&time=4',
    });
    expect(response.json()).toEqual({ status: 'success', data: { resultType: 'scalar', result: [4, '2'] } });
    const mixed = await app.inject({ method: 'POST', url: '/api/v1/query?query=1%2B1', payload: { time: '7' } });
    expect(mixed.json()).toMatchObject({ data: { result: [7, '2'] } });
  });

  it('passes warnings and infos on, and says when a limit cut the answer', async () => {
    const { body } = await get('/api/v1/query?query=warn_info&limit=1&time=1');
    expect(body).toMatchObject({ warnings: ['careful', 'results truncated due to limit'], infos: ['by the way'] });
    expect((body['data'] as { result: unknown[] }).result).toHaveLength(1);
  });

  it('hands lookback_delta on, and tells what was read when stats are asked for', async () => {
    const plain = await data('/api/v1/query?query=m&time=1', queryData);
    expect(plain.stats).toBeUndefined();
    const asked = await data(
      '/api/v1/query_range?query=m&start=1&end=2&step=1&lookback_delta=90s&stats=all',
      queryData,
    );
    expect(asked.stats).toEqual({
      timings: { evalTotalTime: 0.5 },
      samples: { totalQueryableSamples: 20 },
      series: 2,
      levelsMs: [0],
      errorBound: 0.0054,
      cache: 'miss',
    });
    expect(world.options).toEqual({ lookbackMs: 90_000 });
  });

  it('formats an expression as Prometheus does', async () => {
    const query = encodeURIComponent('sum(rate(x{a="b"}[90s]))by(venue)');
    expect(await data(`/api/v1/format_query?query=${query}`, z.string())).toBe(
      'sum by (venue) (rate(x{a="b"}[1m30s]))',
    );
    expect(await refusal('/api/v1/format_query?query=sum(')).toContain(
      '400 bad_data: 1:5: parse error: unexpected end of input',
    );
  });

  it('names the orders behind a latency', async () => {
    expect(await data('/api/v1/query_exemplars?query=order_ack_seconds&start=1&end=2', exemplarsData)).toEqual([
      {
        seriesLabels: { __name__: 'order_ack_seconds', venue: 'XNAS' },
        exemplars: [{ labels: { order_id: 'o-1' }, value: '0.25', timestamp: 1.5 }],
      },
    ]);
    expect(await refusal('/api/v1/query_exemplars?query=m&start=2&end=1')).toContain('must not be before start');
  });

  it.each([
    ['/api/v1/query', '400 bad_data: invalid parameter query'],
    ['/api/v1/query?query=m&lookback_delta=0', '400 bad_data: invalid parameter "lookback_delta": 0 is not positive'],
    ['/api/v1/query?query=m&query=n', '400 bad_data: invalid parameter query'],
    ['/api/v1/query?query=sum(', '400 bad_data: 1:5: parse error: unexpected end of input'],
    ['/api/v1/query?query=m&time=yesterday', '400 bad_data: invalid parameter "time": cannot parse "yesterday"'],
    ['/api/v1/query?query=m&time=1e300', '400 bad_data: invalid parameter "time"'],
    ['/api/v1/query?query=m&limit=-1', '400 bad_data: invalid parameter "limit"'],
    ['/api/v1/query?query=m&timeout=soon', '400 bad_data: invalid parameter "timeout"'],
    [
      '/api/v1/query_range?query=m&start=2&end=1&step=1',
      '400 bad_data: invalid parameter "end": end timestamp must not be before start',
    ],
    ['/api/v1/query_range?query=m&start=1&end=2&step=0', '400 bad_data: invalid parameter "step": zero or negative'],
    ['/api/v1/query_range?query=m&start=1&end=2&step=-5s', '400 bad_data: invalid parameter "step"'],
    [
      '/api/v1/query_range?query=m&start=0&end=11001&step=1',
      '400 bad_data: exceeded maximum resolution of 11,000 points',
    ],
    ['/api/v1/query_range?query=m&start=0&end=1000000000&step=1ms', '400 bad_data: exceeded maximum resolution'],
    ['/api/v1/series', '400 bad_data: no match[] parameter provided'],
    ['/api/v1/series?match[]=sum(m)', '400 bad_data: not a selector'],
    ['/api/v1/labels?start=2&end=1', '400 bad_data: end timestamp must not be before start time'],
    ['/api/v1/rules?type=both', '400 bad_data: invalid parameter type'],
    ['/api/v1/rules?group_next_token=x', '400 bad_data: group_limit needs to be set'],
    ['/api/v1/rules?group_limit=1&group_next_token=x', '400 bad_data: invalid group_next_token'],
    ['/api/v1/trading/pnl?from=2&to=1', '400 bad_data: "to" must not be before "from"'],
    ['/api/v1/nothing', '404 not_found: no route GET /api/v1/nothing'],
  ])('refuses %s', async (url, message) => {
    expect(await refusal(url)).toContain(message);
  });

  it('calls a query off at its deadline', async () => {
    let aborted = false;
    world.onQuery = (signal) => new Promise(() => signal?.addEventListener('abort', () => (aborted = true)));
    expect(await refusal('/api/v1/query?query=m&timeout=10ms')).toBe(
      '503 timeout: the query took longer than 10 ms; narrow it or shorten its range',
    );
    expect(aborted).toBe(true);
  });

  it('keeps the details of a fault of ours out of the answer and in the log', async () => {
    world.onQuery = async () => {
      throw new Error('secret path /srv/x');
    };
    expect(await refusal('/api/v1/query?query=m')).toBe('500 internal: internal fault; the log has the details');
    expect(world.logged.at(-1)).toContain('/api/v1/query');
  });
});

describe('what there is', () => {
  it('lists labels, values, series and metadata', async () => {
    expect(await data('/api/v1/labels', textsData)).toEqual(['__name__', 'venue']);
    expect(await data('/api/v1/label/venue/values', textsData)).toEqual(['XLON', 'XNAS']);
    expect(await data('/api/v1/label/venue/values?match[]=quotes_total', textsData)).toEqual(['XLON']);
    expect(
      await data('/api/v1/series?match[]=quotes_total&match[]=order_ack_seconds&start=0&end=1', seriesData),
    ).toEqual([
      { __name__: 'order_ack_seconds', venue: 'XNAS' },
      { __name__: 'quotes_total', venue: 'XLON' },
    ]);
    expect(await data('/api/v1/metadata?metric=order_ack_seconds', metadataData)).toEqual({
      order_ack_seconds: [{ type: 'histogram', help: 'Help of order_ack_seconds.', unit: 'seconds' }],
    });
    const { body } = await get('/api/v1/labels?limit=1');
    expect(body).toEqual({ status: 'success', data: ['__name__'], warnings: ['results truncated due to limit'] });
  });

  it('shows rules and alerts as Prometheus does', async () => {
    const { groups } = await data('/api/v1/rules', rulesData);
    expect(groups.map(({ name }) => name)).toEqual(['desk', 'feeds', 'health']);
    expect(groups[0]).toEqual({
      name: 'desk',
      file: '/etc/tapewatch/a.yaml',
      interval: 30,
      limit: 0,
      evaluationTime: 0.002,
      lastEvaluation: '2027-01-15T08:00:00.5Z',
      rules: [
        {
          type: 'alerting',
          state: 'firing',
          name: 'Slow0',
          query: 'order_ack_seconds > 0.1',
          duration: 60,
          keepFiringFor: 0,
          labels: { severity: 'CRITICAL' },
          annotations: { summary: 'slow' },
          health: 'ok',
          evaluationTime: 0.002,
          lastEvaluation: '2027-01-15T08:00:00.5Z',
          alerts: [
            {
              labels: { alertname: 'Slow0', venue: 'XNAS' },
              annotations: { summary: 'slow' },
              state: 'firing',
              activeAt: '2027-01-15T08:00:00Z',
              value: '2.5e-01',
            },
          ],
        },
        {
          type: 'recording',
          name: 'r:0',
          query: '1',
          labels: {},
          health: 'err',
          lastError: 'broken',
          evaluationTime: 0,
          lastEvaluation: '0001-01-01T00:00:00Z',
        },
      ],
    });
    expect((await data('/api/v1/alerts', alertsData)).alerts).toHaveLength(3);
  });

  it('filters and pages rules as Grafana asks', async () => {
    const names = async (query: string) =>
      (await data(`/api/v1/rules?${query}`, rulesData)).groups.map(
        ({ name, rules }) => `${name}:${rules.map((rule) => rule.name)}`,
      );
    expect(await names('type=record&rule_group[]=desk')).toEqual(['desk:r:0']);
    expect(await names('rule_name[]=Slow1&rule_name[]=Slow2')).toEqual(['feeds:Slow1', 'health:Slow2']);
    expect(await names('file[]=/etc/tapewatch/b.yaml&type=alert')).toEqual(['feeds:Slow1', 'health:Slow2']);
    const first = await data('/api/v1/rules?group_limit=2&exclude_alerts=true', rulesData);
    expect(first.groups.map(({ rules }) => (rules[0]?.type === 'alerting' ? rules[0].alerts : undefined))).toEqual([
      [],
      [],
    ]);
    const rest = await data(`/api/v1/rules?group_limit=2&group_next_token=${first.groupNextToken}`, rulesData);
    expect([rest.groups.map(({ name }) => name), rest.groupNextToken]).toEqual([['health'], undefined]);
  });

  it('tells a build that Grafana takes for a plain Prometheus', async () => {
    const info = await data('/api/v1/status/buildinfo', buildInfoData);
    expect(info).toMatchObject({ version: '2.55.0', revision: '1.2.3' });
    expect(info).not.toHaveProperty('features');
  });
});

describe('trading and operation', () => {
  it('hands trading questions to the query service and answers rows', async () => {
    const url = '/api/v1/trading/slippage?from=100&to=200&by=venue,side&strategy=mm,arb&format=table';
    expect(await data(url, tradingData)).toEqual({
      tables: [
        {
          name: 'slippage',
          columns: [
            { name: 'time', type: 'time' },
            { name: 'venue', type: 'string' },
            { name: 'bps', type: 'number', unit: 'bps', labels: { side: 'buy' } },
          ],
          rows: [
            ['2027-01-15T08:00:00Z', 'XNAS', 1.25],
            [null, 'XLON', null],
          ],
          notices: ['from fills'],
        },
      ],
    });
    expect(world.asked.at(-1)).toEqual({
      query: {
        queryType: 'slippage',
        by: ['venue', 'side'],
        filters: { strategy: ['mm', 'arb'], venue: [], symbol: [], account: [] },
        format: 'table',
      },
      envelope: { startMs: 100_000, endMs: 200_000, intervalMs: 1_000, maxDataPoints: 500, fromAlert: false },
    });
    await data('/api/v1/trading/pnl?method=fifo', tradingData);
    expect(world.asked.at(-1)).toMatchObject({ query: { queryType: 'pnl', method: 'fifo' } });
  });

  it('hands any document to the query service, by GET and by a form', async () => {
    const document = JSON.stringify({ queryType: 'risk', by: ['strategy'] });
    await data(`/api/v1/trading/query?from=100&to=200&document=${encodeURIComponent(document)}`, tradingData);
    expect(world.asked.at(-1)).toMatchObject({
      query: { queryType: 'risk', by: ['strategy'] },
      envelope: { startMs: 100_000, endMs: 200_000 },
    });
    const url = '/api/v1/trading/query';
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const payload = new URLSearchParams({ document: '{"queryType":"performance"}' }).toString();
    expect((await app.inject({ method: 'POST', url, headers, payload })).statusCode).toBe(200);
    expect(world.asked.at(-1)).toMatchObject({ query: { queryType: 'performance' } });
    expect(await get(`${url}?document=risk`)).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('is not JSON') as unknown },
    });
  });

  it('shows dead letters with their bytes', async () => {
    expect(await data('/api/v1/dead-letters?limit=5', deadLettersData)).toEqual([
      {
        time: '2027-01-15T08:00:00Z',
        stream: 'orders',
        subject: 'tw.orders.x',
        reason: 'syntax',
        detail: 'not JSON',
        payloadBase64: '/wA=',
      },
    ]);
  });

  it('is alive, and ready only while the source is connected', async () => {
    expect((await get('/healthz')).body).toEqual({ status: 'ok' });
    expect(await get('/readyz')).toMatchObject({ status: 200, body: { status: 'ok' } });
    world.connected = false;
    expect(await get('/readyz')).toMatchObject({
      status: 503,
      body: { status: 'degraded', detail: { source: 'away' } },
    });
  });

  it('shows its own metrics as text, and counts what it answered', async () => {
    const response = await app.inject('/metrics');
    expect([response.headers['content-type'], response.body]).toEqual([
      'text/plain; version=0.0.4; charset=utf-8',
      'tapewatch_up 1\n',
    ]);
    expect(world.statuses).toContain('/metrics 200');
    expect(world.statuses).toContain('/api/v1/query 400');
  });

  it('describes every route in OpenAPI, and shows it as a page', async () => {
    const { body } = await get('/openapi.json');
    const document = body as {
      openapi: string;
      paths: Record<string, Record<string, { parameters?: { name: string }[] }>>;
    };
    expect(document.openapi).toBe('3.1.0');
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const registered = routesOf(app.printRoutes({ commonPrefix: false })).filter(
      (line) => !/ \/(docs|openapi)/.test(line),
    );
    expect(described.sort()).toEqual(registered.sort());
    expect(described.sort()).toEqual([
      'GET /api/dependencies',
      'GET /api/operations',
      'GET /api/services',
      'GET /api/services/{service}/operations',
      'GET /api/traces',
      'GET /api/traces/{traceId}',
      'GET /api/v1/alerts',
      'GET /api/v1/dead-letters',
      'GET /api/v1/format_query',
      'GET /api/v1/label/{name}/values',
      'GET /api/v1/labels',
      'GET /api/v1/metadata',
      'GET /api/v1/query',
      'GET /api/v1/query_exemplars',
      'GET /api/v1/query_range',
      'GET /api/v1/rules',
      'GET /api/v1/scrape_pools',
      'GET /api/v1/series',
      'GET /api/v1/status/buildinfo',
      'GET /api/v1/targets',
      'GET /api/v1/trading/pnl',
      'GET /api/v1/trading/query',
      'GET /api/v1/trading/slippage',
      'GET /healthz',
      'GET /metrics',
      'GET /readyz',
      'POST /api/v1/format_query',
      'POST /api/v1/labels',
      'POST /api/v1/query',
      'POST /api/v1/query_exemplars',
      'POST /api/v1/query_range',
      'POST /api/v1/series',
      'POST /api/v1/trading/query',
    ]);
    expect(document.paths['/api/v1/query_range']?.['get']?.parameters?.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['query', 'start', 'end', 'step']),
    );
    expect((await app.inject('/docs/')).statusCode).toBe(200);
  });
});

/** Reads fastify's tree of routes, where a line such as `    └── _range (GET, HEAD)` goes on from the one above it. */
function routesOf(tree: string): string[] {
  const above: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, indent = '', part = '', methods = ''] = /^(.*)── (\S+)(?: \(([^)]*)\))?/.exec(line) ?? [];
    if (part === '') return [];
    const depth = Math.floor(indent.length / 4);
    above[depth] = (depth === 0 ? '' : above[depth - 1]) + part;
    const path = above[depth].replace(/:(\w+)/g, '{$1}');
    return methods
      .split(', ')
      .filter((method) => method !== '' && method !== 'HEAD')
      .map((method) => `${method} ${path}`);
  });
}
