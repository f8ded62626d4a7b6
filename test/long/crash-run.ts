/**
 * `kill -9` of the sidecar, again and again at random times, under load, always on the same store: every message that
 * JetStream acknowledged must be found afterwards, once. Times are seeded; some kills come before it is ready again.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { seededRandom } from '../../bench/samples.ts';
import { until } from '../../tools/demo/process.ts';
import type { Answers } from '../fault/answers.ts';
import { faultsOf, judgeInTime, Ledger, type Verdict } from '../fault/ledger.ts';
import { OrderPublisher } from '../fault/order-publisher.ts';
import { LEDGER_STREAMS, Publisher } from '../fault/publisher.ts';
import { World } from '../fault/world.ts';
import { type CrashReport, judgeOrders, type OrderFaults } from './crash-report.ts';

const ORDER_STREAM = {
  ...{ name: 'orders', subject: 'tw.orders.{venue?}.{strategy?}', payload: 'order', codec: 'json' },
  delivery: 'jetstream',
  jetstream: { stream: 'TW_ORDERS', ensureStream: { subjects: ['tw.orders.>'] }, ackWait: '2s' },
};
const DRAIN_TIMEOUT_MS = 180_000;
/** No single start is judged by its time: a machine under load may be slow, and what is lost is the first question. */
const START_TIMEOUT_MS = 300_000;
/** Every fifth kill comes this soon after the start, ready or not. */
const EARLY_KILL_MS = 700;
const LATEST_KILL_MS = 2_500;
/** A kill before anything came since the last one would prove nothing. */
const MESSAGE_TIMEOUT_MS = 60_000;
/** Stored orders are asked for in parts: an answer has its limits. */
const ORDERS_AT_ONCE = 50_000;
const LOOKBACK_HOURS = 3;

export interface CrashPlan {
  readonly runs: number;
  readonly seed: number;
  /** Ledger entries a second, two samples each; a tenth as many order steps. */
  readonly rate: number;
  readonly say?: (line: string) => void;
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
    const acknowledged = (): number => ledger.acknowledgedCount;
    const resumes = await killAgainAndAgain(world, { runs, random: seededRandom(seed), acknowledged, say });
    await publisher.stop();
    await orders.stop();
    const verdict = await judgeInTime(ledger, world.answers, {
      ...{ timeoutMs: DRAIN_TIMEOUT_MS, range: `${LOOKBACK_HOURS}h` },
    });
    const events = await countOrders(world, orders.acknowledged.size);
    const stored = await storedOrders(world.answers);
    return reportOf({ runs, verdict, resumes, orders, stored, events });
  } finally {
    await publisher.close();
    await orders.close();
    await world.close();
  }
}

async function killAgainAndAgain(
  world: World,
  plan: { runs: number; random: () => number; acknowledged: () => number; say: (line: string) => void },
): Promise<number[]> {
  const { runs, random, acknowledged, say } = plan;
  const resumes: number[] = [];
  let known = 0;
  for (let run = 1; run <= runs; run++) {
    const early = run % 5 === 0;
    await pause(random() * (early ? EARLY_KILL_MS : LATEST_KILL_MS));
    const isLoaded = async (): Promise<true | undefined> => acknowledged() > known || undefined;
    await until(isLoaded, { what: `a message before kill ${run}`, timeoutMs: MESSAGE_TIMEOUT_MS, everyMs: 5 });
    known = acknowledged();
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

/** Rows by order id. */
async function storedOrders(answers: Answers): Promise<ReadonlyMap<string, number>> {
  const rows = new Map<string, number>();
  for (let from = 0; ; from += ORDERS_AT_ONCE) {
    const sql = `SELECT order_id, count(*) FROM orders GROUP BY 1 ORDER BY 1 LIMIT ${ORDERS_AT_ONCE} OFFSET ${from}`;
    const part = await answers.sql(sql, LOOKBACK_HOURS);
    for (const [id, count] of part) rows.set(String(id), Number(count));
    if (part.length < ORDERS_AT_ONCE) return rows;
  }
}

function reportOf(result: {
  readonly runs: number;
  readonly verdict: Verdict;
  readonly resumes: readonly number[];
  readonly orders: OrderPublisher;
  readonly stored: ReadonlyMap<string, number>;
  readonly events: number;
}): CrashReport {
  const { runs, verdict, resumes, orders, stored, events } = result;
  const { missing, doubled, foreign } = judgeOrders(orders, stored);
  return {
    runs,
    messages: verdict.acknowledged + orders.acknowledged.size,
    lost: verdict.missing.length + missing.length + Math.max(0, orders.acknowledged.size - events),
    doubled: verdict.doubled.length + verdict.wrongSums.length + doubled.length + Math.max(0, events - stored.size),
    foreign: verdict.foreign.length + foreign.length,
    samples: verdict.found * 2,
    events,
    resumeMsMedian: Math.round(resumes[Math.floor(resumes.length / 2)] ?? NaN),
    resumeMsMax: Math.round(resumes.at(-1) ?? NaN),
    faults: { ...faultsOf(verdict), orders: told({ missing, doubled, foreign }) },
  };
}

/** Cut so that a failure can be read. */
function told(faults: OrderFaults): string[] {
  return Object.entries(faults).flatMap(([kind, ids]) => (ids as string[]).slice(0, 5).map((id) => `${kind} ${id}`));
}
