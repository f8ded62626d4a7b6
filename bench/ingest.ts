/**
 * `npm run bench -- ingest`: samples a second, CPU a sample, memory, time from publishing to being visible, and stalls of
 * the event loop, through a real NATS into DuckDB with histograms, windows, EWMA baselines and a hundred rules. CPU is the
 * sidecar's whole process, worker threads included; the broker's stands beside it. `lost` is what was published minus what
 * the sidecar says is durable, and observations minus what PromQL counts in the distributions.
 */
import { exposition, quantileOf } from './exposition.ts';
import { IngestWatch, storedItems } from './ingest-watch.ts';
import { usageOf } from './process-usage.ts';
import { reportOf } from './program-report.ts';
import { startRig, scalar, type Rig } from './rig.ts';
import { benchRules } from './rules.ts';
import { settingOf, type BenchCodec } from './templates.ts';
import type { PublishPlan, PublishReport } from './publisher.ts';
import { quantileOf as quantileOfAscending } from './viewers.ts';

const SETTLE_TIMEOUT_MS = 60_000;
/** Of the measured time: a Node process spends about 1.5 s of CPU on compiling this code, most of it in its first quarter of a minute. */
const WARM_SHARE = 0.25;
const [WARM_LEAST_SECONDS, WARM_MOST_SECONDS] = [3, 15];
/** A publisher is always a tick behind its schedule, so a rate that must be reached is exceeded by this. */
const RATE_MARGIN = 1.002;
/** Raw samples that one query may count; past it the sidecar's own counter is the only witness for gauges. */
const COUNTABLE = 20_000_000;

export type Delivery = 'core' | 'jetstream';

export interface IngestCase {
  readonly codec: BenchCodec;
  readonly delivery: Delivery;
  readonly rate: number;
  readonly series: number;
  /** What its demands speak of; a shorter run is not judged. */
  readonly seconds: number;
}

export interface IngestResult {
  readonly codec: string;
  readonly delivery: Delivery;
  readonly samplesPerSecond: number;
  readonly microsPerSample: number;
  /** Of the seconds of the load, each as a whole. */
  readonly microsP95: number;
  readonly cpuCores: number;
  readonly natsCpuCores: number;
  readonly rssMb: number;
  readonly visibleP50Ms: number;
  readonly visibleP99Ms: number;
  /** Greatest age, by its own stamp, of a sample that was not durable yet. */
  readonly storedLagMs: number;
  readonly stallMs: number;
  /** From the end of the load until all of it was durable. */
  readonly drainMs: number;
  readonly lost: number;
}

/** What issue 4 asks for: singles, batches, both also durable. */
export const INGEST_CASES: readonly IngestCase[] = [
  { codec: 'json-single', delivery: 'core', rate: 50_000, series: 5_000, seconds: 60 },
  { codec: 'line-single', delivery: 'core', rate: 50_000, series: 5_000, seconds: 20 },
  { codec: 'json-batch-100', delivery: 'core', rate: 200_000, series: 10_000, seconds: 20 },
  { codec: 'line-batch-100', delivery: 'core', rate: 500_000, series: 10_000, seconds: 20 },
  { codec: 'arrow-batch-1000', delivery: 'core', rate: 1_000_000, series: 10_000, seconds: 60 },
  { codec: 'json-single', delivery: 'jetstream', rate: 50_000, series: 5_000, seconds: 20 },
  { codec: 'line-batch-100', delivery: 'jetstream', rate: 500_000, series: 10_000, seconds: 20 },
];

/** One that issue 4 does not name, for a run that does: told of it is what it cost, demanded only that nothing is lost. */
export function otherCase(codec: BenchCodec): IngestCase {
  return { codec, delivery: 'core', rate: 50_000, series: 5_000, seconds: 20 };
}

export async function benchIngest(cases: readonly IngestCase[]): Promise<IngestResult[]> {
  const results: IngestResult[] = [];
  for (const one of cases) results.push(await measured({ ...one, rate: one.rate * RATE_MARGIN }));
  return results;
}

/** On a rig of its own. */
export async function measured(one: IngestCase): Promise<IngestResult> {
  const rig = await startRig({ rules: benchRules(), config: { streams: streamsFor(one.codec) } });
  try {
    return await measure(rig, one);
  } finally {
    await rig.stop();
  }
}

