/** The last entries of something that never ends: past the bound the oldest goes. Appending is O(1). */
export class BoundedHistory<T> {
  readonly #bound: number;
  readonly #entries: T[] = [];
  /** Where the oldest stands once the bound is reached. */
  #first = 0;

  constructor(bound: number) {
    this.#bound = bound;
  }

  push(entry: T): void {
    if (this.#bound === 0) return;
    if (this.#entries.length < this.#bound) {
      this.#entries.push(entry);
      return;
    }
    this.#entries[this.#first] = entry;
    this.#first = (this.#first + 1) % this.#bound;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** A copy. */
  newestFirst(): T[] {
    return [...this.#entries.slice(this.#first), ...this.#entries.slice(0, this.#first)].reverse();
  }
}
