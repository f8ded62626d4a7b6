/**
 * `kill -9` of the sidecar in the middle of the demo: JetStream keeps what was not acknowledged, the supervisor starts it
 * again, and nothing that was durable is missing or counted twice.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFolder, type DemoFolder } from '../../tools/demo/folder.ts';
import { readLedger } from '../../tools/demo/ledger-reader.ts';
import type { PortName } from '../../tools/demo/options.ts';
import { PORT_NAMES } from '../../tools/demo/options.ts';
import { freePorts } from '../../tools/demo/port.ts';
import { until } from '../../tools/demo/process.ts';
import { Stack } from '../../tools/demo/stack.ts';
import { ensureBuiltSidecar } from './built-sidecar.ts';

const ROOT = join(__dirname, '../..');
const SECONDS = 14;
/** Generous: a machine under test runs other things too. What is promised is printed, not asserted. */
const PATIENCE_MS = 60_000;
jest.setTimeout(180_000);

let stack: Stack;
let folder: DemoFolder;

beforeAll(async () => {
  ensureBuiltSidecar(ROOT);
  const free = await freePorts(PORT_NAMES.length);
  const ports = Object.fromEntries(PORT_NAMES.map((name, i) => [name, free[i]])) as Record<PortName, number>;
  folder = openFolder(mkdtempSync(join(tmpdir(), 'tapewatch-crash-')), { reset: false });
  stack = new Stack({ root: ROOT, folder, ports, natsUrl: '', say: () => undefined });
  await stack.startNats(process.env['NATS_SERVER'] ?? 'nats-server');
});

afterAll(async () => {
  await stack.stop();
  folder.remove();
});

it('loses no JetStream message and counts none twice, and answers again by itself', async () => {
  const sidecar = await stack.startSidecar();
  const { client } = stack;
  const desk = stack.startDesk({
    ...{ seed: 'crash', rate: 150, incidents: 'none', market: undefined, natsUrl: stack.natsUrl, quiet: true },
    durationSeconds: SECONDS,
  });
  const orders = (): Promise<number> => client.scalar('sum(order_events_total)');
  const someOrders = async (): Promise<number | undefined> => ((await orders()) > 500 ? orders() : undefined);
  const before = await until(someOrders, { what: 'some orders are stored', timeoutMs: PATIENCE_MS });
  const killed = sidecar.pid;
  sidecar.kill('SIGKILL');
  const returned = async (): Promise<true | undefined> => (sidecar.pid !== killed && sidecar.running) || undefined;
  await until(returned, { what: 'the supervisor starts it again', timeoutMs: PATIENCE_MS, everyMs: 20 });
  const returnedMs = Date.now();
  // New orders show, so it has not only opened its port: it takes in again.
  const again = async (): Promise<true | undefined> => (await orders()) > before || undefined;
  await until(again, { what: 'queries answer with new orders', timeoutMs: PATIENCE_MS, everyMs: 50 });
  console.info(`answered with new orders ${Date.now() - returnedMs} ms after its return (5,000 are promised)`);
  expect(sidecar.restarts).toBe(1);
  expect(await desk.exited).toBe(0);
  const ledger = await readLedger(folder.ledger);
  const durable = ledger.totals.filter(({ name }) => ['order_events_total', 'fills_total'].includes(name));
  const acks = ledger.totals.filter(({ kind }) => kind === 'latency');
  const expected = [...durable, ...acks].map(({ name, labels, count }) => ({ name, labels, count }));
  let stored: typeof expected = [];
  const all = async (): Promise<true | undefined> => {
    const answer = await client.stored(ledger);
    stored = [...durable, ...acks].map((total) => ({
      ...{ name: total.name, labels: total.labels },
      count: answer(total)?.count ?? 0,
    }));
    return JSON.stringify(stored) === JSON.stringify(expected) || undefined;
  };
  // The comparison below says what differs; the wait only gives the last windows their time.
  await until(all, { what: 'everything durable is stored', timeoutMs: PATIENCE_MS }).catch(() => undefined);
  expect(stored).toEqual(expected);
  expect(expected.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThan(5_000);
});
