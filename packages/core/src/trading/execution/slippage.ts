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
  readonly #groups = new Map<string, Group>();

  constructor(by: readonly SlippageDimension[]) {
    this.#by = by;
  }

  add(fill: Fill, benchmark: Benchmark): void {
    const values = this.#by.map((dimension) => fill[dimension]);
    const id = JSON.stringify([values, fill.currency]);
    let group = this.#groups.get(id);
    if (group === undefined) this.#groups.set(id, (group = newGroup(values, fill.currency)));
    if (benchmark.mid === undefined) {
      group.excluded[benchmark.reason]++;
      return;
    }
    const direction = fill.side === 'buy' ? 1 : -1;
    group.fills++;
    group.orders.add(fill.orderId);
    group.cost.add(direction * (fill.price - benchmark.mid) * fill.quantity);
    group.notional.add(benchmark.mid * fill.quantity);
  }

  /** Rows in ascending order of group, then currency. */
  rows(): SlippageRow[] {
    return [...this.#groups.entries()]
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([, group]) => {
        const cost = group.cost.value;
        const notional = group.notional.value;
        const counts = group.fills > 0;
        return {
          group: group.values,
          currency: group.currency,
          bps: counts && notional > 0 ? (cost / notional) * 1e4 : null,
          cost: counts ? cost : null,
          notional,
          fills: group.fills,
          orders: group.orders.size,
          excluded: { ...group.excluded },
        };
      });
  }
}

interface Group {
  readonly values: readonly string[];
  readonly currency: string;
  readonly cost: CompensatedSum;
  readonly notional: CompensatedSum;
  fills: number;
  readonly orders: Set<string>;
  readonly excluded: Record<NoBenchmarkReason, number>;
}

function newGroup(values: readonly string[], currency: string): Group {
  return {
    values,
    currency,
    cost: new CompensatedSum(),
    notional: new CompensatedSum(),
    fills: 0,
    orders: new Set(),
    excluded: noneExcluded(),
  };
}
