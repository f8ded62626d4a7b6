/**
 * An amount of money that changes in place: whole units of 1e-24 in limbs of six decimal digits, each a double. Where a
 * bigint allocates for every step of a calculation, this one does not, and is five times as fast; equal to the last digit.
 * Limbs below the top one are kept in [0, 1e6) after `#settle`, and the top one carries the sign. Source: D. E. Knuth, "The
 * Art of Computer Programming", volume 2, section 4.3.1.
 */
import { amountFromNumber, numberFromAmount, type Amount } from '../fixed-point.ts';
import type { Rate } from './rate-book.ts';

const LIMB_DIGITS = 6;
export const BASE = 10 ** LIMB_DIGITS;
const HALF = BASE / 2;
/** 42 digits and the top limb's: 1e24 of a currency. */
const LIMBS = 8;
const TOP = LIMBS - 1;
const AMOUNT_DIGITS = 24;
/** Limbs below one. */
const FRACTION = AMOUNT_DIGITS / LIMB_DIGITS;
/** A number is told to twelve decimals. */
const TOLD = FRACTION / 2;
/** Times 1e12, which is 5 ** 12 * 2 ** 12, a double still holds it: then adding the fraction is the only rounding. */
export const WHOLE_MAX = 2 ** 25;
/** A remainder times the base, and a limb times a part, both fit into a double below this. */
const DIVISOR_MAX = 4e9;
/** Additions that a limb can take before its carry has to go on. */
const MAX_PENDING = 10_000;

/** What a tick is worth: a limb, and how many of its units. */
export interface TickUnit {
  readonly limb: number;
  readonly factor: number;
}

/** Of ticks with so many decimals, 24 at most. */
export function tickUnit(digits: number): TickUnit {
  const shift = AMOUNT_DIGITS - digits;
  return { limb: Math.floor(shift / LIMB_DIGITS), factor: 10 ** (shift % LIMB_DIGITS) };
}

/** Fifteen digits: up to here one double names one decimal only. */
const TICKS_MAX = 1e15;
const FEW = { scale: 1e8, unit: tickUnit(8) };
const MANY = { scale: 1e12, unit: tickUnit(12) };

/** By decimals. */
export const TICK_UNITS: readonly TickUnit[] = Array.from({ length: AMOUNT_DIGITS + 1 }, (_, digits) =>
  tickUnit(digits),
);

/** What nobody takes. */
const NOWHERE = new Float64Array(LIMBS);

export class WideAmount {
  readonly #limbs = new Float64Array(LIMBS);
  #pending = 0;

  clear(): void {
    // A loop over so few is faster than the call that fills them.
    for (let at = 0; at < LIMBS; at++) this.#limbs[at] = 0;
    this.#pending = 0;
  }

