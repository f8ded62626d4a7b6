/**
 * Sealed windows of distributions in memory: rows in the order of sealing in one ring of typed arrays, their bucket counts
 * in a second one. Each row points to the row before it of the same series, so a read walks back from the newest;
 * forgetting is moving the tail. Rows and entries are numbered for good; a number modulo the room is its place.
 */
import type { ExponentialHistogram } from '@tapewatch/core';
import type { PackedKeys } from './open-second.ts';

const INITIAL_ROWS = 4_096;
const INITIAL_ENTRIES = 16_384;
const BYTES_PER_ROW = 4 + 8 + 8 + 4 + 8;
const BYTES_PER_ENTRY = 8;
/** A ready-made histogram is an object; about this large. */
const BYTES_PER_OBJECT = 2_048;

export class WindowRing {
  #room = INITIAL_ROWS;
  #seconds = new Uint32Array(INITIAL_ROWS);
  #sums = new Float64Array(INITIAL_ROWS);
  #starts = new Float64Array(INITIAL_ROWS);
  #lengths = new Uint32Array(INITIAL_ROWS);
  /** Number of the series' row before, -1 for none. */
  #previous = new Float64Array(INITIAL_ROWS);
  #tail = 0;
  #head = 0;
  #entryRoom = INITIAL_ENTRIES;
  #keys = new Int32Array(INITIAL_ENTRIES);
  #counts = new Uint32Array(INITIAL_ENTRIES);
  #entryTail = 0;
  #entryHead = 0;
  readonly #objects = new Map<number, ExponentialHistogram>();
  /** Newest row by series, -1 for none. */
  #newest = new Float64Array(0);

  get bytes(): number {
    const rows = (this.#head - this.#tail) * BYTES_PER_ROW;
    return rows + (this.#entryHead - this.#entryTail) * BYTES_PER_ENTRY + this.#objects.size * BYTES_PER_OBJECT;
  }

  /** End of the newest window ever sealed. */
  newestEndSecond = 0;

  push(series: number, second: number, { keys, counts, length }: PackedKeys, sum: number): void {
    while (this.#entryHead - this.#entryTail + length > this.#entryRoom) this.#growEntries();
    const row = this.#row(series, second);
    this.#sums[row] = sum;
    this.#starts[row] = this.#entryHead;
    this.#lengths[row] = length;
    let at = this.#entryHead % this.#entryRoom;
    for (let i = 0; i < length; i++) {
      this.#keys[at] = keys[i] as number;
      this.#counts[at] = counts[i] as number;
      if (++at === this.#entryRoom) at = 0;
    }
    this.#entryHead += length;
  }

  /** A window that is an object: of a layout or scale that keys do not have. */
  pushObject(series: number, second: number, histogram: ExponentialHistogram): void {
    const row = this.#row(series, second);
    this.#starts[row] = this.#entryHead;
    this.#lengths[row] = 0;
    this.#objects.set(this.#head - 1, histogram);
  }

  /** Visits the rows of a series from the newest on, until the visitor returns false. */
  walk(series: number, visit: (row: number, second: number) => boolean): void {
    if (series >= this.#newest.length) return;
    let row = this.#newest[series] as number;
    while (row >= this.#tail) {
      const at = row % this.#room;
      if (!visit(row, this.#seconds[at] as number)) return;
      row = this.#previous[at] as number;
    }
  }

  /** True while any row of the series is here. */
  holds(series: number): boolean {
    return series < this.#newest.length && (this.#newest[series] as number) >= this.#tail;
  }

  /** Reads a row's buckets into `into`; returns its sum. Undefined where the row is an object. */
  read(row: number, into: PackedKeys): number | undefined {
    if (this.#objects.size > 0 && this.#objects.has(row)) return undefined;
    const at = row % this.#room;
    const length = this.#lengths[at] as number;
    if (into.keys.length < length) {
      into.keys = new Int32Array(length * 2);
      into.counts = new Uint32Array(length * 2);
    }
    let entry = (this.#starts[at] as number) % this.#entryRoom;
    for (let i = 0; i < length; i++) {
      into.keys[i] = this.#keys[entry] as number;
      into.counts[i] = this.#counts[entry] as number;
      if (++entry === this.#entryRoom) entry = 0;
    }
    into.length = length;
    return this.#sums[at] as number;
  }

  /** Number that the next row gets. */
  get nextRow(): number {
    return this.#head;
  }

  /** The oldest row that is still here. */
  get firstRow(): number {
    return this.#tail;
  }

  hasObject(row: number): boolean {
    return this.#objects.size > 0 && this.#objects.has(row);
  }

  object(row: number): ExponentialHistogram | undefined {
    return this.#objects.get(row);
  }

  /** Forgets rows from the oldest on, while their second lies before the given one. */
  dropBefore(second: number): void {
    while (this.#tail < this.#head && (this.#seconds[this.#tail % this.#room] as number) < second) {
      const at = this.#tail % this.#room;
      this.#entryTail = (this.#starts[at] as number) + (this.#lengths[at] as number);
      this.#objects.delete(this.#tail);
      this.#tail++;
    }
  }

  #row(series: number, second: number): number {
    if (this.#head - this.#tail === this.#room) this.#growRows();
    if (series >= this.#newest.length) {
      const grown = new Float64Array(Math.max(series + 1, this.#newest.length * 2)).fill(-1);
      grown.set(this.#newest);
      this.#newest = grown;
    }
    const at = this.#head % this.#room;
    this.#seconds[at] = second;
    this.newestEndSecond = Math.max(this.newestEndSecond, second + 1);
    this.#sums[at] = 0;
    this.#previous[at] = this.#newest[series] as number;
    this.#newest[series] = this.#head++;
    return at;
  }

  #growRows(): void {
    const room = this.#room * 2;
    const move = <T extends Uint32Array | Float64Array>(from: T, to: T): T => {
      for (let row = this.#tail; row < this.#head; row++) to[row % room] = from[row % this.#room] as number;
      return to;
    };
    this.#seconds = move(this.#seconds, new Uint32Array(room));
    this.#sums = move(this.#sums, new Float64Array(room));
    this.#starts = move(this.#starts, new Float64Array(room));
    this.#lengths = move(this.#lengths, new Uint32Array(room));
    this.#previous = move(this.#previous, new Float64Array(room));
    this.#room = room;
  }

  #growEntries(): void {
    const room = this.#entryRoom * 2;
    const keys = new Int32Array(room);
    const counts = new Uint32Array(room);
    for (let entry = this.#entryTail; entry < this.#entryHead; entry++) {
      keys[entry % room] = this.#keys[entry % this.#entryRoom] as number;
      counts[entry % room] = this.#counts[entry % this.#entryRoom] as number;
    }
    [this.#keys, this.#counts, this.#entryRoom] = [keys, counts, room];
  }
}
