import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, headers, nkeyAuthenticator, nkeys, tokenAuthenticator } from '@nats-io/transport-node';
import { SystemClock } from '../clock.ts';
import { CoreNatsSource } from './core-nats.ts';
import { type NatsOptions, natsOptions, streamOptions } from './options.ts';
import { Collector, eventually, pauseMs, sourceContract } from './source.contract.ts';
import { compileStream } from './stream.ts';
import { freePort, NatsServer } from './testing/nats-server.ts';

const feed = compileStream(streamOptions.parse({ name: 'feed', subject: 'feed.>' }));

function create(nats: NatsOptions, reports: string[] = []): CoreNatsSource {
  return new CoreNatsSource({
    nats,
    streams: [feed],
    clock: new SystemClock(),
    report: (level, message) => reports.push(`${level}: ${message}`),
  });
}

function plainText() {
  const hdrs = headers();
  hdrs.set('Content-Type', 'text/plain');
  return hdrs;
}

describe('core NATS', () => {
  sourceContract({
    create,
    async publish(connection, subject, text) {
      connection.publish(subject, text, { headers: plainText() });
      await connection.flush();
    },
  });

  it('reads on through a cluster of three servers when the one it uses is killed (proves: ING-02)', async () => {
    const [a, b, c] = [await freePort(), await freePort(), await freePort()];
    const routes = [a, b, c].map((port) => `"nats://127.0.0.1:${port}"`).join(', ');
    const start = (port: number) =>
      NatsServer.start({
        jetstream: false,
        config: `cluster { name: desk, listen: "127.0.0.1:${port}", routes: [${routes}] }`,
      });
    const servers = [await start(a), await start(b), await start(c)];
    const source = create(natsOptions.parse({ servers: servers.map(({ url }) => url), reconnectWait: '50ms' }));
    const collector = new Collector();
    await source.open(collector.take);
    const used = servers.find(({ url }) => url === source.status().server);
    const other = servers.find((server) => server !== used);
    const publisher = await connect({ servers: `127.0.0.1:${other?.port}`, reconnect: false });
    // Routes form in a while, and a killed server is noticed in a while: publish until something arrives.
    const arrivesAfter = async (count: number): Promise<void> => {
      while (collector.envelopes.length <= count) {
        publisher.publish('feed.a', 'hello');
        await pauseMs(20);
      }
    };
    await arrivesAfter(0);
    await used?.pause('SIGKILL');
    await eventually(() => !source.status().connected);
    await eventually(() => source.status().connected);
    expect(source.status().server).not.toBe(used?.url);
    await arrivesAfter(collector.envelopes.length);
    await publisher.close();
    await source.close();
    for (const server of servers) await server.stop();
  });

  it('shares the messages among sources of one queue group', async () => {
    const server = await NatsServer.start();
    const nats = natsOptions.parse({ servers: [server.url], queueGroup: 'sidecars' });
    const [first, second, both] = [new Collector(), new Collector(), new Collector()];
    const sources = [create(nats), create(nats)];
    await Promise.all(sources.map((source, i) => source.open((e) => (both.take(e), [first, second][i]?.take(e)))));
    const publisher = await connect({ servers: `127.0.0.1:${server.port}` });
    for (let i = 0; i < 100; i++) publisher.publish('feed.a', String(i));
    await both.until(100);
    expect(first.envelopes.length + second.envelopes.length).toBe(100);
    expect(Math.min(first.envelopes.length, second.envelopes.length)).toBeGreaterThan(0);
    await Promise.all([...sources, publisher].map((thing) => thing.close()));
    await server.stop();
  });

  it('says which subscription the server refused', async () => {
    const server = await NatsServer.start({
      config:
        'authorization { users: [{ user: u, password: p, permissions: { subscribe: ["other.>", "_INBOX.>"] } }] }',
    });
    const source = create(natsOptions.parse({ servers: [server.url], user: 'u', password: 'p' }));
    await source.open(() => undefined);
    await eventually(() => source.status().detail.includes('refused the subscription to feed.>'));
    expect(source.status().connected).toBe(false);
    await source.close();
    await server.stop();
  });
});

