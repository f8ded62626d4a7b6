/**
 * Counts by bucket index, as a map that is an array: neighbouring buckets stand in one typed array, so that adding,
 * merging and scaling whole histograms run over plain memory. When the indexes lie too far apart for that (one stray
 * value of another magnitude), a real map takes over, and memory stays proportional to the populated buckets.
 * A count of zero is the same as no entry. Iteration is in ascending order of index.
 */

/** Longest array of one side: 128 octaves at scale 7, 128 KiB. */
export const MAX_DENSE_CELLS = 16_384;
/** Fewest spare cells on the side that an array grows towards; a quarter of its length when that is more. */
const SLACK = 16;

export class BucketCounts implements ReadonlyMap<number, number> {
  #cells = new Float64Array(0);
  /** Bucket index of the first cell. */
  #first = 0;
  #size = 0;
  #sparse: Map<number, number> | undefined;

  /** Counts of neighbouring buckets, the first of them at index `first`, each times a factor; empty ends are left out. */
  static ofCells(first: number, cells: Float64Array, factor = 1): BucketCounts {
    let [from, to] = [0, cells.length];
    while (from < to && cells[from] === 0) from++;
    while (to > from && cells[to - 1] === 0) to--;
    const made = new BucketCounts();
    if (from === to) return made;
    const own = cells.slice(from, to);
    let size = 0;
    for (let i = 0; i < own.length; i++) {
      const count = (own[i] as number) * factor;
      own[i] = count;
      if (count !== 0) size++;
    }
    made.#cells = own;
    made.#first = first + from;
    made.#size = size;
    return made;
  }

  /** Populated buckets. */
  get size(): number {
    return this.#sparse === undefined ? this.#size : this.#sparse.size;
  }

  get(index: number): number | undefined {
    return this.#at(index) || undefined;
  }

  #at(index: number): number {
    if (this.#sparse !== undefined) return this.#sparse.get(index) ?? 0;
    return this.#cells[index - this.#first] ?? 0;
  }

  has(index: number): boolean {
    return this.#at(index) !== 0;
  }

