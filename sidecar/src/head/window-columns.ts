/** Windows that are read from the ring as histogram columns, the form in which distributions leave the head. */
import { DEFAULT_ZERO_THRESHOLD, type BucketLists, type HistogramColumns } from '@tapewatch/core';
import { isPositiveBucket, splitKey, type KeyTotals } from './bucket-key.ts';
import type { PackedKeys } from './open-second.ts';

const INITIAL_ENTRIES = 256;
const INITIAL_ROWS = 64;
const FIGURES = ['count', 'sum', 'zero', 'nan', 'positiveInfinity', 'negativeInfinity'] as const;

export class WindowColumns {
  readonly #scale: number;
  readonly #positive = new Lists();
  readonly #negative = new Lists();
  readonly #totals: KeyTotals = { count: 0, zero: 0, nan: 0, positiveInfinity: 0, negativeInfinity: 0 };
  /** Beside one another, a row each. */
  #figures = new Float64Array(INITIAL_ROWS * FIGURES.length);
  #rows = 0;

  constructor(scale: number) {
    this.#scale = scale;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Observations of the row that was added last. */
  get lastCount(): number {
    return this.#totals.count;
  }

  add({ keys, counts, length }: PackedKeys, sum: number): void {
    const totals = this.#totals;
    totals.count = totals.zero = totals.nan = totals.positiveInfinity = totals.negativeInfinity = 0;
    for (let i = 0; i < length; i++) {
      const [key, count] = [keys[i] as number, counts[i] as number];
      if (isPositiveBucket(key)) {
        totals.count += count;
        this.#positive.push(key, count);
        continue;
      }
      const bucket = splitKey(key, count, totals);
      if (bucket !== undefined) this.#negative.push(bucket.index, count);
    }
    const row = this.#rows++;
    this.#positive.endRow(row);
    this.#negative.endRow(row);
    let at = row * FIGURES.length;
    if (at === this.#figures.length) this.#figures = grown(this.#figures, new Float64Array(at * 2));
    this.#figures[at++] = totals.count;
    this.#figures[at++] = sum;
    this.#figures[at++] = totals.zero;
    this.#figures[at++] = totals.nan;
    this.#figures[at++] = totals.positiveInfinity;
    this.#figures[at] = totals.negativeInfinity;
  }

  /** Columns of all rows so far, for as many distributions as they belong to. */
  build(): HistogramColumns {
    const rows = this.#rows;
    const figure = (name: (typeof FIGURES)[number]): Float64Array => {
      const column = new Float64Array(rows);
      let at = FIGURES.indexOf(name);
      for (let row = 0; row < rows; row++, at += FIGURES.length) column[row] = this.#figures[at] as number;
      return column;
    };
    return {
      counts: figure('count'),
      sums: figure('sum'),
      mins: new Float64Array(rows).fill(Infinity),
      maxs: new Float64Array(rows).fill(-Infinity),
      scales: new Int8Array(rows).fill(this.#scale),
      zeroThresholds: new Float64Array(rows).fill(DEFAULT_ZERO_THRESHOLD),
      zeroCounts: figure('zero'),
      nanCounts: figure('nan'),
      positiveInfinityCounts: figure('positiveInfinity'),
      negativeInfinityCounts: figure('negativeInfinity'),
      customBounds: { offsets: new Uint32Array(rows + 1), values: new Float64Array(0) },
      positive: this.#positive.build(rows),
      negative: this.#negative.build(rows),
    };
  }
}

class Lists {
  #offsets = new Uint32Array(INITIAL_ROWS);
  #indexes = new Int32Array(INITIAL_ENTRIES);
  #counts = new Float64Array(INITIAL_ENTRIES);
  #length = 0;

  push(index: number, count: number): void {
    if (this.#length === this.#indexes.length) {
      this.#indexes = grown(this.#indexes, new Int32Array(this.#length * 2));
      this.#counts = grown(this.#counts, new Float64Array(this.#length * 2));
    }
    this.#indexes[this.#length] = index;
    this.#counts[this.#length++] = count;
  }

  endRow(row: number): void {
    if (row + 1 >= this.#offsets.length) this.#offsets = grown(this.#offsets, new Uint32Array((row + 1) * 2));
    this.#offsets[row + 1] = this.#length;
  }

  /** Copies without spare room: whole buffers go to other threads. */
  build(rows: number): BucketLists {
    const offsets = this.#offsets.slice(0, rows + 1);
    return { offsets, indexes: this.#indexes.slice(0, this.#length), counts: this.#counts.slice(0, this.#length) };
  }
}

function grown<T extends Float64Array | Int32Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
