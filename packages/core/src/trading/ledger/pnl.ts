/**
 * Profit and loss of a set of fills, from flat: fills are booked into positions, one per strategy, venue, symbol,
 * account and currency; a report adds positions up by the asked dimensions. Without a base currency, currencies are never
 * added together, so the currency is always part of the group, and fees in another one leave `net` null.
 */
import type { Fill } from '../../model/event.ts';
import { numberFromAmount, numberFromFixed, type Amount } from '../fixed-point.ts';
import { BookedPosition, type PositionKey, type SideName } from './booked-position.ts';
import type { Contract } from './contract.ts';
import type { ConvertedLine } from './converted-line.ts';
import type { PnlMethod } from './exact-position.ts';
import type { FillColumns, FillGroup } from './fill-columns.ts';
import { sumOrNull } from './side-ledger.ts';

/** A position has both sides, so `side` cannot split profit and loss. */
export const PNL_DIMENSIONS = ['strategy', 'venue', 'symbol', 'account'] as const;
export type PnlDimension = (typeof PNL_DIMENSIONS)[number];

/** The contract of an instrument; `currency` where profit is not in that of the price. Undefined: one unit is one unit. */
export type ContractOf = (instrument: {
  readonly venue: string;
  readonly symbol: string;
}) => (Contract & { readonly currency?: string }) | undefined;

/** Money that is no price of an execution. */
export interface SideFlow {
  readonly key: PositionKey;
  readonly timeMs: number;
  readonly ledger: SideName;
  readonly currency: string;
  /** Fees: positive is paid. Income and capital: positive is received. */
  readonly amount: number;
}

/** The price of one unit that is still open; null when there is none. */
export type Mark = (position: PositionKey) => number | null;

export interface PnlRow {
  /** Values of the asked dimensions, in their order. */
  readonly group: readonly string[];
  readonly currency: string;
  /** Null when a rate is missing. */
  readonly realised: number | null;
  /** Null when an open position has no mark or no rate: a guess would look like a fact. */
  readonly unrealised: number | null;
  /** Realised plus unrealised, before fees. */
  readonly total: number | null;
  /** In `currency`; rebates are negative. */
  readonly fees: number | null;
  /** Funding, dividends and interest. */
  readonly income: number | null;
  /** What exchange rates did to all of these since they were booked; 0 without a base currency. */
  readonly effect: number | null;
  /** Total - fees + income + effect; null when one of them is, or when some of it is in another currency. */
  readonly net: number | null;
  /** Received minus paid, before fees; null with a base currency. */
  readonly cashFlow: number | null;
  /** Signed sum of open quantities; only meaningful within one symbol, else null. */
  readonly openQuantity: number | null;
  readonly unmarkedPositions: number;
  /** Positions without an exchange rate that was needed. */
  readonly unconvertedPositions: number;
  /** Currencies of fees and income that nothing converts, by position. */
  readonly foreignFees: number;
  /** Age of the oldest rate that was used; null when none was. */
  readonly rateAgeMs: number | null;
}

export interface PnlBookOptions {
  readonly method: PnlMethod;
  readonly contractOf?: ContractOf;
  /** In a base currency: where a position is told. Its figures are those of the line then, and reports are plain. */
  readonly lineOf?: (position: PositionKey) => ConvertedLine;
}

/** Fills must come in ascending order of time; ties keep their order. */
export class PnlBook {
  readonly #options: PnlBookOptions;
  readonly #positions = new Map<string, BookedPosition>();

  constructor(options: PnlBookOptions) {
    this.#options = options;
  }

  apply(fill: Fill): void {
    const timeMs = Number(fill.timeNanos / 1_000_000n);
    const position = this.positionOf(fill);
    position.trade(timeMs, fill.side === 'buy' ? fill.quantity : -fill.quantity, fill.price);
    position.addBeside('fees', timeMs, fill.feeCurrency, fill.fee);
  }

  /** Of one key and ledger in order of time. */
  applyFlow(flow: SideFlow): void {
    this.positionOf(flow.key).addBeside(flow.ledger, flow.timeMs, flow.currency, flow.amount);
  }

  /** Books rows `from` to `to`, the latter exclusive. */
  applyRows(columns: FillColumns, from: number, to: number): void {
    const positions = new Array<BookedPosition | undefined>(columns.groups.length).fill(undefined);
    for (let row = from; row < to; row++) {
      const group = columns.group[row] as number;
      const position = (positions[group] ??= this.positionOf(columns.groups[group] as FillGroup));
      const timeMs = columns.timesMs[row] as number;
      position.trade(timeMs, columns.quantities[row] as number, columns.prices[row] as number);
      const fee = columns.fees[row] as number;
      if (fee !== 0) position.addBeside('fees', timeMs, (columns.groups[group] as FillGroup).feeCurrency, fee);
    }
  }

  /** Opens it when it is not known yet. */
  positionOf({ strategy, venue, symbol, account, currency: priceCurrency }: PositionKey): BookedPosition {
    const { method, contractOf, lineOf } = this.#options;
    const contract = contractOf?.({ venue, symbol });
    const key = { strategy, venue, symbol, account, currency: contract?.currency ?? priceCurrency };
    const id = `${strategy}\u0000${venue}\u0000${symbol}\u0000${account}\u0000${key.currency}`;
    let position = this.#positions.get(id);
    if (position === undefined) {
      const line = lineOf?.(key);
      const options = { method, ...(contract && { contract }), ...(line && { line }) };
      this.#positions.set(id, (position = new BookedPosition(key, options)));
    }
    return position;
  }

