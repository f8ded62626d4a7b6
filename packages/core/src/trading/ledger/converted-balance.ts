/**
 * A balance in one currency, told in another. What is booked is converted at the rate of that moment and never revalued;
 * what the rate did to the balance since then is a line of its own: effect = balance * rate now - booked. Bookings under
 * one rate are added up before they are converted, so rounding does not depend on how many there were.
 */
import type { Amount } from '../fixed-point.ts';
import { convertAmount, type HeldRate, type Rate, type RateBook } from './rate-book.ts';

export class ConvertedBalance {
  readonly #rates: RateBook;
  readonly #from: string;
  readonly #to: string;
  #held: HeldRate | null = null;
  /** The span of time for which `#held` is known; empty at first. */
  #fromMs = Infinity;
  #untilMs = -Infinity;
  /** What of the balance is converted already: all of it, after `settle`. */
  #settled: Amount = 0n;
  #booked: Amount = 0n;
  #missing = false;

  constructor(rates: RateBook, from: string, to: string) {
    this.#rates = rates;
    this.#from = from;
    this.#to = to;
  }

  /** Whether a booking at `timeMs` is under another rate than the last ones: then what is there is to be settled first. */
  isNewRate(timeMs: number): boolean {
    return timeMs >= this.#untilMs || timeMs < this.#fromMs;
  }

  /** The balance as it is now, having changed under the rate that was held so far; from here on that of `timeMs` holds. */
  settle(balance: Amount, timeMs: number): void {
    const change = balance - this.#settled;
    if (change !== 0n) {
      if (this.#held === null) this.#missing = true;
      else this.#booked += convertAmount(change, this.#held.rate);
      this.#settled = balance;
    }
    if (!this.isNewRate(timeMs)) return;
    this.#held = this.#rates.at(this.#from, this.#to, timeMs);
    this.#fromMs = timeMs;
    // Where no rate is known yet, the next stamp is asked anew.
    this.#untilMs = this.#held?.untilMs ?? timeMs + 1;
  }

  get rate(): Rate | null {
    return this.#held?.rate ?? null;
  }

  get sinceMs(): number | null {
    return this.#held?.sinceMs ?? null;
  }

  /** Null when a booking had no rate. */
  get booked(): Amount | null {
    return this.#missing ? null : this.#booked;
  }

  /** Null without a rate at present, or when a booking had none. A balance of zero needs no rate. */
  get effect(): Amount | null {
    if (this.#missing) return null;
    if (this.#settled === 0n) return -this.#booked;
    return this.#held === null ? null : convertAmount(this.#settled, this.#held.rate) - this.#booked;
  }
}
