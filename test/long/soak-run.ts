/**
 * Row 30 of the fault list, short form: steady load for half an hour. After the warm-up the resident memory may grow by
 * less than the bound says, by a line fitted to the samples; file descriptors may not grow; nothing is lost.
 */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { until } from '../../tools/demo/process.ts';
import { World } from '../fault/world.ts';

const SAMPLE_EVERY_MS = 5_000;
/** Of the whole time; caches, the head and V8's generations fill in it. */
const WARM_UP_SHARE = 0.5;
/**
 * The row asks for less than 1 MB an hour over a day. Over a quarter of an hour V8's own garbage moves by tens of
 * megabytes, so the short form can only tell a leak from that: 50 bytes for each of 1,000 samples.
 */
const SLOPE_LIMIT_MB_PER_HOUR = 100;
const SERIES = 5_000;

export interface SoakReport {
  readonly ok: boolean;
  readonly minutes: number;
  readonly published: number;
  readonly lost: number;
  readonly rssMb: number;
  readonly slopeMbPerHour: number;
  readonly descriptorsBefore: number;
  readonly descriptorsAfter: number;
}

export async function runSoak(plan: {
  readonly minutes: number;
  readonly rate: number;
  readonly say: (line: string) => void;
}): Promise<SoakReport> {
  const { minutes, rate, say } = plan;
  // The head must have filled before the second half, or its growth would look like a leak.
  const headMinutes = Math.max(1, Math.floor(minutes / 4));
  const world = await World.open({ config: { pipeline: { headMinutes }, log: { level: 'warn' } } });
  try {
    const pid = world.sidecar.pid as number;
    const publishing = publish(world, { rate, seconds: minutes * 60 });
    let done = false;
    void publishing.finally(() => (done = true));
    const samples: { hours: number; rssMb: number }[] = [];
    const started = performance.now();
    let descriptorsBefore = 0;
    while (!done) {
      await pause(SAMPLE_EVERY_MS);
      const hours = (performance.now() - started) / 3_600_000;
      const rssMb = residentMb(pid);
      if (hours * 60 < minutes * WARM_UP_SHARE) descriptorsBefore = descriptors(pid);
      else samples.push({ hours, rssMb });
      if (samples.length % 12 === 0) say(`${(hours * 60).toFixed(1)} min: ${rssMb.toFixed(0)} MB`);
    }
    const published = await publishing;
    // Before the count: a query over every distribution takes memory of its own.
    const rssMb = Math.round(residentMb(pid));
    const stored = await storedOf(world, published);
    const slopeMbPerHour = Math.round(slopeOf(samples));
    const report = {
      ...{ minutes, published, lost: published - stored, rssMb, slopeMbPerHour },
      ...{ descriptorsBefore, descriptorsAfter: descriptors(pid) },
    };
    const steady = slopeMbPerHour < SLOPE_LIMIT_MB_PER_HOUR && report.descriptorsAfter <= descriptorsBefore + 5;
    return { ok: steady && report.lost === 0, ...report };
  } finally {
    await world.close();
  }
}

async function publish(world: World, { rate, seconds }: { rate: number; seconds: number }): Promise<number> {
  const plan = {
    ...{ server: world.natsUrl, kind: 'wide', batch: 100, rate, seconds, series: SERIES },
    ...{ pastSeconds: 0, stepSeconds: 1, pastRate: 1 },
  };
  const args = ['tools/run.mjs', 'bench/desk-feed.ts', JSON.stringify(plan)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return (JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { published: number }).published;
}

async function storedOf(world: World, published: number): Promise<number> {
  let stored = 0;
  const ask = async (): Promise<true | undefined> => {
    stored = await world.answers.scalar('sum(histogram_count(wide_seconds))');
    return stored >= published || undefined;
  };
  await until(ask, { what: 'everything is stored', timeoutMs: 60_000 }).catch(() => undefined);
  return stored;
}

function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;
}

function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Least squares. */
function slopeOf(samples: readonly { hours: number; rssMb: number }[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [hours, rss] = [mean(samples.map((s) => s.hours)), mean(samples.map((s) => s.rssMb))];
  const covariance = mean(samples.map((s) => (s.hours - hours) * (s.rssMb - rss)));
  return covariance / mean(samples.map((s) => (s.hours - hours) ** 2));
}