describe('ways to authenticate', () => {
  let server: NatsServer;
  afterEach(() => server.stop());

  it('an nkey seed; another one is refused, and no seed reaches a message', async () => {
    const [pair, other] = [nkeys.createUser(), nkeys.createUser()];
    server = await NatsServer.start({ config: `authorization { users: [{ nkey: ${pair.getPublicKey()} }] }` });
    const seedOf = (key: typeof pair): string => Buffer.from(key.getSeed()).toString();
    const optionsOf = (nkeySeed: string) => natsOptions.parse({ servers: [server.url], nkeySeed });
    const collector = new Collector();
    const source = create(optionsOf(seedOf(pair)));
    await source.open(collector.take);
    const publisher = await connect({
      servers: `127.0.0.1:${server.port}`,
      authenticator: nkeyAuthenticator(pair.getSeed()),
    });
    publisher.publish('feed.a', 'hello');
    await collector.until(1);
    await publisher.close();
    await source.close();

    const reports: string[] = [];
    await expect(create(optionsOf(seedOf(other)), reports).open(() => undefined)).rejects.toMatchObject({
      code: 'source.rejected',
      message: expect.stringContaining('refused the nkey') as string,
    });
    await expect(create(optionsOf('SUNOTASEED')).open(() => undefined)).rejects.toMatchObject({
      code: 'source.rejected',
      message: expect.not.stringContaining('NOTASEED') as string,
    });
    expect(reports.join()).not.toContain(seedOf(other));
  });

  it('a token', async () => {
    server = await NatsServer.start({ config: 'authorization { token: open-sesame }' });
    const collector = new Collector();
    const source = create(natsOptions.parse({ servers: [server.url], token: 'open-sesame' }));
    await source.open(collector.take);
    const publisher = await connect({
      servers: `127.0.0.1:${server.port}`,
      authenticator: tokenAuthenticator('open-sesame'),
    });
    publisher.publish('feed.a', 'hello');
    await collector.until(1);
    await publisher.close();
    await source.close();
  });

  it('a credentials file that is missing is named', async () => {
    server = await NatsServer.start();
    const nats = natsOptions.parse({ servers: [server.url], credentialsFile: '/nowhere/desk.creds' });
    await expect(create(nats).open(() => undefined)).rejects.toMatchObject({
      code: 'source.rejected',
      message: expect.stringContaining('/nowhere/desk.creds') as string,
    });
  });
});

describe('TLS', () => {
  let server: NatsServer | undefined;
  let folder = '';
  const inFolder = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tapewatch-tls-'));
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-days',
      '2',
      '-subj',
      '/CN=Test CA',
    );
    writeFileSync(inFolder('san'), 'subjectAltName=IP:127.0.0.1,DNS:localhost');
    for (const name of ['server', 'client']) {
      openssl(
        'req',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.csr`,
        '-subj',
        `/CN=${name}`,
      );
      openssl(
        'x509',
        '-req',
        '-in',
        `${name}.csr`,
        '-CA',
        'ca.pem',
        '-CAkey',
        'ca.key',
        '-CAcreateserial',
        '-out',
        `${name}.pem`,
        '-days',
        '2',
        '-extfile',
        'san',
      );
    }
  });
  afterEach(() => server?.stop());
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('verifies the server with our authority and shows our certificate; refuses otherwise', async () => {
    server = await NatsServer.start({
      config: `tls { cert_file: "${inFolder('server.pem')}", key_file: "${inFolder('server.key')}", ca_file: "${inFolder('ca.pem')}", verify: true }`,
    });
    const servers = [`tls://127.0.0.1:${server.port}`];
    const tls = { caFile: inFolder('ca.pem'), certFile: inFolder('client.pem'), keyFile: inFolder('client.key') };
    const collector = new Collector();
    const source = create(natsOptions.parse({ servers, tls }));
    await source.open(collector.take);
    const publisher = await connect({ servers: `127.0.0.1:${server.port}`, tls });
    publisher.publish('feed.a', 'hello');
    await collector.until(1);
    await publisher.close();
    await source.close();

    // Without our authority the server's certificate is unknown.
    await expect(create(natsOptions.parse({ servers })).open(() => undefined)).rejects.toMatchObject({
      code: 'source.rejected',
      message: expect.stringContaining('nats.tls.caFile') as string,
    });
    const missing = { ...tls, caFile: '/nowhere/ca.pem' };
    await expect(create(natsOptions.parse({ servers, tls: missing })).open(() => undefined)).rejects.toMatchObject({
      code: 'source.rejected',
      message: expect.stringContaining('/nowhere/ca.pem') as string,
    });
  });

  it('does not fall back to plain text when the server has no TLS', async () => {
    server = await NatsServer.start();
    const nats = natsOptions.parse({ servers: [`tls://127.0.0.1:${server.port}`] });
    await expect(create(nats).open(() => undefined)).rejects.toMatchObject({ code: 'source.rejected' });
  });
});