  /** `ticks` is whole and safe. */
  addTicks(ticks: number, { limb, factor }: TickUnit): void {
    const limbs = this.#limbs;
    let rest = ticks;
    for (let at = limb; rest !== 0; at++) {
      const carried = Math.trunc(rest / BASE);
      limbs[at] = (limbs[at] as number) + (rest - carried * BASE) * factor;
      rest = carried;
    }
    if (++this.#pending > MAX_PENDING) this.#settle();
  }

  /** As `amountFromNumber` of it. */
  addNumber(value: number): void {
    const few = Math.round(value * FEW.scale);
    if (Math.abs(few) <= TICKS_MAX && few / FEW.scale === value) return this.addTicks(few, FEW.unit);
    const many = Math.round(value * MANY.scale);
    if (Math.abs(many) <= TICKS_MAX && many / MANY.scale === value) return this.addTicks(many, MANY.unit);
    this.addAmount(amountFromNumber(value));
  }

  addAmount(amount: Amount): void {
    const limbs = this.#limbs;
    this.#pending++;
    let rest = amount;
    for (let at = 0; rest !== 0n; at++) {
      const carried = at === TOP ? 0n : rest / BIG_BASE;
      limbs[at] = (limbs[at] as number) + Number(rest - carried * BIG_BASE);
      rest = carried;
    }
    this.#settle();
  }

  /** Adds another one `sign` times. */
  add(other: WideAmount, sign: 1 | -1): void {
    other.#settle();
    for (let at = 0; at < LIMBS; at++)
      this.#limbs[at] = (this.#limbs[at] as number) + sign * (other.#limbs[at] as number);
    if (++this.#pending > MAX_PENDING) this.#settle();
  }

  /**
   * Takes the share size / open of itself away, rounded half away from zero, and adds it `sign` times to `taken`. False,
   * and nothing has changed, where that needs bigints: an amount below zero, or an open quantity of too many ticks.
   */
  takeShare(size: number, open: number, taken?: WideAmount, sign: 1 | -1 = 1): boolean {
    this.#settle();
    const limbs = this.#limbs;
    const top = limbs[TOP] as number;
    if (open > DIVISOR_MAX || top < 0 || top >= BASE) return false;
    const takenLimbs = taken === undefined ? NOWHERE : taken.#limbs;
    let remainder = 0;
    for (let at = TOP; at >= 0; at--) {
      const limb = limbs[at] as number;
      if (limb === 0 && remainder === 0) continue;
      const dividend = remainder * BASE + limb * size;
      let quotient = Math.floor(dividend / open);
      remainder = dividend - quotient * open;
      // Dividing doubles may round up to the next whole number.
      if (remainder < 0) {
        quotient--;
        remainder += open;
      }
      limbs[at] = limb - quotient;
      takenLimbs[at] = (takenLimbs[at] as number) + sign * quotient;
    }
    if (remainder * 2 >= open) {
      limbs[0] = (limbs[0] as number) - 1;
      takenLimbs[0] = (takenLimbs[0] as number) + sign;
    }
    this.#pending = 1;
    if (taken !== undefined && ++taken.#pending > MAX_PENDING) taken.#settle();
    return true;
  }

  /**
   * Adds its product with a rate, all 48 decimals of it, to limbs that begin with the last of them. They are not settled:
   * each takes less than `PRODUCT_MAX`. False, and nothing added, from 1e24 on.
   */
  addProductTo(product: Float64Array, rate: WideRate, sign: 1 | -1): boolean {
    this.#settle();
    const limbs = this.#limbs;
    if (Math.abs(limbs[TOP] as number) >= BASE) return false;
    const count = rate.length;
    for (let i = 0; i < LIMBS; i++) {
      const limb = sign * (limbs[i] as number);
      if (limb === 0) continue;
      for (let j = 0; j < count; j++) product[i + j] = (product[i + j] as number) + limb * (rate[j] as number);
    }
    return true;
  }

  get amount(): Amount {
    this.#settle();
    const limbs = this.#limbs;
    // The highest has no bound; of the others two at once are a safe number.
    let amount = BigInt(limbs[TOP] as number) * BIG_BASE + BigInt(limbs[TOP - 1] as number);
    for (let at = TOP - 2; at >= 0; at -= 2) {
      amount = amount * PAIR + BigInt((limbs[at] as number) * BASE + (limbs[at - 1] as number));
    }
    return amount;
  }

  /** As `numberFromAmount` of it. */
  get number(): number {
    this.#settle();
    const limbs = this.#limbs;
    let whole = 0;
    for (let at = TOP; at >= FRACTION; at--) whole = whole * BASE + (limbs[at] as number);
    if (!(Math.abs(whole) <= WHOLE_MAX)) return numberFromAmount(this.amount);
    const [last, below] = [limbs[TOLD - 1] as number, limbs[TOLD - 2] as number];
    // What is dropped counts upwards, also below zero: there exactly a half goes down, away from zero.
    const up = whole < 0 ? last > HALF || (last === HALF && below > 0) : last >= HALF;
    const fraction = (limbs[FRACTION - 1] as number) * BASE + (limbs[FRACTION - 2] as number) + (up ? 1 : 0);
    return (whole * TOLD_SCALE + fraction) / TOLD_SCALE;
  }

  get isZero(): boolean {
    this.#settle();
    for (let at = 0; at < LIMBS; at++) if (this.#limbs[at] !== 0) return false;
    return true;
  }

  #settle(): void {
    if (this.#pending === 0) return;
    passCarries(this.#limbs);
    this.#pending = 0;
  }
}

/** Passes carries on, so that limbs are digits again: all but the last, which takes what there is. */
export function passCarries(limbs: Float64Array): void {
  const top = limbs.length - 1;
  let carry = 0;
  for (let at = 0; at < top; at++) {
    const sum = (limbs[at] as number) + carry;
    carry = Math.floor(sum / BASE);
    limbs[at] = sum - carry * BASE;
  }
  limbs[top] = (limbs[top] as number) + carry;
}

const BIG_BASE = BigInt(BASE);
const PAIR = BIG_BASE * BIG_BASE;
const TOLD_SCALE = 1e12;

/** A rate in limbs, lowest first. */
export type WideRate = Float64Array;
/** Rates below 1e12. */
const RATE_LIMBS = 6;

/** Undefined for a rate that takes more limbs. */
export function wideRate(rate: Rate): WideRate | undefined {
  const limbs: number[] = [];
  for (let rest = rate; rest > 0n; rest /= BIG_BASE) limbs.push(Number(rest % BIG_BASE));
  return limbs.length > RATE_LIMBS ? undefined : Float64Array.from(limbs);
}

/** Limbs of a product, and what one of them can grow by at once. */
export const PRODUCT_LIMBS = LIMBS + RATE_LIMBS;
export const PRODUCT_MAX = RATE_LIMBS * BASE * BASE;
