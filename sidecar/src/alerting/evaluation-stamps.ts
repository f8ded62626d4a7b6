/** When a rule was evaluated, newest `capacity` stamps in a ring: what a revision of its past repeats. Ascending. */
export class EvaluationStamps {
  readonly #capacity: number;
  #stamps: BigInt64Array;
  #start = 0;
  #size = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#stamps = new BigInt64Array(Math.min(16, capacity));
  }

  /** Ignores one that is not after the last: a clock that was set back gives no second past. */
  add(nanos: bigint): void {
    if (this.#capacity === 0 || (this.newest !== undefined && nanos <= this.newest)) return;
    if (this.#size === this.#stamps.length && this.#size < this.#capacity) this.#grow();
    if (this.#size === this.#stamps.length) this.#start = (this.#start + 1) % this.#stamps.length;
    else this.#size++;
    this.#stamps[(this.#start + this.#size - 1) % this.#stamps.length] = nanos;
  }

  get oldest(): bigint | undefined {
    return this.#size === 0 ? undefined : this.#at(0);
  }

  get newest(): bigint | undefined {
    return this.#size === 0 ? undefined : this.#at(this.#size - 1);
  }

  /** Both ends inclusive. */
  within(fromNanos: bigint, toNanos: bigint): bigint[] {
    const found: bigint[] = [];
    for (let at = this.#firstFrom(fromNanos); at < this.#size && this.#at(at) <= toNanos; at++)
      found.push(this.#at(at));
    return found;
  }

  #firstFrom(nanos: bigint): number {
    let [low, high] = [0, this.#size];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#at(middle) < nanos) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #at(at: number): bigint {
    return this.#stamps[(this.#start + at) % this.#stamps.length] as bigint;
  }

  #grow(): void {
    const grown = new BigInt64Array(Math.min(this.#capacity, this.#stamps.length * 2));
    for (let at = 0; at < this.#size; at++) grown[at] = this.#at(at);
    this.#stamps = grown;
    this.#start = 0;
  }
}
