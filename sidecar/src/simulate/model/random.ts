/**
 * The simulation's only source of chance: a small seeded generator (sfc32, Chris Doty-Humphrey's PractRand family) whose
 * state is four 32-bit words. `fork` derives an independent generator by name, so that one more draw in one part of the
 * model does not shift every other part. The same seed gives the same numbers on the same JavaScript engine.
 */

/** FNV-1a with a final avalanche; spreads short names over 32 bits. */
function hash(text: string, start: number): number {
  let state = (0x811c9dc5 ^ start) >>> 0;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193) >>> 0;
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}

/** sfc32 needs some rounds until every state bit depends on every seed bit; 15 is what its author uses. */
const WARM_UP_ROUNDS = 15;

export class Random {
  readonly #name: string;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;
  #spareNormal: number | null = null;

  constructor(seed: number | string) {
    this.#name = String(seed);
    this.#a = hash(this.#name, 1);
    this.#b = hash(this.#name, 2);
    this.#c = hash(this.#name, 3);
    for (let i = 0; i < WARM_UP_ROUNDS; i++) this.#word();
  }

  /** An independent generator; the same name always gives the same one, however much was drawn before. */
  fork(name: string): Random {
    return new Random(`${this.#name}/${name}`);
  }

  #word(): number {
    const word = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + word;
    return word >>> 0;
  }

  /** In [0, 1). */
  uniform(): number {
    return this.#word() / 2 ** 32;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** An integer in [0, count). */
  integer(count: number): number {
    return Math.floor(this.uniform() * count);
  }

  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** Standard normal by Box and Muller (1958); two draws give two numbers, the second is kept. */
  normal(): number {
    if (this.#spareNormal !== null) {
      const spare = this.#spareNormal;
      this.#spareNormal = null;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** Median is `median`; the logarithm's standard deviation is `sigma`. */
  lognormal(median: number, sigma: number): number {
    return median * Math.exp(sigma * this.normal());
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.uniform());
  }

  /** One of the items, with probability proportional to its weight; the list must not be empty. */
  pick<T>(items: readonly T[], weight: (item: T) => number = () => 1): T {
    let total = 0;
    for (const item of items) total += weight(item);
    let rest = this.uniform() * total;
    for (const item of items) {
      rest -= weight(item);
      if (rest < 0) return item;
    }
    return items[items.length - 1] as T;
  }
}
