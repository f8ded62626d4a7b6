/** Asking a target: formats, compression, limits, redirects, credentials, TLS; each against a real server. */
import { gzipSync } from 'node:zlib';
import { ByteBudget } from './scrape-fault.ts';
import { TargetClient } from './target-client.ts';
import { makeAuthority, type Authority } from './testing/certificate.ts';
import { Exporter, page, TEXT } from './testing/exporter.ts';
import { Folder, jobsOf, until } from './testing/scrape-world.ts';

const SECRET = 'hunter2-very-secret';

const folder = new Folder();
const exporters: Exporter[] = [];
const clients: TargetClient[] = [];
const budget = new ByteBudget(10_000_000);

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  for (const exporter of exporters.splice(0)) await exporter.stop();
  expect(budget.taken).toBe(0);
});
afterAll(() => folder.remove());

async function exporterOf(...given: Parameters<typeof Exporter.start>): Promise<Exporter> {
  const exporter = await Exporter.start(...given);
  exporters.push(exporter);
  return exporter;
}

async function clientOf(extra = '', settings: object = {}): Promise<TargetClient> {
  const [job] = await jobsOf(folder, `scrape_configs: [{ job_name: desk, ${extra} }]`, settings);
  if (job === undefined) throw new Error('the file has one job');
  const client = new TargetClient(job, { budget, userAgent: 'Tapewatch/test' });
  clients.push(client);
  return client;
}

async function get(client: TargetClient, url: string, timeoutMs = 5_000): Promise<string> {
  const signal = new AbortController().signal;
  const { body, release } = await client.fetch({ url, timeoutMs, accept: 'text/plain', signal });
  release();
  return Buffer.from(body).toString();
}

it('asks as Prometheus does', async () => {
  const exporter = await exporterOf('a 1\n');
  expect(await get(await clientOf(), `http://${exporter.address}/metrics?x=1`)).toBe('a 1\n');
  expect(exporter.requests[0]?.url).toBe('/metrics?x=1');
  expect(exporter.requests[0]?.headers).toMatchObject({
    accept: 'text/plain',
    'accept-encoding': 'gzip',
    'user-agent': 'Tapewatch/test',
    'x-prometheus-scrape-timeout-seconds': '5',
  });
});

describe('compression and size', () => {
  const gzip = (text: string) => gzipSync(Buffer.from(text));

  it('reads gzip', async () => {
    const exporter = await exporterOf((_request, response) =>
      response.writeHead(200, { 'content-type': TEXT, 'content-encoding': 'gzip' }).end(gzip('a 1\n'.repeat(1_000))),
    );
    expect(await get(await clientOf(), `http://${exporter.address}/`)).toBe('a 1\n'.repeat(1_000));
  });

  it('counts decompressed bytes: a small answer that grows past the limit is refused', async () => {
    const bomb = gzip('0'.repeat(5_000_000));
    expect(bomb.length).toBeLessThan(10_000);
    const exporter = await exporterOf((_request, response) =>
      response.writeHead(200, { 'content-type': TEXT, 'content-encoding': 'gzip' }).end(bomb),
    );
    const client = await clientOf('body_size_limit: 100KB');
    await expect(get(client, `http://${exporter.address}/`)).rejects.toThrow(
      'the page is longer than 102400 bytes; raise body_size_limit',
    );
  });

  it('ends an endless page at the limit, and the connection with it', async () => {
    let isOpen = true;
    const exporter = await exporterOf((_request, response) => {
      response.writeHead(200, { 'content-type': TEXT });
      response.on('close', () => (isOpen = false));
      const more = (): void => {
        while (isOpen && response.write('a 1\n'.repeat(1_000)));
        if (isOpen) response.once('drain', more);
      };
      more();
    });
    const client = await clientOf('', { bodyLimitBytes: 50_000 });
    await expect(get(client, `http://${exporter.address}/`)).rejects.toThrow('longer than 50000 bytes');
    await until(() => !isOpen);
  });

  it('refuses a page past the budget of all pages', async () => {
    const exporter = await exporterOf('a 1\n'.repeat(1_000));
    const [job] = await jobsOf(folder, 'scrape_configs: [{ job_name: desk }]');
    if (job === undefined) throw new Error('the file has one job');
    const client = new TargetClient(job, { budget: new ByteBudget(1_000), userAgent: '' });
    clients.push(client);
    await expect(get(client, `http://${exporter.address}/`)).rejects.toThrow('raise scrape.inFlightLimitBytes');
  });

  it.each([
    ['gzip that is none', { 'content-encoding': 'gzip' }, 'incorrect header check'],
    ['an encoding that was not asked for', { 'content-encoding': 'br' }, 'Content-Encoding br; gzip or none is read'],
  ])('refuses %s', async (_name, headers, message) => {
    const exporter = await exporterOf((_request, response) =>
      response.writeHead(200, { 'content-type': TEXT, ...headers }).end('a 1\n'),
    );
    await expect(get(await clientOf(), `http://${exporter.address}/`)).rejects.toThrow(message);
  });
});

