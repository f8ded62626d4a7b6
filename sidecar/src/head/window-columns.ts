/** Windows that are read from the ring as histogram columns, the form in which distributions leave the head. */
import { DEFAULT_ZERO_THRESHOLD, type BucketLists, type HistogramColumns } from '@tapewatch/core';
import { splitKey, type KeyTotals } from './bucket-key.ts';
import type { PackedKeys } from './open-second.ts';

const INITIAL_ENTRIES = 256;

export class WindowColumns {
  readonly #columns: Omit<HistogramColumns, 'positive' | 'negative'>;
  readonly #positive: Lists;
  readonly #negative: Lists;
  readonly #totals: KeyTotals = { count: 0, zero: 0, nan: 0, positiveInfinity: 0, negativeInfinity: 0 };
  #row = 0;

  /** `rows`: how many will be added. */
  constructor(rows: number, scale: number) {
    const column = (): Float64Array => new Float64Array(rows);
    this.#columns = {
      counts: column(),
      sums: column(),
      mins: column().fill(Infinity),
      maxs: column().fill(-Infinity),
      scales: new Int8Array(rows).fill(scale),
      zeroThresholds: column().fill(DEFAULT_ZERO_THRESHOLD),
      zeroCounts: column(),
      nanCounts: column(),
      positiveInfinityCounts: column(),
      negativeInfinityCounts: column(),
      customBounds: { offsets: new Uint32Array(rows + 1), values: new Float64Array(0) },
    };
    this.#positive = new Lists(rows);
    this.#negative = new Lists(rows);
  }

  add({ keys, counts, length }: PackedKeys, sum: number): void {
    const totals = this.#totals;
    totals.count = totals.zero = totals.nan = totals.positiveInfinity = totals.negativeInfinity = 0;
    for (let i = 0; i < length; i++) {
      const count = counts[i] as number;
      const bucket = splitKey(keys[i] as number, count, totals);
      if (bucket !== undefined) (bucket.negative ? this.#negative : this.#positive).push(bucket.index, count);
    }
    const row = this.#row++;
    this.#positive.endRow(row);
    this.#negative.endRow(row);
    const columns = this.#columns;
    columns.counts[row] = totals.count;
    columns.sums[row] = sum;
    columns.zeroCounts[row] = totals.zero;
    columns.nanCounts[row] = totals.nan;
    columns.positiveInfinityCounts[row] = totals.positiveInfinity;
    columns.negativeInfinityCounts[row] = totals.negativeInfinity;
  }

  build(): HistogramColumns {
    return { ...this.#columns, positive: this.#positive.build(), negative: this.#negative.build() };
  }
}

class Lists {
  readonly #offsets: Uint32Array;
  #indexes = new Int32Array(INITIAL_ENTRIES);
  #counts = new Float64Array(INITIAL_ENTRIES);
  #length = 0;

  constructor(rows: number) {
    this.#offsets = new Uint32Array(rows + 1);
  }

  push(index: number, count: number): void {
    if (this.#length === this.#indexes.length) this.#grow();
    this.#indexes[this.#length] = index;
    this.#counts[this.#length++] = count;
  }

  endRow(row: number): void {
    this.#offsets[row + 1] = this.#length;
  }

  build(): BucketLists {
    const indexes = this.#indexes.subarray(0, this.#length);
    return { offsets: this.#offsets, indexes, counts: this.#counts.subarray(0, this.#length) };
  }

  #grow(): void {
    const [indexes, counts] = [new Int32Array(this.#length * 2), new Float64Array(this.#length * 2)];
    indexes.set(this.#indexes);
    counts.set(this.#counts);
    [this.#indexes, this.#counts] = [indexes, counts];
  }
}
