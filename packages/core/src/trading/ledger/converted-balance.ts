/**
 * A balance in one currency, told in another. What is booked is converted at the rate of that moment and never revalued;
 * what the rate did to the balance since then is a line of its own: effect = balance * rate now - booked. Bookings under
 * one rate are added up before they are converted, so rounding does not depend on how many there were.
 */
import type { Amount } from '../fixed-point.ts';
import { SUM_DIGITS } from './exact-sum.ts';
import { convertAmount, type HeldRate, type Rate, type RateBook } from './rate-book.ts';

import { tickUnit, WideAmount } from './wide-amount.ts';

const TICK_UNIT = tickUnit(SUM_DIGITS);

export interface ConvertedBalanceOptions {
  readonly rates: RateBook;
  readonly from: string;
  readonly to: string;
  readonly balance: Balance;
}

/** What is told. */
export interface Balance {
  /** Adds it as it is now, once or minus once. */
  readonly addTo: (sum: WideAmount, sign: 1 | -1) => void;
  /** In units of 1e-8; NaN or absent where only limbs hold it. */
  readonly ticks?: number;
}

export class ConvertedBalance {
  readonly #options: ConvertedBalanceOptions;
  #held: HeldRate | null = null;
  /** The span of time for which `#held` is known; empty at first. */
  #fromMs = Infinity;
  #untilMs = -Infinity;
  /** What of the balance is converted already: all of it, after `settle`. */
  #settled = new WideAmount();
  #spare = new WideAmount();
  /** The same in ticks, where the balance is. */
  #settledTicks = 0;
  readonly #booked = new WideAmount();
  #missing = false;

  constructor(options: ConvertedBalanceOptions) {
    this.#options = options;
  }

  /** Whether a booking at `timeMs` is under another rate than the last ones: then what is there is to be settled first. */
  isNewRate(timeMs: number): boolean {
    return timeMs >= this.#untilMs || timeMs < this.#fromMs;
  }

  /** The balance as it is now has changed under the rate that was held so far; from here on that of `timeMs` holds. */
  settle(timeMs: number): void {
    if (!this.#settleTicks()) this.#settleLimbs();
    if (!this.isNewRate(timeMs)) return;
    const { rates, from, to } = this.#options;
    this.#held = rates.at(from, to, timeMs);
    this.#fromMs = timeMs;
    // Where no rate is known yet, the next stamp is asked anew.
    this.#untilMs = this.#held?.untilMs ?? timeMs + 1;
  }

  /** Most balances beside a position stay small: what changed is then one number. */
  #settleTicks(): boolean {
    const { ticks = NaN } = this.#options.balance;
    const change = ticks - this.#settledTicks;
    if (change === 0) return true;
    const wide = this.#held?.wide;
    if (!(Math.abs(change) <= Number.MAX_SAFE_INTEGER)) return false;
    if (this.#held === null) this.#missing = true;
    else if (wide === undefined || !this.#booked.addConvertedTicks(change, TICK_UNIT, wide)) return false;
    this.#settledTicks = ticks;
    this.#settled.addTicks(change, TICK_UNIT);
    return true;
  }

  #settleLimbs(): void {
    const [change, balance] = [this.#settled, this.#spare];
    balance.clear();
    this.#options.balance.addTo(balance, 1);
    if (change.becomeChangeTo(balance)) {
      if (this.#held === null) this.#missing = true;
      else addConverted(this.#booked, change, this.#held);
    }
    this.#settled = balance;
    this.#spare = change;
    this.#settledTicks = this.#options.balance.ticks ?? NaN;
  }

  get rate(): Rate | null {
    return this.#held?.rate ?? null;
  }

  get sinceMs(): number | null {
    return this.#held?.sinceMs ?? null;
  }

  /** Null when a booking had no rate. */
  get booked(): Amount | null {
    return this.#missing ? null : this.#booked.amount;
  }

  /** Null without a rate at present, or when a booking had none. A balance of zero needs no rate. */
  get effect(): Amount | null {
    if (this.#missing) return null;
    if (this.#settled.isZero) return -this.#booked.amount;
    return this.#held === null ? null : convertAmount(this.#settled.amount, this.#held.rate) - this.#booked.amount;
  }

  /** False where it is not known. */
  addBookedTo(sum: WideAmount): boolean {
    if (!this.#missing) sum.add(this.#booked, 1);
    return !this.#missing;
  }

  /** Adds what is booked and the effect together, the balance at the rate of now; false where that is not known. */
  addWorthTo(sum: WideAmount): boolean {
    return !this.#missing && this.convert(this.#settled, sum);
  }

  /** Adds an amount of this currency at the rate of now; false without one, unless it is zero. */
  convert(amount: WideAmount, sum: WideAmount): boolean {
    if (amount.isZero) return true;
    if (this.#held !== null) addConverted(sum, amount, this.#held);
    return this.#held !== null;
  }
}

function addConverted(sum: WideAmount, amount: WideAmount, { rate, wide }: HeldRate): void {
  if (wide === undefined) sum.addAmount(convertAmount(amount.amount, rate));
  else sum.addConverted(amount, wide);
}