describe('failures', () => {
  it('names the status', async () => {
    const exporter = await exporterOf((_request, response) => response.writeHead(503).end('busy'));
    await expect(get(await clientOf(), `http://${exporter.address}/`)).rejects.toThrow('HTTP 503');
  });

  it('names a refused connection', async () => {
    const exporter = await exporterOf('');
    const { address } = exporter;
    await exporter.stop();
    exporters.length = 0;
    await expect(get(await clientOf(), `http://${address}/`)).rejects.toThrow('ECONNREFUSED');
  });

  it.each([
    ['never answers', () => undefined],
    [
      'never ends',
      (_: unknown, response: { writeHead: (s: number) => { write: (t: string) => unknown } }) =>
        void response.writeHead(200).write('a 1\n'),
    ],
  ])('gives up on a target that %s', async (_name, answer) => {
    const exporter = await exporterOf(answer as never);
    await expect(get(await clientOf(), `http://${exporter.address}/`, 100)).rejects.toThrow(
      'no whole page within the timeout of 100 ms',
    );
  });

  it('a page that breaks off is none', async () => {
    const exporter = await exporterOf((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('a 1\n');
      setImmediate(() => response.destroy());
    });
    await expect(get(await clientOf(), `http://${exporter.address}/`)).rejects.toThrow(
      /other side closed|terminated|aborted/,
    );
  });
});

