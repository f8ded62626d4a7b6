/**
 * Rows 4, 24, 27 and 28 of the fault list: the store's thread dies, its folder cannot be written, its file is damaged or
 * open twice.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, readdirSync, statSync, truncateSync, writeSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { until } from '../../tools/demo/process.ts';
import { FailingDisk } from '../fault/failing-disk.ts';
import { CLEAN, faultsOf, GAUGE, judgeInTime, Ledger } from '../fault/ledger.ts';
import { LEDGER_STREAMS, Publisher } from '../fault/publisher.ts';
import { SmallDisk } from '../fault/small-disk.ts';
import { ensureSidecar, World, type WorldOptions } from '../fault/world.ts';

jest.setTimeout(400_000);

beforeAll(() => ensureSidecar());

async function durable(world: World, ledger: Ledger, rate = 1_000): Promise<Publisher> {
  return Publisher.connect({ ledger, port: world.natsPort, delivery: 'jetstream', rate });
}

describe.each(['throw', 'memory'] as const)('the store thread ends by %s', (kind) => {
  it(`row 4: the process ends in order with an error and comes again; nothing is missing (${kind})`, async () => {
    const world = await World.prepare(bombed());
    const bomb = world.path('bomb');
    const ledger = new Ledger();
    try {
      await world.startNats();
      world.environment['TAPEWATCH_BOMB'] = bomb;
      const sidecar = await world.startSidecar();
      const publisher = await durable(world, ledger);
      publisher.start();
      await pause(2_000);
      world.write('bomb', kind);
      const restarted = async (): Promise<true | undefined> => sidecar.restarts > 0 || undefined;
      await until(restarted, { what: 'the supervisor starts the sidecar again', timeoutMs: 120_000 });
      await until(() => world.answers.isReady(), { what: 'it is ready again', timeoutMs: 60_000 });
      await pause(1_000);
      await publisher.stop();
      await publisher.close();
      const verdict = await judgeInTime(ledger, world.answers);
      expect(faultsOf(verdict)).toEqual(CLEAN);
      expect(verdict.acknowledged).toBeGreaterThan(2_000);
      const said = readFileSync(world.sidecarLog, 'utf8');
      if (kind === 'throw')
        expect(said).toMatch(/its thread has ended: a bomb in the store thread; restart the sidecar/);
      else {
        // V8 ends the thread wherever it is. In the middle of an engine's call that aborts the process before it can say
        // a word; then the next start names it.
        const unclean = (await world.answers.metrics()).sum('tapewatch_store_unclean_start');
        if (!/its thread has ended: .*memory/.test(said)) {
          expect(said).toMatch(/the last run did not close the store file/);
          expect(unclean).toBe(1);
        }
      }
    } finally {
      await world.close();
    }
  });
});

function bombed(): WorldOptions {
  const nodeFlags = ['--import', pathToFileURL(resolve('test/long/worker-bomb.mjs')).href, '--max-old-space-size=1024'];
  return { config: { streams: LEDGER_STREAMS }, supervised: true, nodeFlags };
}

(SmallDisk.canMount() ? it : it.skip)(
  'row 24: a folder that cannot be written is refused at the start, with the path and the remedy',
  async () => {
    const disk = SmallDisk.open(16);
    const world = await World.prepare({ config: { streams: LEDGER_STREAMS }, storePath: disk.storePath });
    try {
      await world.startNats();
      spawnSync('mount', ['-o', 'remount,ro', disk.folder]);
      const code = await world.spawnSidecar().exited;
      expect(code).not.toBe(0);
      expect(await world.sidecar.logTail()).toContain(disk.storePath);
      spawnSync('mount', ['-o', 'remount,rw', disk.folder]);
      await world.startSidecar();
      expect(world.sidecar.running).toBe(true);
    } finally {
      await world.close();
      disk.close();
    }
  },
);

/** Messages in flight at most, of ten entries, two rows each. */
const MAX_IN_FLIGHT = 500;
/** What the sidecar's own loops write meanwhile. */
const OWN_ROWS = 500;
const FAULT_MS = 15_000;

/** Skipped, and counted so, without a C compiler. */
const preloaded = FailingDisk.canBuild() ? it : it.skip;

preloaded.each(['eio', 'erofs', 'slow'] as const)(
  'row 24: a disk that answers with %s: it takes messages up to its bound, then the broker keeps them; nothing is missing',
  async (fault) => {
    const disk = FailingDisk.build();
    const [core, durableStream] = LEDGER_STREAMS;
    const jetstream = { ...durableStream.jetstream, maxAckPending: MAX_IN_FLIGHT };
    const streams = [core, { ...durableStream, jetstream }];
    const world = await World.prepare({ config: { streams }, supervised: true });
    const ledger = new Ledger();
    try {
      await world.startNats();
      Object.assign(world.environment, disk.environment(world.storePath));
      await world.startSidecar();
      const publisher = await durable(world, ledger, 2_000);
      publisher.start();
      await pause(2_000);
      const before = (await world.answers.metrics()).sum('tapewatch_stored_items_total');
      disk.begin(fault);
      const { highest, detail } = await watched(world, FAULT_MS);
      const during = (await world.answers.metrics()).sum('tapewatch_stored_items_total');
      disk.end(fault);
      console.info(
        `row 24 (${fault}): ${disk.faults} calls, at most ${highest} rows waited; the store said "${detail}"`,
      );
      expect(disk.faults).toBeGreaterThan(3);
      expect(highest).toBeLessThanOrEqual(MAX_IN_FLIGHT * 20 + OWN_ROWS);
      if (fault === 'slow') expect(during).toBeGreaterThan(before);
      else {
        expect(highest).toBeGreaterThan(MAX_IN_FLIGHT * 10);
        expect(during).toBeLessThanOrEqual(before + MAX_IN_FLIGHT * 20);
        expect(detail).toMatch(fault === 'eio' ? /Input\/output error|I\/O|write/i : /read-only/i);
      }
      await until(() => world.answers.isReady(), { what: 'it is ready by itself', timeoutMs: 60_000 });
      await publisher.stop();
      await publisher.close();
      const verdict = await judgeInTime(ledger, world.answers, { timeoutMs: 120_000 });
      expect(faultsOf(verdict)).toEqual(CLEAN);
      expect(verdict.acknowledged).toBeGreaterThan(20_000);
    } finally {
      await world.close();
      disk.close();
    }
  },
);

