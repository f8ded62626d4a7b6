/**
 * `npm run bench -- overhead`: what monitoring costs the trading side (REQUIREMENTS.md ING-03, PCT-14, PRF-23). A client that
 * trades over core NATS publishes a message a millisecond, each with a flush that the broker answers, and a gateway takes
 * them. In turns the sidecar is subscribed to their subject, or it is stopped and to theirs nobody but the gateway is: the
 * same broker, client and seeded data, so that only the ratio of neighbours counts. Then the sidecar's percentiles of what
 * it was sent beside the exact ones, and its own CPU and memory.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { connect } from '@nats-io/transport-node';
import { quantileType7 } from '@tapewatch/core';
import { OverheadLoad, type MeasureName } from './overhead-load.ts';
import { usageOf } from './process-usage.ts';
import { scalar, startRig, type Rig } from './rig.ts';

/** Samples a message, so thousands of samples a second: what is normal, and a load. */
const NORMAL_BATCHES = [1, 5] as const;
const BATCHES = [...NORMAL_BATCHES, 50] as const;
/** Of a normal operation, for each second of a round: some maintenance comes every ten seconds only. */
const NORMAL_ROUNDS = 10;
/** Each with and without, in the order AB BA AB ..., so that a drift of the machine meets both alike. */
const PAIRS = 6;
/** Of each round before it is measured: what waited for the sidecar's return is worked off. */
const HEAD_SECONDS = 0.5;
const WARM_SECONDS = 10;
const QUANTILES = [0.5, 0.95, 0.99];
const SETTLE_MS = 5_000;

export interface OverheadResult {
  readonly samplesPerSecond: number;
  /** Publish to broker and back, microseconds, medians of the rounds. */
  readonly aloneP50: number;
  readonly watchedP50: number;
  readonly aloneP99: number;
  readonly watchedP99: number;
  /** Medians of the ratios of neighbouring rounds. */
  readonly p50Ratio: number;
  readonly p99Ratio: number;
  /** How far two neighbouring rounds without the sidecar differ: what this machine can tell. */
  readonly noise: number;
}

/** Of the sidecar alone, when it has done the same for a while. */
export interface NormalOperation {
  readonly samplesPerSecond: number;
  readonly cpuCores: number;
  readonly rssMb: number;
}

export interface OverheadReport {
  readonly results: readonly OverheadResult[];
  readonly normal: readonly NormalOperation[];
  /** Greatest distance of a percentile from the exact one, and what the histogram promises, both relative. */
  readonly accuracy: { readonly worst: number; readonly bound: number; readonly percentiles: number };
}

const WATCHED = 'desk.watched.telemetry';
const PRIVATE = 'desk.private.telemetry';
const STREAMS = [{ name: 'desk', subject: 'desk.watched.>', payload: 'metric' }];

export async function benchOverhead(roundSeconds: number): Promise<OverheadReport> {
  const rig = await startRig({ config: { streams: STREAMS } });
  const gateway = spawn(process.execPath, ['tools/run.mjs', 'bench/desk-gateway.ts', rig.nats], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const connection = await connect({ servers: rig.nats });
  try {
    await gatewayReady(gateway);
    const load = new OverheadLoad(connection);
    await load.run(WATCHED, { seconds: WARM_SECONDS, batch: BATCHES[1] });
    const results: OverheadResult[] = [];
    for (const batch of BATCHES) results.push(await compare(rig, load, { batch, roundSeconds }));
    const normal: NormalOperation[] = [];
    for (const batch of NORMAL_BATCHES) normal.push(await operate(rig, load, { batch, roundSeconds }));
    return { results, normal, accuracy: await accuracyOf(rig, load) };
  } finally {
    await connection.close();
    gateway.kill();
    await rig.stop();
  }
}

/** It says a line when it has subscribed. */
function gatewayReady(gateway: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    gateway.stdout?.once('data', () => resolve());
    gateway.once('exit', (code) => reject(new Error(`bench/desk-gateway.ts ended with ${code}`)));
  });
}

interface Round {
  readonly p50: number;
  readonly p99: number;
}

