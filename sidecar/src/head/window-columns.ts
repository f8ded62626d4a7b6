/** Windows that are read from the ring as histogram columns, the form in which distributions leave the head. */
import { DEFAULT_ZERO_THRESHOLD, type BucketLists, type HistogramColumns } from '@tapewatch/core';
import { splitKey, type KeyTotals } from './bucket-key.ts';
import type { PackedKeys } from './open-second.ts';

export class WindowColumns {
  readonly #scale: number;
  readonly #sums: number[] = [];
  readonly #totals: KeyTotals[] = [];
  readonly #positive = new Lists();
  readonly #negative = new Lists();

  constructor(scale: number) {
    this.#scale = scale;
  }

  add({ keys, counts, length }: PackedKeys, sum: number): void {
    const totals: KeyTotals = { count: 0, zero: 0, nan: 0, positiveInfinity: 0, negativeInfinity: 0 };
    for (let i = 0; i < length; i++) {
      const count = counts[i] as number;
      const bucket = splitKey(keys[i] as number, count, totals);
      if (bucket !== undefined) (bucket.negative ? this.#negative : this.#positive).push(bucket.index, count);
    }
    this.#positive.endRow();
    this.#negative.endRow();
    this.#sums.push(sum);
    this.#totals.push(totals);
  }

  build(): HistogramColumns {
    const rows = this.#sums.length;
    const column = (read: (totals: KeyTotals) => number): Float64Array => Float64Array.from(this.#totals, read);
    return {
      counts: column(({ count }) => count),
      sums: Float64Array.from(this.#sums),
      mins: new Float64Array(rows).fill(Infinity),
      maxs: new Float64Array(rows).fill(-Infinity),
      scales: new Int8Array(rows).fill(this.#scale),
      zeroThresholds: new Float64Array(rows).fill(DEFAULT_ZERO_THRESHOLD),
      zeroCounts: column(({ zero }) => zero),
      nanCounts: column(({ nan }) => nan),
      positiveInfinityCounts: column(({ positiveInfinity }) => positiveInfinity),
      negativeInfinityCounts: column(({ negativeInfinity }) => negativeInfinity),
      positive: this.#positive.build(),
      negative: this.#negative.build(),
      customBounds: { offsets: new Uint32Array(rows + 1), values: new Float64Array(0) },
    };
  }
}

class Lists {
  readonly #offsets: number[] = [0];
  readonly #indexes: number[] = [];
  readonly #counts: number[] = [];

  push(index: number, count: number): void {
    this.#indexes.push(index);
    this.#counts.push(count);
  }

  endRow(): void {
    this.#offsets.push(this.#indexes.length);
  }

  build(): BucketLists {
    return {
      offsets: Uint32Array.from(this.#offsets),
      indexes: Int32Array.from(this.#indexes),
      counts: Float64Array.from(this.#counts),
    };
  }
}
