/**
 * Ratios that look at losses rather than at variation. Sources: F. A. Sortino and L. N. Price, "Performance Measurement in
 * a Downside Risk Framework", Journal of Investing 3, 1994; C. Keating and W. F. Shadwick, "A Universal Performance
 * Measure", 2002 (Omega). The tail ratio is the one of empyrical and quantstats.
 */
import { meanOf } from '../../stats/moments.ts';
import { quantileType7, sorted } from '../../stats/quantile-type7.ts';
import { figure, withheld, type Figure } from './figure.ts';
import { excessReturns, missingFor, type RatioOptions } from './sharpe.ts';

/**
 * Mean excess return over the root mean square of the negative ones, over *all* periods, annualised with the square root.
 * Null below 30 returns (`too_few`) and without a negative one (`no_loss`).
 */
export function sortinoOf(returns: readonly number[], options: RatioOptions): Figure {
  const missing = missingFor(returns, options);
  if (missing !== null) return missing;
  const excess = excessReturns(returns, options);
  const squares = excess.reduce((sum, value) => sum + Math.min(value, 0) ** 2, 0);
  if (squares === 0) return withheld('no_loss');
  return figure((meanOf(excess) / Math.sqrt(squares / excess.length)) * Math.sqrt(options.periodsPerYear));
}

/**
 * Sum of what exceeds `threshold` over the sum of what falls short of it, both per period. Null below 30 returns and where
 * none falls short (`no_loss`).
 */
export function omegaOf(returns: readonly number[], threshold = 0, minReturns?: number): Figure {
  const missing = missingFor(returns, minReturns === undefined ? {} : { minReturns });
  if (missing !== null) return missing;
  const above = returns.reduce((sum, value) => sum + Math.max(value - threshold, 0), 0);
  const below = returns.reduce((sum, value) => sum + Math.max(threshold - value, 0), 0);
  return below === 0 ? withheld('no_loss') : figure(above / below);
}

/** |95th percentile| over |5th percentile| (type 7). Null below 30 returns and where the lower one is zero (`no_loss`). */
export function tailRatioOf(returns: readonly number[], minReturns?: number): Figure {
  const missing = missingFor(returns, minReturns === undefined ? {} : { minReturns });
  if (missing !== null) return missing;
  const ascending = sorted(returns);
  const lower = quantileType7(ascending, 0.05);
  return lower === 0 ? withheld('no_loss') : figure(Math.abs(quantileType7(ascending, 0.95) / lower));
}
