/**
 * `npm run bench -- ingest`: samples a second and CPU a sample, for JSON singles, JSON batches of 100 and line protocol
 * batches of 100, through a real NATS into DuckDB. CPU is the sidecar's whole process, store worker included; the
 * broker's stands beside it. `lost` is what was published minus what PromQL counts afterwards.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { usageOf } from './process-usage.ts';
import { scalar, startRig, type Rig } from './rig.ts';
import { ENCODERS, type Encoder } from './samples.ts';

const SETTLE_TIMEOUT_MS = 30_000;
const DEFAULT_RATES: Readonly<Record<Encoder['codec'], number>> = {
  'json-single': 20_000,
  'json-batch-100': 100_000,
  'line-batch-100': 100_000,
};

export interface IngestOptions {
  readonly seconds: number;
  readonly series: number;
  /** Samples a second for every codec; the default differs by codec. */
  readonly rate?: number;
}

export interface IngestResult {
  readonly codec: string;
  readonly samplesPerSecond: number;
  readonly microsPerSample: number;
  readonly cpuCores: number;
  readonly rssMb: number;
  readonly lost: number;
  readonly natsCpuCores: number;
}

export async function benchIngest(options: IngestOptions): Promise<IngestResult[]> {
  const results: IngestResult[] = [];
  for (const encoder of ENCODERS) {
    console.error(`${encoder.codec} ...`);
    const rig = await startRig();
    try {
      results.push(await measure(rig, encoder, options));
    } finally {
      await rig.stop();
    }
  }
  return results;
}

async function measure(rig: Rig, encoder: Encoder, options: IngestOptions): Promise<IngestResult> {
  const rate = options.rate ?? DEFAULT_RATES[encoder.codec];
  // A first small load creates the series and warms the code; its samples are counted too.
  const warm = await publish(rig, encoder, { ...options, rate: options.series, seconds: 1 });
  await settled(rig, warm.published);
  const before = { sidecar: usageOf(rig.sidecarPid), nats: usageOf(rig.natsPid) };
  const { published, seconds } = await publish(rig, encoder, { ...options, rate });
  const stored = await settled(rig, warm.published + published);
  const after = { sidecar: usageOf(rig.sidecarPid), nats: usageOf(rig.natsPid) };
  const cpu = after.sidecar.cpuSeconds - before.sidecar.cpuSeconds;
  return {
    codec: encoder.codec,
    samplesPerSecond: Math.round(published / seconds),
    microsPerSample: (cpu / published) * 1e6,
    cpuCores: cpu / seconds,
    rssMb: Math.round(after.sidecar.peakRssMb),
    lost: warm.published + published - stored,
    natsCpuCores: (after.nats.cpuSeconds - before.nats.cpuSeconds) / seconds,
  };
}

async function publish(
  rig: Rig,
  encoder: Encoder,
  { rate, seconds, series }: { rate: number; seconds: number; series: number },
): Promise<{ published: number; seconds: number }> {
  const args = ['tools/run.mjs', 'bench/publisher.ts', rig.nats, encoder.codec, rate, seconds, series].map(String);
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { published: number; seconds: number };
}

/** Waits until everything is stored and in sealed windows, or nothing changes any more. */
async function settled(rig: Rig, expected: number): Promise<number> {
  const deadline = Date.now() + SETTLE_TIMEOUT_MS;
  let stored = 0;
  while (Date.now() < deadline) {
    stored = await countStored(rig);
    if (stored >= expected) return stored;
    await new Promise((done) => setTimeout(done, 500));
  }
  return stored;
}

/** One query a metric: series of two metrics that differ by name only would collide in `count_over_time`. */
async function countStored({ http }: Rig): Promise<number> {
  const queries = [
    ...['bench_gauge', 'bench_gauge_line', 'bench_latency_seconds_line'].map(
      (name) => `sum(count_over_time(${name}[5m]))`,
    ),
    'sum(histogram_count(bench_latency_seconds))',
  ];
  const counts = await Promise.all(queries.map((query) => scalar(http, query)));
  return counts.reduce((sum, count) => sum + count, 0);
}
