/**
 * Profit and loss of a set of fills, from flat: fills are booked into positions, one per strategy, venue, symbol,
 * account and currency; a report adds positions up by the asked dimensions. Currencies are never added together, so the
 * currency is always part of the group. Fees stand apart; those in another currency leave `net` null.
 */
import type { Fill } from '../../model/event.ts';
import { numberFromAmount, type Amount } from '../fixed-point.ts';
import type { PnlMethod } from './exact-position.ts';
import { PositionLedger } from './position.ts';

/** A position has both sides, so `side` cannot split profit and loss. */
export const PNL_DIMENSIONS = ['strategy', 'venue', 'symbol', 'account'] as const;
export type PnlDimension = (typeof PNL_DIMENSIONS)[number];

export interface PositionKey {
  readonly strategy: string;
  readonly venue: string;
  readonly symbol: string;
  readonly account: string;
  readonly currency: string;
}

/** The price of one unit that is still open; null when there is none. */
export type Mark = (position: PositionKey) => number | null;

export interface PnlRow {
  /** Values of the asked dimensions, in their order. */
  readonly group: readonly string[];
  readonly currency: string;
  readonly realised: number;
  /** Null when an open position has no mark: a guess would look like a fact. */
  readonly unrealised: number | null;
  /** Realised plus unrealised, before fees. */
  readonly total: number | null;
  /** In `currency`; rebates are negative. */
  readonly fees: number;
  /** Total minus fees; null when total is, or when a fee was paid in another currency. */
  readonly net: number | null;
  readonly cashFlow: number;
  /** Signed sum of open quantities; only meaningful within one symbol, else null. */
  readonly openQuantity: number | null;
  readonly unmarkedPositions: number;
  readonly foreignFees: number;
}

interface Position {
  readonly key: PositionKey;
  readonly ledger: PositionLedger;
}

/** Fills must come in ascending order of time; ties keep their order. */
export class PnlBook {
  readonly method: PnlMethod;
  readonly #positions = new Map<string, Position>();

  constructor(method: PnlMethod) {
    this.method = method;
  }

  apply(fill: Fill): void {
    const { strategy, venue, symbol, account, currency } = fill;
    const id = `${strategy}\u0000${venue}\u0000${symbol}\u0000${account}\u0000${currency}`;
    let position = this.#positions.get(id);
    if (position === undefined) {
      position = { key: { strategy, venue, symbol, account, currency }, ledger: new PositionLedger(this.method) };
      this.#positions.set(id, position);
    }
    position.ledger.apply(fill);
  }

  /** Positions that a report would need a mark for. */
  openPositions(): PositionKey[] {
    return [...this.#positions.values()].filter(({ ledger }) => !ledger.isFlat).map(({ key }) => key);
  }

  positions(): readonly Position[] {
    return [...this.#positions.values()];
  }

  /** Rows in ascending order of group, then currency. O(positions). */
  report(by: readonly PnlDimension[], mark: Mark): PnlRow[] {
    const sums = new Map<string, GroupSum>();
    for (const { key, ledger } of this.#positions.values()) {
      const group = by.map((dimension) => key[dimension]);
      const id = JSON.stringify([group, key.currency]);
      let sum = sums.get(id);
      if (sum === undefined) sums.set(id, (sum = new GroupSum(group, key.currency)));
      sum.add(key, ledger, ledger.unrealised(ledger.isFlat ? null : mark(key)));
    }
    return [...sums.values()].map((sum) => sum.row()).sort(byGroup);
  }
}

class GroupSum {
  readonly group: readonly string[];
  readonly currency: string;
  #realised: Amount = 0n;
  #unrealised: Amount = 0n;
  #cashFlow: Amount = 0n;
  #fees: Amount = 0n;
  #foreignFees = 0;
  #unmarked = 0;
  #open = 0;
  readonly #symbols = new Set<string>();

  constructor(group: readonly string[], currency: string) {
    this.group = group;
    this.currency = currency;
  }

  add(key: PositionKey, ledger: PositionLedger, unrealised: Amount | null): void {
    this.#realised += ledger.realised;
    this.#cashFlow += ledger.cashFlow;
    this.#open += ledger.quantity;
    this.#symbols.add(key.symbol);
    if (unrealised === null) this.#unmarked++;
    else this.#unrealised += unrealised;
    for (const [currency, fee] of ledger.fees) {
      if (currency === this.currency) this.#fees += fee;
      else this.#foreignFees++;
    }
  }

  row(): PnlRow {
    const marked = this.#unmarked === 0;
    const total = this.#realised + this.#unrealised;
    return {
      group: this.group,
      currency: this.currency,
      realised: numberFromAmount(this.#realised),
      unrealised: marked ? numberFromAmount(this.#unrealised) : null,
      total: marked ? numberFromAmount(total) : null,
      fees: numberFromAmount(this.#fees),
      net: marked && this.#foreignFees === 0 ? numberFromAmount(total - this.#fees) : null,
      cashFlow: numberFromAmount(this.#cashFlow),
      openQuantity: this.#symbols.size === 1 ? this.#open : null,
      unmarkedPositions: this.#unmarked,
      foreignFees: this.#foreignFees,
    };
  }
}

function byGroup(a: PnlRow, b: PnlRow): number {
  for (const [i, value] of a.group.entries()) {
    const other = b.group[i] as string;
    if (value !== other) return value < other ? -1 : 1;
  }
  return a.currency < b.currency ? -1 : a.currency > b.currency ? 1 : 0;
}
