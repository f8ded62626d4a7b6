/**
 * Money beside the price of executions of a position (fees, funding, deposits), by currency, and told in its own one
 * only. In a base currency a whole line is told: see converted-line.ts.
 */
import type { Amount } from '../fixed-point.ts';
import { ExactSum } from './exact-sum.ts';

export class SideLedger {
  readonly #sums = new Map<string, ExactSum>();

  get isEmpty(): boolean {
    return this.#sums.size === 0;
  }

  /** Throws a RangeError for NaN and infinities. */
  add(currency: string, value: number): void {
    if (value === 0) return;
    let sum = this.#sums.get(currency);
    if (sum === undefined) this.#sums.set(currency, (sum = new ExactSum()));
    sum.add(value);
  }

  /** Of that currency in ticks of `SUM_DIGITS` decimals; NaN where doubles do not hold it, or where there is another one. */
  ticks(currency: string): number {
    if (this.#sums.size === 0) return 0;
    return this.#sums.size > 1 ? NaN : (this.#sums.get(currency)?.ticks ?? NaN);
  }

  /** What is in that currency. */
  amount(currency: string): Amount {
    return this.#sums.get(currency)?.amount ?? 0n;
  }

  /** Other currencies than that one, which are left out. */
  foreign(currency: string): number {
    return this.#sums.size - (this.#sums.has(currency) ? 1 : 0);
  }
}

/** Null as soon as one part is unknown. */
export function sumOrNull(a: Amount | null, b: Amount | null): Amount | null {
  return a === null || b === null ? null : a + b;
}
