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

/** Samples of one series in one window; sum and extremes of the finite ones, stamps in nanoseconds since the epoch. */
export interface ValueWindow {
  readonly counts: number;
  readonly sums: number;
  readonly mins: number;
  readonly maxs: number;
  readonly firsts: number;
  readonly firstNanos: bigint;
  readonly last: number;
  readonly lastNanos: bigint;
}

export class ValueTable {
  readonly #levels = emptyLevels<ValueWindow>();

  add(windows: ValueWindows, levels: readonly Level[]): void {
    const { seriesIds, startSeconds, counts, sums, mins, maxs, firsts, firstOffsets, lasts, lastOffsets } = windows;
    seriesIds.forEach((id, i) => {
      const start = startSeconds[i] as number;
      const startNanos = BigInt(start) * 1_000_000_000n;
      const window: ValueWindow = {
        ...{ counts: counts[i] as number, sums: sums[i] as number, mins: mins[i] as number, maxs: maxs[i] as number },
        ...{ firsts: firsts[i] as number, firstNanos: startNanos + BigInt(firstOffsets[i] as number) },
        ...{ last: lasts[i] as number, lastNanos: startNanos + BigInt(lastOffsets[i] as number) },
      };
      for (const level of levels) this.#merge(level, id, { start, window });
    });
  }

  addSample(level: Level, id: number, { nanos, value }: { nanos: bigint; value: number }): void {
    const isFinite = Number.isFinite(value);
    const window: ValueWindow = {
      ...{
        counts: 1,
        sums: isFinite ? value : 0,
        mins: isFinite ? value : Infinity,
        maxs: isFinite ? value : -Infinity,
      },
      ...{ firsts: value, firstNanos: nanos, last: value, lastNanos: nanos },
    };
    this.#merge(level, id, { start: Number(nanos / 1_000_000_000n), window });
  }

  #merge(level: Level, id: number, { start, window }: { start: number; window: ValueWindow }): void {
    const windows = windowsOf(this.#levels[level], id);
    const at = floorToLevel(start, level);
    const known = windows.get(at);
    windows.set(at, known === undefined ? window : merged(known, window));
  }

  /** Those, ascending by start, whose last samples have stamps in from <= stamp < to. */
  windows(id: number, level: Level, { from, to }: { from: bigint; to: bigint }): ValueWindow[] {
    return ascending(this.#levels[level].get(id))
      .map(([, window]) => window)
      .filter(({ lastNanos }) => lastNanos >= from && lastNanos < to);
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

/** Of equal stamps the part that came first has the first sample, and the one that came later the last. */
function merged(a: ValueWindow, b: ValueWindow): ValueWindow {
  const first = b.firstNanos < a.firstNanos ? b : a;
  const last = b.lastNanos >= a.lastNanos ? b : a;
  return {
    ...{ counts: a.counts + b.counts, sums: a.sums + b.sums },
    ...{ mins: Math.min(a.mins, b.mins), maxs: Math.max(a.maxs, b.maxs) },
    ...{ firsts: first.firsts, firstNanos: first.firstNanos, last: last.last, lastNanos: last.lastNanos },
  };
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
