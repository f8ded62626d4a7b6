/**
 * Row 30 of the fault list, short form: steady load for half an hour, which draws breath once a minute. In that breath,
 * when all is committed and garbage collected, the resident memory is what the process holds; under load the engine's
 * buffers, which come and go by a hundred megabytes with each checkpoint, would hide a leak. After the warm-up it may grow
 * by less than 1 MB an hour, by a line through those readings, as far as the line can tell: its slope, less twice its
 * standard error. File descriptors may not grow; nothing is lost. The line through the least of each minute under load is
 * told beside it: over half an hour it shows where in V8's cycle of some ten minutes the run began and ended.
 */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePorts } from '../../tools/demo/port.ts';
import { until } from '../../tools/demo/process.ts';
import { World } from '../fault/world.ts';
import { Collector } from './collector.ts';
import { lineThrough, type Reading } from './trend.ts';

const SAMPLE_EVERY_MS = 5_000;
/** Of each minute; the rest is the breath. */
const LOADED_SECONDS = 52;
const SETTLE_TIMEOUT_MS = 60_000;
/** Freed buffers go back in the background: the least of so many readings counts. */
const [HELD_READINGS, HELD_READING_EVERY_MS] = [16, 250];
/** Of the whole time; caches, the head and V8's generations fill in it. */
const WARM_UP_SHARE = 0.5;
/** What the row asks for; a day proves it, half an hour can only disprove it. */
const SLOPE_LIMIT_MB_PER_HOUR = 1;
/** However uncertain the line is. */
const ANY_SLOPE_LIMIT_MB_PER_HOUR = 50;
const SERIES = 5_000;
/** The engine's cache takes what it is given; of the default it would still be filling at the end. */
const ENGINE_MB = 96;
/** How far PromQL looks back; a shorter memory could not answer. */
const LOOKBACK_MINUTES = 5;
const COUNT = 'sum(histogram_count(wide_seconds))';

interface Held extends Reading {
  readonly engineMb: number;
}

export interface SoakReport {
  readonly ok: boolean;
  readonly minutes: number;
  readonly published: number;
  /** Published minus what became durable. */
  readonly lost: number;
  /** Published minus what PromQL counts, or why it did not count; null after a run too short for memory to answer. */
  readonly unanswered: number | string | null;
  readonly rssMb: number;
  readonly slopeMbPerHour: number;
  /** Standard error of the slope. */
  readonly slopeError: number;
  /** Through the least of each minute under load, garbage included; and its standard error. */
  readonly withGarbageMbPerHour: number;
  readonly withGarbageError: number;
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
  const store = { memoryLimitMb: ENGINE_MB };
  const [inspectorPort] = await freePorts(1);
  const nodeFlags = [`--inspect=127.0.0.1:${inspectorPort}`];
  const config = { pipeline: { headMinutes }, store, log: { level: 'warn' } };
  const world = await World.prepare({ config, nodeFlags });
  Object.assign(world.environment, shippedEnvironment());
  let collector: Collector | undefined;
  try {
    await world.startNats();
    await world.startSidecar();
    collector = await Collector.attach(inspectorPort as number);
    const pid = world.sidecar.pid as number;
    const [loaded, held]: [Reading[], Held[]] = [[], []];
    const started = performance.now();
    const reading = (): Reading => ({ hours: (performance.now() - started) / 3_600_000, rssMb: residentMb(pid) });
    const isWarm = ({ hours }: Reading): boolean => hours * 60 >= minutes * WARM_UP_SHARE;
    let [published, descriptorsBefore] = [0, 0];
    for (let minute = 1; minute <= minutes; minute++) {
      const watch = setInterval(() => loaded.push(reading()), SAMPLE_EVERY_MS);
      published += await publish(world, { rate, seconds: LOADED_SECONDS }).finally(() => clearInterval(watch));
      await counted(published, () => storedBy(world));
      await collector.collect();
      const after = await leastHeld(world, reading);
      held.push(after);
      if (!isWarm(after)) descriptorsBefore = descriptors(pid);
      const { rssMb } = loaded.at(-1) ?? after;
      const [without, engine, whole] = [after.rssMb, after.engineMb, rssMb].map((mb) => mb.toFixed(0));
      say(
        `${(after.hours * 60).toFixed(1)} min: ${without} MB held beside ${engine} of the engine, ${whole} under load`,
      );
    }
    // Before the count: a query over every distribution takes memory of its own, and a connection.
    const [rssMb, descriptorsAfter] = [Math.round(residentMb(pid)), descriptors(pid)];
    const stored = await counted(published, () => storedBy(world));
    const answers = headMinutes > LOOKBACK_MINUTES;
    const answered = answers ? await counted(published, () => world.answers.scalar(COUNT)) : null;
    const { slope, error } = lineThrough(held.filter(isWarm));
    const withGarbage = lineThrough(leastOfEachMinute(loaded.filter(isWarm)));
    const report = {
      ...{ minutes, published, lost: published - Number(stored), rssMb },
      ...{ slopeMbPerHour: tenths(slope), slopeError: tenths(error) },
      ...{ withGarbageMbPerHour: tenths(withGarbage.slope), withGarbageError: tenths(withGarbage.error) },
      unanswered: typeof answered === 'number' ? published - answered : answered,
      ...{ descriptorsBefore, descriptorsAfter },
    };
    const isFlat = slope - 2 * error < SLOPE_LIMIT_MB_PER_HOUR && slope < ANY_SLOPE_LIMIT_MB_PER_HOUR;
    const steady = isFlat && report.descriptorsAfter <= descriptorsBefore + 5;
    return { ok: steady && report.lost === 0 && (report.unanswered ?? 0) === 0, ...report };
  } finally {
    collector?.close();
    await world.close();
  }
}

