/**
 * Which row of an open bucket a series has: a map while few series are in it, a table by series id afterwards, so that
 * thousands of sparse buckets (a replay of old data) stay small and the busy one costs a single look-up.
 */

/** Rows before the table is worth its memory. */
const MAX_MAPPED_ROWS = 64;

export class RollupRows {
  /** Series of each row, in order of arrival. */
  ids = new Uint32Array(8);
  size = 0;
  /** Row + 1 by series id; 0 means none. Empty while the map serves. */
  #table = new Int32Array(0);
  #map: Map<number, number> | undefined = new Map();

  /** The series' row, made when it is missing (it is then `size - 1`). */
  rowOf(id: number): number {
    if (this.#map === undefined) {
      const known = id < this.#table.length ? (this.#table[id] as number) : 0;
      return known > 0 ? known - 1 : this.#add(id);
    }
    return this.#map.get(id) ?? this.#add(id);
  }

  /** Rows in ascending order of series id. */
  order(): Uint32Array {
    const { size, ids } = this;
    const rows = new Uint32Array(size);
    let [ascending, previous] = [true, -1];
    for (let row = 0; row < size; row++) {
      const id = ids[row] as number;
      ascending &&= id > previous;
      previous = id;
    }
    if (ascending) {
      for (let row = 0; row < size; row++) rows[row] = row;
      return rows;
    }
    // Id and row in one exact double: ids have 32 bits, rows fewer than 21.
    const keys = new Float64Array(size);
    for (let row = 0; row < size; row++) keys[row] = (ids[row] as number) * 2 ** 21 + row;
    keys.sort();
    for (let at = 0; at < size; at++) rows[at] = (keys[at] as number) % 2 ** 21;
    return rows;
  }

  #add(id: number): number {
    const row = this.size++;
    if (row === this.ids.length) {
      const grown = new Uint32Array(row * 2);
      grown.set(this.ids);
      this.ids = grown;
    }
    this.ids[row] = id;
    if (this.#map !== undefined && row < MAX_MAPPED_ROWS) this.#map.set(id, row);
    else this.#enter(id, row);
    return row;
  }

  #enter(id: number, row: number): void {
    const turnsToTable = this.#map !== undefined;
    if (turnsToTable || id >= this.#table.length) {
      let highest = id;
      for (let i = 0; i < row; i++) highest = Math.max(highest, this.ids[i] as number);
      const table = new Int32Array(Math.ceil((highest + 1) * 1.25));
      for (let i = 0; i < row; i++) table[this.ids[i] as number] = i + 1;
      this.#table = table;
      this.#map = undefined;
    }
    this.#table[id] = row + 1;
  }
}
