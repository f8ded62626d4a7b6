/**
 * Windows of one series at one level, merged from additive rows, in ascending order of start. Histograms that leave at
 * the front are folded into a base, so that what is read stays cumulative since the series began.
 */
import { ExponentialHistogram, msFromNanos } from '@tapewatch/core';
import type { WindowRow } from '../../ports.ts';
import { emptyLike } from '../slices.ts';

interface MergedWindow {
  readonly startNanos: bigint;
  readonly endMs: number;
  last: number;
  lastNanos: bigint;
  histogram: ExponentialHistogram | undefined;
}

export class WindowRun {
  readonly #widthNanos: bigint;
  #windows: MergedWindow[] = [];
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
      return;
    }
    const at = this.#place(row.startNanos);
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
    let base = this.#base?.clone();
    const timesMs: number[] = [];
    const deltas: ExponentialHistogram[] = [];
    for (const window of this.#windows) {
      if (window.histogram === undefined) continue;
      if (window.endMs < startMs) base = merged(base, window.histogram);
      else if (window.endMs > endMs) break;
      else {
        timesMs.push(window.endMs);
        deltas.push(window.histogram);
      }
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
    if (count > 0) this.#windows = this.#windows.slice(count);
    if (fold && (this.#foldedBefore === undefined || timeNanos > this.#foldedBefore)) this.#foldedBefore = timeNanos;
    return count;
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
