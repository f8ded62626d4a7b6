/**
 * One position in bigints: any contract, any number of digits. Signed quantity, open cost and cash flow, by average cost
 * or first-in first-out. Opposite fills close first; what is left of a fill that crosses zero opens the other side.
 * Realised profit is cash flow + open cost, so that cash flow + value at a mark = realised + unrealised always. Only the
 * cost share of a partial close is rounded, half away from zero, and what it rounds stays in the open cost.
 */
import { divideRounded, type Amount, type Fixed } from '../fixed-point.ts';
import { valueOf, type Contract } from './contract.ts';

export const PNL_METHODS = ['average', 'fifo'] as const;
export type PnlMethod = (typeof PNL_METHODS)[number];

export interface Lot {
  /** Always positive; the position's sign stands on the ledger. */
  readonly quantity: Fixed;
  /** Value of what is open, at the price it was opened at. */
  readonly cost: Amount;
}

/** Everything a ledger remembers: what a checkpoint keeps. Average cost has one lot at most. */
export interface PositionState {
  readonly sign: 1n | -1n;
  readonly lots: readonly Lot[];
  readonly cashFlow: Amount;
}

export const FLAT: PositionState = { sign: 1n, lots: [], cashFlow: 0n };

export class ExactPosition {
  readonly #method: PnlMethod;
  readonly #contract: Contract;
  #sign: 1n | -1n;
  #open: Fixed = 0n;
  #cost: Amount = 0n;
  #cashFlow: Amount;
  /** In order; those before `#first` are used up. */
  #lots: Lot[];
  #first = 0;

  constructor(method: PnlMethod, contract: Contract, state: PositionState = FLAT) {
    this.#method = method;
    this.#contract = contract;
    this.#sign = state.sign;
    this.#cashFlow = state.cashFlow;
    this.#lots = [...state.lots];
    for (const { quantity, cost } of state.lots) {
      this.#open += quantity;
      this.#cost += cost;
    }
  }

  /** A quantity of zero changes nothing. */
  trade(signedQuantity: Fixed, price: Fixed): void {
    const sign = signedQuantity < 0n ? -1n : 1n;
    const quantity = sign * signedQuantity;
    const value = valueOf(this.#contract, quantity, price);
    this.#cashFlow -= sign * value;
    const closing = sign === this.#sign ? 0n : quantity < this.#open ? quantity : this.#open;
    if (closing > 0n) this.#close(closing);
    const opening = quantity - closing;
    if (opening === 0n) return;
    this.#sign = sign;
    // What rounding a value leaves is part of the open side, so that both parts add up to the whole.
    this.#increase(opening, closing === 0n ? value : value - valueOf(this.#contract, closing, price));
  }

  #close(quantity: Fixed): void {
    this.#open -= quantity;
    let rest = quantity;
    while (rest > 0n) {
      const lot = this.#lots[this.#first] as Lot;
      if (lot.quantity <= rest) {
        this.#cost -= lot.cost;
        rest -= lot.quantity;
        this.#first++;
        continue;
      }
      const share = divideRounded(lot.cost * rest, lot.quantity);
      this.#cost -= share;
      this.#lots[this.#first] = { quantity: lot.quantity - rest, cost: lot.cost - share };
      rest = 0n;
    }
    if (this.#first * 2 <= this.#lots.length) return;
    this.#lots = this.#lots.slice(this.#first);
    this.#first = 0;
  }

  #increase(quantity: Fixed, cost: Amount): void {
    this.#open += quantity;
    this.#cost += cost;
    const single = this.#method === 'average' ? this.#lots[this.#first] : undefined;
    if (single === undefined) this.#lots.push({ quantity, cost });
    else this.#lots[this.#first] = { quantity: single.quantity + quantity, cost: single.cost + cost };
  }

  /** Signed: negative when short. */
  get quantity(): Fixed {
    return this.#sign * this.#open;
  }

  /** Signed as the quantity is. */
  get openCost(): Amount {
    return this.#sign * this.#cost;
  }

  get cashFlow(): Amount {
    return this.#cashFlow;
  }

  get state(): PositionState {
    // A flat position has no side.
    return { sign: this.#open === 0n ? 1n : this.#sign, lots: this.#lots.slice(this.#first), cashFlow: this.#cashFlow };
  }
}
