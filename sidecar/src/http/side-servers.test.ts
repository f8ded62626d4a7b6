/** The two ports beside the API, with real clients: scraping, and live updates over WebSocket. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { WebSocket } from 'ws';
import { VirtualClock, RecordingLog } from '../alerting/testing/virtual-world.ts';
import { TapewatchError } from '../errors.ts';
import { startExpositionServer } from './exposition-server.ts';
import { startLiveServer, type LiveServer } from './live-server.ts';
import { SECURED, TOKENS, settingsWith } from './testing/fixture.ts';

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

describe('the exposition port', () => {
  const start = async (over: object = {}, host = '127.0.0.1') => {
    const server = await startExpositionServer(
      {
        metrics: async (accept) => ({
          contentType: 'text/plain; version=0.0.4',
          text: `# ${accept}\n${'x 1\n'.repeat(1_000)}`,
        }),
        async federate(selectors) {
          if (selectors.includes('(')) throw new TapewatchError('query.parse', 'unclosed (');
          return { contentType: 'text/plain', text: selectors.join(' ') };
        },
        log: new RecordingLog(),
      },
      { ...settingsWith(over), host, port: 0 },
    );
    closers.push(() => server.close());
    return `http://${server.address}`;
  };

  it('answers a scrape, compressed where the scraper takes it', async () => {
    const base = await start();
    const answer = await fetch(`${base}/metrics`, { headers: { accept: 'text/plain', 'accept-encoding': 'gzip' } });
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(answer.headers.get('content-type')).toContain('version=0.0.4');
    expect(await answer.text()).toContain('# text/plain\nx 1\n');
    const plain = await start({ compression: false });
    expect((await fetch(`${plain}/`)).headers.get('content-encoding')).toBeNull();
  });

  it('federates selected series, and says what is wrong with a selector', async () => {
    const base = await start();
    expect(await (await fetch(`${base}/federate?match[]=up&match[]=x`)).text()).toBe('up x');
    expect((await fetch(`${base}/federate`)).status).toBe(400);
    const refused = await fetch(`${base}/federate?match[]=(`);
    expect([refused.status, await refused.json()]).toMatchObject([400, { error: 'unclosed (' }]);
  });

  it('wants the API’s tokens, listens to strangers only with them, and refuses foreign hosts without', async () => {
    await expect(start({}, '0.0.0.0')).rejects.toThrow(/monitoring.listen_address 0.0.0.0:0 is not loopback/);
    const base = await start(SECURED, '0.0.0.0');
    const local = base.replace('0.0.0.0', '127.0.0.1');
    expect((await fetch(`${local}/metrics`)).status).toBe(401);
    const headers = { authorization: `Bearer ${TOKENS.viewer}` };
    expect((await fetch(`${local}/metrics`, { headers })).status).toBe(200);
  });

  it('names the setting when its port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    closers.push(() => void taken.close());
    const { port } = taken.address() as { port: number };
    const { metrics, federate } = {
      metrics: async () => ({ contentType: '', text: '' }),
      federate: async () => ({ contentType: '', text: '' }),
    };
    await expect(
      startExpositionServer(
        { metrics, federate, log: new RecordingLog() },
        { ...settingsWith(), host: '127.0.0.1', port },
      ),
    ).rejects.toThrow(new RegExp(`monitoring.prometheus_port ${port} cannot be bound.*EADDRINUSE.*choose another`));
  });
});

describe('live updates', () => {
  const clock = new VirtualClock();
  const dropped: string[] = [];
  let server: LiveServer;

  const start = async (over: object = {}, settings: object = {}): Promise<void> => {
    server = await startLiveServer(
      {
        clock,
        telemetry: { level: () => undefined, dropped: (stream, reason) => void dropped.push(`${stream} ${reason}`) },
        greeting: () => [{ type: 'status', data: { level: 'HEALTHY' } }],
      },
      {
        ...settingsWith(settings),
        host: '127.0.0.1',
        port: 0,
        maxClients: 3,
        bufferBytes: 1_048_576,
        origins: ['https://desk.example'],
        ...over,
      },
    );
    closers.push(() => server.close());
  };

  /** A client, and what it was told so far. */
  async function client(options: { headers?: object; protocols?: string[] } = {}) {
    const socket = new WebSocket(`ws://${server.address}`, options.protocols ?? [], {
      headers: { ...options.headers },
    });
    closers.push(() => socket.terminate());
    const told: { type: string; data: unknown; missed?: number }[] = [];
    const waiting: (() => void)[] = [];
    socket.on('message', (text: Buffer) => {
      told.push(JSON.parse(text.toString()));
      for (const wake of waiting.splice(0)) wake();
    });
    const refusal = new Promise<number>((resolve) => {
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
    });
    socket.on('error', () => undefined);
    const opened = await Promise.race([once(socket, 'open').then(() => 101), refusal]);
    const until = async (type: string): Promise<void> => {
      while (!told.some((update) => update.type === type)) await new Promise<void>((wake) => waiting.push(wake));
    };
    return { socket, told, opened, until };
  }

  it('tells every client the same, after a greeting (proves: WSL-04)', async () => {
    await start();
    const clients = await Promise.all([client(), client()]);
    for (const { until } of clients) await until('status');
    server.broadcast({ type: 'metrics_update', data: { metrics: [{ name: 'trading_equity', value: 2 }] } });
    for (const { until } of clients) await until('metrics_update');
    expect(clients[0]?.told).toEqual(clients[1]?.told);
    expect(clients[0]?.told.map(({ type }) => type)).toEqual(['status', 'metrics_update']);
  });

  it('takes no more clients than its bound, and one again when one has left', async () => {
    await start();
    const clients = await Promise.all([client(), client(), client()]);
    expect((await client()).opened).toBe(503);
    clients[0]?.socket.close();
    await once(clients[0]?.socket as WebSocket, 'close');
    while (server.clients === 3) await new Promise((resolve) => setImmediate(resolve));
    expect((await client()).opened).toBe(101);
  });

  it('drops what a slow client cannot take, counts it, and says how many were missed', async () => {
    await start({ bufferBytes: 2_000 });
    const { told, until } = await client();
    await until('status');
    server.broadcast({ type: 'large', data: 'x'.repeat(3_000) });
    server.broadcast({ type: 'large', data: 'x'.repeat(3_000) });
    server.broadcast({ type: 'small', data: 1 });
    await until('small');
    expect(told.map(({ type, missed }) => [type, missed])).toEqual([
      ['status', undefined],
      ['small', 2],
    ]);
    expect(dropped).toEqual(['live slow_client', 'live slow_client']);
  });

  it('lets in pages from loopback and named origins only', async () => {
    await start();
    for (const [origin, status] of [
      ['https://evil.example', 403],
      ['null', 403],
      ['http://localhost:3000', 101],
      ['https://desk.example', 101],
    ] as const) {
      expect([origin, (await client({ headers: { origin } })).opened]).toEqual([origin, status]);
    }
    expect((await client({ headers: { host: 'tapewatch.evil.example' } })).opened).toBe(403);
  });

  it('wants a token where tokens are set: as a header, or as a subprotocol from a browser', async () => {
    await start({}, SECURED);
    expect((await client()).opened).toBe(401);
    expect((await client({ headers: { authorization: `Bearer ${TOKENS.viewer}` } })).opened).toBe(101);
    const browser = await client({ protocols: ['tapewatch', `tapewatch.bearer.${TOKENS.viewer}`] });
    expect([browser.opened, browser.socket.protocol]).toEqual([101, 'tapewatch']);
  });

  it('ends a connection that answers no pings', async () => {
    await start();
    const { socket } = await client();
    // The client's library answers pings by itself; this one is made deaf.
    socket.pause();
    await clock.advance(60_000);
    while (server.clients > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(server.clients).toBe(0);
  });

  it('tells plain HTTP what it speaks', async () => {
    await start();
    expect((await fetch(`http://${server.address}/`)).status).toBe(426);
  });
});
