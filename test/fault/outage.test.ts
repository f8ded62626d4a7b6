/**
 * Rows 8, 23 and 25 of the fault list, short forms: NATS is away, the disk is full, the store is down. The sidecar says so,
 * keeps within its bounds, and recovers by itself; the ledger stays clean.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { usageOf } from '../../bench/process-usage.ts';
import { until } from '../../tools/demo/process.ts';
import { CLEAN, faultsOf, judgeInTime, Ledger } from './ledger.ts';
import { LEDGER_STREAMS, Publisher } from './publisher.ts';
import { SmallDisk } from './small-disk.ts';
import { ensureSidecar, World } from './world.ts';

/** `npm run test:long -- faults` stays away for ten minutes. */
const AWAY_MS = Number(process.env['TAPEWATCH_AWAY_SECONDS'] ?? '12') * 1_000;
const IS_LONG = AWAY_MS >= 60_000;
const RATE = 2_000;

jest.setTimeout(240_000 + AWAY_MS);

beforeAll(() => ensureSidecar());

async function becomes(world: World, wanted: 200 | 503): Promise<void> {
  const ask = async (): Promise<true | undefined> => (await world.answers.readiness()).status === wanted || undefined;
  await until(ask, { what: `/readyz answers ${wanted}`, timeoutMs: 60_000 });
}

it('row 8: NATS is away for a while: it says so, stays within bounds, reconnects and misses nothing', async () => {
  const world = await World.open({ config: { streams: LEDGER_STREAMS } });
  const ledger = new Ledger();
  const publisher = await Publisher.connect({ ledger, port: world.natsPort, delivery: 'jetstream', rate: RATE });
  try {
    publisher.start();
    await pause(2_000);
    const pid = world.sidecar.pid as number;
    await world.nats.stop('SIGKILL');
    await becomes(world, 503);
    const { detail } = await world.answers.readiness();
    expect(detail['source']).not.toBe('');
    const before = usageOf(pid).peakRssMb;
    await pause(AWAY_MS);
    expect(usageOf(pid).peakRssMb - before).toBeLessThan(100);
    await world.startNats();
    await becomes(world, 200);
    await pause(2_000);
    await publisher.stop();
    const verdict = await judgeInTime(ledger, world.answers);
    expect(faultsOf(verdict)).toEqual(CLEAN);
    expect(verdict.acknowledged).toBeGreaterThan(RATE);
    expect(world.sidecar.pid).toBe(pid);
  } finally {
    await publisher.close();
    await world.close();
  }
});

/** Skipped, and counted so, where the right to mount is missing. */
const mounted = SmallDisk.canMount() ? it : it.skip;

interface DiskScene {
  readonly disk: SmallDisk;
  readonly world: World;
  readonly ledger: Ledger;
  readonly publisher: Publisher;
}

/** Runs `work` with a store on a small disk of its own, two seconds into a load that a ledger keeps. */
async function onSmallDisk(
  { megabytes, ...load }: { megabytes: number; delivery: 'core' | 'jetstream'; rate: number; batch?: number },
  work: (scene: DiskScene) => Promise<void>,
): Promise<void> {
  const disk = SmallDisk.open(megabytes);
  let [world, publisher]: [World?, Publisher?] = [];
  try {
    world = await World.open({
      config: { streams: LEDGER_STREAMS },
      storePath: disk.storePath,
      supervised: true,
    });
    const ledger = new Ledger();
    publisher = await Publisher.connect({ ledger, port: world.natsPort, ...load });
    publisher.start();
    await pause(2_000);
    await work({ disk, world, ledger, publisher });
  } finally {
    await publisher?.close();
    await world?.close();
    disk.close();
  }
}

mounted(
  'row 23: the disk is full in the middle of a flush: it says so and goes on by itself when there is room',
  async () => {
    await onSmallDisk(
      { megabytes: 96, delivery: 'jetstream', rate: RATE },
      async ({ disk, world, ledger, publisher }) => {
        disk.fill();
        await becomes(world, 503);
        const { detail } = await world.answers.readiness();
        expect(detail['store']).toMatch(/space|full|write|No space/i);
        await pause(AWAY_MS / 4);
        disk.free();
        await becomes(world, 200);
        await pause(2_000);
        await publisher.stop();
        const verdict = await judgeInTime(ledger, world.answers);
        expect(faultsOf(verdict)).toEqual(CLEAN);
        expect(verdict.acknowledged).toBeGreaterThan(2 * RATE);
      },
    );
  },
);

mounted(
  'row 23: told to end while the disk is full, it ends within its bound, says what is missing, and goes on later',
  async () => {
    await onSmallDisk(
      { megabytes: 96, delivery: 'jetstream', rate: RATE },
      async ({ disk, world, ledger, publisher }) => {
        disk.fill();
        await becomes(world, 503);
        // SIGKILL follows after 15 s, the sidecar's own bound: an end in order has another code.
        const ended = world.sidecar.exited;
        await world.sidecar.stop();
        expect(await ended).toBe(1);
        expect(await world.sidecar.logTail()).toMatch(/rows could not be stored before the end: .* JetStream delivers/);
        disk.free();
        await world.startSidecar();
        await pause(1_000);
        await publisher.stop();
        expect(faultsOf(await judgeInTime(ledger, world.answers))).toEqual(CLEAN);
      },
    );
  },
);

mounted(
  'row 25: the store is down while core NATS goes on: within the bound nothing is lost, and it catches up',
  async () => {
    // Two samples an entry. The long form must stay below the rows that may wait.
    const rate = IS_LONG ? 1_000 : 5_000;
    const load = { megabytes: 256, delivery: 'core', rate, batch: 50 } as const;
    await onSmallDisk(load, async ({ disk, world, ledger, publisher }) => {
      disk.fill();
      await pause(AWAY_MS);
      const waiting = (await world.answers.metrics()).sum('tapewatch_pending_rows');
      disk.free();
      const freedAt = performance.now();
      // The backlog is stored when what waits is no more than what comes in a second.
      const caughtUp = async (): Promise<true | undefined> =>
        (await world.answers.metrics()).sum('tapewatch_pending_rows') < 2 * rate || undefined;
      await until(caughtUp, { what: 'the backlog is stored', timeoutMs: 180_000 });
      const seconds = (performance.now() - freedAt) / 1_000;
      // Against the rate at which rows came, which went on meanwhile; the wait for the next attempt counts, too.
      const speed = waiting / seconds / (2 * rate) + 1;
      console.info(
        `row 25: ${waiting} rows waited, stored ${seconds.toFixed(1)} s after the disk had room again: ` +
          `${speed.toFixed(1)} times as fast as they came`,
      );
      expect(waiting).toBeGreaterThan(rate);
      // Of twelve seconds the wait for the next attempt may be half.
      expect(speed).toBeGreaterThan(IS_LONG ? 5 : 1.5);
      await publisher.stop();
      const verdict = await judgeInTime(ledger, world.answers);
      expect(faultsOf(verdict)).toEqual(CLEAN);
      expect((await world.answers.metrics()).sum('tapewatch_dropped_items_total')).toBe(0);
    });
  },
);