  /** Positions that a report would need a mark for. */
  openPositions(): PositionKey[] {
    return this.positions()
      .filter(({ ledger }) => !ledger.isFlat)
      .map(({ key }) => key);
  }

  positions(): readonly BookedPosition[] {
    return [...this.#positions.values()];
  }

  /** Rows in ascending order of group, then currency, each in the own currency of its positions. O(positions). */
  report(by: readonly PnlDimension[], mark: Mark): PnlRow[] {
    const sums = new Map<string, GroupSum>();
    for (const position of this.#positions.values()) {
      const { key, ledger } = position;
      const group = by.map((dimension) => key[dimension]);
      const id = JSON.stringify([group, key.currency]);
      let sum = sums.get(id);
      if (sum === undefined) sums.set(id, (sum = new GroupSum(group, key.currency)));
      sum.add(position, ledger.isFlat ? null : mark(key));
    }
    return [...sums.values()].map((sum) => sum.row()).sort(byGroup);
  }
}

class GroupSum {
  readonly group: readonly string[];
  readonly currency: string;
  #realised: Amount = 0n;
  #unrealised: Amount | null = 0n;
  #cashFlow: Amount = 0n;
  #fees: Amount = 0n;
  #income: Amount = 0n;
  #foreignFees = 0;
  readonly #open = new OpenCount();

  constructor(group: readonly string[], currency: string) {
    this.group = group;
    this.currency = currency;
  }

  add(position: BookedPosition, mark: number | null): void {
    const { ledger, fees, income } = position;
    this.#realised += ledger.realised;
    this.#unrealised = sumOrNull(this.#unrealised, ledger.unrealised(mark));
    this.#cashFlow += ledger.cashFlow;
    this.#fees += fees.amount(this.currency);
    this.#income += income.amount(this.currency);
    this.#foreignFees += position.foreign;
    this.#open.add(position, mark);
  }

  row(): PnlRow {
    const total = sumOrNull(this.#realised, this.#unrealised);
    const net = total === null ? null : total + this.#income - this.#fees;
    return {
      group: this.group,
      currency: this.currency,
      realised: numberFromAmount(this.#realised),
      unrealised: numberOf(this.#unrealised),
      total: numberOf(total),
      fees: numberFromAmount(this.#fees),
      income: numberFromAmount(this.#income),
      effect: 0,
      net: this.#foreignFees === 0 ? numberOf(net) : null,
      cashFlow: numberFromAmount(this.#cashFlow),
      ...this.#open.row,
      unconvertedPositions: 0,
      foreignFees: this.#foreignFees,
      rateAgeMs: null,
    };
  }
}

/** What of the positions of a group is open. */
class OpenCount {
  #quantity = 0n;
  #unmarked = 0;
  readonly #symbols = new Set<string>();

  add({ key, ledger }: BookedPosition, mark: number | null): void {
    this.#quantity += ledger.fixedQuantity;
    this.#symbols.add(key.symbol);
    if (!ledger.isFlat && mark === null) this.#unmarked++;
  }

  get row(): Pick<PnlRow, 'openQuantity' | 'unmarkedPositions'> {
    const openQuantity = this.#symbols.size === 1 ? numberFromFixed(this.#quantity) : null;
    return { openQuantity, unmarkedPositions: this.#unmarked };
  }
}

/** A line in the base currency, as its rates stand, and the positions that it tells. */
export interface ConvertedGroup {
  readonly group: readonly string[];
  readonly currency: string;
  readonly line: ConvertedLine;
  readonly positions: readonly { readonly position: BookedPosition; readonly mark: number | null }[];
}

export function convertedRow({ group, currency, line, positions }: ConvertedGroup, timeMs: number): PnlRow {
  const open = new OpenCount();
  for (const { position, mark } of positions) open.add(position, mark);
  const isMarked = open.row.unmarkedPositions === 0;
  const age = timeMs - line.sinceMs;
  return {
    group,
    currency,
    realised: line.figure('realised'),
    unrealised: isMarked ? line.figure('unrealised') : null,
    total: isMarked ? line.figure('total') : null,
    fees: line.figure('fees'),
    income: line.figure('income'),
    effect: line.figure('effect'),
    net: isMarked ? line.figure('net') : null,
    cashFlow: null,
    ...open.row,
    unconvertedPositions: positions.filter(({ position, mark }) => position.isUnconverted(mark)).length,
    foreignFees: 0,
    rateAgeMs: Number.isFinite(age) ? age : null,
  };
}

function numberOf(amount: Amount | null): number | null {
  return amount === null ? null : numberFromAmount(amount);
}

export function byGroup(a: PnlRow, b: PnlRow): number {
  for (const [i, value] of a.group.entries()) {
    const other = b.group[i] as string;
    if (value !== other) return value < other ? -1 : 1;
  }
  return a.currency < b.currency ? -1 : a.currency > b.currency ? 1 : 0;
}