/** The most rows that wait during a fault, and what the store says at its end. */
async function watched(world: World, forMs: number): Promise<{ highest: number; detail: string }> {
  const end = performance.now() + forMs;
  let highest = 0;
  let detail = '';
  while (performance.now() < end) {
    highest = Math.max(highest, (await world.answers.metrics()).sum('tapewatch_pending_rows'));
    detail = (await world.answers.readiness()).detail['store'] ?? '';
    await pause(200);
  }
  return { highest, detail };
}

/** A store of two minutes of entries, closed in order. */
async function filledStore(world: World, ledger: Ledger): Promise<void> {
  await world.startNats();
  await world.startSidecar();
  const publisher = await durable(world, ledger, 5_000);
  await publisher.publish(50_000);
  await publisher.close();
  expect(faultsOf(await judgeInTime(ledger, world.answers))).toEqual(CLEAN);
  await world.sidecar.stop();
}

const DAMAGES: Readonly<Record<string, (path: string) => void>> = {
  'cut in half': (path) => truncateSync(path, Math.floor(statSync(path).size / 2)),
  'bits flipped in its middle': (path) => {
    const file = openSync(path, 'r+');
    const { size } = statSync(path);
    for (let at = Math.floor(size / 3); at < (size * 2) / 3; at += 4_096)
      writeSync(file, Buffer.from([0xa5, 0x5a]), 0, 2, at);
    closeSync(file);
  },
  'header overwritten': (path) => {
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.alloc(16_384, 0xff), 0, 16_384, 0);
    closeSync(file);
  },
};

it.each(Object.keys(DAMAGES))(
  'row 27: a file that is %s is put aside, said so, and the service starts',
  async (damage) => {
    const world = await World.prepare({ config: { streams: LEDGER_STREAMS }, supervised: true });
    const ledger = new Ledger();
    try {
      await filledStore(world, ledger);
      DAMAGES[damage]?.(world.storePath);
      await world.startSidecar();
      // Damage in the middle shows when it is read; a query that meets it may fail, the service may not.
      await world.answers.query(`sum(count_over_time(${GAUGE}[1h]))`).catch(() => undefined);
      const told = async (): Promise<true | undefined> =>
        /Missing is/.test(readFileSync(world.sidecarLog, 'utf8')) || undefined;
      await until(told, { what: 'the log names the damage and what is missing', timeoutMs: 60_000 });
      expect(readdirSync(dirname(world.storePath)).filter((name) => name.includes('.quarantine-'))).not.toEqual([]);
      await until(() => world.answers.isReady(), { what: 'it is ready', timeoutMs: 60_000 });
      expect((await world.answers.metrics()).sum('tapewatch_store_damages')).toBe(1);
      // What comes now is stored; what was lost is told, not invented.
      const after = new Ledger();
      const publisher = await Publisher.connect({
        ledger: after,
        port: world.natsPort,
        delivery: 'core',
        rate: 1_000,
        prefix: 'after',
      });
      await publisher.publish(1_000);
      await publisher.close();
      const all = async (): Promise<true | undefined> =>
        (await world.answers.metrics()).sum('tapewatch_stored_items_total', { stream: 'metrics' }) >= 2_000 ||
        undefined;
      await until(all, { what: 'new entries are stored', timeoutMs: 30_000 });
    } finally {
      await world.close();
    }
  },
);

it('row 28: a second sidecar on the same file refuses to start and names the file; the first goes on', async () => {
  const world = await World.open({ config: { streams: LEDGER_STREAMS } });
  const other = await World.prepare({ config: { streams: LEDGER_STREAMS }, storePath: world.storePath });
  const ledger = new Ledger();
  try {
    const publisher = await durable(world, ledger);
    publisher.start();
    await other.startNats();
    const code = await other.spawnSidecar().exited;
    expect(code).not.toBe(0);
    const said = await other.sidecar.logTail();
    expect(said).toContain(join(world.storePath));
    expect(said).toMatch(/open in another process/);
    await pause(1_000);
    await publisher.stop();
    await publisher.close();
    expect(faultsOf(await judgeInTime(ledger, world.answers))).toEqual(CLEAN);
  } finally {
    await other.close();
    await world.close();
  }
});
