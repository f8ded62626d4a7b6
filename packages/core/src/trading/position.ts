/**
 * One position's ledger: signed quantity, open cost, realised profit, cash flow and fees, by average cost or first-in
 * first-out. Opposite fills close first; what is left of a fill that crosses zero opens the other side at its price.
 * For either method, cash flow + quantity * mark = realised + unrealised, exactly (before fees).
 * Source: the weighted-average and FIFO cost formulas of IAS 2, applied to signed quantities.
 */
import type { Fill } from '../model/event.ts';
import {
  amountFromNumber,
  divideRounded,
  fixedFromNumber,
  numberFromAmount,
  numberFromFixed,
  type Amount,
  type Fixed,
} from './fixed-point.ts';

export const PNL_METHODS = ['average', 'fifo'] as const;
export type PnlMethod = (typeof PNL_METHODS)[number];

export type PositionFill = Pick<Fill, 'side' | 'quantity' | 'price' | 'fee' | 'feeCurrency'>;

interface Lot {
  /** Always positive; the position's sign stands on the ledger. */
  quantity: Fixed;
  /** Price times quantity of what is still open. */
  cost: Amount;
}

export class PositionLedger {
  readonly method: PnlMethod;
  #sign: 1n | -1n = 1n;
  #open: Fixed = 0n;
  #realised: Amount = 0n;
  #cashFlow: Amount = 0n;
  readonly #fees = new Map<string, Amount>();
  /** Average cost keeps one lot; FIFO keeps them in order, those before `#first` are used up. */
  #lots: Lot[] = [];
  #first = 0;

  constructor(method: PnlMethod) {
    this.method = method;
  }

  /** Quantity must not be negative; a fill of quantity zero changes only the fees. */
  apply(fill: PositionFill): void {
    const quantity = fixedFromNumber(fill.quantity);
    const price = fixedFromNumber(fill.price);
    const sign = fill.side === 'buy' ? 1n : -1n;
    this.#cashFlow -= sign * quantity * price;
    if (fill.fee !== 0) {
      this.#fees.set(fill.feeCurrency, (this.#fees.get(fill.feeCurrency) ?? 0n) + amountFromNumber(fill.fee));
    }
    const closing = this.#open > 0n && sign !== this.#sign ? (quantity < this.#open ? quantity : this.#open) : 0n;
    if (closing > 0n) this.#close(closing, price);
    const opening = quantity - closing;
    if (opening > 0n) this.#increase(opening, price, sign);
  }

  #close(quantity: Fixed, price: Fixed): void {
    this.#realised += this.#sign * (quantity * price - this.#takeCost(quantity));
    this.#open -= quantity;
  }

  /** Removes `quantity` from the lots, oldest first, and returns its cost. */
  #takeCost(quantity: Fixed): Amount {
    let rest = quantity;
    let cost = 0n;
    while (rest > 0n) {
      const lot = this.#lots[this.#first] as Lot;
      if (lot.quantity <= rest) {
        cost += lot.cost;
        rest -= lot.quantity;
        this.#first++;
        continue;
      }
      const share = divideRounded(lot.cost * rest, lot.quantity);
      lot.cost -= share;
      lot.quantity -= rest;
      cost += share;
      rest = 0n;
    }
    if (this.#first * 2 > this.#lots.length) {
      this.#lots = this.#lots.slice(this.#first);
      this.#first = 0;
    }
    return cost;
  }

  #increase(quantity: Fixed, price: Fixed, sign: 1n | -1n): void {
    this.#sign = sign;
    this.#open += quantity;
    const single = this.method === 'average' ? this.#lots[this.#first] : undefined;
    if (single === undefined) {
      this.#lots.push({ quantity, cost: quantity * price });
      return;
    }
    single.quantity += quantity;
    single.cost += quantity * price;
  }

  get isFlat(): boolean {
    return this.#open === 0n;
  }

  /** Signed: negative when short. */
  get quantity(): number {
    return numberFromFixed(this.#sign * this.#open);
  }

  get openCost(): Amount {
    let cost = 0n;
    for (let i = this.#first; i < this.#lots.length; i++) cost += (this.#lots[i] as Lot).cost;
    return this.#sign * cost;
  }

  /** Cost per unit of what is open; null when flat. */
  get averageCost(): number | null {
    return this.isFlat ? null : numberFromAmount(this.openCost) / this.quantity;
  }

  get realised(): Amount {
    return this.#realised;
  }

  /** Received minus paid, before fees. */
  get cashFlow(): Amount {
    return this.#cashFlow;
  }

  /** By currency; positive is paid, negative is a rebate. */
  get fees(): ReadonlyMap<string, Amount> {
    return this.#fees;
  }

  /** Value of what is open at `mark`, minus its cost. A flat position needs no mark. */
  unrealised(mark: number | null): Amount | null {
    if (this.isFlat) return 0n;
    if (mark === null) return null;
    return this.#sign * this.#open * fixedFromNumber(mark) - this.openCost;
  }
}