async function compare(
  rig: Rig,
  load: OverheadLoad,
  { batch, roundSeconds }: { readonly batch: number; readonly roundSeconds: number },
): Promise<OverheadResult> {
  console.error(`${batch} samples a message, ${2 * PAIRS} rounds of ${roundSeconds} s ...`);
  const [alone, watched]: [Round[], Round[]] = [[], []];
  for (let pair = 0; pair < PAIRS; pair++) {
    const order = pair % 2 === 0 ? [false, true] : [true, false];
    for (const isWatched of order) {
      if (isWatched) watched.push(await round(load, WATCHED, { batch, roundSeconds }));
      else alone.push(await withoutSidecar(rig, () => round(load, PRIVATE, { batch, roundSeconds })));
    }
  }
  const ratios = (read: (round: Round) => number): number =>
    median(watched.map((one, i) => read(one) / read(alone[i] as Round)));
  const of = (rounds: readonly Round[], read: (round: Round) => number): number => median(rounds.map(read));
  return {
    samplesPerSecond: batch * load.messagesPerSecond,
    ...{ aloneP50: of(alone, ({ p50 }) => p50), watchedP50: of(watched, ({ p50 }) => p50) },
    ...{ aloneP99: of(alone, ({ p99 }) => p99), watchedP99: of(watched, ({ p99 }) => p99) },
    ...{ p50Ratio: ratios(({ p50 }) => p50), p99Ratio: ratios(({ p99 }) => p99) },
    noise: median(alone.slice(1).map(({ p50 }, i) => Math.abs(p50 / (alone[i] as Round).p50 - 1))),
  };
}

async function operate(
  rig: Rig,
  load: OverheadLoad,
  { batch, roundSeconds }: { readonly batch: number; readonly roundSeconds: number },
): Promise<NormalOperation> {
  const seconds = NORMAL_ROUNDS * roundSeconds;
  console.error(`${batch} samples a message, ${seconds} s on end ...`);
  const [before, started] = [usageOf(rig.sidecarPid).cpuSeconds, performance.now()];
  await load.run(WATCHED, { seconds, batch });
  const { cpuSeconds, peakRssMb } = usageOf(rig.sidecarPid);
  return {
    samplesPerSecond: batch * load.messagesPerSecond,
    cpuCores: (cpuSeconds - before) / ((performance.now() - started) / 1_000),
    rssMb: Math.round(peakRssMb),
  };
}

async function round(
  load: OverheadLoad,
  subject: string,
  { batch, roundSeconds }: { readonly batch: number; readonly roundSeconds: number },
): Promise<Round> {
  await load.run(subject, { seconds: HEAD_SECONDS, batch });
  const micros = await load.run(subject, { seconds: roundSeconds, batch });
  return { p50: quantileType7(micros, 0.5), p99: quantileType7(micros, 0.99) };
}

/** Stopped, so that it takes no CPU either; its connection lives on. */
async function withoutSidecar<T>({ sidecarPid }: Rig, work: () => Promise<T>): Promise<T> {
  process.kill(sidecarPid, 'SIGSTOP');
  try {
    return await work();
  } finally {
    process.kill(sidecarPid, 'SIGCONT');
  }
}

/** Of all that was published where the sidecar listens, since its start. */
async function accuracyOf({ http }: Rig, load: OverheadLoad): Promise<OverheadReport['accuracy']> {
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  let [worst, bound, percentiles] = [0, 0, 0];
  for (const name of Object.keys(load.published) as MeasureName[]) {
    const values = Float64Array.from(load.published[name]).sort();
    const counted = await scalar(http, `sum(histogram_count(${name}))`);
    if (counted !== values.length) throw new Error(`${name}: ${values.length} published, ${counted} counted`);
    bound = Math.max(bound, await scalar(http, `max(histogram_error_bound(${name}))`));
    for (const q of QUANTILES) {
      const found = await scalar(http, `histogram_quantile(${q}, sum(${name}))`);
      const exact = values[Math.ceil(q * values.length) - 1] as number;
      worst = Math.max(worst, Math.abs(found - exact) / exact);
      percentiles++;
    }
  }
  return { worst, bound, percentiles };
}

function median(values: readonly number[]): number {
  return quantileType7(Float64Array.from(values).sort(), 0.5);
}
