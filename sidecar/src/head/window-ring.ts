/**
 * Sealed windows of distributions in memory: rows in the order of sealing in a chain of slabs of typed arrays, their bucket
 * counts in a second chain. Each row points to the row before it of the same series, so a read walks back from the newest;
 * forgetting is moving the tail, and a slab that lies before it takes the next rows. Slabs, and not one ring that
 * doubles: memory is what the rows need, and growing copies nothing. Rows and entries are numbered for good.
 */
import type { ExponentialHistogram } from '@tapewatch/core';
import type { PackedKeys } from './open-second.ts';
import { SlabChain } from './slab-chain.ts';

/** Half a megabyte each. */
const SLAB_ROWS = 16_384;
const SLAB_ENTRIES = 65_536;
const BYTES_PER_ROW = 4 + 8 + 8 + 4 + 8;
const BYTES_PER_ENTRY = 8;
/** A ready-made histogram is an object; about this large. */
const BYTES_PER_OBJECT = 2_048;

class RowSlab {
  readonly seconds = new Uint32Array(SLAB_ROWS);
  readonly sums = new Float64Array(SLAB_ROWS);
  readonly starts = new Float64Array(SLAB_ROWS);
  readonly lengths = new Uint32Array(SLAB_ROWS);
  /** Number of the series' row before, -1 for none. */
  readonly previous = new Float64Array(SLAB_ROWS);
}

class EntrySlab {
  readonly keys = new Int32Array(SLAB_ENTRIES);
  readonly counts = new Uint32Array(SLAB_ENTRIES);
}

export class WindowRing {
  readonly #rows = new SlabChain(SLAB_ROWS, () => new RowSlab());
  readonly #entries = new SlabChain(SLAB_ENTRIES, () => new EntrySlab());
  readonly #objects = new Map<number, ExponentialHistogram>();
  /** Newest row by series, -1 for none. */
  #newest = new Float64Array(0);

  get bytes(): number {
    return (
      this.#rows.length * BYTES_PER_ROW + this.#entries.length * BYTES_PER_ENTRY + this.#objects.size * BYTES_PER_OBJECT
    );
  }

  /** End of the newest window ever sealed. */
  newestEndSecond = 0;

  push(series: number, second: number, { keys, counts, length }: PackedKeys, sum: number): void {
    const { slab, at } = this.#add(series, second, length);
    slab.sums[at] = sum;
    const from = this.#entries.end;
    for (let i = 0; i < length;) {
      const entries = this.#entries.grow(from + i);
      const place = (from + i) % SLAB_ENTRIES;
      const part = Math.min(length - i, SLAB_ENTRIES - place);
      for (let k = 0; k < part; k++, i++) {
        entries.keys[place + k] = keys[i] as number;
        entries.counts[place + k] = counts[i] as number;
      }
    }
    this.#entries.end = from + length;
  }

  /** A window that is an object: of a layout or scale that keys do not have. */
  pushObject(series: number, second: number, histogram: ExponentialHistogram): void {
    const { slab, at } = this.#add(series, second, 0);
    slab.sums[at] = 0;
    this.#objects.set(this.#rows.end - 1, histogram);
  }

  /** Visits the rows of a series from the newest on, until the visitor returns false. */
  walk(series: number, visit: (row: number, second: number) => boolean): void {
    if (series >= this.#newest.length) return;
    let row = this.#newest[series] as number;
    while (row >= this.#rows.start) {
      const [slab, at] = [this.#rows.slabOf(row), row % SLAB_ROWS];
      if (!visit(row, slab.seconds[at] as number)) return;
      row = slab.previous[at] as number;
    }
  }

  /** True while any row of the series is here. */
  holds(series: number): boolean {
    return series < this.#newest.length && (this.#newest[series] as number) >= this.#rows.start;
  }

  /** Reads a row's buckets into `into`; returns its sum. Undefined where the row is an object. */
  read(row: number, into: PackedKeys): number | undefined {
    if (this.#objects.size > 0 && this.#objects.has(row)) return undefined;
    const [slab, at] = [this.#rows.slabOf(row), row % SLAB_ROWS];
    const length = slab.lengths[at] as number;
    if (into.keys.length < length) {
      into.keys = new Int32Array(length * 2);
      into.counts = new Uint32Array(length * 2);
    }
    const from = slab.starts[at] as number;
    for (let i = 0; i < length;) {
      const entries = this.#entries.slabOf(from + i);
      const place = (from + i) % SLAB_ENTRIES;
      const part = Math.min(length - i, SLAB_ENTRIES - place);
      for (let k = 0; k < part; k++, i++) {
        into.keys[i] = entries.keys[place + k] as number;
        into.counts[i] = entries.counts[place + k] as number;
      }
    }
    into.length = length;
    return slab.sums[at] as number;
  }

  /** Number that the next row gets. */
  get nextRow(): number {
    return this.#rows.end;
  }

  /** The oldest row that is still here. */
  get firstRow(): number {
    return this.#rows.start;
  }

  hasObject(row: number): boolean {
    return this.#objects.size > 0 && this.#objects.has(row);
  }

  object(row: number): ExponentialHistogram | undefined {
    return this.#objects.get(row);
  }

  /** Forgets rows from the oldest on, while their second lies before the given one. */
  dropBefore(second: number): void {
    let [row, entry] = [this.#rows.start, this.#entries.start];
    for (; row < this.#rows.end; row++) {
      const [slab, at] = [this.#rows.slabOf(row), row % SLAB_ROWS];
      if ((slab.seconds[at] as number) >= second) break;
      entry = (slab.starts[at] as number) + (slab.lengths[at] as number);
      this.#objects.delete(row);
    }
    this.#rows.dropBefore(row);
    this.#entries.dropBefore(entry);
  }

  /** The next row, whose sum is not yet written and whose entries are the next `length`. */
  #add(series: number, second: number, length: number): { slab: RowSlab; at: number } {
    if (series >= this.#newest.length) {
      const grown = new Float64Array(Math.max(series + 1, this.#newest.length * 2)).fill(-1);
      grown.set(this.#newest);
      this.#newest = grown;
    }
    const row = this.#rows.end;
    const [slab, at] = [this.#rows.grow(row), row % SLAB_ROWS];
    this.newestEndSecond = Math.max(this.newestEndSecond, second + 1);
    slab.seconds[at] = second;
    slab.starts[at] = this.#entries.end;
    slab.lengths[at] = length;
    slab.previous[at] = this.#newest[series] as number;
    this.#newest[series] = row;
    this.#rows.end = row + 1;
    return { slab, at };
  }
}
