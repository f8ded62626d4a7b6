/**
 * One position's ledger: signed quantity, open cost, realised profit and cash flow, by average cost or first-in
 * first-out, of linear and inverse contracts. Doubles do the work where they are exact, bigints where not; nobody can
 * tell which. For either method, cash flow + value at a mark = realised + unrealised, exactly (before fees).
 * Source: the weighted-average and FIFO cost formulas of IAS 2, applied to signed quantities.
 */
import type { Fill } from '../../model/event.ts';
import { fixedFromNumber, numberFromAmount, numberFromFixed, type Amount, type Fixed } from '../fixed-point.ts';
import { SPOT, valueOf, type Contract } from './contract.ts';
import { ExactPosition, type PnlMethod, type PositionState } from './exact-position.ts';
import { NarrowPosition } from './narrow-position.ts';
import type { WideAmount } from './wide-amount.ts';

export type PositionFill = Pick<Fill, 'side' | 'quantity' | 'price'>;

export class PositionLedger {
  readonly method: PnlMethod;
  readonly contract: Contract;
  #narrow: NarrowPosition | undefined;
  #exact: ExactPosition | undefined;

  constructor(method: PnlMethod, contract: Contract = SPOT, state?: PositionState) {
    this.method = method;
    this.contract = contract;
    if (state === undefined && !contract.inverse) this.#narrow = NarrowPosition.flat(method, contract.multiplier);
    if (this.#narrow === undefined) this.#exact = new ExactPosition(method, contract, state);
  }

  /** Quantity must not be negative. Fees are booked elsewhere. */
  apply(fill: PositionFill): void {
    this.trade(fill.side === 'buy' ? fill.quantity : -fill.quantity, fill.price);
  }

  /** Positive quantities buy. Adds what is realised to `gain`. Throws a RangeError for NaN and infinities. */
  trade(signedQuantity: number, price: number, gain?: WideAmount): void {
    if (this.#narrow?.trade(signedQuantity, price, gain) === true) return;
    const position = this.#widen();
    const before = gain === undefined ? 0n : this.realised;
    position.trade(fixedFromNumber(signedQuantity), fixedFromNumber(price));
    gain?.addAmount(this.realised - before);
  }

  #widen(): ExactPosition {
    this.#exact ??= new ExactPosition(this.method, this.contract, this.#narrow?.state);
    this.#narrow = undefined;
    return this.#exact;
  }

  get #position(): NarrowPosition | ExactPosition {
    return this.#narrow ?? (this.#exact as ExactPosition);
  }

  get isFlat(): boolean {
    return this.#narrow === undefined ? this.fixedQuantity === 0n : this.#narrow.isFlat;
  }

  get isLong(): boolean {
    return this.#narrow === undefined ? this.fixedQuantity > 0n : this.#narrow.isLong;
  }

  get fixedQuantity(): Fixed {
    return this.#position.quantity;
  }

  /** Signed: negative when short. */
  get quantity(): number {
    return numberFromFixed(this.fixedQuantity);
  }

  /** Signed as the quantity is (of an inverse contract, the other way round: its value is negative when long). */
  get openCost(): Amount {
    return this.#position.openCost;
  }

  /** Price at which what is open stands: average cost per unit, of inverse contracts the harmonic one; null when flat. */
  get averageCost(): number | null {
    if (this.isFlat) return null;
    const units = this.quantity * this.contract.multiplier;
    const cost = numberFromAmount(this.openCost);
    return this.contract.inverse ? -units / cost : cost / units;
  }

  get realised(): Amount {
    return this.#position.cashFlow + this.openCost;
  }

  /** Received minus paid, before fees. */
  get cashFlow(): Amount {
    return this.#position.cashFlow;
  }

  /** Cash flow and value at `mark` in ticks of `worthDigits` decimals; NaN where only bigints hold them, or nothing does. */
  worth(mark: number): number {
    return this.#narrow === undefined ? NaN : this.#narrow.worth(mark);
  }

  get worthDigits(): number {
    return this.#narrow?.worthDigits ?? 0;
  }

  /** What is open, at `mark`. A flat position needs no mark. */
  value(mark: number | null): Amount | null {
    if (this.isFlat) return 0n;
    return mark === null ? null : valueOf(this.contract, this.fixedQuantity, fixedFromNumber(mark));
  }

  /** Value of what is open at `mark`, minus its cost. */
  unrealised(mark: number | null): Amount | null {
    const value = this.value(mark);
    return value === null ? null : value - this.openCost;
  }

  /** What a checkpoint keeps. */
  get state(): PositionState {
    return this.#position.state;
  }
}
