/** The Grafana server as a client sees it: tokens, errors by refId, cancelling, deadlines, listening. */
import { status, type ServiceError } from '@grpc/grpc-js';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TapewatchError } from '../../sidecar/src/errors.ts';
import { startGrafanaServer } from '../../sidecar/src/grafana/server.ts';
import type { CheckHealthResponse, QueryDataResponse } from '../../sidecar/src/grafana/message.ts';
import { fakeQueryService, START_MS } from './fake-desk.ts';
import { contextWith, fakeDeps, startWorld, TOKEN, TOKEN_HASH, type World } from './grafana-world.ts';

const RANGE = { fromEpochMS: START_MS, toEpochMS: START_MS + 30_000 };

function dataQuery(refId: string, document: object): object {
  const json = Buffer.from(JSON.stringify(document));
  return { refId, maxDataPoints: 100, intervalMS: 1_000, timeRange: RANGE, json, queryType: '' };
}

function ask(world: World, documents: Readonly<Record<string, object>>, token?: string): Promise<QueryDataResponse> {
  const queries = Object.entries(documents).map(([refId, document]) => dataQuery(refId, document));
  return world.call('pluginv2.Data', 'QueryData', { pluginContext: contextWith(token), headers: {}, queries });
}

const GOOD = { queryType: 'promql', expr: 'queue_bytes' };
const NEVER = { queryType: 'promql', expr: 'never' };

