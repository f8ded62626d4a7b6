/**
 * Numbers the rows of a table in the order in which they are first asked for. Rows of a stretch that is mostly asked for lie
 * in an array, which costs a twentieth of a Map; any others in one.
 */

/** Places of the array for each row that may be asked for. */
const MAX_PLACES_PER_ROW = 8;

export class RowNumbers {
  readonly #first: number;
  /** Numbers plus one: 0 is a row that was not asked for. */
  readonly #dense: Uint32Array;
  readonly #others = new Map<number, number>();
  #size = 0;

  /** Rows that may be asked for; nothing is numbered yet. */
  constructor(rows: Float64Array) {
    let [first, last] = [Infinity, -1];
    for (const row of rows) {
      if (row < first) first = row;
      if (row > last) last = row;
    }
    const places = last - first + 1;
    this.#first = first;
    this.#dense = new Uint32Array(places > 0 && places <= rows.length * MAX_PLACES_PER_ROW ? places : 0);
  }

  get size(): number {
    return this.#size;
  }

  /** The next number where the row is new. */
  numberOf(row: number): number {
    const known = this.find(row);
    if (known >= 0) return known;
    const place = row - this.#first;
    if (place >= 0 && place < this.#dense.length) this.#dense[place] = ++this.#size;
    else this.#others.set(row, ++this.#size);
    return this.#size - 1;
  }

  /** -1 where the row has none. */
  find(row: number): number {
    const place = row - this.#first;
    if (place >= 0 && place < this.#dense.length) return (this.#dense[place] as number) - 1;
    return (this.#others.get(row) ?? 0) - 1;
  }
}
