/**
 * Row 25 of the fault list near its words: the store is down while 50,000 samples a second come through JetStream. Three
 * minutes in place of ten, which would add nothing but what the broker keeps on its disk.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { usageOf } from '../../bench/process-usage.ts';
import { until } from '../../tools/demo/process.ts';
import { CLEAN, faultsOf, judgeInTime, Ledger } from '../fault/ledger.ts';
import { LEDGER_STREAMS, Publisher } from '../fault/publisher.ts';
import { SmallDisk } from '../fault/small-disk.ts';
import { ensureSidecar, World } from '../fault/world.ts';
import { expectObservations, FLOOD_NAME, FLOOD_STREAM, publishFlood } from './flood.ts';

jest.setTimeout(900_000);

const [RATE, BATCH] = [50_000, 100];
const AWAY_SECONDS = 180;
/** It comes on while the backlog is stored. */
const AFTER_SECONDS = 60;
const CATCH_UP_LEAST = 5;
const GROWTH_LIMIT_MB = 400;

const mounted = SmallDisk.canMount() ? it : it.skip;

beforeAll(() => ensureSidecar());

/** Samples of the flood: what the broker has, and what is durable. */
async function standing(world: World, manager: JetStreamManager): Promise<{ came: number; stored: number }> {
  const { state } = await manager.streams.info(FLOOD_NAME);
  const stored = (await world.answers.metrics()).sum('tapewatch_stored_items_total', { stream: 'flood' });
  return { came: state.messages * BATCH, stored };
}

mounted(
  'row 25: the store is down under 50,000 samples a second: the broker keeps them, and it catches up',
  async () => {
    const disk = SmallDisk.open(1_024);
    const world = await World.prepare({
      config: { streams: [...LEDGER_STREAMS, FLOOD_STREAM] },
      storePath: disk.storePath,
    });
    let [publisher, nats]: [Publisher?, NatsConnection?] = [];
    try {
      await world.startNats();
      const sidecar = await world.startSidecar();
      const pid = sidecar.pid as number;
      const ledger = new Ledger();
      publisher = await Publisher.connect({ ledger, port: world.natsPort, delivery: 'jetstream', rate: 200 });
      nats = await connect({ servers: world.natsUrl });
      const manager = await jetstreamManager(nats);
      publisher.start();
      const seconds = 10 + AWAY_SECONDS + AFTER_SECONDS;
      const flood = publishFlood(world, { codec: 'arrow-batch-100', rate: RATE, seconds });
      await pause(10_000);
      const warmMb = usageOf(pid).peakRssMb;
      disk.fill();
      await pause(AWAY_SECONDS * 1_000);
      const grownMb = usageOf(pid).peakRssMb - warmMb;
      const down = await standing(world, manager);
      disk.free();
      const freedAt = performance.now();
      const caughtUp = async (): Promise<number | undefined> => {
        const { came, stored } = await standing(world, manager);
        return came - stored < RATE ? stored : undefined;
      };
      const stored = await until(caughtUp, { what: 'the backlog is stored', timeoutMs: 300_000 });
      const took = (performance.now() - freedAt) / 1_000;
      // The wait for the next attempt to open the store counts, too.
      const speed = (stored - down.stored) / took / RATE;
      console.info(
        `row 25: ${down.came - down.stored} samples behind, stored in ${took.toFixed(1)} s, ${speed.toFixed(1)} times as ` +
          `fast as they came; memory grew by ${grownMb.toFixed(0)} MB from ${warmMb.toFixed(0)} while the store was down`,
      );
      const { observations } = await flood;
      await publisher.stop();
      // It was really down, and the load was really there.
      expect(down.came - down.stored).toBeGreaterThan((AWAY_SECONDS * RATE) / 2);
      expect(speed).toBeGreaterThanOrEqual(CATCH_UP_LEAST);
      expect(grownMb).toBeLessThan(GROWTH_LIMIT_MB);
      await expectObservations(world, observations);
      expect(faultsOf(await judgeInTime(ledger, world.answers))).toEqual(CLEAN);
      expect(ledger.acknowledgedCount).toBeGreaterThan(20_000);
      expect(world.sidecar.pid).toBe(pid);
    } finally {
      await publisher?.close();
      await nats?.close();
      await world.close();
      disk.close();
    }
  },
);
