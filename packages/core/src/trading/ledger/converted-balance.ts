/**
 * A balance in one currency, told in another. What is booked is converted at the rate of that moment and never revalued;
 * what the rate did to the balance since then is a line of its own: effect = balance * rate now - booked. Bookings under
 * one rate are added up before they are converted, which changes no digit, because products are not rounded.
 */
import { ConvertedSum } from './converted-sum.ts';
import type { BaseCurrency, HeldRate } from './rate-book.ts';
import { WideAmount } from './wide-amount.ts';

export class ConvertedBalance {
  readonly #base: BaseCurrency;
  readonly #from: string;
  /** What is booked under the rate that holds, and not converted yet. */
  readonly pending = new WideAmount();
  /** All that was booked before. */
  readonly #balance = new WideAmount();
  readonly #booked = new ConvertedSum();
  #held: HeldRate | null = null;
  /** The span of time for which `#held` is known; empty at first. */
  #fromMs = Infinity;
  #untilMs = -Infinity;
  #missing = false;

  /** Of a balance in the currency `from`. */
  constructor(base: BaseCurrency, from: string) {
    this.#base = base;
    this.#from = from;
  }

  /** What is booked from here on is booked at the rate of that time. False where there is none. */
  moveTo(timeMs: number): boolean {
    if (timeMs >= this.#untilMs || timeMs < this.#fromMs) {
      this.settle();
      this.#held = this.#base.rates.at(this.#from, this.#base.currency, timeMs);
      this.#fromMs = timeMs;
      // Where no rate is known yet, the next stamp is asked anew.
      this.#untilMs = this.#held?.untilMs ?? timeMs + 1;
    }
    return this.#held !== null;
  }

  /** Converts what is pending. True where it had no rate. */
  settle(): boolean {
    const { pending } = this;
    if (pending.isZero) return false;
    if (this.#held === null) this.#missing = true;
    else this.#booked.addProduct(pending, this.#held, 1);
    this.#balance.add(pending, 1);
    pending.clear();
    return this.#held === null;
  }

  get hasRate(): boolean {
    return this.#held !== null;
  }

  /** Stamp of the rate; infinite without one. */
  get sinceMs(): number {
    return this.#held?.sinceMs ?? Infinity;
  }

  /** Adds the balance itself, unconverted. */
  addTo(sum: WideAmount, sign: 1 | -1): void {
    sum.add(this.#balance, sign);
    sum.add(this.pending, sign);
  }

  /** Adds what was booked; false where a booking had no rate. */
  addBookedTo(sum: ConvertedSum, sign: 1 | -1): boolean {
    this.settle();
    if (!this.#missing) sum.add(this.#booked, sign);
    return !this.#missing;
  }

  /** Adds the balance at the rate of now, which is what was booked and the effect together; false where that is not known. */
  addWorthTo(sum: ConvertedSum, sign: 1 | -1): boolean {
    this.settle();
    return !this.#missing && this.convert(this.#balance, sum, sign);
  }

  /** Adds an amount of this currency at the rate of now; false without one, unless it is zero. */
  convert(amount: WideAmount, sum: ConvertedSum, sign: 1 | -1): boolean {
    if (amount.isZero) return true;
    if (this.#held !== null) sum.addProduct(amount, this.#held, sign);
    return this.#held !== null;
  }
}
