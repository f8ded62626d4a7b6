/**
 * A sum of amounts of money, each at a rate of its own, in limbs as a `WideAmount`: all 48 decimals of every product are
 * kept, and only what is told is rounded. So amounts under one rate may be added up before or after, and groups of them
 * in any way: it is the same sum, to the last digit.
 */
import { divideRounded, numberFromFixed } from '../fixed-point.ts';
import { PAR, type HeldRate } from './rate-book.ts';
import { BASE, passCarries, PRODUCT_LIMBS, PRODUCT_MAX, WHOLE_MAX, type WideAmount } from './wide-amount.ts';

/** One more than a product has, for what is carried. */
const LIMBS = PRODUCT_LIMBS + 1;
const TOP = LIMBS - 1;
const HALF = BASE / 2;
const BIG_BASE = BigInt(BASE);
/** Limbs below one. */
const FRACTION = 8;
/** A number is told to twelve decimals, two limbs. */
const TOLD = FRACTION - 2;
const TOLD_SCALE = 1e12;
const BELOW_TOLD = BIG_BASE ** BigInt(TOLD);
/** Products that a limb can take before its carry has to go on: dividing it by the base must not round up. */
const MAX_PENDING = Math.floor((2 ** 31 * BASE) / PRODUCT_MAX);

export class ConvertedSum {
  readonly #limbs = new Float64Array(LIMBS);
  #pending = 0;
  /** Of rates that have no limbs, and of amounts that have too many. */
  #exact = 0n;

  clear(): void {
    this.#limbs.fill(0);
    this.#pending = 0;
    this.#exact = 0n;
  }

  addProduct(amount: WideAmount, { rate, wide }: Pick<HeldRate, 'rate' | 'wide'>, sign: 1 | -1): void {
    if (wide === undefined || !amount.addProductTo(this.#limbs, wide, sign)) {
      this.#exact += BigInt(sign) * amount.amount * rate;
      return;
    }
    if (++this.#pending >= MAX_PENDING) this.#settle();
  }

  /** As a product with the rate of one. */
  addAmount(amount: WideAmount): void {
    this.addProduct(amount, PAR, 1);
  }

  add(other: ConvertedSum, sign: 1 | -1): void {
    other.#settle();
    for (let at = 0; at < LIMBS; at++)
      this.#limbs[at] = (this.#limbs[at] as number) + sign * (other.#limbs[at] as number);
    if (++this.#pending >= MAX_PENDING) this.#settle();
    this.#exact += BigInt(sign) * other.#exact;
  }

  /** Rounded half away from zero to twelve decimals, and then to a double. */
  get number(): number {
    this.#settle();
    const limbs = this.#limbs;
    let whole = 0;
    for (let at = TOP; at >= FRACTION; at--) whole = whole * BASE + (limbs[at] as number);
    if (this.#exact !== 0n || !(Math.abs(whole) <= WHOLE_MAX))
      return numberFromFixed(divideRounded(this.#value, BELOW_TOLD));
    const fraction = (limbs[TOLD + 1] as number) * BASE + (limbs[TOLD] as number) + (this.#isUp(whole < 0) ? 1 : 0);
    return (whole * TOLD_SCALE + fraction) / TOLD_SCALE;
  }

  /** What is dropped counts upwards, also below zero: there exactly a half goes down, away from zero. */
  #isUp(isNegative: boolean): boolean {
    const first = this.#limbs[TOLD - 1] as number;
    if (first !== HALF || !isNegative) return first >= HALF;
    for (let at = 0; at < TOLD - 1; at++) if (this.#limbs[at] !== 0) return true;
    return false;
  }

  get #value(): bigint {
    this.#settle();
    let value = 0n;
    for (let at = TOP; at >= 0; at--) value = value * BIG_BASE + BigInt(this.#limbs[at] as number);
    return value + this.#exact;
  }

  #settle(): void {
    if (this.#pending === 0) return;
    passCarries(this.#limbs);
    this.#pending = 0;
  }
}
