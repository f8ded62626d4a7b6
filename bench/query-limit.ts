/**
 * `npm run bench -- query-limit`: the limits of queries with their defaults (REQUIREMENTS.md PRF-26). Four times as many
 * dear questions as may run are asked at once, no two alike, more work than thirty seconds hold: how many run at once by
 * the sidecar's own figure, looked at while they do, when the last one is answered, and how each ends.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'undici';
import { until } from '../tools/demo/process.ts';
import { World } from '../test/fault/world.ts';
import type { Demand } from './demand.ts';
import type { FeedPlan, FeedReport } from './desk-feed.ts';
import { reportOf } from './program-report.ts';

const QUESTIONS = 200;
const RUNNING_MOST = 50;
const TIMEOUT_SECONDS = 30;
/** From the end of a query's time to its answer in the client's hands, on a machine that is busy with the others. */
const ANSWER_SECONDS = 1;
const LOOK_EVERY_MS = 100;
const GIVE_UP_MS = 90_000;
const HISTORY_SECONDS = 900;
const SETTLE_TIMEOUT_MS = 60_000;

export interface QueryLimitResult {
  readonly questions: number;
  readonly answered: number;
  /** Ended by the limit of time, with that error. */
  readonly timedOut: number;
  readonly otherwise: number;
  readonly firstOther: string;
  readonly mostRunning: number;
  readonly longestSeconds: number;
}

export async function benchQueryLimit(): Promise<QueryLimitResult> {
  const streams = [{ name: 'metrics', subject: 'tw.metrics.>', payload: 'metric', lateness: '1h' }];
  const world = await World.open({ config: { streams, log: { level: 'warn' } } });
  try {
    await history(world);
    return await askAll(world);
  } finally {
    await world.close();
  }
}

export function queryLimitDemands(result: QueryLimitResult): Demand[] {
  const { mostRunning, timedOut, otherwise, longestSeconds } = result;
  const rows = ['PRF-26'];
  const none = { unit: '', bound: 'at most', limit: 0 } as const;
  return [
    { name: 'queries that ran at once', value: mostRunning, unit: '', bound: 'at most', limit: RUNNING_MOST, rows },
    {
      name: 'queries that ran at once, the room used',
      value: mostRunning,
      unit: '',
      bound: 'at least',
      limit: RUNNING_MOST,
      rows,
    },
    {
      name: 'longest answer',
      value: longestSeconds,
      unit: 's',
      bound: 'at most',
      limit: TIMEOUT_SECONDS + ANSWER_SECONDS,
      rows,
    },
    { name: 'queries ended by the limit of time', value: timedOut, unit: '', bound: 'at least', limit: 1, rows },
    { name: 'queries that ended otherwise than answered or by that limit', value: otherwise, ...none, rows },
  ];
}

async function history(world: World): Promise<void> {
  const plan: FeedPlan = {
    ...{ server: world.natsUrl, kind: 'desk', batch: 100, rate: 0, seconds: 0 },
    ...{ pastSeconds: HISTORY_SECONDS, stepSeconds: 2, pastRate: 100_000 },
  };
  await reportOf<FeedReport>('bench/desk-feed.ts', plan);
  const isThere = async (): Promise<true | undefined> =>
    (await world.answers.scalar('sum(count_over_time(quote_spread_bps[1h]))')) > 0 || undefined;
  await until(isThere, { what: 'history is stored', timeoutMs: SETTLE_TIMEOUT_MS, everyMs: 500 });
}

async function askAll(world: World): Promise<QueryLimitResult> {
  console.error(`${QUESTIONS} questions at once ...`);
  const pool = new Pool(world.http, { connections: QUESTIONS, headersTimeout: GIVE_UP_MS, bodyTimeout: GIVE_UP_MS });
  const end = Math.floor(Date.now() / 1_000);
  const asked = Array.from({ length: QUESTIONS }, (_, i) => ask(pool, i, end));
  let [mostRunning, done] = [0, false];
  const all = Promise.all(asked).finally(() => (done = true));
  while (!done) {
    mostRunning = Math.max(mostRunning, await running(world));
    await Promise.race([all, pause(LOOK_EVERY_MS)]);
  }
  const outcomes = await all;
  await pool.close();
  const others = outcomes.filter(({ how }) => how !== 'answered' && how !== 'timeout');
  const count = (how: string): number => outcomes.filter((outcome) => outcome.how === how).length;
  return {
    ...{ questions: QUESTIONS, answered: count('answered'), timedOut: count('timeout'), otherwise: others.length },
    ...{
      firstOther: others[0]?.how ?? '',
      mostRunning,
      longestSeconds: Math.max(...outcomes.map(({ seconds }) => seconds)),
    },
  };
}

async function running(world: World): Promise<number> {
  return (await world.answers.metrics()).sum('tapewatch_query_slots_taken');
}

/** The share of its quantile is a question's own, so that none is answered with another. */
async function ask(pool: Pool, i: number, end: number): Promise<{ readonly how: string; readonly seconds: number }> {
  const query = `sum by (venue) (quantile_over_time(${(i + 1) / (QUESTIONS + 1)}, quote_spread_bps[2m]))`;
  const range = { start: String(end - HISTORY_SECONDS), end: String(end), step: '1' };
  const path = `/api/v1/query_range?${new URLSearchParams({ query, ...range }).toString()}`;
  const started = performance.now();
  const { statusCode, body } = await pool.request({ path, method: 'GET' });
  const text = await body.text();
  const seconds = (performance.now() - started) / 1_000;
  if (statusCode === 200) return { how: 'answered', seconds };
  return { how: text.includes('took longer than') ? 'timeout' : `${statusCode}: ${text.slice(0, 200)}`, seconds };
}
