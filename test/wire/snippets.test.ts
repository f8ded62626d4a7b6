/**
 * The publishing programs of docs/wire.md, run against a real nats-server: what each publishes arrives on the default
 * streams and decodes without a problem. TypeScript always; Python, Go and Rust, whose building takes minutes, in CI or
 * with TAPEWATCH_SNIPPETS=all, where their tools are present. C# is not run anywhere: there is no .NET here.
 */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SystemClock } from '../../sidecar/src/clock.ts';
import type { Decoded } from '../../sidecar/src/codec/testing/collecting-sink.ts';
import { decodingRegistry } from '../../sidecar/src/codec/testing/decode.ts';
import { openSources } from '../../sidecar/src/ingest/open-sources.ts';
import { natsOptions, streamsOptions } from '../../sidecar/src/ingest/options.ts';
import { NatsServer } from '../../sidecar/src/ingest/testing/nats-server.ts';
import type { Envelope } from '../../sidecar/src/ports.ts';

const root = join(__dirname, '..', '..');
const snippets = join(root, 'docs', 'snippets');
const cache = join(root, 'node_modules', '.cache', 'tapewatch-snippets');
const BUILD_LIMIT_MS = 900_000;

interface Run {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}
const run = ({ command, args, cwd, env }: Run, more: Readonly<Record<string, string>> = {}) =>
  promisify(execFile)(command, args, { cwd, env: { ...process.env, ...env, ...more } });

/** Starts a server with the default streams open, runs the program, and returns what came by stream. */
async function publishedBy(program: Run): Promise<Map<string, Decoded>> {
  const server = await NatsServer.start();
  const { sources, streams } = openSources({
    nats: natsOptions.parse({ servers: [server.url] }),
    streams: streamsOptions.parse(undefined),
    clock: new SystemClock(),
  });
  const registry = decodingRegistry();
  const decoded = new Map<string, Decoded>();
  let allHere: () => void = () => undefined;
  const complete = new Promise<void>((resolve) => (allHere = resolve));
  const take = (envelope: Envelope): void => {
    const stream = streams.get(envelope.stream);
    if (stream === undefined) throw new Error(`no stream ${envelope.stream}`);
    const { codec, payload: payloadKind } = stream.options;
    const context = { payloadKind, labels: stream.labelsOf(envelope), receivedNanos: envelope.receivedNanos };
    decoded.set(envelope.stream, registry.codecFor(envelope.contentType, codec).decode(envelope.payload, context));
    envelope.settle?.('stored');
    if (decoded.size === 4) allHere();
  };
  try {
    for (const source of sources) await source.open(take);
    await run(program, { NATS_URL: server.url });
    await complete;
    return decoded;
  } finally {
    for (const source of sources) await source.close();
    await server.stop();
  }
}

function expectComplete(decoded: Map<string, Decoded>): void {
  for (const { problems } of decoded.values()) expect(problems).toEqual([]);
  expect(decoded.get('metrics')?.samples[0]?.labels.toString()).toBe(
    'order_hop_seconds{hop="risk", strategy="maker", venue="XNAS"}',
  );
  expect(decoded.get('quotes')?.events[0]).toMatchObject({
    table: 'quotes',
    venue: 'XNAS',
    symbol: 'AAPL',
    bid: 213.44,
  });
  const [order, fill] = [decoded.get('orders')?.events[0], decoded.get('fills')?.events[0]];
  expect(order).toMatchObject({ table: 'orders', event: 'ack', strategy: 'maker', quantity: 100 });
  expect(fill).toMatchObject({ table: 'fills', side: 'buy', price: 213.44, fee: 0.2 });
  if (order?.table !== 'orders' || fill?.table !== 'fills') throw new Error('expected an order step and a fill');
  expect(fill.orderId).toBe(order.orderId);
  expect(order.timeNanos - (order.sentNanos ?? 0n)).toBe(2_000_000n);
}

const wanted = process.env['TAPEWATCH_SNIPPETS'] === 'all' || process.env['CI'] !== undefined;
const where = (tool: string, ...probe: string[]): typeof it =>
  wanted && spawnSync(tool, probe).status === 0 ? it : it.skip;

describe('publishing programs', () => {
  it('TypeScript: a metric, a quote, an order step and a fill arrive', async () => {
    const file = join(snippets, 'typescript', 'publish.ts');
    expectComplete(
      await publishedBy({ command: process.execPath, args: [join(root, 'tools', 'run.mjs'), file], cwd: root }),
    );
  });

  where(
    'python3',
    '-m',
    'venv',
    '--help',
  )(
    'Python (only in CI or with TAPEWATCH_SNIPPETS=all)',
    async () => {
      const environment = join(cache, 'python');
      const python = join(environment, 'bin', 'python');
      mkdirSync(cache, { recursive: true });
      if (!existsSync(python)) await run({ command: 'python3', args: ['-m', 'venv', environment], cwd: root });
      const cwd = join(snippets, 'python');
      await run({ command: python, args: ['-m', 'pip', 'install', '-q', '-r', 'requirements.txt'], cwd });
      expectComplete(await publishedBy({ command: python, args: ['publish.py'], cwd }));
    },
    BUILD_LIMIT_MS,
  );

  where('go', 'version')(
    'Go (only in CI or with TAPEWATCH_SNIPPETS=all)',
    async () => {
      const program = join(cache, 'publish-go');
      const cwd = join(snippets, 'go');
      await run({ command: 'go', args: ['build', '-o', program, '.'], cwd });
      expectComplete(await publishedBy({ command: program, args: [], cwd }));
    },
    BUILD_LIMIT_MS,
  );

  where('cargo', '--version')(
    'Rust (only in CI or with TAPEWATCH_SNIPPETS=all)',
    async () => {
      const cwd = join(snippets, 'rust');
      const env = { CARGO_TARGET_DIR: join(cache, 'rust') };
      await run({ command: 'cargo', args: ['build', '-q'], cwd, env });
      expectComplete(await publishedBy({ command: join(cache, 'rust', 'debug', 'publish'), args: [], cwd }));
    },
    BUILD_LIMIT_MS,
  );
});
