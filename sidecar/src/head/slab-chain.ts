/**
 * A queue of numbered places in slabs of one size: places are added at the end and dropped at the start. A slab that was
 * dropped is the next one to be filled, so a queue of steady length allocates nothing. Some spare slabs are kept, for a
 * queue breathes with its load: given back and made anew again and again, slabs end up in holes between what is small and
 * short-lived, and the allocator holds ever more.
 */

/** Of the slabs in use; one at least. */
const SPARE_SHARE = 1 / 8;

export class SlabChain<T> {
  readonly #size: number;
  readonly #create: () => T;
  readonly #slabs: T[] = [];
  /** Number of the first slab, from zero on for good. */
  #first = 0;
  readonly #spares: T[] = [];
  /** Number of the oldest place. */
  start = 0;
  /** Number that the next place gets; whoever writes there moves it. */
  end = 0;

  constructor(size: number, create: () => T) {
    this.#size = size;
    this.#create = create;
  }

  get length(): number {
    return this.end - this.start;
  }

  /** `place` must lie between `start` and `end`. */
  slabOf(place: number): T {
    return this.#slabs[Math.floor(place / this.#size) - this.#first] as T;
  }

  /** The slab of a place at the end or in the slab after it. */
  grow(place: number): T {
    const index = Math.floor(place / this.#size) - this.#first;
    if (index < this.#slabs.length) return this.#slabs[index] as T;
    const slab = this.#spares.pop() ?? this.#create();
    this.#slabs.push(slab);
    return slab;
  }

  dropBefore(place: number): void {
    this.start = place;
    const gone = Math.min(Math.floor(place / this.#size) - this.#first, this.#slabs.length);
    if (gone <= 0) return;
    this.#spares.push(...this.#slabs.splice(0, gone));
    this.#first += gone;
    this.#spares.length = Math.min(this.#spares.length, Math.max(1, Math.floor(this.#slabs.length * SPARE_SHARE)));
  }
}
