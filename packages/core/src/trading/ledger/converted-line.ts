/**
 * What the positions of a group are worth together in a base currency: realised profit, fees and income at the rate of
 * each booking, what is open at the rate of now, and what rates did to all that was booked since then as a line of its
 * own. One balance for each currency, whatever the number of positions: products are not rounded, so it is the same sum.
 * Net = realised + unrealised - fees + income + effect: what was earned, valued at the rates of now.
 */
import type { SideName } from './booked-position.ts';
import { ConvertedBalance } from './converted-balance.ts';
import { ConvertedSum } from './converted-sum.ts';
import { LineSum } from './line-sum.ts';
import type { BaseCurrency } from './rate-book.ts';
import { WideAmount } from './wide-amount.ts';

export type ConvertedFigure = 'total' | 'net' | 'realised' | 'unrealised' | 'fees' | 'income' | 'effect' | 'equity';

/** Of positions in one currency. */
export interface ConvertedProfit {
  /** What they realised. */
  readonly balance: ConvertedBalance;
  /** Cash flow and value together, which the caller keeps. */
  readonly worth: LineSum;
}

// Scratch of one calculation, which nothing interrupts.
const SUM = new ConvertedSum();
const OPEN = new WideAmount();

export class ConvertedLine {
  readonly #base: BaseCurrency;
  readonly #initial = new WideAmount();
  readonly #profits = new Map<string, ConvertedProfit>();
  readonly #sides = {
    fees: new Map<string, ConvertedBalance>(),
    income: new Map<string, ConvertedBalance>(),
    capital: new Map<string, ConvertedBalance>(),
  };

  /** `initialEquity` is in the base currency. */
  constructor(base: BaseCurrency, initialEquity = 0) {
    this.#base = base;
    this.#initial.addNumber(initialEquity);
  }

  profitIn(currency: string): ConvertedProfit {
    let profit = this.#profits.get(currency);
    if (profit === undefined) {
      profit = { balance: new ConvertedBalance(this.#base, currency), worth: new LineSum() };
      this.#profits.set(currency, profit);
    }
    return profit;
  }

  /** False where it has no rate. Throws a RangeError for NaN and infinities. */
  addBeside(side: SideName, timeMs: number, currency: string, amount: number): boolean {
    if (amount === 0) return true;
    let balance = this.#sides[side].get(currency);
    if (balance === undefined) this.#sides[side].set(currency, (balance = new ConvertedBalance(this.#base, currency)));
    const isKnown = balance.moveTo(timeMs);
    balance.pending.addNumber(amount);
    return isKnown || !balance.settle();
  }

  /** From here on what is open is worth what the rates of that time make of it. */
  moveTo(timeMs: number): void {
    for (const balance of this.#balances()) balance.moveTo(timeMs);
  }

  /** Stamp of the oldest rate in use; infinite when there is none. */
  get sinceMs(): number {
    return Math.min(Infinity, ...Array.from(this.#balances(), ({ sinceMs }) => sinceMs));
  }

  /** Null where a rate is missing. */
  figure(name: ConvertedFigure): number | null {
    SUM.clear();
    return this.#add(name) ? SUM.number : null;
  }

  #add(name: ConvertedFigure): boolean {
    switch (name) {
      case 'total':
        return this.#addOpen() && this.#addRealised(1);
      case 'realised':
        return this.#addRealised(1);
      case 'unrealised':
        return this.#addOpen();
      case 'fees':
      case 'income':
        return addBooked(this.#sides[name], 1);
      case 'net':
        return this.#addOpen() && this.#addEarned();
      case 'effect':
        // What was earned at the rates of now, less what was booked of it.
        return (
          this.#addEarned() &&
          this.#addRealised(-1) &&
          addBooked(this.#sides.fees, 1) &&
          addBooked(this.#sides.income, -1)
        );
      case 'equity':
        SUM.addAmount(this.#initial);
        return this.#addOpen() && this.#addEarned() && addWorth(this.#sides.capital, 1);
    }
  }

  /** Everything that is booked but capital, at the rates of now. */
  #addEarned(): boolean {
    for (const { balance } of this.#profits.values()) if (!balance.addWorthTo(SUM, 1)) return false;
    return addWorth(this.#sides.fees, -1) && addWorth(this.#sides.income, 1);
  }

  #addRealised(sign: 1 | -1): boolean {
    for (const { balance } of this.#profits.values()) if (!balance.addBookedTo(SUM, sign)) return false;
    return true;
  }

  #addOpen(): boolean {
    for (const { balance, worth } of this.#profits.values()) {
      OPEN.clear();
      worth.addTo(OPEN);
      balance.addTo(OPEN, -1);
      if (!balance.convert(OPEN, SUM, 1)) return false;
    }
    return true;
  }

  *#balances(): Iterable<ConvertedBalance> {
    for (const { balance } of this.#profits.values()) yield balance;
    for (const side of Object.values(this.#sides)) yield* side.values();
  }
}

function addBooked(balances: ReadonlyMap<string, ConvertedBalance>, sign: 1 | -1): boolean {
  for (const balance of balances.values()) if (!balance.addBookedTo(SUM, sign)) return false;
  return true;
}

function addWorth(balances: ReadonlyMap<string, ConvertedBalance>, sign: 1 | -1): boolean {
  for (const balance of balances.values()) if (!balance.addWorthTo(SUM, sign)) return false;
  return true;
}
