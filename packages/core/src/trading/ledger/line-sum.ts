/**
 * The sum behind a line of a chart, exact to the last digit, of parts that change one by one: ticks add up in doubles, one
 * sum for each number of decimals, and what does not fit there in limbs or in a bigint. O(1) a change; telling it costs a few
 * multiplications, because the ticks of most lines have two or three kinds of decimals.
 */
import { amountFromNumber, type Amount } from '../fixed-point.ts';
import { decimalsOf } from './narrow-position.ts';
import { TICK_UNITS, WideAmount, type TickUnit } from './wide-amount.ts';

const SAFE = Number.MAX_SAFE_INTEGER;
const DIGITS_MAX = 24;
/** A number is told to twelve decimals. */
const TOLD_DIGITS = 12;
const TOLD_SCALE = 10 ** TOLD_DIGITS;
const POWERS: readonly number[] = Array.from({ length: TOLD_DIGITS + 1 }, (_, digits) => 10 ** digits);

/** Scratch of one calculation, which nothing interrupts. */
const SUM = new WideAmount();

export class LineSum {
  /** By the decimals of their ticks. */
  readonly #ticks = new Float64Array(DIGITS_MAX + 1);
  #exact: Amount = 0n;
  /** The most decimals so far. */
  #digits = 0;

  /** `ticks` is whole and safe, of at most 24 decimals. */
  add(ticks: number, digits: number): void {
    const sum = (this.#ticks[digits] as number) + ticks;
    if (digits > this.#digits) this.#digits = digits;
    if (Math.abs(sum) <= SAFE) {
      this.#ticks[digits] = sum;
      return;
    }
    this.#exact += amountOf(this.#ticks[digits] as number, digits) + amountOf(ticks, digits);
    this.#ticks[digits] = 0;
  }

  /** A decimal as it was given. */
  addNumber(value: number): void {
    const digits = decimalsOf(value, 0);
    if (digits === undefined) this.#exact += amountFromNumber(value);
    else this.add(Math.round(value * (POWERS[digits] as number)), digits);
  }

  addExact(amount: Amount): void {
    this.#exact += amount;
  }

  /** Adds all of it to `sum`. */
  addTo(sum: WideAmount): void {
    if (this.#exact !== 0n) sum.addAmount(this.#exact);
    for (let digits = 0; digits <= this.#digits; digits++) {
      const left = this.#ticks[digits] as number;
      if (left !== 0) sum.addTicks(left, TICK_UNITS[digits] as TickUnit);
    }
  }

  /** As `numberFromAmount` of it. */
  get number(): number {
    const ticks = this.#exact === 0n && this.#digits <= TOLD_DIGITS ? this.#inTicks() : NaN;
    // A product of two exact doubles rounds as a bigint that becomes a double does.
    if (!Number.isNaN(ticks)) return (ticks * (POWERS[TOLD_DIGITS - this.#digits] as number)) / TOLD_SCALE + 0;
    SUM.clear();
    this.addTo(SUM);
    return SUM.number;
  }

  /** All of it in ticks of the most decimals; NaN where one double does not hold that. */
  #inTicks(): number {
    let sum = 0;
    for (let digits = 0; digits <= this.#digits; digits++) {
      const ticks = this.#ticks[digits] as number;
      if (ticks === 0) continue;
      const scaled = ticks * (POWERS[this.#digits - digits] as number);
      sum += scaled;
      if (!(Math.abs(scaled) <= SAFE && Math.abs(sum) <= SAFE)) return NaN;
    }
    return sum;
  }
}

function amountOf(ticks: number, digits: number): Amount {
  return ticks === 0 ? 0n : BigInt(ticks) * 10n ** BigInt(DIGITS_MAX - digits);
}
