/**
 * Windows of one series at one level, merged from additive rows, in ascending order of start. Histograms that leave at
 * the front are folded into a base, so that what is read stays cumulative since the series began.
 */
import { ExponentialHistogram, msFromNanos } from '@tapewatch/core';
import type { WindowRow } from '../../ports.ts';
import { emptyLike } from './live-head-plan.ts';

interface MergedWindow {
  readonly startNanos: bigint;
  readonly endMs: number;
  last: number;
  lastNanos: bigint;
  histogram: ExponentialHistogram | undefined;
}

/** The merge of the base and the first `count` windows, so that a read need not merge all of them again. */
interface Checkpoint {
  readonly count: number;
  readonly total: ExponentialHistogram;
}

/** Windows between two checkpoints: a read merges at most these before its range. */
const CHECKPOINT_EVERY = 32;

export class WindowRun {
  readonly #widthNanos: bigint;
  #windows: MergedWindow[] = [];
  /** Ascending; made by reads, and only for windows before their range, which seldom change any more. */
  #checkpoints: Checkpoint[] = [];
  #base: ExponentialHistogram | undefined;
  #foldedBefore: bigint | undefined;

  constructor(levelMs: number) {
    this.#widthNanos = BigInt(levelMs) * 1_000_000n;
  }

  get length(): number {
    return this.#windows.length;
  }

  add(row: WindowRow): void {
    const end = row.startNanos + this.#widthNanos;
    const histogram = row.histogram === undefined ? undefined : ExponentialHistogram.decode(row.histogram);
    if (this.#foldedBefore !== undefined && end <= this.#foldedBefore) {
      if (histogram !== undefined) this.#base = merged(this.#base, histogram);
      this.#checkpoints = [];
      return;
    }
    const at = this.#place(row.startNanos);
    while ((this.#checkpoints.at(-1)?.count ?? 0) >= at && this.#checkpoints.length > 0) this.#checkpoints.pop();
    const known = this.#windows[at - 1];
    if (known?.startNanos !== row.startNanos) {
      const { last, lastNanos, startNanos } = row;
      this.#windows.splice(at, 0, { startNanos, endMs: msFromNanos(end), last, lastNanos, histogram });
      return;
    }
    if (histogram !== undefined) known.histogram = merged(known.histogram, histogram);
    if (row.lastNanos >= known.lastNanos) [known.last, known.lastNanos] = [row.last, row.lastNanos];
  }

  /** Replaces what stands for everything before the present windows. */
  setBase(base: ExponentialHistogram | undefined): void {
    this.#base = base;
    this.#checkpoints = [];
  }

  /** Last sample of each window, where it lies in from <= stamp < to. */
  lasts(from: bigint, to: bigint): MergedWindow[] {
    return this.#windows.filter(({ lastNanos }) => lastNanos >= from && lastNanos < to);
  }

  /** True when a window ends in the range, inclusive milliseconds. */
  hasEndWithin(startMs: number, endMs: number): boolean {
    return this.#windows.some((window) => window.endMs >= startMs && window.endMs <= endMs);
  }

  /** Deltas of the windows that end in the range, and the merge of everything before it. */
  histograms(startMs: number, endMs: number) {
    const first = this.#firstEndingFrom(startMs);
    const base = this.#totalOf(first);
    const timesMs: number[] = [];
    const deltas: ExponentialHistogram[] = [];
    for (let i = first; i < this.#windows.length; i++) {
      const { endMs: end, histogram } = this.#windows[i] as MergedWindow;
      if (end > endMs) break;
      if (histogram === undefined) continue;
      timesMs.push(end);
      deltas.push(histogram);
    }
    return { base, timesMs, deltas };
  }

  /** Drops windows that end at or before the stamp; with `fold` their histograms stay in the base. */
  dropBefore(timeNanos: bigint, fold: boolean): number {
    let count = 0;
    for (const { startNanos, histogram } of this.#windows) {
      if (startNanos + this.#widthNanos > timeNanos) break;
      if (fold && histogram !== undefined) this.#base = merged(this.#base, histogram);
      count++;
    }
    if (count > 0) {
      this.#windows = this.#windows.slice(count);
      const rest = fold ? this.#checkpoints.filter((checkpoint) => checkpoint.count > count) : [];
      this.#checkpoints = rest.map((checkpoint) => ({ count: checkpoint.count - count, total: checkpoint.total }));
    }
    if (fold && (this.#foldedBefore === undefined || timeNanos > this.#foldedBefore)) this.#foldedBefore = timeNanos;
    return count;
  }

  /** The base and the first `count` windows merged; the caller may change it. */
  #totalOf(count: number): ExponentialHistogram | undefined {
    let known = this.#checkpoints.length - 1;
    while (known >= 0 && (this.#checkpoints[known] as Checkpoint).count > count) known--;
    const from = this.#checkpoints[known];
    let total = (from?.total ?? this.#base)?.clone();
    const isNewest = known === this.#checkpoints.length - 1;
    for (let i = from?.count ?? 0; i < count; i++) {
      const { histogram } = this.#windows[i] as MergedWindow;
      if (histogram !== undefined) total = merged(total, histogram);
      const done = i + 1;
      if (isNewest && done % CHECKPOINT_EVERY === 0 && total !== undefined) {
        this.#checkpoints.push({ count: done, total: total.clone() });
      }
    }
    return total;
  }

  /** Index of the first window that ends at or after the stamp. */
  #firstEndingFrom(ms: number): number {
    let [low, high] = [0, this.#windows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#windows[middle] as MergedWindow).endMs < ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Index behind the last window that starts at or before the stamp; the newest window is asked first. */
  #place(startNanos: bigint): number {
    let at = this.#windows.length;
    while (at > 0 && (this.#windows[at - 1] as MergedWindow).startNanos > startNanos) at--;
    return at;
  }
}

function merged(into: ExponentialHistogram | undefined, addend: ExponentialHistogram): ExponentialHistogram {
  return (into ?? emptyLike(addend)).merge(addend);
}
