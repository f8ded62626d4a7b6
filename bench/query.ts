/**
 * `npm run bench -- query`: the board of the demo with 100 viewers over HTTP while samples come in over NATS, and a program
 * beside them that uses the rest of the API; then one
 * series over 12 h and the p95 of all series per minute over 1 h (`anchored`, so exact counts of each minute), after a
 * restart, so from the store's files. `lost` is what was published live minus what PromQL counts afterwards.
 */
import { until } from '../tools/demo/process.ts';
import { World } from '../test/fault/world.ts';
import { useApi } from './api-client.ts';
import type { FeedPlan, FeedReport } from './desk-feed.ts';
import { usageOf } from './process-usage.ts';
import { reportOf } from './program-report.ts';
import { quantileOf, Viewers } from './viewers.ts';

const SETTLE_TIMEOUT_MS = 180_000;
const SINGLE_REPEATS = 40;
const WIDE_REPEATS = 10;
const WIDE_RANGE_SECONDS = 3_600;
/** The hour, a minute further back for each repeat, the minute that the first point looks back, and one to round off. */
const WIDE_SECONDS = WIDE_RANGE_SECONDS + 60 * (WIDE_REPEATS + 2);
const HISTORY = { coldSeries: 100, coldHours: 12, wideSeries: 5_000, wideSeconds: WIDE_SECONDS, stepSeconds: 10 };

export interface QueryBenchOptions {
  readonly seconds: number;
  readonly rate: number;
  /** Samples a message. */
  readonly batch: number;
  readonly viewers: number;
  /** Samples a second at which history is written. */
  readonly pastRate: number;
  /** False leaves out the queries on history. */
  readonly history: boolean;
  /** Settings laid over the sidecar's configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
}

interface Times {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly worstMs: number;
}

export interface QueryBenchResult extends Times {
  readonly rate: number;
  readonly errors: number;
  readonly empty: number;
  readonly lost: number;
  readonly ingestRate: number;
  readonly cpuCores: number;
  readonly natsCpuCores: number;
  readonly rssMb: number;
  readonly panels: Readonly<Record<string, Times>>;
  /** Of the program that uses the whole API. */
  readonly api: Times & { readonly requests: number; readonly errors: number; readonly postedP95Ms: number };
  readonly single12h?: Times;
  readonly p95AllSeries1h?: Times;
  /** Queries over history that answered with fewer points than they must. */
  readonly incomplete?: number;
}

export async function benchQuery(options: QueryBenchOptions): Promise<QueryBenchResult> {
  const streams = [{ name: 'metrics', subject: 'tw.metrics.>', payload: 'metric', lateness: '26h' }];
  const world = await World.open({ config: { streams, log: { level: 'warn' }, ...options.config } });
  try {
    const board = await watchBoard(world, options);
    return options.history ? { ...board, ...(await askHistory(world, options)) } : board;
  } finally {
    await world.close();
  }
}

async function watchBoard(world: World, options: QueryBenchOptions): Promise<QueryBenchResult> {
  const { rate, seconds, batch, viewers, pastRate } = options;
  const desk = { server: world.natsUrl, kind: 'desk' as const, batch };
  say('15 min of the board ...');
  const past = await feed({ ...desk, batch: 100, rate: 0, seconds: 0, pastSeconds: 900, stepSeconds: 2, pastRate });
  await settled(world, past.byName);
  say(`${viewers} viewers while ${rate}/s come in, ${seconds} s ...`);
  const none = { pastSeconds: 0, stepSeconds: 1, pastRate: 1 };
  // Some seconds more than the viewers look, so that the load is there from the first query to the last.
  const feeding = feed({ ...desk, rate, seconds: seconds + 8, ...none });
  const plan = { http: world.http, viewers, refreshSeconds: 5 };
  await new Viewers({ ...plan, viewers: Math.ceil(viewers / 10), seconds: 5 }).watch();
  const before = { sidecar: usageOf(pidOf(world.sidecar)), nats: usageOf(pidOf(world.nats)) };
  const [report, api] = await Promise.all([new Viewers({ ...plan, seconds }).watch(), useApi(world.http, seconds)]);
  const after = { sidecar: usageOf(pidOf(world.sidecar)), nats: usageOf(pidOf(world.nats)) };
  const live = await feeding;
  for (const { firstError } of [report, api]) if (firstError !== '') say(`first error: ${firstError}`);
  const expected = sumByName(past.byName, live.byName);
  const stored = await settled(world, expected);
  return {
    ...timesOf(report.latencies),
    rate: Math.round(report.queries / report.seconds),
    ...{ errors: report.errors, empty: report.empty },
    api: {
      ...{ ...timesOf(api.latencies), requests: api.requests, errors: api.errors },
      postedP95Ms: timesOf(api.posted).p95Ms,
    },
    lost: total(expected) - total(stored),
    ingestRate: Math.round(live.published / live.seconds),
    cpuCores: (after.sidecar.cpuSeconds - before.sidecar.cpuSeconds) / report.seconds,
    natsCpuCores: (after.nats.cpuSeconds - before.nats.cpuSeconds) / report.seconds,
    rssMb: Math.round(after.sidecar.peakRssMb),
    panels: Object.fromEntries(
      Object.entries(report.byPanel).map(([panel, values]) => [panel, timesOf([...values].sort((a, b) => a - b))]),
    ),
  };
}

