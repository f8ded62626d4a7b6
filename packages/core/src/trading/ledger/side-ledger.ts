/**
 * Money beside the price of executions (fees, funding, deposits), by currency, and told in one currency: the own one
 * only, or a base currency at the rate of each booking with the effect of rates since then apart.
 */
import type { Amount } from '../fixed-point.ts';
import { ConvertedBalance } from './converted-balance.ts';
import { ExactSum } from './exact-sum.ts';
import type { BaseCurrency } from './rate-book.ts';
import type { WideAmount } from './wide-amount.ts';

export interface SideFigures {
  /** Null when a rate was missing. Without a base currency: what is in the own currency. */
  readonly booked: Amount | null;
  readonly effect: Amount | null;
  /** Currencies that are left out, because nothing converts them. */
  readonly foreign: number;
  /** Stamp of the oldest rate in use; infinite when there is none. */
  readonly sinceMs: number;
}

interface Entry {
  readonly sum: ExactSum;
  readonly balance: ConvertedBalance | undefined;
}

const NOTHING: SideFigures = { booked: 0n, effect: 0n, foreign: 0, sinceMs: Infinity };

export class SideLedger {
  readonly #base: BaseCurrency | undefined;
  readonly #entries = new Map<string, Entry>();

  constructor(base?: BaseCurrency) {
    this.#base = base;
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** In order of time, where there is a base currency. Throws a RangeError for NaN and infinities. */
  add(timeMs: number, currency: string, value: number): void {
    if (value === 0) return;
    let entry = this.#entries.get(currency);
    if (entry === undefined) {
      const base = this.#base;
      const sum = new ExactSum();
      const told = base && { rates: base.rates, from: currency, to: base.currency };
      const balance = told && new ConvertedBalance({ ...told, balance: sum });
      this.#entries.set(currency, (entry = { sum, balance }));
    }
    if (entry.balance?.isNewRate(timeMs) === true) entry.balance.settle(timeMs);
    entry.sum.add(value);
  }

  /** By currency. */
  get amounts(): ReadonlyMap<string, Amount> {
    return new Map(Array.from(this.#entries, ([currency, { sum }]) => [currency, sum.amount]));
  }

  /** Of that currency in ticks of `SUM_DIGITS` decimals; NaN where doubles do not hold it, or where there is another one. */
  ticks(currency: string): number {
    if (this.#entries.size === 0) return 0;
    return this.#entries.size > 1 ? NaN : (this.#entries.get(currency)?.sum.ticks ?? NaN);
  }

  /** Adds all of it at the rates of now, with a base currency; false where that is not known. */
  addWorthTo(sum: WideAmount, timeMs: number): boolean {
    let isKnown = true;
    for (const { balance } of this.#entries.values()) {
      balance?.settle(timeMs);
      isKnown = balance?.addWorthTo(sum) === true && isKnown;
    }
    return isKnown;
  }

  figures(currency: string, timeMs: number): SideFigures {
    if (this.#entries.size === 0) return NOTHING;
    if (this.#base === undefined) {
      const own = this.#entries.get(currency);
      const foreign = this.#entries.size - (own === undefined ? 0 : 1);
      return { ...NOTHING, booked: own?.sum.amount ?? 0n, foreign };
    }
    let [booked, effect, sinceMs]: [Amount | null, Amount | null, number] = [0n, 0n, Infinity];
    for (const { balance } of this.#entries.values()) {
      balance?.settle(timeMs);
      booked = sumOrNull(booked, balance?.booked ?? null);
      effect = sumOrNull(effect, balance?.effect ?? null);
      sinceMs = Math.min(sinceMs, balance?.sinceMs ?? Infinity);
    }
    return { booked, effect, foreign: 0, sinceMs };
  }
}

/** Null as soon as one part is unknown. */
export function sumOrNull(a: Amount | null, b: Amount | null): Amount | null {
  return a === null || b === null ? null : a + b;
}
