/**
 * The desk on a real NATS: what the ledger says was published is what a subscriber received, message by message.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { wireSchemas } from '@tapewatch/contract';
import { NatsServer } from '../../sidecar/src/ingest/testing/nats-server.ts';
import { readNats, runTelemetry, telemetryOptions } from '../../sidecar/src/simulate/host-telemetry.ts';
import { runReplay, runSimulate } from '../../sidecar/src/simulate/run.ts';
import { replayOptions, simulateOptions } from '../../sidecar/src/simulate/simulate-options.ts';
import { readLedger } from '../../tools/demo/ledger-reader.ts';

let server: NatsServer;
let connection: NatsConnection;
let folder: string;
const received = new Map<string, number>();

beforeAll(async () => {
  server = await NatsServer.start();
  folder = await mkdtemp(join(tmpdir(), 'tapewatch-simulate-'));
  connection = await connect({ servers: server.url });
  connection.subscribe('tw.>', {
    callback: (_, { subject, data }) => {
      const kind = subject.split('.')[1] ?? '';
      const document = JSON.parse(Buffer.from(data).toString()) as unknown;
      received.set(kind, (received.get(kind) ?? 0) + (Array.isArray(document) ? document.length : 1));
    },
  });
});

afterAll(async () => {
  await connection.close();
  await server.stop();
  await rm(folder, { recursive: true });
});

beforeEach(() => received.clear());

async function createStreams(): Promise<void> {
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: 'TW_ORDERS', subjects: ['tw.orders.>'] });
  await manager.streams.add({ name: 'TW_FILLS', subjects: ['tw.fills.>'] });
}

const KIND_OF: Record<string, string> = {
  order_events_total: 'orders',
  fills_total: 'fills',
  quotes_total: 'quotes',
  heartbeats_total: 'health',
  market_trades_total: 'trades',
  traces_spanmetrics_calls_total: 'spans',
  agent_predictions_total: 'signals',
  agent_outcomes_total: 'signals',
  agent_failures_total: 'signals',
  fx_rate: 'fx',
  exchange_connected: 'exchange',
};

async function countsOf(ledgerFile: string): Promise<Record<string, number>> {
  const { totals } = await readLedger(ledgerFile);
  const counts: Record<string, number> = {};
  for (const { kind, name, count } of totals) {
    const group = KIND_OF[name] ?? 'metrics';
    if (kind !== 'latency') counts[group] = (counts[group] ?? 0) + count;
  }
  return counts;
}

it('publishes what its ledger says, and waits for streams that do not exist yet', async () => {
  const ledger = join(folder, 'a.ndjson');
  const options = simulateOptions.parse({ nats: server.url, rate: 60, duration: 2, ledger, quiet: true, probeAt: 1 });
  const run = runSimulate(options, new AbortController().signal);
  // The first orders find no stream; they must not be lost.
  setTimeout(() => void createStreams(), 700);
  const result = await run;
  await connection.flush();
  expect(result.unacknowledged).toBe(0);
  // A durable message that had to be sent again passes a plain subscriber more than once: JetStream knows better.
  const manager = await jetstreamManager(connection);
  for (const [kind, stream] of [
    ['orders', 'TW_ORDERS'],
    ['fills', 'TW_FILLS'],
  ] as const) {
    received.set(kind, (await manager.streams.info(stream)).state.messages);
  }
  expect(Object.fromEntries(received)).toEqual(await countsOf(ledger));
  const { summary, probeMs, latencies } = await readLedger(ledger);
  expect(summary?.published).toBe(result.published);
  expect(probeMs).toBeGreaterThan(summary?.startedMs ?? NaN);
  expect(latencies.length).toBeGreaterThan(40);
});

it('trades on a recorded market, and ends with it', async () => {
  const quote = (i: number): string =>
    `${1_000_000_000 + i * 20_000_000} ${JSON.stringify({ stream: 'x@bookTicker', data: { s: 'BTCUSDT', b: '100.1', B: '5', a: '100.2', A: '5', E: 900 } })}`;
  await mkdir(join(folder, 'usdm'));
  await writeFile(join(folder, 'usdm', 'x.gz'), gzipSync(Array.from({ length: 60 }, (_, i) => quote(i)).join('\n')));
  const ledger = join(folder, 'b.ndjson');
  const options = replayOptions.parse({ nats: server.url, rate: 60, market: folder, ledger, quiet: true });
  await runReplay(options, new AbortController().signal);
  await connection.flush();
  const counts = await countsOf(ledger);
  expect(Object.fromEntries(received)).toEqual(counts);
  expect(counts['quotes']).toBe(60);
  expect(counts['orders']).toBeGreaterThan(20);
});

it('ends in order when interrupted: the ledger has its summary', async () => {
  const ledger = join(folder, 'c.ndjson');
  const ending = new AbortController();
  const run = runSimulate(simulateOptions.parse({ nats: server.url, ledger, quiet: true }), ending.signal);
  await new Promise((resolve) => setTimeout(resolve, 400));
  ending.abort();
  await run;
  expect((await readLedger(ledger)).summary?.unacknowledged).toBe(0);
});

it('publishes telemetry of the machine and of NATS', async () => {
  const ending = new AbortController();
  const names = new Set<string>();
  const subscription = connection.subscribe('tw.metrics.>', {
    callback: (_, { data }) => {
      for (const item of wireSchemas.metric.array().parse(JSON.parse(Buffer.from(data).toString())))
        names.add(item.name);
      if (names.has('host_cpu_usage_ratio') && names.has('nats_connections')) ending.abort();
    },
  });
  await connection.flush();
  await runTelemetry(
    telemetryOptions.parse({ nats: server.url, monitor: server.monitorUrl, interval: 0.2 }),
    ending.signal,
  );
  subscription.unsubscribe();
  for (const name of ['host_load1', 'host_memory_used_bytes', 'host_memory_total_bytes', 'nats_in_msgs_total']) {
    expect(names).toContain(name);
  }
  const connections = (await readNats(server.monitorUrl)).find(({ name }) => name === 'nats_connections');
  expect(connections?.value).toBeGreaterThanOrEqual(1);
});
