/**
 * Implementation shortfall and its parts (Perold 1988; Wagner and Edwards 1993). X was ordered, x_j executed at p_j, with
 * the mids Pd at the decision, P0 at arrival, PN at the end and D = +1 for a buy, -1 for a sell; a cost is positive:
 * delay D x (P0 - Pd), execution D sum x_j (p_j - P0), opportunity D (X - x)(PN - Pd), fees. Variant `kissell` (Kissell and
 * Glantz 2003): delay on all of X, opportunity from arrival, D (X - x)(PN - P0); the total is the same. Money is computed
 * in whole 1e-24, so the parts sum to the total exactly.
 */
import type { Side } from '../../model/event.ts';
import { amountFromNumber, fixedFromNumber, numberFromAmount, type Amount } from '../fixed-point.ts';

export const SHORTFALL_VARIANTS = ['perold', 'kissell'] as const;
export type ShortfallVariant = (typeof SHORTFALL_VARIANTS)[number];

export interface ShortfallInput {
  readonly side: Side;
  /** Positive. */
  readonly ordered: number;
  readonly executions: readonly { readonly price: number; readonly quantity: number }[];
  /** Null: the decision is not known; the shortfall then starts at arrival and has no delay. */
  readonly decision: number | null;
  readonly arrival: number;
  /** Needed only where something was left undone. */
  readonly end: number | null;
  /** In the currency of the price; null when they were paid in another one. */
  readonly fees: number | null;
}

/** In whole 1e-24 of the currency of the price. Null: not known. */
export interface Shortfall {
  readonly delay: Amount | null;
  readonly execution: Amount;
  readonly opportunity: Amount | null;
  readonly fees: Amount | null;
  /** Null unless opportunity and fees are known. */
  readonly total: Amount | null;
  /** X times the decision mid, or the arrival mid where the decision is not known: what basis points refer to. */
  readonly notional: Amount;
}

export function implementationShortfall(input: ShortfallInput, variant: ShortfallVariant = 'perold'): Shortfall {
  const direction = input.side === 'buy' ? 1n : -1n;
  const [ordered, arrival] = [fixedFromNumber(input.ordered), fixedFromNumber(input.arrival)];
  const decision = input.decision === null ? arrival : fixedFromNumber(input.decision);
  let [done, spent] = [0n, 0n];
  for (const { price, quantity } of input.executions) {
    const executed = fixedFromNumber(quantity);
    done += executed;
    spent += executed * fixedFromNumber(price);
  }
  const left = ordered > done ? ordered - done : 0n;
  const end = left === 0n ? 0n : input.end === null ? null : fixedFromNumber(input.end);
  const delayed = variant === 'perold' ? done : done + left;
  const delay = direction * delayed * (arrival - decision);
  const execution = direction * (spent - done * arrival);
  const reference = variant === 'perold' ? decision : arrival;
  const opportunity = left === 0n ? 0n : end === null ? null : direction * left * (end - reference);
  const fees = input.fees === null ? null : amountFromNumber(input.fees);
  const total = opportunity === null || fees === null ? null : delay + execution + opportunity + fees;
  const notional = (done + left) * decision;
  return { delay: input.decision === null ? null : delay, execution, opportunity, fees, total, notional };
}

/** Sums of the parts over orders; a part that one order does not know is not known of the sum. */
export class ShortfallSum {
  readonly #amounts: Record<keyof Shortfall, Amount | null> = {
    ...{ delay: 0n, execution: 0n, opportunity: 0n, fees: 0n, total: 0n, notional: 0n },
  };
  orders = 0;

  add(shortfall: Shortfall): void {
    this.orders++;
    for (const part of PARTS) {
      const [sum, more] = [this.#amounts[part], shortfall[part]];
      this.#amounts[part] = sum === null || more === null ? null : sum + more;
    }
  }

  /** Money; null without orders or where an order does not know it. */
  money(part: keyof Shortfall): number | null {
    const amount = this.#amounts[part];
    return this.orders === 0 || amount === null ? null : numberFromAmount(amount);
  }

  /** Basis points of the notional. */
  bps(part: Exclude<keyof Shortfall, 'notional'>): number | null {
    const [money, notional] = [this.money(part), this.money('notional')];
    return money === null || notional === null || !(notional > 0) ? null : (money / notional) * 1e4;
  }
}

const PARTS = ['delay', 'execution', 'opportunity', 'fees', 'total', 'notional'] as const;
