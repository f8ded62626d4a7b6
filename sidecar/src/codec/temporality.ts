/**
 * Memory that turns deltas into totals and totals of histograms into deltas, per series. Bounded: a series past the bound
 * is refused with a reason, since half a memory would yield wrong numbers. After a restart totals begin at zero again, which
 * readers see as a counter's reset, and the first total of a histogram is a mark to count from. What is remembered of series
 * that rest goes for the same price, so it goes only when half of the room is taken.
 */
import type { ExponentialHistogram } from '@tapewatch/core';
import type { SeriesRef } from '../ports.ts';
import type { SeriesMemory } from './series-cache.ts';

/** Series of deltas whose totals are kept. */
export const TOTALS_MAX = 250_000;
/** Series of cumulative histograms, and populated buckets of all of them. */
export const HISTOGRAMS_MAX = 50_000;
export const HISTOGRAM_BUCKETS_MAX = 4_000_000;

export class Totals implements SeriesMemory {
  readonly #bySeries = new Map<SeriesRef, number>();
  readonly #max: number;

  constructor(max = TOTALS_MAX) {
    this.#max = max;
  }

  /** The total after a delta; undefined when no more series can be remembered. */
  add(ref: SeriesRef, delta: number): number | undefined {
    const before = this.#bySeries.get(ref);
    if (before === undefined && this.#bySeries.size >= this.#max) return undefined;
    const total = (before ?? 0) + delta;
    this.#bySeries.set(ref, total);
    return total;
  }

  forget(isResting: (ref: SeriesRef) => boolean): void {
    if (this.#bySeries.size <= this.#max / 2) return;
    for (const ref of this.#bySeries.keys()) if (isResting(ref)) this.#bySeries.delete(ref);
  }
}

export interface HistogramTotal {
  readonly ref: SeriesRef;
  readonly histogram: ExponentialHistogram;
  /** When the cumulation began, as the sender says; the same text for the same time, empty when not said. */
  readonly start: string;
  /** The sender says that it began anew just before. */
  readonly reset?: boolean;
  /** Whether it certainly began after we did, so that nothing of it was counted before. */
  readonly isNew: boolean;
}

interface Remembered {
  readonly histogram: ExponentialHistogram;
  readonly start: string;
  readonly buckets: number;
}

export class HistogramTotals implements SeriesMemory {
  readonly #bySeries = new Map<SeriesRef, Remembered>();
  readonly #max: number;
  #buckets = 0;

  constructor(max = HISTOGRAMS_MAX) {
    this.#max = max;
  }

  /**
   * What was added since the total before: all of it after a reset (the sender says so, another start, or any count smaller than before), `mark`
   * when this is the first one, `full` when no more series can be remembered.
   */
  delta({ ref, histogram, start, reset = false, isNew }: HistogramTotal): ExponentialHistogram | 'mark' | 'full' {
    const before = this.#bySeries.get(ref);
    if (before === undefined && (this.#bySeries.size >= this.#max || this.#buckets >= HISTOGRAM_BUCKETS_MAX)) {
      return 'full';
    }
    this.#remember(ref, { histogram, start, buckets: histogram.positive.size + histogram.negative.size }, before);
    if (before === undefined) return isNew ? histogram.clone() : 'mark';
    if (reset || before.start !== start) return histogram.clone();
    return increase(histogram, before.histogram) ?? histogram.clone();
  }

  forget(isResting: (ref: SeriesRef) => boolean): void {
    if (this.#bySeries.size <= this.#max / 2 && this.#buckets <= HISTOGRAM_BUCKETS_MAX / 2) return;
    for (const [ref, { buckets }] of this.#bySeries) {
      if (!isResting(ref)) continue;
      this.#buckets -= buckets;
      this.#bySeries.delete(ref);
    }
  }

  #remember(ref: SeriesRef, now: Remembered, before: Remembered | undefined): void {
    this.#buckets += now.buckets - (before?.buckets ?? 0);
    this.#bySeries.set(ref, now);
  }
}

/** The difference, undefined when any count went down: a reset. */
function increase(now: ExponentialHistogram, before: ExponentialHistogram): ExponentialHistogram | undefined {
  const sameKind = (now.customBounds === undefined) === (before.customBounds === undefined);
  if (!sameKind || now.count < before.count || now.zeroCount < before.zeroCount) return undefined;
  const difference = now.clone().subtract(before);
  let [min, max] = [Infinity, -Infinity];
  for (const { lower, upper, count } of difference.buckets()) {
    if (count < 0) return undefined;
    [min, max] = [Math.min(min, lower), Math.max(max, upper)];
  }
  // What was observed lies between the outermost buckets; an open bound of custom buckets is no number to store.
  if (difference.count > 0) {
    difference.min = Math.max(min, -Number.MAX_VALUE);
    difference.max = Math.min(max, Number.MAX_VALUE);
  }
  return difference;
}