  set(index: number, count: number): this {
    this.add(index, count - this.#at(index));
    return this;
  }

  delete(index: number): boolean {
    const had = this.has(index);
    if (had) this.set(index, 0);
    return had;
  }

  clear(): void {
    this.#cells = new Float64Array(0);
    this.#first = 0;
    this.#size = 0;
    this.#sparse = undefined;
  }

  /** Adds to one bucket; the hot path of an observation. */
  add(index: number, count: number): void {
    if (this.#sparse === undefined && !this.#covers(index))
      this.#growTo(index, index, Math.max(SLACK, this.#cells.length >> 2));
    if (this.#sparse !== undefined) return this.#addSparse(index, count);
    const cell = index - this.#first;
    const before = this.#cells[cell] as number;
    const after = before + count;
    this.#cells[cell] = after;
    if (before === 0) this.#size += Number(after !== 0);
    else if (after === 0) this.#size--;
  }

  /** Adds `factor` times every count of another. */
  addAll(other: BucketCounts, factor = 1): void {
    if (other.size === 0) return;
    if (this.#sparse === undefined && other.#sparse === undefined) {
      this.#growTo(other.#first, other.#first + other.#cells.length - 1);
    }
    if (this.#sparse !== undefined || other.#sparse !== undefined) {
      for (const [index, count] of other) this.add(index, count * factor);
      return;
    }
    const shift = other.#first - this.#first;
    const [target, source] = [this.#cells, other.#cells];
    let size = this.#size;
    for (let i = 0; i < source.length; i++) {
      const count = source[i] as number;
      if (count === 0) continue;
      const before = target[i + shift] as number;
      const after = before + count * factor;
      target[i + shift] = after;
      size += Number(after !== 0) - Number(before !== 0);
    }
    this.#size = size;
  }

  /** Multiplies every count in place; the factor is finite and not zero. */
  scale(factor: number): void {
    if (this.#sparse !== undefined) {
      for (const [index, count] of this.#sparse) this.#sparse.set(index, count * factor);
      return;
    }
    const cells = this.#cells;
    for (let i = 0; i < cells.length; i++) cells[i] = (cells[i] as number) * factor;
  }

  /** A copy with every count passed through a function that keeps zero at zero. */
  mapped(linear: (count: number) => number): BucketCounts {
    const copy = new BucketCounts();
    if (this.#sparse !== undefined) {
      copy.#sparse = new Map();
      for (const [index, count] of this.#sparse) copy.#addSparse(index, linear(count));
      return copy;
    }
    copy.#first = this.#first;
    copy.#cells = new Float64Array(this.#cells.length);
    for (let i = 0; i < this.#cells.length; i++) {
      const count = this.#cells[i] as number;
      if (count === 0) continue;
      const result = linear(count);
      copy.#cells[i] = result;
      if (result !== 0) copy.#size++;
    }
    return copy;
  }

  clone(): BucketCounts {
    const copy = new BucketCounts();
    copy.#cells = this.#cells.slice();
    copy.#first = this.#first;
    copy.#size = this.#size;
    copy.#sparse = this.#sparse === undefined ? undefined : new Map(this.#sparse);
    return copy;
  }

  /** Whether any bucket counts less here than in `before`. */
  isBelow(before: BucketCounts): boolean {
    if (before.#sparse === undefined && this.#sparse === undefined) {
      const shift = before.#first - this.#first;
      for (let i = 0; i < before.#cells.length; i++) {
        const count = before.#cells[i] as number;
        if (count !== 0 && (this.#cells[i + shift] ?? 0) < count) return true;
      }
      return false;
    }
    for (const [index, count] of before) if (this.#at(index) < count) return true;
    return false;
  }

  /** Makes room for the indexes from `low` to `high`, so that adding within them allocates nothing. */
  reserve(low: number, high: number): void {
    if (this.#sparse === undefined) this.#growTo(low, high);
  }

  /** Indexes in ascending order and their counts. */
  lists(): { indexes: number[]; counts: number[] } {
    const indexes: number[] = [];
    const counts: number[] = [];
    this.some('ascending', (index, count) => {
      indexes.push(index);
      counts.push(count);
      return false;
    });
    return { indexes, counts };
  }

  /** Sets counts at ascending indexes. */
  fill(indexes: readonly number[], counts: readonly number[]): void {
    if (indexes.length > 0) this.reserve(indexes[0] as number, indexes.at(-1) as number);
    for (let i = 0; i < indexes.length; i++) this.set(indexes[i] as number, counts[i] as number);
  }

  /** Visits populated buckets in ascending or descending order until `visit` returns true. */
  some(order: 'ascending' | 'descending', visit: (index: number, count: number) => boolean): boolean {
    const list = this.#sparse === undefined ? undefined : [...this];
    const length = list?.length ?? this.#cells.length;
    for (let i = 0; i < length; i++) {
      const at = order === 'ascending' ? i : length - 1 - i;
      const index = list === undefined ? this.#first + at : (list[at] as [number, number])[0];
      const count = list === undefined ? (this.#cells[at] as number) : (list[at] as [number, number])[1];
      if (count !== 0 && visit(index, count)) return true;
    }
    return false;
  }

  *entries(): MapIterator<[number, number]> {
    if (this.#sparse !== undefined) {
      yield* [...this.#sparse].sort(([a], [b]) => a - b);
      return;
    }
    // The cells of this moment, so that counts may be changed during the loop.
    const [cells, first] = [this.#cells, this.#first];
    for (let i = 0; i < cells.length; i++) if (cells[i] !== 0) yield [first + i, cells[i] as number];
  }

  [Symbol.iterator](): MapIterator<[number, number]> {
    return this.entries();
  }

  *keys(): MapIterator<number> {
    for (const [index] of this.entries()) yield index;
  }

  *values(): MapIterator<number> {
    for (const [, count] of this.entries()) yield count;
  }

  forEach(visit: (count: number, index: number, map: ReadonlyMap<number, number>) => void): void {
    for (const [index, count] of this.entries()) visit(count, index, this);
  }

  #addSparse(index: number, count: number): void {
    const sparse = this.#sparse as Map<number, number>;
    const after = (sparse.get(index) ?? 0) + count;
    if (after === 0) sparse.delete(index);
    else sparse.set(index, after);
  }

  #covers(index: number): boolean {
    return index >= this.#first && index < this.#first + this.#cells.length;
  }

  /** Makes room for the indexes from `low` to `high` with spare cells, or turns to a map when that is too long. */
  #growTo(low: number, high: number, slack = 0): void {
    const { length } = this.#cells;
    const last = this.#first + length - 1;
    if (length > 0 && low >= this.#first && high <= last) return;
    const from = length > 0 && low >= this.#first ? this.#first : low - slack;
    const to = length > 0 && high <= last ? last : high + slack;
    if (to - from + 1 > MAX_DENSE_CELLS) {
      this.#sparse = new Map(this.entries());
      this.#cells = new Float64Array(0);
      return;
    }
    const grown = new Float64Array(to - from + 1);
    if (length > 0) grown.set(this.#cells, this.#first - from);
    this.#cells = grown;
    this.#first = from;
  }
}
