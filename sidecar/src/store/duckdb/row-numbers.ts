/**
 * Numbers the rows of a table in the order in which they are first asked for: an open table of doubles, with a fraction of
 * the memory and time of a Map. Multiplicative hashing (Knuth 1998, The Art of Computer Programming 3, 6.4).
 */
export class RowNumbers {
  readonly #rows: Float64Array;
  readonly #numbers: Int32Array;
  readonly #shift: number;
  readonly #mask: number;
  #size = 0;

  /** At most `capacity` rows may be numbered, less than half of 2^30. */
  constructor(capacity: number) {
    // At most half full, so that a free place is near.
    const bits = Math.ceil(Math.log2(Math.max(2, capacity * 2)));
    this.#rows = new Float64Array(2 ** bits);
    this.#numbers = new Int32Array(2 ** bits).fill(-1);
    this.#shift = 32 - bits;
    this.#mask = 2 ** bits - 1;
  }

  get size(): number {
    return this.#size;
  }

  /** The next number where the row is new. Rows are integers, not negative. */
  numberOf(row: number): number {
    const place = this.#placeOf(row);
    const known = this.#numbers[place] as number;
    if (known >= 0) return known;
    this.#rows[place] = row;
    return (this.#numbers[place] = this.#size++);
  }

  /** -1 where the row has none. */
  find(row: number): number {
    return this.#numbers[this.#placeOf(row)] as number;
  }

  #placeOf(row: number): number {
    let place = Math.imul(row, 0x9e3779b1) >>> this.#shift;
    while (this.#numbers[place] !== -1 && this.#rows[place] !== row) place = (place + 1) & this.#mask;
    return place;
  }
}
