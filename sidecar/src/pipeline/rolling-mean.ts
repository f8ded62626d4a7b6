/** The mean of the last values, each of which is added and taken away once. Exact for shares: sums of zeros and ones. */
export class RollingMean {
  readonly #values: number[] = [];
  readonly #size: number;
  #next = 0;
  #sum = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** Takes a value in and returns the mean with it. */
  add(value: number): number {
    this.#sum += value - (this.#values[this.#next] ?? 0);
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % this.#size;
    return this.#sum / this.#values.length;
  }
}

/** One for each key; past `maxKeys` the one that was made first is forgotten. */
export class RollingMeans {
  readonly #means = new Map<string, RollingMean>();
  readonly #size: number;
  readonly #maxKeys: number;

  constructor(size: number, maxKeys: number) {
    this.#size = size;
    this.#maxKeys = maxKeys;
  }

  add(key: string, value: number): number {
    let mean = this.#means.get(key);
    if (mean === undefined) {
      mean = new RollingMean(this.#size);
      this.#means.set(key, mean);
      forgetFirst(this.#means, this.#maxKeys);
    }
    return mean.add(value);
  }
}

/** Maps keep the order of insertion. */
export function forgetFirst(map: Map<string, unknown>, maxKeys: number): void {
  if (map.size <= maxKeys) return;
  for (const key of map.keys()) return void map.delete(key);
}
