/**
 * A sum of decimals, exact to the last digit. Ticks of 1e-8 add up in a double while that is exact and spill into a
 * bigint before it would round; what has more digits goes there at once.
 */
import { amountFromNumber, type Amount } from '../fixed-point.ts';
import { tickUnit, type WideAmount } from './wide-amount.ts';

/** Decimals of a tick. */
export const SUM_DIGITS = 8;
const SCALE = 10 ** SUM_DIGITS;
/** Fifteen digits: up to here one double names one decimal only. */
const TICKS_MAX = 1e15;
const UNIT = tickUnit(SUM_DIGITS);
const AMOUNT_PER_TICK = 10n ** 16n;

export class ExactSum {
  #ticks = 0;
  #spilled: Amount;

  constructor(start: Amount = 0n) {
    this.#spilled = start;
  }

  reset(start: Amount): void {
    this.#ticks = 0;
    this.#spilled = start;
  }

  addTo(sum: WideAmount, sign: 1 | -1): void {
    if (this.#ticks !== 0) sum.addTicks(sign * this.#ticks, UNIT);
    if (this.#spilled !== 0n) sum.addAmount(BigInt(sign) * this.#spilled);
  }

  /** Throws a RangeError for NaN and infinities. */
  add(value: number): void {
    const ticks = Math.round(value * SCALE);
    if (!(Math.abs(ticks) <= TICKS_MAX) || ticks / SCALE !== value) {
      this.#spilled += amountFromNumber(value);
      return;
    }
    this.#ticks += ticks;
    if (Math.abs(this.#ticks) <= TICKS_MAX) return;
    this.#spilled += BigInt(this.#ticks) * AMOUNT_PER_TICK;
    this.#ticks = 0;
  }

  /** In units of 1e-8; NaN where a double does not hold it. */
  get ticks(): number {
    return this.#spilled === 0n ? this.#ticks : NaN;
  }

  get amount(): Amount {
    return this.#spilled + BigInt(this.#ticks) * AMOUNT_PER_TICK;
  }
}
