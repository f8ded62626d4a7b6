/**
 * Tumbling windows of one stream at several widths. Samples are added in any order; a window is sealed when the
 * watermark passes its end, and a sample for a window that was sealed already yields an additive part of its own.
 * Law: the parts that are ever emitted for a window, added up, equal the window over all its samples.
 * Complexity: O(levels) a sample; sealing is linear in the open windows.
 */
import { ExponentialHistogram } from '../histogram/exponential-histogram.ts';
import { floorTo } from '../model/time.ts';
import type { SeriesKind } from '../model/series.ts';

/** Widths in milliseconds, finest first; each divides the next. */
export const WINDOW_LEVELS_MS = [1_000, 10_000] as const;

/** A window of one series, or an additive part of one. `start` is inclusive, `start + level` exclusive. */
export interface WindowPart {
  readonly seriesId: number;
  readonly levelMs: number;
  readonly startNanos: bigint;
  count: number;
  sum: number;
  min: number;
  max: number;
  first: number;
  firstNanos: bigint;
  last: number;
  lastNanos: bigint;
  /** Counters: increases between neighbouring samples, a fall counts as a reset to zero. */
  increase: number;
  /** Distributions. */
  readonly histogram?: ExponentialHistogram;
}

export interface WindowInput {
  readonly seriesId: number;
  readonly kind: SeriesKind;
  readonly timeNanos: bigint;
  readonly value: number;
  /** A ready-made distribution; `value` is ignored. */
  readonly histogram?: ExponentialHistogram;
}

interface Level {
  readonly ms: number;
  readonly nanos: bigint;
  sealedUntil: bigint;
  /** By start, then by series. */
  readonly open: Map<bigint, Map<number, WindowPart>>;
}

export class WindowSet {
  readonly #levels: readonly Level[];
  /** Last counter value by series, for increases across windows. */
  readonly #previous = new Map<number, number>();
  readonly #scale: number;

  /** `sealedUntilNanos`: everything before has been emitted already (recovery). */
  constructor(options: { scale: number; sealedUntilNanos: bigint }) {
    this.#scale = options.scale;
    this.#levels = WINDOW_LEVELS_MS.map((ms) => {
      const nanos = BigInt(ms) * 1_000_000n;
      return { ms, nanos, sealedUntil: floorTo(options.sealedUntilNanos, nanos), open: new Map() };
    });
  }

  /** The finest level's seal: windows that end at or before it were emitted. */
  get sealedUntilNanos(): bigint {
    return (this.#levels[0] as Level).sealedUntil;
  }

  /** The stamp from which a restart must see raw samples again: the start of the oldest open coarse window. */
  get replayFromNanos(): bigint {
    return (this.#levels.at(-1) as Level).sealedUntil;
  }

  /** Adds a sample. True when it was late for the finest level, so that a revision will be emitted. */
  add(input: WindowInput): boolean {
    const increase = input.kind === 'counter' ? this.#increase(input) : 0;
    for (const level of this.#levels) addToWindow(level, input, increase, this.#scale);
    return input.timeNanos < (this.#levels[0] as Level).sealedUntil;
  }

  /**
   * Adds a sample that was emitted in part before a restart: only to the levels that had not sealed its window.
   * Samples must come in order of time, from `replayFromNanos` on.
   */
  restore(input: WindowInput): void {
    const increase = input.kind === 'counter' ? this.#increase(input) : 0;
    for (const level of this.#levels) {
      if (input.timeNanos >= level.sealedUntil) addToWindow(level, input, increase, this.#scale);
    }
  }

  #increase({ seriesId, value }: WindowInput): number {
    const previous = this.#previous.get(seriesId);
    this.#previous.set(seriesId, value);
    if (previous === undefined || Number.isNaN(previous) || Number.isNaN(value)) return 0;
    return value >= previous ? value - previous : value;
  }

  /** Emits every window that ends at or before the watermark, and the late parts collected since the last call. */
  seal(watermarkNanos: bigint): WindowPart[] {
    const sealed: WindowPart[] = [];
    for (const level of this.#levels) {
      const until = floorTo(watermarkNanos, level.nanos);
      if (until > level.sealedUntil) level.sealedUntil = until;
      for (const [start, bySeries] of level.open) {
        if (start + level.nanos > level.sealedUntil) continue;
        sealed.push(...bySeries.values());
        level.open.delete(start);
      }
    }
    return sealed;
  }
}

function addToWindow(level: Level, input: WindowInput, increase: number, scale: number): void {
  const start = floorTo(input.timeNanos, level.nanos);
  let bySeries = level.open.get(start);
  if (bySeries === undefined) level.open.set(start, (bySeries = new Map()));
  let part = bySeries.get(input.seriesId);
  if (part === undefined) bySeries.set(input.seriesId, (part = emptyPart(input, level.ms, start, scale)));
  if (input.histogram === undefined) addValue(part, input, increase);
  else addHistogram(part, input.histogram, input.timeNanos);
}

function emptyPart(input: WindowInput, levelMs: number, startNanos: bigint, scale: number): WindowPart {
  const { seriesId, kind, timeNanos } = input;
  const empty: WindowPart = {
    seriesId,
    levelMs,
    startNanos,
    count: 0,
    sum: 0,
    min: Infinity,
    max: -Infinity,
    first: NaN,
    firstNanos: timeNanos,
    last: NaN,
    lastNanos: timeNanos,
    increase: 0,
  };
  return kind === 'distribution' ? { ...empty, histogram: new ExponentialHistogram({ scale }) } : empty;
}

function addValue(part: WindowPart, { value, timeNanos }: WindowInput, increase: number): void {
  const isFirst = part.count === 0;
  part.count++;
  part.increase += increase;
  part.histogram?.observe(value);
  if (isFirst || timeNanos < part.firstNanos) [part.first, part.firstNanos] = [value, timeNanos];
  if (isFirst || timeNanos >= part.lastNanos) [part.last, part.lastNanos] = [value, timeNanos];
  // NaN and infinities would spoil the sum for good; they stay visible in first, last and the histogram's own counters.
  if (!Number.isFinite(value)) return;
  part.sum += value;
  part.min = Math.min(part.min, value);
  part.max = Math.max(part.max, value);
}

function addHistogram(part: WindowPart, histogram: ExponentialHistogram, timeNanos: bigint): void {
  part.histogram?.merge(histogram);
  part.count += histogram.count;
  part.sum += histogram.sum;
  part.min = Math.min(part.min, histogram.min);
  part.max = Math.max(part.max, histogram.max);
  if (timeNanos > part.lastNanos) part.lastNanos = timeNanos;
  if (timeNanos < part.firstNanos) part.firstNanos = timeNanos;
}
