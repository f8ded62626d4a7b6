/**
 * A position with the money beside it, in its own currency or told in a base currency: realised profit, fees and income
 * at the rate of each booking, what is open at the rate of the mark, and the currency effect as a line of its own.
 * Net = realised + unrealised - fees + income + effect: what it has earned, valued at the mark.
 */
import type { Amount } from '../fixed-point.ts';
import type { Contract } from './contract.ts';
import { ConvertedBalance } from './converted-balance.ts';
import type { PnlMethod } from './exact-position.ts';
import { PositionLedger } from './position.ts';
import { convertAmount, type BaseCurrency } from './rate-book.ts';
import { SideLedger, sumOrNull } from './side-ledger.ts';

export interface PositionKey {
  readonly strategy: string;
  readonly venue: string;
  readonly symbol: string;
  readonly account: string;
  readonly currency: string;
}

export interface BookedPositionOptions {
  readonly method: PnlMethod;
  readonly contract?: Contract;
  readonly base?: BaseCurrency;
}

/** In the report's currency. Null is unknown: no mark, or no rate. */
export interface PositionFigures {
  readonly realised: Amount | null;
  readonly unrealised: Amount | null;
  /** Paid minus rebates. */
  readonly fees: Amount | null;
  /** Funding, dividends and interest. */
  readonly income: Amount | null;
  readonly effect: Amount | null;
  /** Deposits minus withdrawals, valued now; no part of the profit. */
  readonly capital: Amount | null;
  readonly cashFlow: Amount | null;
  /** Currencies of fees, income and capital that nothing converts; they are left out. */
  readonly foreign: number;
  /** Stamp of the oldest rate that was used; infinite when none was. */
  readonly rateSinceMs: number;
}

export class BookedPosition {
  readonly key: PositionKey;
  /** Told in its own currency. */
  readonly isPlain: boolean;
  readonly ledger: PositionLedger;
  readonly fees: SideLedger;
  readonly income: SideLedger;
  readonly capital: SideLedger;
  readonly #profit: ConvertedBalance | undefined;
  readonly #cash: ConvertedBalance | undefined;

  constructor(key: PositionKey, { method, contract, base }: BookedPositionOptions) {
    this.key = key;
    this.isPlain = base === undefined;
    this.ledger = new PositionLedger(method, contract);
    this.fees = new SideLedger(base);
    this.income = new SideLedger(base);
    this.capital = new SideLedger(base);
    if (base === undefined) return;
    this.#profit = new ConvertedBalance(base.rates, key.currency, base.currency);
    this.#cash = new ConvertedBalance(base.rates, key.currency, base.currency);
  }

  /** In order of time. */
  trade(timeMs: number, signedQuantity: number, price: number): void {
    if (this.#profit?.isNewRate(timeMs) === true) this.#settle(timeMs);
    this.ledger.trade(signedQuantity, price);
  }

  #settle(timeMs: number): void {
    this.#profit?.settle(this.ledger.realised, timeMs);
    this.#cash?.settle(this.ledger.cashFlow, timeMs);
  }

  /** What it stands at. Calls must not go back in time, behind a booking or another call. */
  figures(mark: number | null, timeMs: number): PositionFigures {
    const { currency } = this.key;
    const fees = this.fees.figures(currency, timeMs);
    const income = this.income.figures(currency, timeMs);
    const capital = this.capital.figures(currency, timeMs);
    this.#settle(timeMs);
    const [profit, cash] = [this.#profit, this.#cash];
    const feeEffect = fees.effect === null ? null : -fees.effect;
    return {
      realised: profit === undefined ? this.ledger.realised : profit.booked,
      unrealised: this.#unrealised(mark),
      fees: fees.booked,
      income: income.booked,
      effect: sumOrNull(profit === undefined ? 0n : profit.effect, sumOrNull(feeEffect, income.effect)),
      capital: sumOrNull(capital.booked, capital.effect),
      cashFlow: cash === undefined ? this.ledger.cashFlow : cash.booked,
      foreign: fees.foreign + income.foreign + capital.foreign,
      rateSinceMs: Math.min(fees.sinceMs, income.sinceMs, capital.sinceMs, profit?.sinceMs ?? Infinity),
    };
  }

  /**
   * Net profit, and capital with it, in the position's own currency: as the sum of its figures, of which the cost of what
   * is open cancels out. Null as there, and where something is in another currency.
   */
  net(mark: number | null, withCapital: boolean): Amount | null {
    const value = this.ledger.value(mark);
    if (value === null) return null;
    let sum = this.ledger.cashFlow + value;
    for (const [side, sign] of [
      [this.fees, -1n],
      [this.income, 1n],
      [this.capital, 1n],
    ] as const) {
      if (side.isEmpty) continue;
      const { booked, foreign } = side.figures(this.key.currency, 0);
      if (foreign > 0 || booked === null) return null;
      if (side !== this.capital || withCapital) sum += sign * booked;
    }
    return sum;
  }

  #unrealised(mark: number | null): Amount | null {
    const open = this.ledger.unrealised(mark);
    if (open === null || open === 0n || this.#profit === undefined) return open;
    return this.#profit.rate === null ? null : convertAmount(open, this.#profit.rate);
  }
}

/** Null when a part of it is unknown or in a currency that nothing converts. */
export function netOf(figures: PositionFigures): Amount | null {
  const { realised, unrealised, fees, income, effect, foreign } = figures;
  if (fees === null || foreign > 0) return null;
  const gains = sumOrNull(sumOrNull(realised, unrealised), sumOrNull(income, effect));
  return gains === null ? null : gains - fees;
}
