/**
 * Puts fills and the arrivals of their orders together by the numbers of their rows, because two narrow reads and this
 * take half as long as the engine's join of wide rows.
 */
import { NO_ORDER } from '@tapewatch/core';
import type { FillArrivals } from '../../ports.ts';
import { RowNumbers } from './row-numbers.ts';
import { isAscending } from './stored-order.ts';

interface Asked {
  readonly timeNanos: bigint;
  readonly venue: string;
  readonly symbol: string;
}

export class OrdersOfFills {
  readonly #places: Places;
  readonly #mids: Float64Array;
  #orders: RowNumbers;
  readonly #asked = new Map<number, Asked>();
  /** By fill, its order's number. */
  readonly numbers: Uint32Array;
  /** Fills whose order is not known. */
  open: number;
  /** Between which rows the orders without a mid lie; undefined where each has one. */
  unpriced: { first: number; last: number } | undefined;

  /** Rows of the fills, each once. */
  constructor(rows: Float64Array) {
    this.#places = new Places(rows);
    this.#orders = new RowNumbers(new Float64Array(0));
    this.#mids = new Float64Array(rows.length);
    this.numbers = new Uint32Array(rows.length).fill(NO_ORDER);
    this.open = rows.length;
  }

  /** Forgets what was added. Most of the orders to come are at `orderRows`. */
  expect(orderRows: Float64Array): void {
    this.#orders = new RowNumbers(orderRows);
    this.#asked.clear();
    this.numbers.fill(NO_ORDER);
    this.open = this.numbers.length;
    this.unpriced = undefined;
  }

  /** A mid that is not known is NaN. False where the fill has an order already. */
  add(fillRow: number, orderRow: number, mid: number): boolean {
    const place = this.#places.of(fillRow);
    if (this.numbers[place] !== NO_ORDER) return false;
    const number = this.#orders.numberOf(orderRow);
    this.numbers[place] = number;
    this.#mids[number] = mid;
    this.open--;
    if (mid !== mid) this.#widen(orderRow);
    return true;
  }

  #widen(orderRow: number): void {
    this.unpriced ??= { first: orderRow, last: orderRow };
    if (orderRow < this.unpriced.first) this.unpriced.first = orderRow;
    if (orderRow > this.unpriced.last) this.unpriced.last = orderRow;
  }

  price(orderRow: number, mid: number): void {
    this.#mids[this.#orders.find(orderRow)] = mid;
  }

  /** What the quotes are to be asked for the order, unless its mid is known. */
  ask(orderRow: number, asked: () => Asked): void {
    const number = this.#orders.find(orderRow);
    const mid = this.#mids[number] as number;
    if (mid !== mid && !this.#asked.has(number)) this.#asked.set(number, asked());
  }

  arrivals(): Omit<FillArrivals, 'fills'> {
    const unpriced: number[] = [];
    const stamps: bigint[] = [];
    const feed: number[] = [];
    const feeds: { venue: string; symbol: string }[] = [];
    const numbers = new Map<string, number>();
    for (const [order, { venue, symbol, timeNanos }] of this.#asked) {
      const key = `${venue}\u0000${symbol}`;
      let number = numbers.get(key);
      if (number === undefined) numbers.set(key, (number = feeds.push({ venue, symbol }) - 1));
      unpriced.push(order);
      stamps.push(timeNanos);
      feed.push(number);
    }
    return {
      mids: this.#mids.slice(0, this.#orders.size),
      unpriced: Uint32Array.from(unpriced),
      stampsNanos: BigInt64Array.from(stamps),
      feed: Uint32Array.from(feed),
      feeds,
    };
  }
}

/** Where rows are in a list of them. What is asked one after the other mostly lies near, so the search widens from there. */
class Places {
  /** Ascending. */
  readonly #rows: Float64Array;
  /** Places of those; undefined where they are in order as they are. */
  readonly #order: Uint32Array | undefined;
  #last = 0;

  constructor(rows: Float64Array) {
    this.#rows = rows;
    if (isAscending(rows)) return;
    this.#order = Uint32Array.from(rows.keys()).sort((a, b) => (rows[a] as number) - (rows[b] as number));
    this.#rows = rows.slice().sort();
  }

  of(row: number): number {
    const at = (this.#last = nearest(this.#rows, row, this.#last));
    return this.#order === undefined ? at : (this.#order[at] as number);
  }
}

/** Exponential search for a value that is there (Bentley and Yao 1976), from `from` on in both directions. */
function nearest(values: Float64Array, value: number, from: number): number {
  let low = from;
  let high = from;
  let step = 1;
  while (low > 0 && (values[low] as number) > value) {
    high = low;
    low = Math.max(0, low - step);
    step *= 2;
  }
  while (high < values.length - 1 && (values[high] as number) < value) {
    low = high;
    high = Math.min(values.length - 1, high + step);
    step *= 2;
  }
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
