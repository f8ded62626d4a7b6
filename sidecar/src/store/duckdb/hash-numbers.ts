/**
 * Numbers the engine's hashes of 64 bits in the order in which they are first seen. The engine tells a hash for a tenth of
 * what comparing or handing out texts takes; a million of them share one with a chance of 3e-8, which is taken for never.
 * Open addressing with linear probing (Knuth 1998, The Art of Computer Programming 3, 6.4). Rows of one key mostly lie
 * side by side, and keys come in the same order again: so the number found last, and the next one, are tried first.
 */
import { halvesOf, type StampHalves } from './stamp-halves.ts';

const NONE = -1;

export class HashNumbers {
  #low: Uint32Array;
  #high: Int32Array;
  /** A hash is at the first free place from its lower bits on. At most half of the places are taken. */
  #places: Int32Array;
  #size = 0;
  #last = 0;
  /** Answers are told in it: one of its own for each of thousands of chunks would be a buffer outside of the heap. */
  #numbers = new Int32Array(0);

  /** More than are expected find room too. */
  constructor(expected = 0) {
    const room = 2 ** Math.ceil(Math.log2(Math.max(512, expected + 1)));
    this.#low = new Uint32Array(room);
    this.#high = new Int32Array(room);
    this.#places = new Int32Array(room * 2).fill(NONE);
  }

  get size(): number {
    return this.#size;
  }

  /** Of each hash its number: the next one where it is new. Until the next call. */
  numbersOf(hashes: BigInt64Array): Int32Array {
    const numbers = this.#room(hashes.length);
    const halves = halvesOf(hashes);
    for (let from = 0; ; this.#grow()) {
      from = this.#pass(halves, { numbers, from, isKnown: false });
      if (from === numbers.length) return numbers;
    }
  }

  /** Of each hash its number, -1 where it is not known. Until the next call. */
  find(hashes: BigInt64Array): Int32Array {
    const numbers = this.#room(hashes.length);
    this.#pass(halvesOf(hashes), { numbers, from: 0, isKnown: true });
    return numbers;
  }

  #room(count: number): Int32Array {
    if (this.#numbers.length < count) this.#numbers = new Int32Array(count);
    return this.#numbers.length === count ? this.#numbers : this.#numbers.subarray(0, count);
  }

  /** Numbers hashes until there is no more room, and tells where. No call a hash: there are millions. */
  #pass({ low, high }: StampHalves, { numbers, from, isKnown }: Pass): number {
    const [lows, highs, places] = [this.#low, this.#high, this.#places];
    const mask = places.length - 1;
    let [last, size] = [this.#last, this.#size];
    let i = from;
    for (; i < numbers.length; i++) {
      const [lower, upper] = [low[i * 2] as number, high[i * 2 + 1] as number];
      let number = last;
      if (lows[number] !== lower || highs[number] !== upper) number++;
      // Beyond the last one are zeros, which a hash may be as well: then it is looked up, like any other.
      if (lows[number] !== lower || highs[number] !== upper || number >= size) {
        let place = lower & mask;
        for (number = places[place] as number; number !== NONE; number = places[place] as number) {
          if (lows[number] === lower && highs[number] === upper) break;
          place = (place + 1) & mask;
        }
        if (number === NONE && !isKnown) {
          if (size === lows.length) break;
          number = size++;
          lows[number] = lower;
          highs[number] = upper;
          places[place] = number;
        }
      }
      numbers[i] = number;
      if (number !== NONE) last = number;
    }
    [this.#last, this.#size] = [last, size];
    return i;
  }

  #grow(): void {
    const [low, high] = [this.#low, this.#high];
    const mask = low.length * 4 - 1;
    const places = new Int32Array(low.length * 4).fill(NONE);
    for (let number = 0; number < low.length; number++) {
      let place = (low[number] as number) & mask;
      while (places[place] !== NONE) place = (place + 1) & mask;
      places[place] = number;
    }
    this.#places = places;
    this.#low = new Uint32Array(low.length * 2);
    this.#high = new Int32Array(low.length * 2);
    this.#low.set(low);
    this.#high.set(high);
  }
}

interface Pass {
  readonly numbers: Int32Array;
  readonly from: number;
  /** What is not known gets no number. */
  readonly isKnown: boolean;
}
