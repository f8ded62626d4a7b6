/**
 * `kill -9` of the sidecar, again and again at random times, under load, always on the same store: every message that
 * JetStream acknowledged must be found afterwards, once. Times are seeded; some kills come before it is ready again.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { seededRandom } from '../../bench/samples.ts';
import { until } from '../../tools/demo/process.ts';
import { faultsOf, judgeInTime, Ledger, type Verdict } from '../fault/ledger.ts';
import { OrderPublisher } from '../fault/order-publisher.ts';
import { LEDGER_STREAMS, Publisher } from '../fault/publisher.ts';
import { World } from '../fault/world.ts';

const ORDER_STREAM = {
  ...{ name: 'orders', subject: 'tw.orders.{venue?}.{strategy?}', payload: 'order', codec: 'json' },
  delivery: 'jetstream',
  jetstream: { stream: 'TW_ORDERS', ensureStream: { subjects: ['tw.orders.>'] }, ackWait: '2s' },
};
const DRAIN_TIMEOUT_MS = 180_000;
/** How long a start takes is told, not judged: a machine under load may be slow, and what is lost is the question. */
const START_TIMEOUT_MS = 300_000;
/** Every fifth kill comes this soon after the start, ready or not. */
const EARLY_KILL_MS = 700;
const LATEST_KILL_MS = 2_500;

export interface CrashPlan {
  readonly runs: number;
  readonly seed: number;
  /** Ledger entries a second, two samples each; a tenth as many order steps. */
  readonly rate: number;
  readonly say?: (line: string) => void;
}

export interface CrashReport {
  readonly runs: number;
  /** Acknowledged by JetStream: entries of the ledger and order steps. */
  readonly messages: number;
  readonly lost: number;
  readonly doubled: number;
  readonly samples: number;
  readonly events: number;
  /** From a start to the first `/readyz` that says ok, milliseconds. */
  readonly resumeMsMedian: number;
  readonly resumeMsMax: number;
  readonly faults: ReturnType<typeof faultsOf>;
}

export async function runCrashes({ runs, seed, rate, say = () => undefined }: CrashPlan): Promise<CrashReport> {
  const config = { streams: [...LEDGER_STREAMS, ORDER_STREAM] };
  const world = await World.open({ config, startTimeoutMs: START_TIMEOUT_MS });
  const ledger = new Ledger();
  const publisher = await Publisher.connect({ ledger, port: world.natsPort, delivery: 'jetstream', rate, seed });
  const orders = await OrderPublisher.connect(world.natsPort, rate / 10);
  try {
    publisher.start();
    orders.start();
    const resumes = await killAgainAndAgain(world, { runs, random: seededRandom(seed), say });
    await publisher.stop();
    await orders.stop();
    const verdict = await judgeInTime(ledger, world.answers, { timeoutMs: DRAIN_TIMEOUT_MS, range: '3h' });
    const events = await countOrders(world, orders.acknowledged);
    return reportOf({ runs, verdict, resumes, acknowledgedOrders: orders.acknowledged, events });
  } finally {
    await publisher.close();
    await orders.close();
    await world.close();
  }
}

async function killAgainAndAgain(
  world: World,
  { runs, random, say }: { runs: number; random: () => number; say: (line: string) => void },
): Promise<number[]> {
  const resumes: number[] = [];
  for (let run = 1; run <= runs; run++) {
    const early = run % 5 === 0;
    await pause(random() * (early ? EARLY_KILL_MS : LATEST_KILL_MS));
    world.sidecar.kill('SIGKILL');
    await world.sidecar.exited;
    const started = performance.now();
    const isLast = run === runs;
    // The next kill of an early one must not wait for the answer.
    if ((run + 1) % 5 === 0 && !isLast) world.spawnSidecar();
    else {
      await world.startSidecar();
      resumes.push(performance.now() - started);
    }
    if (run % 10 === 0) say(`${run} of ${runs} kills`);
  }
  return resumes.sort((a, b) => a - b);
}

/** Order steps that the derived counter has counted, when they are all there or nothing comes any more. */
async function countOrders(world: World, acknowledged: number): Promise<number> {
  let counted = 0;
  const ask = async (): Promise<true | undefined> => {
    counted = await world.answers.scalar('sum(order_events_total)');
    return counted >= acknowledged || undefined;
  };
  await until(ask, { what: 'every order step is counted', timeoutMs: 30_000 }).catch(() => undefined);
  return counted;
}

function reportOf(result: {
  readonly runs: number;
  readonly verdict: Verdict;
  readonly resumes: readonly number[];
  readonly acknowledgedOrders: number;
  readonly events: number;
}): CrashReport {
  const { runs, verdict, resumes, acknowledgedOrders, events } = result;
  return {
    runs,
    messages: verdict.acknowledged + acknowledgedOrders,
    lost: verdict.missing.length + Math.max(0, acknowledgedOrders - events),
    doubled: verdict.doubled.length + verdict.wrongSums.length + Math.max(0, events - acknowledgedOrders),
    samples: verdict.found * 2,
    events,
    resumeMsMedian: Math.round(resumes[Math.floor(resumes.length / 2)] ?? NaN),
    resumeMsMax: Math.round(resumes.at(-1) ?? NaN),
    faults: faultsOf(verdict),
  };
}
