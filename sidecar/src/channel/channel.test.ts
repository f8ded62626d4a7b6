import type dns from 'node:dns';
import { writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { integrationsOf, type Integration } from '@tapewatch/contract';
import type { Channel, Logger } from '../ports.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { AddressGuard } from './address-guard.ts';
import { channelOptions } from './channel-options.ts';
import { ChannelSet } from './channel-set.ts';
import { type FaultName, FAULTS, NOTIFICATION, channelContract } from './channel.contract.ts';
import { LogChannel } from './log.ts';

interface Received {
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  readonly url: string;
}

const received: Received[] = [];
let fault: FaultName = 'ok';
let server: http.Server;
let base: string;
const opened: ChannelSet[] = [];
const lines: string[] = [];
const write = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
const log: Logger = { debug: write, info: write, warn: write, error: write };

function answer(response: http.ServerResponse): void {
  switch (fault) {
    case 'ok':
      return void response.writeHead(200).end('ok');
    case 'noContent':
      return void response.writeHead(204).end();
    case 'slowBody':
      return void response.writeHead(200).write('x');
    case 'error500':
      return void response.writeHead(500).end('oops');
    case 'busy429':
      return void response.writeHead(429, { 'retry-after': '7' }).end();
    case 'notFound':
      return void response.writeHead(404).end();
    case 'redirect':
      return void response.writeHead(302, { location: `${base}/elsewhere` }).end();
    case 'hang':
      return;
    case 'close':
      return void response.socket?.destroy();
  }
}

beforeAll(async () => {
  server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString(), url: request.url ?? '' });
      answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

beforeEach(() => {
  received.length = 0;
  lines.length = 0;
});

afterAll(async () => {
  for (const set of opened) await set.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function open(url: string, over: { allowPrivate?: string[]; config?: object } = {}): Promise<Channel> {
  const options = channelOptions.parse({ allowPrivate: over.allowPrivate ?? ['127.0.0.1'], timeoutMs: 300 });
  const set = new ChannelSet(options, { log, externalUrl: 'https://tapewatch.example/' });
  opened.push(set);
  const config = { url, send_resolved: true, max_alerts: 0, http_config: {}, ...over.config };
  const integration: Integration = {
    kind: 'webhook',
    id: 'desk/webhook/0',
    receiver: 'desk',
    sendResolved: true,
    config,
  };
  const channel = (await set.open([integration])).get('desk/webhook/0');
  if (channel === undefined) throw new Error('no channel');
  return channel;
}

channelContract(
  'webhook',
  async (name) => {
    fault = name;
    return open(`${base}/hook`);
  },
  Object.keys(FAULTS) as FaultName[],
);

channelContract(
  'log',
  async () => {
    const set = new ChannelSet(channelOptions.parse({}), { log, externalUrl: '' });
    opened.push(set);
    const [integration] = integrationsOf([
      { name: 'desk', webhook_configs: [], log_configs: [{ send_resolved: true }] },
    ]);
    if (integration === undefined) throw new Error('no integration');
    return (await set.open([integration])).get(integration.id) as Channel;
  },
  ['ok'],
);

describe('the webhook', () => {
  const send = (channel: Channel) => channel.send(NOTIFICATION, new AbortController().signal);

  beforeEach(() => {
    fault = 'ok';
  });

  it('posts Alertmanager’s JSON with the idempotency key (proves: CHN-06)', async () => {
    const channel = await open(`${base}/hook`, {
      config: { max_alerts: 1, http_config: { authorization: { type: 'Bearer', credentials: 's3cret' } } },
    });
    await send(channel);
    const [request] = received;
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'x-tapewatch-idempotency-key': 'aa-bb-0',
      authorization: 'Bearer s3cret',
    });
    expect(JSON.parse(request?.body ?? '')).toEqual({
      version: '4',
      groupKey: '0:{alertname="SlowVenue"}',
      truncatedAlerts: 1,
      status: 'firing',
      receiver: 'desk',
      groupLabels: { alertname: 'SlowVenue' },
      commonLabels: { alertname: 'SlowVenue', severity: 'CRITICAL' },
      commonAnnotations: {},
      externalURL: 'https://tapewatch.example/',
      alerts: [
        {
          status: 'firing',
          labels: { alertname: 'SlowVenue', severity: 'CRITICAL', venue: 'XNAS' },
          annotations: { summary: 'XNAS is slow: "quoted", {{ $value }}, <!channel>\r\nX-Evil: 1' },
          startsAt: '2027-01-15T08:00:00.123456789Z',
          endsAt: '0001-01-01T00:00:00Z',
          generatorURL: 'https://tapewatch.example/',
          fingerprint: 'f0',
          value: '0.25',
        },
      ],
    });
    expect(lines.join()).not.toContain('s3cret');
  });

  it('does not follow a redirect', async () => {
    fault = 'redirect';
    await send(await open(`${base}/hook`));
    expect(received.map(({ url }) => url)).toEqual(['/hook']);
  });

  it('ends at once when it is called off', async () => {
    fault = 'hang';
    const channel = await open(`${base}/hook`);
    const controller = new AbortController();
    const sending = channel.send(NOTIFICATION, controller.signal);
    controller.abort();
    expect(await sending).toMatchObject({ sent: false, retryable: true });
  });

  it('reads credentials from a file, and refuses what a header cannot carry', async () => {
    const folder = temporaryFolder('secret');
    const file = path.join(folder, 'token');
    await writeFile(file, 'from-file\n');
    const authorization = { type: 'Bearer', credentials_file: file };
    await send(await open(`${base}/hook`, { config: { http_config: { authorization } } }));
    expect(received[0]?.headers.authorization).toBe('Bearer from-file');
    await writeFile(file, 'a\r\nX-Evil: 1');
    await expect(open(`${base}/hook`, { config: { http_config: { authorization } } })).rejects.toThrow(
      /printable ASCII/,
    );
    const missing = { type: 'Bearer', credentials_file: path.join(folder, 'absent') };
    await expect(open(`${base}/hook`, { config: { http_config: { authorization: missing } } })).rejects.toMatchObject({
      code: 'config.invalid',
    });
  });

  // PERFORMANCE.md 6, row 47.
  it.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0177.0.0.1/',
    'http://0x7f.1/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://0.0.0.0/',
    'http://10.1.2.3/',
    'http://172.16.0.1/',
    'http://192.168.1.1/',
    'http://100.100.100.200/',
    'http://169.254.169.254/latest/meta-data/',
    'http://168.63.129.16/',
    'http://[fe80::1]/',
    'http://[fd00:ec2::254]/',
    'http://localhost/',
  ])('refuses %s', async (url) => {
    const receipt = await send(await open(url, { allowPrivate: [] }));
    expect(receipt).toMatchObject({ sent: false, retryable: false, detail: expect.stringContaining('allowPrivate') });
  });

  it('allows what is named: an address, a range, a host', async () => {
    const { port } = new URL(base);
    for (const [url, allowed] of [
      [`${base}/a`, '127.0.0.0/8'],
      [`http://localhost:${port}/b`, 'localhost'],
      [`http://[::ffff:127.0.0.1]:${port}/c`, '127.0.0.1'],
    ] as const) {
      const receipt = await send(await open(url, { allowPrivate: [allowed] }));
      expect(receipt).toMatchObject({ sent: true });
    }
  });
});