/** What the unit sets, which is what the image sets: how freed memory goes back to the system. */
function shippedEnvironment(): Record<string, string> {
  const unit = readFileSync('deploy/systemd/tapewatch.service', 'utf8');
  const pairs = [...unit.matchAll(/^Environment=(\w+)=(\S+)$/gm)].map(([, name, value]) => [name, value] as const);
  return Object.fromEntries(pairs) as Record<string, string>;
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
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

async function storedBy(world: World): Promise<number> {
  return (await world.answers.metrics()).sum('tapewatch_stored_items_total', { stream: 'metrics' });
}

/** Resident without what the engine has: that is bounded by its limit, and told by itself. */
async function leastHeld(world: World, read: () => Reading): Promise<Held> {
  const held: Held[] = [];
  for (let i = 0; i < HELD_READINGS; i++) {
    await pause(HELD_READING_EVERY_MS);
    // A look at the store's health, of which the exposition tells.
    await world.answers.readiness();
    const engineMb = (await world.answers.metrics()).sum('tapewatch_store_memory_bytes') / 2 ** 20;
    const { hours, rssMb } = read();
    held.push({ hours, rssMb: rssMb - engineMb, engineMb });
  }
  return held.reduce((least, one) => (one.rssMb < least.rssMb ? one : least));
}

/** The last figure, or why there was none. */
async function counted(wanted: number, ask: () => Promise<number>): Promise<number | string> {
  let last: number | string = 'never asked';
  const isThere = async (): Promise<true | undefined> => {
    last = await ask().catch((error: unknown) => String(error));
    return last === wanted || undefined;
  };
  await until(isThere, { what: 'everything is counted', timeoutMs: SETTLE_TIMEOUT_MS }).catch(() => undefined);
  return last;
}

function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;
}

function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

function leastOfEachMinute(samples: readonly Reading[]): Reading[] {
  const least = new Map<number, Reading>();
  for (const sample of samples) {
    const minute = Math.floor(sample.hours * 60);
    if (sample.rssMb < (least.get(minute)?.rssMb ?? Infinity)) least.set(minute, sample);
  }
  return [...least.values()];
}
