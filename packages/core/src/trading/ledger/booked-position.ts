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
import { WideAmount } from './wide-amount.ts';

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
  /** In the own currency only: with a base currency nobody asks for it. */
  readonly cashFlow: Amount | null;
  /** Currencies of fees, income and capital that nothing converts; they are left out. */
  readonly foreign: number;
  /** Stamp of the oldest rate that was used; infinite when none was. */
  readonly rateSinceMs: number;
}

export interface ConvertedRequest {
  /** NaN where there is none. */
  readonly mark: number;
  readonly timeMs: number;
  readonly figure: 'total' | 'net' | 'equity';
}

// Scratch of one calculation, which nothing interrupts.
const OPEN = new WideAmount();
const FEES = new WideAmount();

export class BookedPosition {
  readonly key: PositionKey;
  /** Told in its own currency. */
  readonly isPlain: boolean;
  readonly ledger: PositionLedger;
  readonly fees: SideLedger;
  readonly income: SideLedger;
  readonly capital: SideLedger;
  readonly #profit: ConvertedBalance | undefined;

  constructor(key: PositionKey, { method, contract, base }: BookedPositionOptions) {
    this.key = key;
    this.isPlain = base === undefined;
    this.ledger = new PositionLedger(method, contract);
    this.fees = new SideLedger(base);
    this.income = new SideLedger(base);
    this.capital = new SideLedger(base);
    if (base === undefined) return;
    const told = { rates: base.rates, from: key.currency, to: base.currency };
    this.#profit = new ConvertedBalance({ ...told, balance: { addTo: (sum) => this.ledger.addRealisedTo(sum) } });
  }

  /** In order of time. */
  trade(timeMs: number, signedQuantity: number, price: number): void {
    if (this.#profit?.isNewRate(timeMs) === true) this.#profit.settle(timeMs);
    this.ledger.trade(signedQuantity, price);
  }

  /** What it stands at. Calls must not go back in time, behind a booking or another call. */
  figures(mark: number | null, timeMs: number): PositionFigures {
    const { currency } = this.key;
    const fees = this.fees.figures(currency, timeMs);
    const income = this.income.figures(currency, timeMs);
    const capital = this.capital.figures(currency, timeMs);
    this.#profit?.settle(timeMs);
    const profit = this.#profit;
    const feeEffect = fees.effect === null ? null : -fees.effect;
    return {
      realised: profit === undefined ? this.ledger.realised : profit.booked,
      unrealised: this.#unrealised(mark),
      fees: fees.booked,
      income: income.booked,
      effect: sumOrNull(profit === undefined ? 0n : profit.effect, sumOrNull(feeEffect, income.effect)),
      capital: sumOrNull(capital.booked, capital.effect),
      cashFlow: profit === undefined ? this.ledger.cashFlow : null,
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

  /**
   * Adds total, net profit or equity in the base currency to `sum`, as the figures tell it; calls must not go back in time.
   * False where it is not known. Booked profit and the effect of rates on it together are the balance at the rate of now.
   */
  addConvertedTo(sum: WideAmount, { mark, timeMs, figure }: ConvertedRequest): boolean {
    const profit = this.#profit;
    if (profit === undefined) return false;
    profit.settle(timeMs);
    OPEN.clear();
    if (!this.ledger.addUnrealisedTo(OPEN, mark) || !profit.convert(OPEN, sum)) return false;
    if (figure === 'total') return profit.addBookedTo(sum);
    FEES.clear();
    const isKnown = this.fees.addWorthTo(FEES, timeMs) && this.income.addWorthTo(sum, timeMs);
    sum.add(FEES, -1);
    if (!isKnown || !profit.addWorthTo(sum)) return false;
    return figure === 'net' || this.capital.addWorthTo(sum, timeMs);
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