it('warns about a webhook over plain http, by its receiver and without its address, and not over https (proves: SEC-05)', async () => {
  const openOnly = async (url: string) => {
    lines.length = 0;
    await open(url);
    return lines.filter((line) => line.includes('plain http'));
  };
  expect(await openOnly('https://hook.example/s3cret')).toEqual([]);
  const warned = await openOnly('http://hook.example/s3cret');
  expect(warned).toEqual([expect.stringContaining('"receiver":"desk"')]);
  expect(warned.join()).not.toContain('s3cret');
});

describe('the log channel', () => {
  it('writes a line for each alert (proves: CHN-07)', async () => {
    await new LogChannel(log).send(NOTIFICATION);
    expect(lines).toEqual([
      expect.stringMatching(/^Alert firing\. .*"venue":"XNAS"/),
      expect.stringMatching(/^Alert resolved\. .*"venue":"XLON"/),
    ]);
  });
});

describe('the address guard', () => {
  type Answer = dns.LookupAddress[];

  function lookup(answer: Answer, allow: readonly string[] = []): Promise<string> {
    const resolve = ((_name: string, _options: object, done: (error: null, found: Answer) => void) =>
      done(null, answer)) as never;
    return new Promise((settle) =>
      new AddressGuard(allow, resolve).lookup('hook.example', { all: true }, (error, found) =>
        settle(error === null ? JSON.stringify(found) : error.message),
      ),
    );
  }

  it('judges a name by every address it has at the moment of connecting', async () => {
    const open = { address: '93.184.216.34', family: 4 };
    expect(await lookup([open])).toContain('93.184.216.34');
    expect(await lookup([open, { address: '10.0.0.1', family: 4 }])).toMatch(/hook.example \(10.0.0.1\) is private/);
    expect(await lookup([{ address: 'fd00::1', family: 6 }])).toMatch(/uniqueLocal/);
    expect(await lookup([{ address: '10.0.0.1', family: 4 }], ['HOOK.example'])).toContain('10.0.0.1');
  });
});
