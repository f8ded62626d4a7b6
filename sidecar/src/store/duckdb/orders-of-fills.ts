/**
 * Puts fills and the arrivals of their orders together by the engine's hashes of what names an order, while both stream by:
 * a fifth of the work of the engine's join. What is held grows with the fills, not with the orders that are looked at.
 */
import { NO_ORDER } from '@tapewatch/core';
import type { FillArrivals } from '../../ports.ts';
import { HashNumbers } from './hash-numbers.ts';
import { halvesOf } from './stamp-halves.ts';

/** First steps of orders, as columns. */
export interface FirstSteps {
  /** Hashes of what names the order, and its feed. */
  readonly keys: BigInt64Array;
  readonly feeds: BigInt64Array;
  readonly stamps: BigInt64Array;
  /** NaN where there is none. */
  readonly mids: Float64Array;
  readonly rows: Float64Array;
}

/** The arrival of an order that has no first step, or is not with its fill's venue. */
export interface GroupedArrival {
  /** NaN where there is none. */
  readonly mid: number;
  /** The same for all that belong to one order. */
  readonly row: number;
  readonly timeNanos: bigint;
  readonly venue: string;
  readonly symbol: string;
}

type Feed = FillArrivals['feeds'][number];

const NO_ROW = -1;

export class OrdersOfFills {
  /** By fill, the number of what names its order. */
  readonly #numbers: Uint32Array;
  readonly #keys: HashNumbers;
  #fills = 0;
  /** By number. */
  #rows = new Float64Array(0);
  #mids = new Float64Array(0);
  #unpriced = new Unpriced();
  readonly #feeds = new HashNumbers();
  /** Of feeds that quotes are asked for, the row of an order. */
  readonly #feedRows = new Map<number, number>();
  readonly #grouped: (GroupedArrival & { readonly number: number })[] = [];
  /** Numbers whose order is another number's. */
  readonly #sameAs = new Map<number, number>();
  #byRow: Map<number, number> | undefined;
  /** Names of orders that no order is known for. */
  open = 0;

  constructor(fills: number) {
    this.#numbers = new Uint32Array(fills);
    this.#keys = new HashNumbers(fills / 2);
  }

  addFills(keys: BigInt64Array): void {
    this.#numbers.set(this.#keys.numbersOf(keys), this.#fills);
    this.#fills += keys.length;
  }

  /** After the last fill. Forgets the orders that are known. */
  expectOrders(): void {
    this.open = this.#keys.size;
    this.#rows = new Float64Array(this.open).fill(NO_ROW);
    this.#mids = new Float64Array(this.open).fill(NaN);
    this.#unpriced = new Unpriced();
  }

  /** False where one of the orders has such a step already. */
  addFirstSteps({ keys, feeds, stamps, mids, rows }: FirstSteps): boolean {
    const numbers = this.#keys.find(keys);
    const { low, high } = halvesOf(stamps);
    let feedNumbers: Int32Array | undefined;
    for (let i = 0; i < numbers.length; i++) {
      const number = numbers[i] as number;
      if (number < 0) continue;
      if (this.#rows[number] !== NO_ROW) return false;
      const [row, mid] = [rows[i] as number, mids[i] as number];
      this.#rows[number] = row;
      this.#mids[number] = mid;
      this.open--;
      if (mid === mid) continue;
      feedNumbers ??= this.#feeds.numbersOf(feeds);
      const feed = feedNumbers[i] as number;
      if (!this.#feedRows.has(feed)) this.#feedRows.set(feed, row);
      this.#unpriced.numbers.push(number);
      this.#unpriced.feeds.push(feed);
      this.#unpriced.low.push(low[i * 2] as number);
      this.#unpriced.high.push(high[i * 2 + 1] as number);
    }
    return true;
  }

  get feedRows(): number[] {
    return [...this.#feedRows.values()];
  }

  get hasUnpriced(): boolean {
    return this.#unpriced.numbers.length > 0;
  }

  price(keys: BigInt64Array, mids: Float64Array): void {
    this.#keys.find(keys).forEach((number, i) => {
      if (number >= 0) this.#mids[number] = mids[i] as number;
    });
  }

  /** For names whose order is not known yet. */
  addGrouped(keys: BigInt64Array, arrivalOf: (i: number) => GroupedArrival): void {
    this.#byRow ??= new Map(Array.from(this.#rows, (row, number) => [row, number] as const));
    for (const [i, number] of this.#keys.find(keys).entries()) {
      if (number < 0 || this.#rows[number] !== NO_ROW) continue;
      const arrival = arrivalOf(i);
      const known = this.#byRow.get(arrival.row);
      if (known !== undefined) {
        this.#sameAs.set(number, known);
        continue;
      }
      this.#byRow.set(arrival.row, number);
      this.#rows[number] = arrival.row;
      this.#mids[number] = arrival.mid;
      this.open--;
      if (arrival.mid !== arrival.mid) this.#grouped.push({ ...arrival, number });
    }
  }

  /** By fill, the number of its order. */
  numbers(): Uint32Array {
    if (this.open === 0) return this.#numbers;
    const orderOf = Uint32Array.from(this.#rows, (row, number) =>
      row === NO_ROW ? (this.#sameAs.get(number) ?? NO_ORDER) : number,
    );
    return this.#numbers.map((number) => orderOf[number] as number);
  }

  /** `feedOf` tells the feed of an order by its row, for each of `feedRows`. */
  arrivals(feedOf: ReadonlyMap<number, Feed>): Omit<FillArrivals, 'fills'> {
    const feeds = new FeedList();
    const [unpriced, feed]: [number[], number[]] = [[], []];
    const numberOf = new Map<number, number>();
    for (const [known, row] of this.#feedRows)
      numberOf.set(known, feeds.numberOf(feedOf.get(row) ?? { venue: '', symbol: '' }));
    const { numbers, feeds: feedNumbers, low, high } = this.#unpriced;
    const stamps = new BigInt64Array(numbers.length + this.#grouped.length);
    const halves = halvesOf(stamps);
    for (const [i, number] of numbers.entries()) {
      const mid = this.#mids[number] as number;
      if (mid === mid) continue;
      halves.low[unpriced.length * 2] = low[i] as number;
      halves.high[unpriced.length * 2 + 1] = high[i] as number;
      unpriced.push(number);
      feed.push(numberOf.get(feedNumbers[i] as number) as number);
    }
    for (const { number, timeNanos, venue, symbol } of this.#grouped) {
      stamps[unpriced.length] = timeNanos;
      unpriced.push(number);
      feed.push(feeds.numberOf({ venue, symbol }));
    }
    return {
      mids: this.#mids,
      unpriced: Uint32Array.from(unpriced),
      stampsNanos: stamps.slice(0, unpriced.length),
      feed: Uint32Array.from(feed),
      feeds: feeds.all,
    };
  }
}

/** Orders without a mid of their own, and what the quotes are to be asked for them: feed, and the stamp's halves. */
class Unpriced {
  readonly numbers: number[] = [];
  readonly feeds: number[] = [];
  readonly low: number[] = [];
  readonly high: number[] = [];
}

class FeedList {
  readonly all: Feed[] = [];
  readonly #numbers = new Map<string, number>();

  numberOf(feed: Feed): number {
    const key = `${feed.venue}\u0000${feed.symbol}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.all.push(feed) - 1;
    this.#numbers.set(key, number);
    return number;
  }
}
