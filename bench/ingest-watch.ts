/**
 * What is looked at while a load runs: the process's CPU time each second, which makes a distribution of CPU a sample, and
 * its own metrics, now and then and at each look of the bench itself: the longest stall, and how much is durable, which
 * tells how old the oldest sample is that is not. The publisher keeps to its schedule, so the time of the n-th sample is
 * known; where it falls behind, samples are younger than told here.
 */
import { exposition, sumOf } from './exposition.ts';
import { usageOf } from './process-usage.ts';
import type { Rig } from './rig.ts';

const CPU_EVERY_MS = 1_000;
/** To ask is work for the sidecar, too: an exposition of a hundred rules. */
const ASK_EVERY_MS = 5_000;

/** A figure that only grows, at a time of the wall clock. */
export interface Mark {
  readonly atMs: number;
  readonly value: number;
}

export interface LoadSpan {
  readonly startedMs: number;
  readonly seconds: number;
  /** Samples a second. */
  readonly rate: number;
}

type Watched = Pick<Rig, 'http' | 'sidecarPid'>;

export class IngestWatch {
  readonly #rig: Watched;
  readonly #timers: readonly NodeJS.Timeout[];
  readonly #cpu: Mark[] = [];
  readonly #stored: Mark[] = [];
  #longestStallMs = 0;

  constructor(rig: Watched) {
    this.#rig = rig;
    this.#markCpu();
    const ask = (): void => void this.#ask().catch(() => undefined);
    this.#timers = [setInterval(() => this.#markCpu(), CPU_EVERY_MS), setInterval(ask, ASK_EVERY_MS)];
  }

  #markCpu(): void {
    this.#cpu.push({ atMs: Date.now(), value: usageOf(this.#rig.sidecarPid).cpuSeconds });
  }

  async #ask(): Promise<void> {
    this.take(await exposition(this.#rig.http));
  }

  /** Each exposition that anyone reads belongs here: the sidecar tells the longest stall since it was last asked, once. */
  take(text: string): void {
    this.#stored.push({ atMs: Date.now(), value: storedItems(text) });
    this.#longestStallMs = Math.max(this.#longestStallMs, stallMsOf(text));
  }

  /** `storedBefore`: what was durable when the load began. */
  async end(load: LoadSpan, storedBefore: number): Promise<{ stallMs: number; micros: number[]; storedLagMs: number }> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#ask();
    const micros = microsBySecond(this.#cpu, load);
    return { stallMs: this.#longestStallMs, micros, storedLagMs: oldestUnstoredMs(this.#stored, load, storedBefore) };
  }
}

function stallMsOf(exposed: string): number {
  return sumOf(exposed, 'tapewatch_event_loop_delay_seconds', 'quantile="1"') * 1_000;
}

export function storedItems(exposed: string): number {
  return sumOf(exposed, 'tapewatch_stored_items_total', 'stream="(?:core|durable)"');
}

/** Microseconds of CPU a sample in each second that lies inside the load, ascending. */
export function microsBySecond(marks: readonly Mark[], { startedMs, seconds, rate }: LoadSpan): number[] {
  const inside = marks.filter(({ atMs }) => atMs >= startedMs && atMs <= startedMs + seconds * 1_000);
  return inside
    .slice(1)
    .map(({ atMs, value }, i) => {
      const from = inside[i] as Mark;
      return ((value - from.value) / (((atMs - from.atMs) / 1_000) * rate)) * 1e6;
    })
    .sort((a, b) => a - b);
}

/** The greatest age, over the marks, of a sample that was sent and not yet durable. */
export function oldestUnstoredMs(marks: readonly Mark[], load: LoadSpan, storedBefore: number): number {
  const { startedMs, seconds, rate } = load;
  const sent = Math.round(rate * seconds);
  const ages = marks
    .filter(({ atMs, value }) => atMs >= startedMs && value - storedBefore < sent)
    .map(({ atMs, value }) => atMs - (startedMs + ((value - storedBefore) / rate) * 1_000));
  return Math.max(0, ...ages);
}
