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
import { TICK_UNITS, WideAmount, type TickUnit } from './wide-amount.ts';

export type PositionFill = Pick<Fill, 'side' | 'quantity' | 'price'>;

/** Scratch of one calculation, which nothing interrupts. */
const REALISED = new WideAmount();

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

  /** Positive quantities buy. Throws a RangeError for NaN and infinities. */
  trade(signedQuantity: number, price: number): void {
    if (this.#narrow?.trade(signedQuantity, price) === true) return;
    this.#widen().trade(fixedFromNumber(signedQuantity), fixedFromNumber(price));
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

  addRealisedTo(sum: WideAmount): void {
    if (this.#narrow === undefined) sum.addAmount(this.realised);
    else this.#narrow.addRealisedTo(sum);
  }

  /** Cash flow and value at `mark` in ticks of `worthDigits` decimals; NaN where only bigints hold them, or nothing does. */
  worth(mark: number): number {
    return this.#narrow === undefined ? NaN : this.#narrow.worth(mark);
  }

  get worthDigits(): number {
    return this.#narrow?.worthDigits ?? 0;
  }

  /** False where there is no mark for what is open. */
  addUnrealisedTo(sum: WideAmount, mark: number): boolean {
    if (this.isFlat) return true;
    if (Number.isNaN(mark)) return false;
    const worth = this.worth(mark);
    if (Number.isNaN(worth)) {
      sum.addAmount(this.unrealised(mark) ?? 0n);
      return true;
    }
    REALISED.clear();
    this.addRealisedTo(REALISED);
    sum.addTicks(worth, TICK_UNITS[this.worthDigits] as TickUnit);
    sum.add(REALISED, -1);
    return true;
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
