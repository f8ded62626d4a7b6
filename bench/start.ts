/**
 * `npm run bench -- start`: how soon a sidecar answers again that holds a day of the demo's board: after it was stopped in
 * order, and after a `kill -9` under load, with all that the store's log then holds. Told from the spawn of the process to
 * `/readyz`, and to the answer of a first query over the last hour. Rows are counted after each start.
 */
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { until } from '../tools/demo/process.ts';
import { World } from '../test/fault/world.ts';
import type { Demand } from './demand.ts';
import type { FeedPlan, FeedReport } from './desk-feed.ts';

/** Every series of the board, as often as a scraper comes by. */
const DAY: Pick<FeedPlan, 'pastSeconds' | 'stepSeconds' | 'pastRate'> = {
  ...{ pastSeconds: 86_400, stepSeconds: 15, pastRate: 150_000 },
};
const LIVE = { rate: 50_000, seconds: 20 };
/** Into the live load: between two checkpoints of the store, so that its log is long. */
const KILL_AFTER_MS = 17_000;
const SETTLE_TIMEOUT_MS = 300_000;
const LIMIT_SECONDS = 10;
/** A gauge of the board. */
const NAME = 'quote_spread_bps';
const COUNT = `sum(count_over_time(${NAME}[25h]))`;
const FIRST_QUERY = `sum(rate(order_events_total[1h]))`;

interface Start {
  readonly after: string;
  readonly readySeconds: number;
  readonly answeredSeconds: number;
  readonly storeMb: number;
  readonly logMb: number;
}

export interface StartResult {
  readonly samples: number;
  readonly starts: readonly Start[];
  /** Of the counted gauge, what was durable before a start and not found after it. */
  readonly lost: number;
}

export async function benchStart(): Promise<StartResult> {
  const streams = [{ name: 'metrics', subject: 'tw.metrics.>', payload: 'metric', lateness: '26h' }];
  const world = await World.open({ config: { streams, log: { level: 'warn' } } });
  try {
    console.error('a day of the board ...');
    const none = { rate: 0, seconds: 0, pastSeconds: 0, stepSeconds: 1, pastRate: 1 };
    const past = await feed(world, { ...none, ...DAY });
    const [expected, writtenAt] = [past.byName[NAME] as number, Date.now() / 1_000];
    const isThere = async (): Promise<true | undefined> => (await count(world, writtenAt)) === expected || undefined;
    await until(isThere, { what: 'the day is stored', timeoutMs: SETTLE_TIMEOUT_MS, everyMs: 2_000 });
    await world.sidecar.stop();
    const ordered = await started(world, 'a stop in order');
    const lostInOrder = expected - (await count(world, writtenAt));
    console.error(`killed after ${KILL_AFTER_MS / 1_000} s of ${LIVE.rate}/s ...`);
    const feeding = feed(world, { ...none, ...LIVE });
    await pause(KILL_AFTER_MS);
    world.sidecar.kill('SIGKILL');
    await world.sidecar.exited;
    const killed = await started(world, 'kill -9');
    await feeding;
    const lost = lostInOrder + expected - (await count(world, writtenAt));
    return { samples: past.published, starts: [ordered, killed], lost };
  } finally {
    await world.close();
  }
}

export function startDemands({ starts, lost }: StartResult): Demand[] {
  const below = { unit: 's', bound: 'below', limit: LIMIT_SECONDS } as const;
  return [
    ...starts.flatMap(({ after, readySeconds, answeredSeconds }): Demand[] => [
      { name: `ready after ${after}`, value: readySeconds, ...below },
      { name: `first answer after ${after}`, value: answeredSeconds, ...below },
    ]),
    { name: 'samples lost', value: lost, unit: '', bound: 'at most', limit: 0 },
  ];
}

async function started(world: World, after: string): Promise<Start> {
  const [storeMb, logMb] = [megabytes(world.storePath), megabytes(`${world.storePath}.wal`)];
  const began = performance.now();
  const seconds = (): number => Math.round((performance.now() - began) / 10) / 100;
  await world.startSidecar();
  const readySeconds = seconds();
  await world.answers.scalar(FIRST_QUERY);
  return { after, readySeconds, answeredSeconds: seconds(), storeMb, logMb };
}

/** Up to a stamp, so that of the past alone: what comes live is stamped later. */
async function count(world: World, atSeconds: number): Promise<number> {
  return world.answers.scalar(COUNT, atSeconds);
}

async function feed(world: World, plan: Omit<FeedPlan, 'server' | 'kind' | 'batch'>): Promise<FeedReport> {
  const whole: FeedPlan = { server: world.natsUrl, kind: 'desk', batch: 100, ...plan };
  const args = ['tools/run.mjs', 'bench/desk-feed.ts', JSON.stringify(whole)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as FeedReport;
}

function megabytes(file: string): number {
  return Math.round((statSync(file, { throwIfNoEntry: false })?.size ?? 0) / 1e6);
}
