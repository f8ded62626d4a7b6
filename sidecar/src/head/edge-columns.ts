/**
 * Of many samples only those that a rate looks at: on either side of a window's ends, and around each value that is not at
 * least the one before it. A counter's window of any length is then a handful of samples, and the number that each has in
 * its series tells how many stand between them.
 */
import type { EvenWindows } from '@tapewatch/core';
import { SampleColumns } from './sample-columns.ts';

export class EdgeColumns extends SampleColumns {
  ranks = new Uint32Array(this.times.length);
  /** Ends of windows, ascending. */
  readonly #boundaries: Float64Array;
  #nextBoundary = 0;
  /** Samples of the series so far, and the last of them; `#keptRank` is the last one that was kept. */
  #count = 0;
  #lastMs = 0;
  #lastValue = 0;
  #keptRank = -1;

  constructor(windows: EvenWindows) {
    super();
    this.#boundaries = boundariesOf(windows);
  }

  override reserve(samples: number): void {
    super.reserve(samples);
    if (this.ranks.length === this.times.length) return;
    const larger = new Uint32Array(this.times.length);
    larger.set(this.ranks.subarray(0, this.length));
    this.ranks = larger;
  }

  override between(from: number, to: number) {
    return { ...super.between(from, to), ranks: this.ranks.subarray(from, to) };
  }

  /** The next series begins. */
  begin(): void {
    this.#nextBoundary = 0;
    this.#count = 0;
    this.#keptRank = -1;
  }

  visit(ms: number, value: number): void {
    const rank = this.#count++;
    if (rank === 0) this.#keep(ms, value, rank);
    else if (this.#isBoundaryBefore(ms) || !(value >= this.#lastValue)) {
      if (this.#keptRank < rank - 1) this.#keep(this.#lastMs, this.#lastValue, rank - 1);
      this.#keep(ms, value, rank);
    }
    this.resume(ms, value);
  }

  /**
   * Counts a run of samples that never fall and begin at `firstMs`, if no window ends before `nextMs`, the first stamp after
   * them. Who looks at samples again tells the last one that was passed over with `resume`.
   */
  passes(firstMs: number, nextMs: number, samples: number): boolean {
    if (this.#count === 0 || this.#isBoundaryBefore(nextMs)) return false;
    this.#count += samples;
    this.#lastMs = firstMs;
    return true;
  }

  resume(ms: number, value: number): void {
    this.#lastMs = ms;
    this.#lastValue = value;
  }

  end(): void {
    if (this.#keptRank < this.#count - 1) this.#keep(this.#lastMs, this.#lastValue, this.#count - 1);
  }

  /** Whether a window ends at the last sample or after it, and before the stamp. */
  #isBoundaryBefore(ms: number): boolean {
    const boundaries = this.#boundaries;
    let at = this.#nextBoundary;
    while (at < boundaries.length && (boundaries[at] as number) < this.#lastMs) at++;
    this.#nextBoundary = at;
    return at < boundaries.length && (boundaries[at] as number) < ms;
  }

  #keep(ms: number, value: number, rank: number): void {
    this.reserve(1);
    const at = this.length++;
    this.times[at] = ms;
    this.values[at] = value;
    this.ranks[at] = rank;
    this.#keptRank = rank;
  }
}

/** Both ends of all windows, ascending. */
function boundariesOf({ firstMs, stepMs, steps, rangeMs }: EvenWindows): Float64Array {
  const boundaries = new Float64Array(steps * 2);
  for (let i = 0; i < steps; i++) {
    boundaries[i] = firstMs + i * stepMs - rangeMs;
    boundaries[steps + i] = firstMs + i * stepMs;
  }
  return boundaries.sort();
}
