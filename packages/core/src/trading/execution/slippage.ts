/**
 * Arrival slippage: D * (average fill price - mid at arrival) / mid in basis points of the benchmark notional, D = +1
 * for a buy and -1 for a sell, so that a cost is positive (Perold 1988, "The implementation shortfall").
 * Aggregation weights by benchmark notional: sum of D * (p - mid) * q over sum of mid * q. A fill whose order has no
 * usable mid is left out and counted with its reason; a group without any usable fill has null, never zero.
 */
import type { Fill } from '../../model/event.ts';
import { CompensatedSum } from '../../promql/kahan.ts';
import { NO_BENCHMARK_REASONS, noneExcluded, type Benchmark, type NoBenchmarkReason } from './benchmark.ts';

export const SLIPPAGE_DIMENSIONS = ['strategy', 'venue', 'symbol', 'side', 'account'] as const;
export type SlippageDimension = (typeof SLIPPAGE_DIMENSIONS)[number];

export interface SlippageRow {
  /** Values of the asked dimensions, in their order. */
  readonly group: readonly string[];
  readonly currency: string;
  /** Basis points of `notional`; positive is a cost. Null when no fill had a benchmark. */
  readonly bps: number | null;
  /** Cost in `currency`; null when no fill had a benchmark. */
  readonly cost: number | null;
  /** Mid times quantity of the fills that count. */
  readonly notional: number;
  readonly fills: number;
  readonly orders: number;
  /** Fills left out, by reason. */
  readonly excluded: Readonly<Record<NoBenchmarkReason, number>>;
}

export function excludedCount(row: SlippageRow): number {
  return NO_BENCHMARK_REASONS.reduce((sum, reason) => sum + row.excluded[reason], 0);
}

/** Adds fills up; the same fills in any order give the same rows within rounding. */
export class SlippageBook {
  readonly #by: readonly SlippageDimension[];
  readonly #groups = new Map<string, SlippageCell>();

  constructor(by: readonly SlippageDimension[]) {
    this.#by = by;
  }

  add(fill: Fill, benchmark: Benchmark): void {
    const cell = this.#cellOf(fill);
    const quantity = fill.side === 'buy' ? fill.quantity : -fill.quantity;
    if (benchmark.mid === undefined) cell.exclude(benchmark.reason);
    else {
      cell.orders.add(fill.orderId);
      cell.add(quantity, fill.price, benchmark.mid);
    }
  }

  /** Rows in ascending order of group, then currency. */
  rows(): SlippageRow[] {
    return [...this.#groups.entries()]
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([, group]) => slippageRow(group));
  }

  #cellOf(kind: Pick<Fill, SlippageDimension | 'currency'>): SlippageCell {
    const values = this.#by.map((dimension) => kind[dimension]);
    const id = JSON.stringify([values, kind.currency]);
    let group = this.#groups.get(id);
    if (group === undefined) this.#groups.set(id, (group = new SlippageCell(values, kind.currency)));
    return group;
  }
}

export function slippageRow(cell: SlippageCell): SlippageRow {
  const { values, currency, fills, orders, ownOrders, excluded } = cell;
  const [cost, notional] = [cell.cost.value, cell.notional.value];
  const counts = fills > 0;
  return {
    group: values,
    currency,
    bps: counts && notional > 0 ? (cost / notional) * 1e4 : null,
    cost: counts ? cost : null,
    notional,
    fills,
    orders: orders.size + ownOrders,
    excluded: { ...excluded },
  };
}

/** The sums of one group. */
export class SlippageCell {
  readonly values: readonly string[];
  readonly currency: string;
  readonly cost = new CompensatedSum();
  readonly notional = new CompensatedSum();
  /** Orders with a fill that counts, and how many more there are that the caller keeps apart. */
  readonly orders = new Set<string | number>();
  ownOrders = 0;
  readonly excluded = noneExcluded();
  fills = 0;

  constructor(values: readonly string[], currency: string) {
    this.values = values;
    this.currency = currency;
  }

  /** A fill against its mid. Positive quantities buy. The caller counts its order. */
  add(quantity: number, price: number, mid: number): void {
    this.fills++;
    this.cost.add((price - mid) * quantity);
    this.notional.add(mid * Math.abs(quantity));
  }

  exclude(reason: NoBenchmarkReason): void {
    this.excluded[reason]++;
  }
}
