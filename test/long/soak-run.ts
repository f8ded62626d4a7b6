/**
 * Row 30 of the fault list, short form: steady load for half an hour, which draws breath once a minute after a warm-up.
 * In that breath, when all is committed and garbage collected, it is read what the process holds. After the warm-up that
 * may grow by less than 1 MB an hour, by a line through the readings, as far as the line can tell: its slope, less twice
 * its standard error; a line that is not sure enough fails too. Twice: what objects and buffers of all threads take,
 * which is told to the byte (compiled code, which V8 goes on making for hours, has a line of its own that is only told);
 * and resident memory without what the engine says of its own, which comes and goes up to its limit and may never pass
 * it. File descriptors may not grow; nothing is lost, by totals of the load and by a small ledger beside it. Told too:
 * the line through the whole resident memory of the breaths, and through the least of each minute under load, which over
 * half an hour shows where in V8's cycle of some ten minutes the run began and ended.
 */
import { readdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { FeedReport } from '../../bench/desk-feed.ts';
import { reportOf } from '../../bench/program-report.ts';
import { freePorts } from '../../tools/demo/port.ts';
import { until } from '../../tools/demo/process.ts';
import { CLEAN, faultsOf, judgeInTime, Ledger } from '../fault/ledger.ts';
import { LEDGER_STREAMS, Publisher } from '../fault/publisher.ts';
import { World } from '../fault/world.ts';
import { type Held, HeldMemory, residentMb } from './held.ts';
import { lineThrough, OWN_LIMITS, type Reading, RESIDENT_LIMITS, type TrendVerdict, verdictOf } from './trend.ts';

const SAMPLE_EVERY_MS = 5_000;
/** Of each minute; the rest is the breath. */
const LOADED_SECONDS = 52;
/**
 * Of each minute of the warm-up, without a breath: what the process keeps in reserve reaches its most then, and not by and
 * by, as the load's seconds fall a little otherwise into one minute than into the next.
 */
const WARMING_SECONDS = 57;
const SETTLE_TIMEOUT_MS = 60_000;
/** Of the whole time; caches, the head and V8's generations fill in it. */
const WARM_UP_SHARE = 0.5;
const SERIES = 5_000;
/** Entries a second; a day of them must fit into this process. */
const LEDGER_RATE = 50;
/** The engine's cache takes what it is given; of the default it would still be filling at the end. */
const ENGINE_MB = 96;
/** How far PromQL looks back; a shorter memory could not answer. */
const LOOKBACK_MINUTES = 5;
/** A longer run warms up for longer, with no more in memory. */
const HEAD_MINUTES_MAX = 7;
const COUNT = 'sum(histogram_count(wide_seconds))';

export interface SoakReport {
  readonly ok: boolean;
  readonly minutes: number;
  readonly published: number;
  /** Published minus what became durable. */
  readonly lost: number;
  /** Entries of the ledger that JetStream acknowledged, and what is wrong with them. */
  readonly entries: number;
  readonly faults: ReturnType<typeof faultsOf>;
  /** Published minus what PromQL counts, or why it did not count; null after a run too short for memory to answer. */
  readonly unanswered: number | string | null;
  readonly rssMb: number;
  /** The most that the engine held in a breath. */
  readonly engineMostMb: number;
  /** Of objects and buffers of all threads; the line's slope, and its standard error. */
  readonly ownTrend: TrendVerdict;
  readonly ownMbPerHour: number;
  readonly ownError: number;
  /** Of compiled code, which is in resident memory but not in the line before. */
  readonly codeMbPerHour: number;
  readonly codeError: number;
  /** Of resident memory without the engine's. */
  readonly trend: TrendVerdict;
  readonly slopeMbPerHour: number;
  readonly slopeError: number;
  /** Of the same readings with the engine's; and its standard error. */
  readonly withEngineMbPerHour: number;
  readonly withEngineError: number;
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
  const headMinutes = Math.min(HEAD_MINUTES_MAX, Math.max(1, Math.floor(minutes / 4)));
  const store = { memoryLimitMb: ENGINE_MB };
  const [inspectorPort] = await freePorts(1);
  const nodeFlags = [`--inspect=127.0.0.1:${inspectorPort}`];
  const config = { streams: LEDGER_STREAMS, pipeline: { headMinutes }, store, log: { level: 'warn' } };
  const world = await World.open({ config, nodeFlags });
  const ledger = new Ledger();
  let [publisher, memory]: [Publisher?, HeldMemory?] = [];
  try {
    const beside = { ledger, port: world.natsPort, delivery: 'jetstream', rate: LEDGER_RATE } as const;
    publisher = await Publisher.connect(beside);
    memory = await HeldMemory.watch(world, inspectorPort as number);
    const pid = world.sidecar.pid as number;
    const [loaded, held]: [Reading[], (Held & Reading)[]] = [[], []];
    const started = performance.now();
    const reading = (): Reading => ({ hours: (performance.now() - started) / 3_600_000, rssMb: residentMb(pid) });
    const isWarm = ({ hours }: Reading): boolean => hours * 60 >= minutes * WARM_UP_SHARE;
    let [published, descriptorsBefore] = [0, descriptors(pid)];
    let entriesWanted = 0;
    for (let minute = 1; minute <= minutes; minute++) {
      const isWarming = minute <= minutes * WARM_UP_SHARE;
      const seconds = isWarming ? WARMING_SECONDS : LOADED_SECONDS;
      entriesWanted += LEDGER_RATE * seconds;
      const [load] = await Promise.all([
        underLoad(world, { rate, seconds }, reading),
        publisher.publish(LEDGER_RATE * seconds),
      ]);
      loaded.push(...load.readings);
      published += load.published;
      const stored = await counted(published, () => storedBy(world));
      if (stored !== published) throw new Error(`minute ${minute}: ${published} were published, durable are ${stored}`);
      const rested = isWarming ? undefined : await memory.read();
      const now = reading();
      if (rested !== undefined) held.push({ ...now, ...rested });
      if (isWarming) descriptorsBefore = descriptors(pid);
      const [without, engine, whole] = [rested?.heldMb, rested?.engineMb, load.readings.at(-1)?.rssMb].map(megabytes);
      const [own, code] = [rested?.ownMb, rested?.codeMb].map((mb) => mb?.toFixed(2) ?? '?');
      const state = `${without} MB held beside ${engine} of the engine, ${own} of objects and buffers, ${code} of code`;
      say(`${(now.hours * 60).toFixed(1)} min: ${isWarming ? 'warming up' : state}, ${whole} MB under load`);
      await pause(Math.max(0, started + minute * 60_000 - performance.now()));
    }
    // Before the count: a query over every distribution takes memory of its own, and a connection.
    const [rssMb, descriptorsAfter] = [Math.round(residentMb(pid)), descriptors(pid)];
    const stored = await counted(published, () => storedBy(world));
    const answers = headMinutes > LOOKBACK_MINUTES;
    const answered = answers ? await counted(published, () => world.answers.scalar(COUNT)) : null;
    const entries = await judgeInTime(ledger, world.answers, { range: `${minutes + 30}m` });
    const through = (mb: (one: Held) => number) =>
      lineThrough(held.map((one) => ({ hours: one.hours, rssMb: mb(one) })));
    const own = through(({ ownMb }) => ownMb);
    const code = through(({ codeMb }) => codeMb);
    const { slope, error } = through(({ heldMb }) => heldMb);
    const withEngine = through(({ heldMb, engineMb }) => heldMb + engineMb);
    const withGarbage = lineThrough(leastOfEachMinute(loaded.filter(isWarm)));
    const report = {
      ...{ minutes, published, lost: published - Number(stored), rssMb },
      ...{ entries: entries.acknowledged, faults: faultsOf(entries) },
      ...{ ownTrend: verdictOf(own, OWN_LIMITS), ownMbPerHour: tenths(own.slope), ownError: tenths(own.error) },
      ...{ codeMbPerHour: tenths(code.slope), codeError: tenths(code.error) },
      trend: verdictOf({ slope, error }, RESIDENT_LIMITS),
      engineMostMb: tenths(Math.max(...held.map(({ engineMb }) => engineMb))),
      ...{ slopeMbPerHour: tenths(slope), slopeError: tenths(error) },
      ...{ withEngineMbPerHour: tenths(withEngine.slope), withEngineError: tenths(withEngine.error) },
      ...{ withGarbageMbPerHour: tenths(withGarbage.slope), withGarbageError: tenths(withGarbage.error) },
      unanswered: typeof answered === 'number' ? published - answered : answered,
      ...{ descriptorsBefore, descriptorsAfter },
    };
    const isBounded = report.engineMostMb <= ENGINE_MB && report.descriptorsAfter <= descriptorsBefore + 5;
    const isWhole = report.lost === 0 && (report.unanswered ?? 0) === 0 && isDeepStrictEqual(report.faults, CLEAN);
    // By the plan, not by what came: a publisher that sent nothing would be clean.
    const isJudged = entries.found === entriesWanted;
    const isFlat = report.ownTrend === 'flat' && report.trend === 'flat';
    return { ok: isFlat && isBounded && isWhole && isJudged, ...report };
  } finally {
    memory?.close();
    await publisher?.close();
    await world.close();
  }
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

async function publish(world: World, { rate, seconds }: { rate: number; seconds: number }): Promise<number> {
  const plan = {
    ...{ server: world.natsUrl, kind: 'wide', batch: 100, rate, seconds, series: SERIES },
    ...{ pastSeconds: 0, stepSeconds: 1, pastRate: 1 },
  };
  return (await reportOf<FeedReport>('bench/desk-feed.ts', plan)).published;
}

async function storedBy(world: World): Promise<number> {
  return (await world.answers.metrics()).sum('tapewatch_stored_items_total', { stream: 'metrics' });
}

/** What was resident meanwhile. */
async function underLoad(
  world: World,
  load: { rate: number; seconds: number },
  read: () => Reading,
): Promise<{ published: number; readings: Reading[] }> {
  const readings: Reading[] = [];
  let isDone = false;
  const publishing = publish(world, load).finally(() => (isDone = true));
  // A sidecar that is gone ends the reading first.
  publishing.catch(() => undefined);
  while (!isDone) {
    readings.push(read());
    await Promise.race([publishing, pause(SAMPLE_EVERY_MS)]);
  }
  return { published: await publishing, readings };
}

function megabytes(value: number | undefined): string {
  return value?.toFixed(0) ?? '?';
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
