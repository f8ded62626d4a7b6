import { once } from 'node:events';
import net from 'node:net';
import { gzipSync } from 'node:zlib';
import { Authentication, isLoopback } from './authentication.ts';
import { buildHttpServer, startHttpServer, type HttpServer } from './server.ts';
import { fixture, SECURED, settingsWith, TOKENS } from './testing/fixture.ts';

const open: HttpServer[] = [];

async function start(over: object = {}): Promise<HttpServer> {
  const server = await startHttpServer(fixture().deps, settingsWith(over));
  open.push(server);
  return server;
}

afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

describe('listening', () => {
  it('answers an outside reader on the port that it was given (proves: INT-19, API-26)', async () => {
    const { address } = await start();
    const response = await fetch(`${address}/api/v1/query?query=1%2B1&time=3`);
    expect(await response.json()).toEqual({ status: 'success', data: { resultType: 'scalar', result: [3, '2'] } });
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('date')).not.toBeNull();
  });

  it('refuses to listen for strangers without a token, and a port that is taken', async () => {
    for (const listen of ['0.0.0.0:0', '[::]:0', '192.0.2.1:0', 'sidecar:0']) {
      await expect(start({ listen })).rejects.toMatchObject({ code: 'listen.refused' });
    }
    const { address } = await start();
    const { port } = new URL(address);
    await expect(start({ listen: `127.0.0.1:${port}` })).rejects.toThrow(/cannot be bound.*EADDRINUSE/);
    await expect(start({ listen: '0.0.0.0:0', ...SECURED })).resolves.toBeDefined();
  });

  it('closes a connection that does not finish its headers in time', async () => {
    const { address } = await start({ headersTimeoutMs: 1_000, requestTimeoutMs: 1_000 });
    const socket = net.connect(Number(new URL(address).port), '127.0.0.1');
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
  });

  /** A client that has begun a form of a length beyond the limit, and was told 413. */
  async function refused(address: string, length: string, first: string) {
    const socket = net.connect(Number(new URL(address).port), '127.0.0.1').on('error', () => undefined);
    let answers = '';
    socket.on('data', (chunk) => (answers += chunk.toString()));
    const form = 'Content-Type: application/x-www-form-urlencoded';
    socket.write(`POST /api/v1/query HTTP/1.1\r\nHost: localhost\r\n${form}\r\n${length}\r\n\r\n${first}`);
    while (!answers.startsWith('HTTP/1.1 413 ')) await once(socket, 'data');
    return { socket, answers: () => answers };
  }

  const MEGABYTE = ' '.repeat(1_000_000);
  it.each([
    ['of known length', 'Content-Length: 2000000', MEGABYTE, MEGABYTE],
    ['in chunks', 'Transfer-Encoding: chunked', `f4240\r\n${MEGABYTE}\r\n`, `f4240\r\n${MEGABYTE}\r\n0\r\n\r\n`],
  ])('reads a body that it refused to its end, %s: who still sends gets the answer, and may go on', async (...body) => {
    const [, length, first, rest] = body;
    const { address } = await start({ bodyLimitBytes: 1_024 });
    const { socket, answers } = await refused(address, length, first);
    socket.write(`${rest}GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    while (!answers().includes('HTTP/1.1 200 ')) await once(socket, 'data');
    socket.destroy();
  });

  it('gives up on a refused body that does not end, after the time for a request', async () => {
    const { address } = await start({ bodyLimitBytes: 1_024, headersTimeoutMs: 1_000, requestTimeoutMs: 1_000 });
    const { socket, answers } = await refused(address, 'Content-Length: 2000000', ' ');
    const dripping = setInterval(() => socket.write(' '), 50);
    await once(socket, 'close').finally(() => clearInterval(dripping));
    expect(answers()).toMatch(/^HTTP\/1.1 413 .*HTTP\/1.1 408 /s);
  });

  it('ends although a client still sends a body that was refused', async () => {
    const server = await startHttpServer(fixture().deps, settingsWith({ bodyLimitBytes: 1_024 }));
    const { socket } = await refused(server.address, 'Content-Length: 2000000', ' ');
    const dripping = setInterval(() => socket.write(' '), 50);
    await server.close().finally(() => clearInterval(dripping));
  }, 10_000);

  it('reads packed bodies of samples only: a bomb elsewhere is not unpacked', async () => {
    const { address } = await start();
    const answer = await fetch(`${address}/api/v1/query`, {
      method: 'POST',
      headers: { 'content-encoding': 'gzip', 'content-type': 'application/x-www-form-urlencoded' },
      body: gzipSync('query=1'),
    });
    expect([answer.status, await answer.json()]).toEqual([
      415,
      expect.objectContaining({ error: 'Content-Encoding "gzip" is not read here; send the body as it is' }),
    ]);
  });

  it('ends in order while a client keeps its connection open', async () => {
    const server = await startHttpServer(fixture().deps, settingsWith());
    const socket = net.connect(Number(new URL(server.address).port), '127.0.0.1');
    socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'data');
    const closed = once(socket, 'close');
    await server.close();
    await closed;
  });
});

describe('who may ask', () => {
  const ask = async (url: string, headers: Record<string, string>, over: object = SECURED) => {
    const app = await buildHttpServer(fixture().deps, settingsWith(over));
    const response = await app.inject({ url, headers });
    await app.close();
    return response;
  };
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  it('asks for a token, knows its role, and tells the three apart', async () => {
    const missing = await ask('/api/v1/query?query=m', {});
    expect([missing.statusCode, missing.headers['www-authenticate']]).toEqual([401, 'Bearer']);
    expect(missing.json()).toMatchObject({ status: 'error', errorType: 'unauthorized' });
    expect((await ask('/api/v1/query?query=m', bearer('wrong'))).statusCode).toBe(401);
    expect((await ask('/api/v1/query?query=m', { authorization: 'Basic dmlld2VyOnRva2Vu' })).statusCode).toBe(401);
    expect((await ask('/api/v1/query?query=m', bearer(TOKENS.viewer))).statusCode).toBe(200);
    const denied = await ask('/api/v1/dead-letters', bearer(TOKENS.viewer));
    expect([denied.statusCode, denied.json()]).toEqual([403, expect.objectContaining({ errorType: 'forbidden' })]);
    expect((await ask('/api/v1/dead-letters', bearer(TOKENS.operator))).statusCode).toBe(200);
    expect((await ask('/api/v1/dead-letters', bearer(TOKENS.admin))).statusCode).toBe(200);
  });

  it('guards the metrics, and leaves health to everyone', async () => {
    expect((await ask('/metrics', {})).statusCode).toBe(401);
    expect((await ask('/metrics', bearer(TOKENS.viewer))).statusCode).toBe(200);
    expect((await ask('/healthz', {})).statusCode).toBe(200);
    expect((await ask('/readyz', {})).statusCode).toBe(200);
  });

  it('takes only loopback names when there is no token', async () => {
    const status = async (host: string) => (await ask('/api/v1/labels', { host }, {})).statusCode;
    expect(await Promise.all(['localhost:9470', '127.0.0.1', '[::1]:9470', '127.9.9.9:1'].map(status))).toEqual([
      200, 200, 200, 200,
    ]);
    expect(await Promise.all(['evil.example:9470', '10.0.0.1', 'localhost.evil.example'].map(status))).toEqual([
      403, 403, 403,
    ]);
  });

  it('answers 429 past the rate, and 413 past the size', async () => {
    const app = await buildHttpServer(
      fixture().deps,
      settingsWith({ rateLimit: { requests: 2, windowMs: 60_000 }, bodyLimitBytes: 1_024 }),
    );
    const post = (payload: string) =>
      app.inject({
        method: 'POST',
        url: '/api/v1/query',
        payload,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
    expect((await post(`query=${'m'.repeat(2_000)}`)).json()).toMatchObject({ status: 'error', errorType: 'bad_data' });
    expect((await post('query=m')).statusCode).toBe(200);
    const third = await post('query=m');
    expect([third.statusCode, third.json()]).toEqual([
      429,
      expect.objectContaining({ errorType: 'too_many_requests' }),
    ]);
    await app.close();
  });

  it('knows a loopback address when it sees one', () => {
    expect(['127.0.0.1', '127.255.0.1', '::1', 'LOCALHOST'].map(isLoopback)).toEqual([true, true, true, true]);
    expect(['0.0.0.0', '128.0.0.1', '::', 'localhost.example', '127.0.0.1.example', ''].map(isLoopback)).toEqual(
      Array(6).fill(false),
    );
    expect(new Authentication(settingsWith(SECURED)).required).toBe(true);
  });
});