describe('credentials', () => {
  const basic = `Basic ${Buffer.from(`desk:${SECRET}`).toString('base64')}`;
  const file = folder.write('token', `${SECRET}\n`);
  it.each([
    [`basic_auth: { username: desk, password: ${SECRET} }`, basic],
    [`basic_auth: { username: desk, password_file: token }`, basic],
    [`authorization: { credentials: ${SECRET} }`, `Bearer ${SECRET}`],
    [`authorization: { type: Token, credentials_file: ${file} }`, `Token ${SECRET}`],
    [`bearer_token: ${SECRET}`, `Bearer ${SECRET}`],
    [`bearer_token_file: token`, `Bearer ${SECRET}`],
  ])('%s', async (config, header) => {
    const exporter = await exporterOf('a 1\n');
    await get(await clientOf(config), `http://${exporter.address}/`);
    expect(exporter.requests[0]?.headers.authorization).toBe(header);
  });

  it('reads a rotated secret without a reload', async () => {
    const exporter = await exporterOf('a 1\n');
    folder.write('rotated', 'one');
    const client = await clientOf('bearer_token_file: rotated');
    await get(client, `http://${exporter.address}/`);
    folder.write('rotated', 'two');
    await get(client, `http://${exporter.address}/`);
    expect(exporter.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer one', 'Bearer two']);
  });

  it('names a missing file, and shows no secret that a header cannot carry', async () => {
    await expect(get(await clientOf('bearer_token_file: nowhere'), 'http://127.0.0.1:1/')).rejects.toThrow(
      /nowhere cannot be read \(ENOENT\)/,
    );
    folder.write('broken', `${SECRET}\nsecond line`);
    const failed: unknown = await get(await clientOf('bearer_token_file: broken'), 'http://127.0.0.1:1/').catch(
      (e) => e,
    );
    expect(String(failed)).toContain('line feeds');
    expect(String(failed)).not.toContain(SECRET);
  });
});

describe('redirects', () => {
  it('follows to the same origin with credentials, to another without, and not back with them', async () => {
    const other = await exporterOf((request, response) =>
      request.url === '/back'
        ? response.writeHead(302, { location: `http://${home.address}/final` }).end()
        : page('a 2\n')(request, response),
    );
    const home = await exporterOf((request, response) => {
      const ways: Record<string, string> = {
        '/same': '/final',
        '/other': `http://user:pass@${other.address}/`,
        '/loop-out': `http://${other.address}/back`,
      };
      const location = ways[request.url ?? ''];
      if (location === undefined) page('a 1\n')(request, response);
      else response.writeHead(307, { location }).end();
    });
    const client = await clientOf(`bearer_token: ${SECRET}`);
    expect(await get(client, `http://${home.address}/same`)).toBe('a 1\n');
    expect(home.requests.at(-1)?.headers.authorization).toBe(`Bearer ${SECRET}`);
    expect(await get(client, `http://${home.address}/other`)).toBe('a 2\n');
    expect(await get(client, `http://${home.address}/loop-out`)).toBe('a 1\n');
    expect(home.requests.at(-1)?.headers.authorization).toBeUndefined();
    expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
  });

  it('stops after ten, and does not follow when told so', async () => {
    const exporter = await exporterOf((_request, response) => response.writeHead(302, { location: '/again' }).end());
    await expect(get(await clientOf(), `http://${exporter.address}/`)).rejects.toThrow('more than 10 redirects');
    expect(exporter.requests).toHaveLength(11);
    await expect(get(await clientOf('follow_redirects: false'), `http://${exporter.address}/`)).rejects.toThrow(
      'HTTP 302',
    );
  });

  it('leaves the web by no other scheme', async () => {
    const exporter = await exporterOf((_request, response) =>
      response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    );
    await expect(get(await clientOf(), `http://${exporter.address}/`)).rejects.toThrow('scheme other than http(s)');
  });
});

describe('TLS', () => {
  let authority: Authority;
  beforeAll(() => (authority = makeAuthority()));
  afterAll(() => authority.remove());

  const server = (extra: object = {}) =>
    exporterOf('a 1\n', { cert: authority.text('server.pem'), key: authority.text('server.key'), ...extra });

  it('trusts the authority that is named, and no other', async () => {
    const exporter = await server();
    const trusted = await clientOf(`tls_config: { ca_file: ${authority.file('ca.pem')} }`);
    expect(await get(trusted, `https://${exporter.address}/`)).toBe('a 1\n');
    await expect(get(await clientOf(), `https://${exporter.address}/`)).rejects.toThrow(/certificate/);
    const careless = await clientOf('tls_config: { insecure_skip_verify: true }');
    expect(await get(careless, `https://${exporter.address}/`)).toBe('a 1\n');
  });

  it('checks the name that is configured', async () => {
    const exporter = await server();
    const config = (name: string) => `tls_config: { ca_file: ${authority.file('ca.pem')}, server_name: ${name} }`;
    expect(await get(await clientOf(config('exporter.example')), `https://${exporter.address}/`)).toBe('a 1\n');
    await expect(get(await clientOf(config('else.example')), `https://${exporter.address}/`)).rejects.toThrow(
      /else.example/,
    );
  });

  it('shows its certificate to the target, and to nobody that the target names', async () => {
    const strict = { ca: authority.text('ca.pem'), requestCert: true, rejectUnauthorized: true };
    const other = await server(strict);
    const home = await server({ ...strict });
    const files = ['cert_file: client.pem', 'key_file: client.key'].map((pair) => {
      const [key, name = ''] = pair.split(': ');
      return `${key}: ${authority.file(name)}`;
    });
    const config = `tls_config: { ca_file: ${authority.file('ca.pem')}, ${files.join(', ')} }`;
    const client = await clientOf(config);
    expect(await get(client, `https://${home.address}/`)).toBe('a 1\n');
    home.answer = (_request, response) => response.writeHead(302, { location: `https://${other.address}/` }).end();
    await expect(get(client, `https://${home.address}/`)).rejects.toThrow();
    expect(other.requests).toHaveLength(0);
  });
});

it('an abort ends the scrape at once', async () => {
  const exporter = await exporterOf(() => undefined);
  const abort = new AbortController();
  const client = await clientOf();
  const asked = client.fetch({
    url: `http://${exporter.address}/`,
    timeoutMs: 60_000,
    accept: '',
    signal: abort.signal,
  });
  const failed = expect(asked).rejects.toThrow('given up');
  await until(() => exporter.requests.length === 1);
  abort.abort();
  await failed;
  await until(() => exporter.requests[0]?.destroyed === true);
});