/** Each query looks at a series that none before it looked at, so nothing but the file system's cache is warm. */
async function askHistory(
  world: World,
  { pastRate }: QueryBenchOptions,
): Promise<{ single12h: Times; p95AllSeries1h: Times; incomplete: number }> {
  const { coldSeries, coldHours, wideSeries, wideSeconds, stepSeconds } = HISTORY;
  const plan = { server: world.natsUrl, batch: 100, rate: 0, seconds: 0, stepSeconds, pastRate };
  say(`${coldSeries} series over ${coldHours} h ...`);
  const cold = await feed({ ...plan, kind: 'cold', series: coldSeries, pastSeconds: coldHours * 3_600 });
  await settled(world, cold.byName, '13h');
  say(`${wideSeries} series over ${wideSeconds} s ...`);
  // Before the feed, which takes a minute: it stamps up to its own start, and the hour must not reach past that.
  const wideEnd = lastMinute();
  const wide = await feed({ ...plan, kind: 'wide', series: wideSeries, pastSeconds: wideSeconds });
  const writtenAt = lastMinute();
  await settled(world, wide.byName, '2h');
  say('restart, then the queries ...');
  await world.sidecar.stop();
  await world.startSidecar();
  const single: number[] = [];
  const problems: string[] = [];
  for (let i = 0; i < SINGLE_REPEATS; i++) {
    const instance = `i${(i * 37) % coldSeries}`;
    const range = { start: writtenAt - coldHours * 3_600, end: writtenAt, step: 60 };
    single.push(await timed(world, `cold_gauge{instance="${instance}"}`, { range, problems }));
  }
  const all: number[] = [];
  const expr = 'histogram_quantile(0.95, sum(increase(wide_seconds[1m] anchored)))';
  for (let i = 0; i < WIDE_REPEATS; i++) {
    // A minute earlier each time: a kept result is continued towards later times only, so no repeat is answered from one.
    const end = wideEnd - 60 * i;
    all.push(await timed(world, expr, { range: { start: end - WIDE_RANGE_SECONDS, end, step: 60 }, problems }));
  }
  for (const problem of new Set(problems)) say(problem);
  return {
    ...{ single12h: timesOf(ascending(single)), p95AllSeries1h: timesOf(ascending(all)) },
    incomplete: problems.length,
  };
}

/** A query over history that answers with fewer points than it must is told, and makes the bench fail in the end. */
async function timed(
  world: World,
  expr: string,
  { range, problems }: { range: { start: number; end: number; step: number }; problems: string[] },
): Promise<number> {
  const started = performance.now();
  const found = await world.answers.queryRange(expr, range);
  const elapsed = performance.now() - started;
  const [points, steps] = [found[0]?.points.length ?? 0, (range.end - range.start) / range.step];
  if (points < 0.9 * steps) problems.push(`${expr}: ${points} points for ${steps} steps`);
  return elapsed;
}

function feed(plan: FeedPlan): Promise<FeedReport> {
  return reportOf('bench/desk-feed.ts', plan);
}

/** Waits until everything is counted, or gives up; what PromQL counts by name. */
async function settled(
  world: World,
  expected: Readonly<Record<string, number>>,
  range = '1h',
): Promise<Record<string, number>> {
  let stored: Record<string, number> = {};
  const ask = async (): Promise<true | undefined> => {
    for (const name of Object.keys(expected)) {
      const [gauges, observations] = [`sum(count_over_time(${name}[${range}]))`, `sum(histogram_count(${name}))`];
      const isDistribution = name.endsWith('_seconds');
      stored = { ...stored, [name]: await world.answers.scalar(isDistribution ? observations : gauges) };
    }
    return total(stored) >= total(expected) || undefined;
  };
  await until(ask, { what: 'everything is stored', timeoutMs: SETTLE_TIMEOUT_MS, everyMs: 500 }).catch(
    (error: unknown) => say(String(error)),
  );
  return stored;
}

/** The last full minute, in seconds since 1970. */
function lastMinute(): number {
  return Math.floor(Date.now() / 60_000) * 60;
}

function timesOf(values: readonly number[]): Times {
  const round = (ms: number): number => Math.round(ms * 10) / 10;
  return {
    p50Ms: round(quantileOf(values, 0.5)),
    p95Ms: round(quantileOf(values, 0.95)),
    p99Ms: round(quantileOf(values, 0.99)),
    worstMs: round(values.at(-1) ?? NaN),
  };
}

function ascending(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

function sumByName(...parts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const part of parts) for (const [name, count] of Object.entries(part)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function pidOf({ pid }: { readonly pid: number | undefined }): number {
  if (pid === undefined) throw new Error('the process does not run');
  return pid;
}

function say(line: string): void {
  console.error(line);
}