describe('Grafana server', () => {
  let world: World;

  afterEach(() => world.close());

  it('asks for the token, and takes any of the configured ones', async () => {
    world = await startWorld({}, { tokenHashes: ['0'.repeat(64), TOKEN_HASH] });
    const statusOf = async (token?: string) => (await ask(world, { A: GOOD }, token)).responses['A'];
    expect(await statusOf(TOKEN)).toMatchObject({ status: 200 });
    expect(await statusOf()).toMatchObject({ status: 401, errorSource: 'downstream', frames: [] });
    expect(await statusOf('x')).toMatchObject({ status: 403, errorSource: 'downstream', frames: [] });
  });

  it('asks for no token on a socket where none is configured', async () => {
    world = await startWorld();
    expect((await ask(world, { A: GOOD })).responses['A']).toMatchObject({ status: 200, error: '' });
  });

  it('answers several refIds at once and each for itself', async () => {
    world = await startWorld({}, { queryTimeoutMs: 300 });
    const { responses } = await ask(world, { A: NEVER, B: GOOD, C: { queryType: 'nonsense' } });
    expect(responses['A']).toMatchObject({ status: 503, errorSource: 'downstream' });
    expect(responses['A']?.error).toContain('did not end within 300 ms');
    expect(responses['B']?.frames).toHaveLength(2);
    expect(responses['C']).toMatchObject({ status: 400, errorSource: 'downstream' });
  });

  it('says that an inner failure is its own, without the details', async () => {
    const logged: unknown[] = [];
    const run = () => Promise.reject(new Error('secret detail'));
    const queryService = { ...fakeQueryService(), run };
    world = await startWorld({ queryService, logger: { warn: (fields) => logged.push(fields['err']) } });
    const answer = (await ask(world, { A: GOOD })).responses['A'];
    expect(answer).toMatchObject({ status: 500, errorSource: 'plugin' });
    expect(answer?.error).not.toContain('secret');
    expect(logged).toEqual([new Error('secret detail')]);
  });

  it('stops the work when Grafana cancels', async () => {
    const aborted: string[] = [];
    const service = fakeQueryService(aborted);
    let started = (): void => undefined;
    const running = new Promise<void>((resolve) => (started = resolve));
    const queryService: typeof service = {
      ...service,
      run: (...args) => {
        started();
        return service.run(...args);
      },
    };
    world = await startWorld({ queryService });
    const client = world.client('pluginv2.Data');
    const request = { pluginContext: contextWith(), headers: {}, queries: [dataQuery('A', NEVER)] };
    const failed = new Promise<ServiceError>((resolve) => {
      const invoke = Reflect.get(client, 'QueryData') as (...args: unknown[]) => { cancel(): void };
      const call = invoke.call(client, request, (error: ServiceError) => resolve(error));
      void running.then(() => call.cancel());
    });
    expect((await failed).code).toBe(status.CANCELLED);
    for (let i = 0; aborted.length === 0 && i < 100; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(aborted).toEqual(['never']);
  });

  it.each([
    [
      'NATS is away',
      { source: { connected: false, server: 'nats://a:1', detail: 'refused' } },
      /not connected to NATS at nats:\/\/a:1: refused/,
    ],
    ['the store is away', { store: { ok: false, detail: 'disk full' } }, /store is not usable: disk full/],
  ])('health says that %s', async (_, change, message) => {
    const report = await fakeDeps().health();
    world = await startWorld({ health: () => Promise.resolve({ ...report, ...change }) });
    const health = await world.call<CheckHealthResponse>('pluginv2.Diagnostics', 'CheckHealth', {
      pluginContext: contextWith(),
    });
    expect(health).toMatchObject({ status: 'ERROR', message: expect.stringMatching(message) as unknown });
  });

  it.each([
    [{ minInterval: 'soon' }, 'jsonData.minInterval: "soon" is not a duration'],
    [{ defaultEditor: 'vi' }, 'jsonData.defaultEditor'],
  ])('health names the wrong setting of %j', async (jsonData, message) => {
    world = await startWorld();
    const request = { pluginContext: contextWith(undefined, jsonData) };
    const health = await world.call<CheckHealthResponse>('pluginv2.Diagnostics', 'CheckHealth', request);
    expect(health).toMatchObject({ status: 'ERROR', message: expect.stringContaining(message) as unknown });
  });

  it.each([
    [
      'metrics',
      '',
      { metrics: [{ name: 'queue_bytes', kind: 'gauge', unit: 'bytes', help: 'Bytes that wait.' }] },
      200,
    ],
    [
      'functions',
      '',
      { functions: [{ name: 'rate', signature: 'rate(v range-vector)', help: 'Per-second increase.' }] },
      200,
    ],
    ['problems', '?expr=x%20%2B', { problems: [{ severity: 'error', message: 'wrong: x +', from: 0, to: 1 }] }, 200],
    ['labels', '?match[]=fills_total', { labels: ['__name__', 'strategy', 'venue'], truncated: false }, 200],
    ['dimensions', '?name=strategy', { values: ['maker'], truncated: false }, 200],
    [
      'dimensions',
      `?name=account&start=${START_MS}&end=${START_MS + 60_000}`,
      { values: ['main'], truncated: false },
      200,
    ],
    [
      'dimensions',
      '?name=colour',
      { error: 'name: "colour" is not one of strategy, venue, symbol, side, account', code: 'query.invalid' },
      400,
    ],
    ['label-values', '', { error: 'name: is missing; name a label, such as venue', code: 'query.invalid' }, 400],
    ['__proto__', '', { error: expect.stringContaining('no resource') as unknown }, 404],
  ])('resource %s%s', async (path, query, expected, code) => {
    world = await startWorld();
    const request = { pluginContext: contextWith(), path, method: 'GET', url: `${path}${query}` };
    const stream = world.stream('pluginv2.Resource', 'CallResource', request);
    const [answer] = (await once(stream, 'data')) as [{ code: number; body: Uint8Array }];
    expect(answer.code).toBe(code);
    expect(JSON.parse(Buffer.from(answer.body).toString())).toEqual(expected);
  });
});

describe('listening', () => {
  const listen = (address: string, more: object = {}) => startGrafanaServer(fakeDeps(), { listen: address, ...more });
  const refusal = async (address: string, more: object = {}): Promise<unknown> => {
    const error: unknown = await listen(address, more).catch((reason: unknown) => reason);
    return error instanceof TapewatchError ? [error.code, error.message] : error;
  };

  it('writes a new id each time, on a socket for its group only, and takes over a stale socket', async () => {
    const first = await startWorld();
    const idOf = () => readFileSync(`${first.socket}.id`, 'utf8').trim();
    const id = idOf();
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(statSync(first.socket).mode & 0o777).toBe(0o660);
    await first.server.close();
    const again = await listen(`unix:${first.socket}`);
    expect(idOf()).not.toBe(id);
    await again.close();
    await first.close();
  });

  it('refuses a socket that is in use, a file that is none, and a relative path', async () => {
    const world = await startWorld();
    expect(await refusal(`unix:${world.socket}`)).toEqual([
      'listen.refused',
      expect.stringContaining('another process listens'),
    ]);
    const file = join(world.folder, 'file');
    writeFileSync(file, '');
    expect(await refusal(`unix:${file}`)).toEqual(['listen.refused', expect.stringContaining('is no socket')]);
    expect(await refusal('unix:grafana.sock')).toEqual(['config.invalid', expect.stringContaining('absolute path')]);
    await world.close();
  });

  it('refuses TCP without a token, off loopback without TLS, and a port in use', async () => {
    const tokens = { tokenHashes: [TOKEN_HASH] };
    expect(await refusal('tcp:127.0.0.1:0')).toEqual(['config.invalid', expect.stringContaining('grafana.tokens')]);
    expect(await refusal('tcp:0.0.0.0:0', tokens)).toEqual(['config.invalid', expect.stringContaining('grafana.tls')]);
    expect(await refusal('tcp:127.0.0.1:0', { tokenHashes: ['abc'] })).toEqual([
      'config.invalid',
      expect.stringContaining('grafana.tokens.0'),
    ]);
    const tls = { certFile: join(tmpdir(), 'none.pem'), keyFile: join(tmpdir(), 'none.key') };
    expect(await refusal('tcp:0.0.0.0:0', { ...tokens, tls })).toEqual([
      'config.invalid',
      expect.stringContaining('none.pem'),
    ]);
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(await refusal(`tcp:127.0.0.1:${port}`, tokens)).toEqual([
      'listen.refused',
      expect.stringContaining(String(port)),
    ]);
    other.close();
  });

  it('answers on TCP with the real port', async () => {
    const world = await startWorld({}, { listen: 'tcp:127.0.0.1:0', tokenHashes: [TOKEN_HASH] });
    expect(world.server.address).toMatch(/^tcp:127\.0\.0\.1:[1-9]\d*$/);
    expect((await ask(world, { A: GOOD }, TOKEN)).responses['A']).toMatchObject({ status: 200 });
    await expect(world.call('pluginv2.Diagnostics', 'CollectMetrics', {})).rejects.toMatchObject({
      code: status.UNAUTHENTICATED,
    });
    await world.close();
  });
});