/** Line protocol and remote write cannot say that a value is an observation; the stream says it by name. */
function streamsFor(codec: BenchCodec): object[] {
  const reading = { codec: settingOf(codec), kinds: { observation: ['*_seconds'] } };
  return [
    { name: 'core', subject: 'bench.core.>', ...reading },
    {
      name: 'durable',
      subject: 'bench.durable.>',
      delivery: 'jetstream',
      jetstream: { stream: 'BENCH', ensureStream: { subjects: ['bench.durable.>'] } },
      ...reading,
    },
  ];
}

async function measure(rig: Rig, one: IngestCase): Promise<IngestResult> {
  const { seconds } = one;
  console.error(`${one.codec} over ${one.delivery} at ${Math.round(one.rate)}/s for ${seconds} s ...`);
  const subject = one.delivery === 'core' ? 'bench.core.x' : 'bench.durable.x';
  const plan = { server: rig.nats, subject, ...one };
  // A first small load creates the series and compiles the code; its samples are counted too.
  const warmSeconds = Math.min(WARM_MOST_SECONDS, Math.max(WARM_LEAST_SECONDS, Math.round(seconds * WARM_SHARE)));
  const warm = await publish({ ...plan, rate: Math.min(one.rate, one.series * 5), seconds: warmSeconds });
  const storedBefore = await settled(rig, warm.published);
  const [metricsBefore, before] = [await exposition(rig.http), usagesOf(rig)];
  const watch = new IngestWatch(rig);
  const main = await publish(plan);
  const published = warm.published + main.published;
  const ended = performance.now();
  const stored = await settled(rig, published, watch);
  const drainMs = Math.round(performance.now() - ended);
  const load = { startedMs: main.startedMs, seconds: main.seconds, rate: main.published / main.seconds };
  const { stallMs, micros, storedLagMs } = await watch.end(load, storedBefore);
  const [metricsAfter, after] = [await exposition(rig.http), usagesOf(rig)];
  const cpu = after.sidecar.cpuSeconds - before.sidecar.cpuSeconds;
  const visible = (q: number): number =>
    quantileOf(q, 'tapewatch_sample_visible_seconds', metricsBefore, metricsAfter) * 1_000;
  const missing = await missingInQueries(rig, {
    published,
    observations: warm.observations + main.observations,
  });
  return {
    codec: one.codec,
    delivery: one.delivery,
    samplesPerSecond: Math.round(main.published / main.seconds),
    microsPerSample: (cpu / main.published) * 1e6,
    microsP95: quantileOfAscending(micros, 0.95),
    cpuCores: cpu / main.seconds,
    natsCpuCores: (after.nats.cpuSeconds - before.nats.cpuSeconds) / main.seconds,
    rssMb: Math.round(after.sidecar.peakRssMb),
    visibleP50Ms: visible(0.5),
    visibleP99Ms: visible(0.99),
    ...{ storedLagMs: Math.round(storedLagMs), stallMs, drainMs },
    lost: Math.max(published - stored, missing),
  };
}

function usagesOf(rig: Rig) {
  return { sidecar: usageOf(rig.sidecarPid), nats: usageOf(rig.natsPid) };
}

function publish(plan: PublishPlan): Promise<PublishReport> {
  return reportOf('bench/publisher.ts', plan);
}

/**
 * Waits until everything is durable, or nothing changes any more for some seconds. What it reads goes to the watch, too:
 * its first look tells the stalls of the load's last seconds, of a burst those of the whole.
 */
async function settled(rig: Rig, expected: number, watch?: Pick<IngestWatch, 'take'>): Promise<number> {
  const deadline = Date.now() + SETTLE_TIMEOUT_MS;
  let [stored, since] = [-1, Date.now()];
  while (Date.now() < deadline) {
    const text = await exposition(rig.http);
    watch?.take(text);
    const now = storedItems(text);
    if (now >= expected) return now;
    if (now !== stored) [stored, since] = [now, Date.now()];
    else if (Date.now() - since > 8_000) return now;
    await new Promise((done) => setTimeout(done, 250));
  }
  return stored;
}

/** Asked after the last windows were sealed. */
async function missingInQueries(
  { http }: Rig,
  { published, observations }: { published: number; observations: number },
): Promise<number> {
  await new Promise((done) => setTimeout(done, 3_500));
  const counted = await scalar(http, 'sum(histogram_count(bench_latency_seconds))');
  const gauges = published - observations;
  const missing = Math.abs(observations - counted);
  if (gauges > COUNTABLE) return missing;
  return missing + Math.abs(gauges - (await scalar(http, 'sum(count_over_time(bench_gauge[5m]))')));
}
