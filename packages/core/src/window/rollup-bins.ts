/**
 * Observations of an open bucket as a log of (row, bin) pairs. Appending is all that an observation costs; sealing sorts
 * the log once by counting, first by bin, then stably by row, and run-length encodes it: O(n + bins + rows).
 */
import type { BucketLists } from './rollup-columns.ts';

/** Scratch memory of the sort, shared by all logs of the thread, since sealing is never interrupted. */
let counters = new Uint32Array(1_024);
let sortedRanks = new Uint32Array(1_024);
let sortedBins = new Int32Array(1_024);

export class RollupBins {
  #rows: Uint32Array;
  #bins: Int32Array;
  #size = 0;

  /** `expected`: how many observations there will probably be, so that the log need not grow. */
  constructor(expected = 16) {
    this.#rows = new Uint32Array(Math.max(16, expected));
    this.#bins = new Int32Array(Math.max(16, expected));
  }

  get size(): number {
    return this.#size;
  }

  add(row: number, bin: number): void {
    const at = this.#size++;
    if (at === this.#rows.length) this.#grow();
    this.#rows[at] = row;
    this.#bins[at] = bin;
  }

  /** Ascending bins with their counts for each output row; `ranks` gives a row's place in the output. */
  lists(ranks: Uint32Array): BucketLists {
    const size = this.#size;
    const offsets = new Uint32Array(ranks.length + 1);
    if (size === 0) return { offsets, indexes: new Int32Array(0), counts: new Float64Array(0) };
    this.#sortByBin(ranks);
    const { bins, ends } = this.#sortByRank(ranks.length);
    const indexes = new Int32Array(size);
    const counts = new Float64Array(size);
    let out = -1;
    for (let rank = 0, at = 0; rank < ranks.length; rank++) {
      const end = ends[rank] as number;
      for (let first = at; at < end; at++) {
        if (at > first && bins[at] === bins[at - 1]) (counts[out] as number)++;
        else {
          indexes[++out] = bins[at] as number;
          counts[out] = 1;
        }
      }
      offsets[rank + 1] = out + 1;
    }
    return { offsets, indexes: indexes.slice(0, out + 1), counts: counts.slice(0, out + 1) };
  }

  /** Into the scratch arrays, ranks in place of rows. */
  #sortByBin(ranks: Uint32Array): void {
    const size = this.#size;
    const [rows, bins] = [this.#rows, this.#bins];
    if (sortedRanks.length < size) {
      sortedRanks = new Uint32Array(rows.length);
      sortedBins = new Int32Array(rows.length);
    }
    let [low, high] = [bins[0] as number, bins[0] as number];
    for (let i = 1; i < size; i++) {
      const bin = bins[i] as number;
      if (bin < low) low = bin;
      else if (bin > high) high = bin;
    }
    const range = high - low + 1;
    if (range > size * 16 + 1_024) {
      // A few values magnitudes apart: clearing a counter for every bin in between would cost more than comparing.
      const keys = new Float64Array(size);
      for (let i = 0; i < size; i++)
        keys[i] = ((bins[i] as number) - low) * 2 ** 32 + (ranks[rows[i] as number] as number);
      keys.sort();
      for (let i = 0; i < size; i++) {
        const key = keys[i] as number;
        sortedBins[i] = Math.floor(key / 2 ** 32) + low;
        sortedRanks[i] = key % 2 ** 32;
      }
      return;
    }
    const starts = clearedCounters(range + 1);
    for (let i = 0; i < size; i++) (starts[(bins[i] as number) - low + 1] as number)++;
    for (let i = 1; i <= range; i++) starts[i] = (starts[i] as number) + (starts[i - 1] as number);
    for (let i = 0; i < size; i++) {
      const bin = bins[i] as number;
      const at = (starts[bin - low] as number)++;
      sortedBins[at] = bin;
      sortedRanks[at] = ranks[rows[i] as number] as number;
    }
  }

  /** Stable, so that bins stay ascending within a rank. `ends[r]` is where rank r ends. */
  #sortByRank(ranks: number): { bins: Int32Array; ends: Uint32Array } {
    const size = this.#size;
    const starts = clearedCounters(ranks + 1);
    for (let i = 0; i < size; i++) (starts[(sortedRanks[i] as number) + 1] as number)++;
    for (let i = 1; i <= ranks; i++) starts[i] = (starts[i] as number) + (starts[i - 1] as number);
    // The log itself is not needed any more.
    const bins = this.#bins;
    for (let i = 0; i < size; i++) {
      const at = (starts[sortedRanks[i] as number] as number)++;
      bins[at] = sortedBins[i] as number;
    }
    return { bins, ends: starts };
  }

  #grow(): void {
    const rows = new Uint32Array(this.#rows.length * 2);
    const bins = new Int32Array(this.#bins.length * 2);
    rows.set(this.#rows);
    bins.set(this.#bins);
    this.#rows = rows;
    this.#bins = bins;
  }
}

function clearedCounters(length: number): Uint32Array {
  if (counters.length < length) counters = new Uint32Array(length * 2);
  else counters.fill(0, 0, length);
  return counters;
}
