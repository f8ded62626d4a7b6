/**
 * A position with the money beside it. In its own currency it tells its figures itself; where a line in a base currency
 * is told, each booking goes there at the rate of its moment. Net = realised + unrealised - fees + income.
 */
import type { Amount } from '../fixed-point.ts';
import type { Contract } from './contract.ts';
import type { ConvertedLine, ConvertedProfit } from './converted-line.ts';
import type { PnlMethod } from './exact-position.ts';
import { PositionLedger } from './position.ts';
import { SideLedger } from './side-ledger.ts';
import { WideAmount } from './wide-amount.ts';

export interface PositionKey {
  readonly strategy: string;
  readonly venue: string;
  readonly symbol: string;
  readonly account: string;
  readonly currency: string;
}

/** Fees are positive when paid; income (funding, dividends, interest) and capital (deposits) when received. */
export type SideName = 'fees' | 'income' | 'capital';

export interface BookedPositionOptions {
  readonly method: PnlMethod;
  readonly contract?: Contract;
  /** In a base currency: where it is told. */
  readonly line?: ConvertedLine;
}

// Scratch of one calculation, which nothing interrupts.
const GAIN = new WideAmount();

export class BookedPosition {
  readonly key: PositionKey;
  readonly ledger: PositionLedger;
  /** Empty where there is a base currency. */
  readonly fees = new SideLedger();
  readonly income = new SideLedger();
  readonly capital = new SideLedger();
  readonly #line: ConvertedLine | undefined;
  readonly #profit: ConvertedProfit | undefined;
  #lacksRate = false;

  constructor(key: PositionKey, { method, contract, line }: BookedPositionOptions) {
    this.key = key;
    this.ledger = new PositionLedger(method, contract);
    this.#line = line;
    this.#profit = line?.profitIn(key.currency);
  }

  /** In order of time. Adds what is realised to `gain`, too. */
  trade(timeMs: number, signedQuantity: number, price: number, gain?: WideAmount): void {
    if (this.#profit === undefined) return this.ledger.trade(signedQuantity, price, gain);
    const { balance } = this.#profit;
    const isKnown = balance.moveTo(timeMs);
    if (gain === undefined) this.ledger.trade(signedQuantity, price, balance.pending);
    else {
      GAIN.clear();
      this.ledger.trade(signedQuantity, price, GAIN);
      balance.pending.add(GAIN, 1);
      gain.add(GAIN, 1);
    }
    if (!isKnown && balance.settle()) this.#lacksRate = true;
  }

  /** In order of time. Throws a RangeError for NaN and infinities. */
  addBeside(side: SideName, timeMs: number, currency: string, amount: number): void {
    if (this.#line === undefined) this[side].add(currency, amount);
    else if (!this.#line.addBeside(side, timeMs, currency, amount)) this.#lacksRate = true;
  }

  /** Whether something of it cannot be told in the base currency: a booking had no rate, or what it is worth has none. */
  isUnconverted(mark: number | null): boolean {
    if (this.#lacksRate || this.#profit === undefined) return this.#lacksRate;
    return (
      !this.#profit.balance.hasRate && (this.ledger.realised !== 0n || (this.ledger.unrealised(mark) ?? 0n) !== 0n)
    );
  }

  /** Currencies beside its own that nothing converts, and that are left out. */
  get foreign(): number {
    const { currency } = this.key;
    return this.fees.foreign(currency) + this.income.foreign(currency) + this.capital.foreign(currency);
  }

  /**
   * Net profit, and capital with it, in the position's own currency: as the sum of its figures, of which the cost of what
   * is open cancels out. Null without a mark for what is open, and where something is in another currency.
   */
  net(mark: number | null, withCapital: boolean): Amount | null {
    const value = this.ledger.value(mark);
    if (value === null || this.foreign > 0) return null;
    const { currency } = this.key;
    const net = this.ledger.cashFlow + value - this.fees.amount(currency) + this.income.amount(currency);
    return withCapital ? net + this.capital.amount(currency) : net;
  }
}
