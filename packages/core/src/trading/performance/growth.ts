/**
 * Growth per year, its variation, and growth over the worst loss. Sources: CFA Institute GIPS (periods of less than a year
 * are not annualised without saying so: here not below 30 days); T. W. Young, "Calmar Ratio", Futures 20, 1991.
 */
import { momentsOf, variesBeyondRounding } from '../../stats/moments.ts';
import { DAY_MS, DAYS_PER_YEAR } from './annualisation.ts';
import { figure, withheld, type Figure } from './figure.ts';
import { missingFor, type RatioOptions } from './sharpe.ts';
import { compoundReturn, type PeriodReturns } from './returns.ts';

/** A month of luck to the power of twelve is no growth rate. */
export const MIN_GROWTH_DAYS = 30;

/** `elapsed`: calendar time between first and last point. `periods`: count over periods per year (quantstats, empyrical). */
export const YEAR_BASES = ['elapsed', 'periods'] as const;
export type YearBasis = (typeof YEAR_BASES)[number];

export interface GrowthOptions extends RatioOptions {
  readonly yearBasis?: YearBasis;
}

/**
 * Compound annual growth rate, a fraction. Null without returns (`empty`), below 30 days by `elapsed` (`too_short`), below
 * two returns by `periods` (`too_few`), and after ruin (`ruined`).
 */
export function growthRate(series: PeriodReturns, { periodsPerYear, yearBasis = 'elapsed' }: GrowthOptions): Figure {
  const { returns, fromNanos, toNanos } = series;
  if (returns.length === 0) return withheld('empty');
  const total = compoundReturn(returns);
  if (series.ruined || total <= -1) return withheld('ruined');
  const days = Number(toNanos - fromNanos) / 1e6 / DAY_MS;
  if (yearBasis === 'elapsed' && days < MIN_GROWTH_DAYS) return withheld('too_short');
  if (yearBasis === 'periods' && returns.length < 2) return withheld('too_few');
  const years = yearBasis === 'elapsed' ? days / DAYS_PER_YEAR : returns.length / periodsPerYear;
  return figure((1 + total) ** (1 / years) - 1);
}

/** Growth rate over maximum drawdown (a positive fraction). Null where either is, and without a drawdown. */
export function calmarOf(growth: Figure, maxDrawdown: Figure): Figure {
  if (growth.value === null) return growth;
  if (maxDrawdown.value === null) return maxDrawdown;
  return maxDrawdown.value === 0 ? withheld('no_drawdown') : figure(growth.value / maxDrawdown.value);
}

/** Standard deviation of the returns (n - 1), annualised with the square root. Null below 30 returns. */
export function volatilityOf(returns: readonly number[], options: RatioOptions): Figure {
  const missing = missingFor(returns, options);
  if (missing !== null) return missing;
  const { standardDeviation } = momentsOf(returns);
  if (!variesBeyondRounding(returns, standardDeviation)) return withheld('no_variation');
  return figure(standardDeviation * Math.sqrt(options.periodsPerYear));
}
