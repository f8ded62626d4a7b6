/**
 * `npm run bench -- start`: how soon a sidecar answers again that holds a day of the demo's board: after it was told
 * to stop, and after a `kill -9` under load, with all that the store's log then holds. Told from the spawn of the process to
 * `/readyz`, and to the answer of a first query over the last hour. Rows are counted after each start: of the day, and of
 * what came live until some seconds before the kill.
 */
import { readdirSync, statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { basename, dirname, join } from 'node:path';
import { until } from '../tools/demo/process.ts';
import { World } from '../test/fault/world.ts';
import type { Demand } from './demand.ts';
import type { FeedPlan, FeedReport } from './desk-feed.ts';
import { reportOf } from './program-report.ts';

/** Every series of the board, as often as a scraper comes by. */
const DAY: Pick<FeedPlan, 'pastSeconds' | 'stepSeconds' | 'pastRate'> = {
  ...{ pastSeconds: 86_400, stepSeconds: 15, pastRate: 150_000 },
};
const LIVE = { rate: 50_000, seconds: 20 };
/** Into the live load: between two checkpoints of the store, so that its log is long. */
const KILL_AFTER_MS = 17_000;
/** Nobody waits for an acknowledgement of what comes: it is durable after a second, and a commit's time. */
const DURABLE_AFTER_SECONDS = 4;
const SETTLE_TIMEOUT_MS = 300_000;
const LIMIT_SECONDS = 10;
/** A gauge of the board. */
const NAME = 'quote_spread_bps';
const countOver = (range: string): string => `sum(count_over_time(${NAME}[${range}]))`;
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
  /** Of the counted gauge, what was stored before a start and not found after it, or found twice. */
  readonly lost: number;
  /** What came live and was counted before the kill. */
  readonly live: number;
  /** How long the sidecar took to end when it was told to, with the day just written. */
  readonly stopSeconds: number;
  /** 0 when it ended in order; 137 when it was killed, or gave up. */
  readonly stopCode: number;
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
    const stopping = performance.now();
    await world.sidecar.stop();
    const stopSeconds = Math.round((performance.now() - stopping) / 10) / 100;
    const stopCode = await world.sidecar.exited;
    const ordered = await started(world, 'SIGTERM');
    const afterStop = await count(world, writtenAt);
    console.error(`killed after ${KILL_AFTER_MS / 1_000} s of ${LIVE.rate}/s ...`);
    const feeding = feed(world, { ...none, ...LIVE });
    // Awaited below, unless something else ends the bench first.
    feeding.catch(() => undefined);
    await pause(KILL_AFTER_MS);
    const durableAt = Date.now() / 1_000 - DURABLE_AFTER_SECONDS;
    const live = await countLive(world, writtenAt, durableAt);
    world.sidecar.kill('SIGKILL');
    await world.sidecar.exited;
    const killed = await started(world, 'kill -9');
    await feeding;
    const [afterKill, liveAfterKill] = [await count(world, writtenAt), await countLive(world, writtenAt, durableAt)];
    const differences = [expected - afterStop, expected - afterKill, live - liveAfterKill];
    const lost = differences.reduce((sum, difference) => sum + Math.abs(difference), 0);
    return { samples: past.published, starts: [ordered, killed], lost, live, stopSeconds, stopCode };
  } finally {
    await world.close();
  }
}

export function startDemands({ starts, lost, live, stopCode }: StartResult): Demand[] {
  const below = { unit: 's', bound: 'below', limit: LIMIT_SECONDS, rows: ['PRF-22'] } as const;
  return [
    ...starts.flatMap(({ after, readySeconds, answeredSeconds }): Demand[] => [
      { name: `ready after ${after}`, value: readySeconds, ...below },
      { name: `first answer after ${after}`, value: answeredSeconds, ...below },
    ]),
    { name: 'exit code after SIGTERM', value: stopCode, unit: '', bound: 'at most', limit: 0 },
    { name: 'samples lost', value: lost, unit: '', bound: 'at most', limit: 0 },
    { name: 'samples counted that came live', value: live, unit: '', bound: 'above', limit: 0 },
  ];
}

async function started(world: World, after: string): Promise<Start> {
  const [storeMb, logMb] = [megabytesOf(world.storePath), megabytesOf(world.storePath, '.wal')];
  const began = performance.now();
  const seconds = (): number => Math.round((performance.now() - began) / 10) / 100;
  await world.startSidecar();
  const readySeconds = seconds();
  const answer = await world.answers.scalar(FIRST_QUERY);
  if (!(answer > 0)) throw new Error(`${FIRST_QUERY} answers ${answer} after ${after}`);
  return { after, readySeconds, answeredSeconds: seconds(), storeMb, logMb };
}

/** Up to a stamp, so that of the past alone: what comes live is stamped later. */
function count(world: World, atSeconds: number): Promise<number> {
  return world.answers.scalar(countOver('25h'), atSeconds);
}

function countLive(world: World, fromSeconds: number, toSeconds: number): Promise<number> {
  return world.answers.scalar(countOver(`${Math.floor((toSeconds - fromSeconds) * 1_000)}ms`), toSeconds);
}

function feed(world: World, plan: Omit<FeedPlan, 'server' | 'kind' | 'batch'>): Promise<FeedReport> {
  const whole: FeedPlan = { server: world.natsUrl, kind: 'desk', batch: 100, ...plan };
  return reportOf('bench/desk-feed.ts', whole);
}

/** Of the database with its log and segments, or of the one file with that ending. */
function megabytesOf(path: string, ending = ''): number {
  const folder = dirname(path);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.startsWith(`${basename(path)}${ending}`),
  );
  const bytes = files.map((name) => statSync(join(folder, name))).filter((file) => file.isFile());
  return Math.round(bytes.reduce((sum, { size }) => sum + size, 0) / 1e6);
}
