/**
 * What is going to happen, in order of time; equal times keep the order of their entry, so that a run is the same every
 * time. A binary heap: O(log n) to add and to take.
 */
interface Entry<T> {
  readonly atNanos: number;
  readonly turn: number;
  readonly what: T;
}

export class Agenda<T> {
  readonly #heap: Entry<T>[] = [];
  #turn = 0;

  /** Infinity when nothing is planned. */
  get nextAt(): number {
    return this.#heap[0]?.atNanos ?? Infinity;
  }

  add(atNanos: number, what: T): void {
    const heap = this.#heap;
    heap.push({ atNanos, turn: this.#turn++, what });
    let child = heap.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.#before(child, parent)) return;
      this.#swap(child, parent);
      child = parent;
    }
  }

  /** Undefined when nothing is planned. */
  take(): { readonly atNanos: number; readonly what: T } | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    heap[0] = last;
    let parent = 0;
    for (;;) {
      let smallest = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2]) {
        if (child < heap.length && this.#before(child, smallest)) smallest = child;
      }
      if (smallest === parent) return first;
      this.#swap(parent, smallest);
      parent = smallest;
    }
  }

  #before(i: number, j: number): boolean {
    const a = this.#heap[i] as Entry<T>;
    const b = this.#heap[j] as Entry<T>;
    return a.atNanos === b.atNanos ? a.turn < b.turn : a.atNanos < b.atNanos;
  }

  #swap(i: number, j: number): void {
    const heap = this.#heap;
    [heap[i], heap[j]] = [heap[j] as Entry<T>, heap[i] as Entry<T>];
  }
}
