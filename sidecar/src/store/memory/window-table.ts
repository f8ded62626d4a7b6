/**
 * Windows of one kind of series at every level, merged part by part: what a durable store has as rows that add up. Every
 * part goes to all levels at once; a level shows only what its mark has passed. Parts older than 1 h windows are kept
 * live on in a base, so that what is read stays cumulative.
 */
import { ExponentialHistogram, histogramAt, type DistributionWindows, type ValueWindows } from '@tapewatch/core';
import { floorToLevel, LEVELS, LEVEL_SECONDS, type Level } from '../level.ts';
import type { Horizon } from '../retention.ts';
import type { WindowSpan } from '../select-plan.ts';

/** By series, then by start. */
type BySeries<W> = Map<number, Map<number, W>>;
type Levels<W> = Readonly<Record<Level, BySeries<W>>>;

export interface LastValue {
  value: number;
  /** Nanoseconds since the epoch. */
  nanos: bigint;
}

export class ValueTable {
  readonly #levels = emptyLevels<LastValue>();

  add({ seriesIds, startSeconds, lasts, lastOffsets }: ValueWindows, levels: readonly Level[]): void {
    seriesIds.forEach((id, i) => {
      const start = startSeconds[i] as number;
      const nanos = BigInt(start) * 1_000_000_000n + BigInt(lastOffsets[i] as number);
      for (const level of levels) this.addLast(level, id, { start, last: { value: lasts[i] as number, nanos } });
    });
  }

  addLast(level: Level, id: number, { start, last }: { start: number; last: LastValue }): void {
    const windows = windowsOf(this.#levels[level], id);
    const at = floorToLevel(start, level);
    const known = windows.get(at);
    if (known === undefined || last.nanos >= known.nanos) windows.set(at, { ...last });
  }

  /** Last values of the windows, ascending by start, whose stamps lie in from <= stamp < to. */
  lasts(id: number, level: Level, { from, to }: { from: bigint; to: bigint }): LastValue[] {
    return ascending(this.#levels[level].get(id))
      .map(([, last]) => last)
      .filter(({ nanos }) => nanos >= from && nanos < to);
  }

  startsOf(id: number, level: Level): number[] {
    return ascending(this.#levels[level].get(id)).map(([start]) => start);
  }

  dropBefore(horizon: Horizon): number {
    return dropWindows(this.#levels, horizon, () => undefined);
  }
}

export class DistributionTable {
  readonly #levels = emptyLevels<ExponentialHistogram>();
  readonly #bases = new Map<number, ExponentialHistogram>();

  add({ seriesIds, startSeconds, histograms }: DistributionWindows): void {
    seriesIds.forEach((id, i) => {
      const histogram = ExponentialHistogram.decode(histogramAt(histograms, i));
      for (const level of LEVELS) {
        const windows = windowsOf(this.#levels[level], id);
        const start = floorToLevel(startSeconds[i] as number, level);
        windows.set(start, mergedInto(windows.get(start), histogram));
      }
    });
  }

  /** Windows of the spans with their ends in milliseconds. */
  windows(id: number, spans: readonly WindowSpan[]): { endMs: number; histogram: ExponentialHistogram }[] {
    return spans.flatMap(({ level, from, to }) =>
      ascending(this.#levels[level].get(id))
        .filter(([start]) => start >= from && start < to)
        .map(([start, histogram]) => ({ endMs: (start + LEVEL_SECONDS[level]) * 1_000, histogram })),
    );
  }

  /** What retention has taken from the widest level too. */
  baseOf(id: number): ExponentialHistogram | undefined {
    return this.#bases.get(id)?.clone();
  }

  startsOf(id: number, level: Level): number[] {
    return ascending(this.#levels[level].get(id)).map(([start]) => start);
  }

  dropBefore(horizon: Horizon): number {
    return dropWindows(this.#levels, horizon, (id, histogram) => {
      this.#bases.set(id, mergedInto(this.#bases.get(id), histogram));
    });
  }
}

function emptyLevels<W>(): Levels<W> {
  return { '1s': new Map(), '10s': new Map(), '1m': new Map(), '1h': new Map() };
}

function windowsOf<W>(series: BySeries<W>, id: number): Map<number, W> {
  let windows = series.get(id);
  if (windows === undefined) series.set(id, (windows = new Map()));
  return windows;
}

function ascending<W>(windows: Map<number, W> | undefined): [number, W][] {
  return [...(windows ?? [])].sort(([a], [b]) => a - b);
}

function dropWindows<W>(levels: Levels<W>, horizon: Horizon, onLast: (id: number, window: W) => void): number {
  let removed = 0;
  for (const level of LEVELS) {
    for (const [id, windows] of levels[level]) {
      for (const [start, window] of windows) {
        if (start + LEVEL_SECONDS[level] > horizon[level]) continue;
        windows.delete(start);
        removed++;
        if (level === '1h') onLast(id, window);
      }
    }
  }
  return removed;
}

export function mergedInto(into: ExponentialHistogram | undefined, addend: ExponentialHistogram): ExponentialHistogram {
  if (into === undefined) return addend.clone();
  return into.merge(addend);
}
