/**
 * Tumbling windows of one stream at several widths. Samples are added in any order; a window is sealed when the
 * watermark passes its end, and a sample for a window that was sealed already yields an additive part of its own.
 * Law: the parts that are ever emitted for a window, added up, equal the window over all its samples.
 * Complexity: O(levels) a sample; sealing is linear in the open windows.
 */
import type { ExponentialHistogram } from '../histogram/exponential-histogram.ts';
import { floorTo } from '../model/time.ts';
import type { SeriesKind } from '../model/series.ts';
import { WindowPart } from './window-part.ts';

/** Widths in milliseconds, finest first; each divides the next. */
export const WINDOW_LEVELS_MS = [1_000, 10_000] as const;

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
    const finest = this.#levels[0] as Level;
    addInput(this.#partOf(finest, input, input.timeNanos), input, this.#increase(input));
    return input.timeNanos < finest.sealedUntil;
  }

  /**
   * Adds a sample that was emitted in part before a restart: only to the levels that had not sealed its window.
   * Samples must come in order of time, from `replayFromNanos` on.
   */
  restore(input: WindowInput): void {
    const increase = this.#increase(input);
    // The first level that has its window open; wider ones get it from there.
    const level = this.#levels.find(({ sealedUntil }) => input.timeNanos >= sealedUntil);
    if (level !== undefined) addInput(this.#partOf(level, input, input.timeNanos), input, increase);
  }

  #increase({ seriesId, kind, value }: WindowInput): number {
    if (kind !== 'counter') return 0;
    const previous = this.#previous.get(seriesId);
    this.#previous.set(seriesId, value);
    if (previous === undefined || Number.isNaN(previous) || Number.isNaN(value)) return 0;
    return value >= previous ? value - previous : value;
  }

  /** Emits every window that ends at or before the watermark, and the late parts collected since the last call. */
  seal(watermarkNanos: bigint): WindowPart[] {
    const sealed: WindowPart[] = [];
    for (const [i, level] of this.#levels.entries()) {
      const until = floorTo(watermarkNanos, level.nanos);
      if (until > level.sealedUntil) level.sealedUntil = until;
      const wider = this.#levels[i + 1];
      for (const [start, bySeries] of level.open) {
        if (start + level.nanos > level.sealedUntil) continue;
        level.open.delete(start);
        for (const part of bySeries.values()) {
          sealed.push(part);
          if (wider !== undefined) this.#partOf(wider, kindOf(part), part.startNanos).absorb(part);
        }
      }
    }
    return sealed;
  }

  #partOf(level: Level, series: Pick<WindowInput, 'seriesId' | 'kind'>, timeNanos: bigint): WindowPart {
    const startNanos = floorTo(timeNanos, level.nanos);
    let bySeries = level.open.get(startNanos);
    if (bySeries === undefined) level.open.set(startNanos, (bySeries = new Map()));
    let part = bySeries.get(series.seriesId);
    if (part === undefined) {
      const scale = series.kind === 'distribution' ? this.#scale : undefined;
      part = new WindowPart({ seriesId: series.seriesId, levelMs: level.ms, startNanos, scale });
      bySeries.set(series.seriesId, part);
    }
    return part;
  }
}

function kindOf(part: WindowPart): Pick<WindowInput, 'seriesId' | 'kind'> {
  return { seriesId: part.seriesId, kind: part.histogram === undefined ? 'gauge' : 'distribution' };
}

function addInput(part: WindowPart, { value, timeNanos, histogram }: WindowInput, increase: number): void {
  if (histogram === undefined) part.add(value, timeNanos, increase);
  else part.addHistogram(histogram, timeNanos);
}
