/**
 * A portfolio's value by its parts, and its return over the last hour, day and week. Parts are cash and positions; they add
 * up to the total, and a part that cannot be valued leaves the total unknown rather than too small.
 */
import { figure, withheld, type Figure } from '../performance/figure.ts';
import { compoundReturn, periodReturns, type EquityFlow, type EquityPoint } from '../performance/returns.ts';
import { valueOfPosition, type OpenPosition } from './exposure.ts';

export interface PortfolioPart {
  /** An instrument, or `cash` with its currency. */
  readonly kind: 'position' | 'cash';
  readonly name: string;
  /** In the currency of the report. */
  readonly value: Figure;
  /** Of the total; null where that is not positive. */
  readonly share: Figure;
}

export interface PortfolioBreakdown {
  readonly total: Figure;
  /** Positions by instrument, then cash by currency, each in ascending order of name. */
  readonly parts: readonly PortfolioPart[];
}

export interface CashBalance {
  readonly currency: string;
  readonly amount: number;
  /** What one unit is worth in the currency of the report; default 1; null when no rate is known. */
  readonly rate?: number | null;
}

/** O(n log n). */
export function portfolioBreakdown(
  positions: readonly OpenPosition[],
  cash: readonly CashBalance[],
): PortfolioBreakdown {
  const held = sumByName(
    positions.filter(({ quantity }) => quantity !== 0).map((one) => [one.symbol, valueOfPosition(one)]),
  );
  const money = sumByName(
    cash.map(({ currency, amount, rate = 1 }) => [currency, rate === null ? null : amount * rate]),
  );
  const values = [...held.values(), ...money.values()];
  const total = values.includes(null)
    ? withheld('no_mark')
    : figure(values.reduce<number>((sum, value) => sum + (value as number), 0));
  const part = (kind: PortfolioPart['kind']) => {
    return ([name, value]: readonly [string, number | null]): PortfolioPart => ({
      kind,
      name,
      value: value === null ? withheld('no_mark') : figure(value),
      share: shareOf(value, total),
    });
  };
  return { total, parts: [...[...held].map(part('position')), ...[...money].map(part('cash'))] };
}

function shareOf(value: number | null, total: Figure): Figure {
  if (value === null) return withheld('no_mark');
  if (total.value === null) return total;
  return total.value > 0 ? figure(value / total.value) : withheld('no_capital');
}

function sumByName(entries: readonly (readonly [string, number | null])[]): Map<string, number | null> {
  const sums = new Map<string, number | null>();
  for (const [name, value] of entries) {
    const known = sums.get(name) ?? 0;
    sums.set(name, value === null || sums.get(name) === null ? null : known + value);
  }
  return new Map([...sums].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const HOUR_NANOS = 3_600_000_000_000n;

export const RETURN_HORIZONS = { '1h': HOUR_NANOS, '24h': 24n * HOUR_NANOS, '7d': 168n * HOUR_NANOS } as const;
export type ReturnHorizon = keyof typeof RETURN_HORIZONS;

/**
 * Return over the horizon that ends at the last point: from the last point at or before its start, flows taken out. Null
 * without such a point (`too_short`) or without capital (`ruined`).
 */
export function horizonReturn(
  points: readonly EquityPoint[],
  horizon: ReturnHorizon,
  flows: readonly EquityFlow[] = [],
): Figure {
  const last = points.at(-1);
  if (last === undefined) return withheld('empty');
  const startNanos = last.timeNanos - RETURN_HORIZONS[horizon];
  const first = points.findLastIndex(({ timeNanos }) => timeNanos <= startNanos);
  if (first === -1) return withheld('too_short');
  const { returns, ruined } = periodReturns(points.slice(first), flows);
  return ruined ? withheld('ruined') : figure(compoundReturn(returns));
}
