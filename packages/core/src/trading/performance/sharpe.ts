/**
 * Sharpe's ratio and how far to trust it. Sources: W. F. Sharpe, "The Sharpe Ratio", Journal of Portfolio Management 21,
 * 1994; A. W. Lo, "The Statistics of Sharpe Ratios", Financial Analysts Journal 58, 2002 (the factor for returns that
 * depend on each other); E. Mertens, "Comments on Variance of the IID Estimator in Lo", 2002 (the standard error with
 * skewness and kurtosis); D. H. Bailey and M. Lopez de Prado, "The Deflated Sharpe Ratio", 2014.
 */
import { autocorrelations } from '../../stats/autocorrelation.ts';
import { momentsOf, variesBeyondRounding, type Moments } from '../../stats/moments.ts';
import { normalCumulative } from '../../stats/normal-distribution.ts';
import { normalQuantile } from '../../stats/normal-quantile.ts';
import { figure, withheld, type Figure } from './figure.ts';

/** Below it no ratio of returns is shown: its standard error would be of the ratio's own size. */
export const MIN_RETURNS = 30;

/**
 * `annual` is a yearly rate taken apart geometrically, (1 + rf)^(1/n) - 1, as quantstats does. `per-period` subtracts the
 * number as it is, as empyrical does.
 */
export const RISK_FREE_BASES = ['annual', 'per-period'] as const;
export type RiskFreeBasis = (typeof RISK_FREE_BASES)[number];

export interface RatioOptions {
  /** Periods of the returns in a year. */
  readonly periodsPerYear: number;
  /** A fraction: 0.02 is two per cent. Default 0. */
  readonly riskFree?: number;
  readonly riskFreeBasis?: RiskFreeBasis;
  /** Default `MIN_RETURNS`. */
  readonly minReturns?: number;
}

export interface SharpeReport {
  /** Annualised with the square root of the periods per year. */
  readonly sharpe: Figure;
  /** Annualised with Lo's factor instead. */
  readonly sharpeAutocorrelated: Figure;
  /** Of `sharpe`, annualised alike. */
  readonly standardError: Figure;
}

/** Null below 30 returns (`too_few`) and where the returns do not vary (`no_variation`). O(n * lags). */
export function sharpeOf(returns: readonly number[], options: RatioOptions): SharpeReport {
  const excess = excessReturns(returns, options);
  const missing = missingFor(excess, options);
  const moments = momentsOf(excess);
  const problem =
    missing ?? (variesBeyondRounding(returns, moments.standardDeviation) ? null : withheld('no_variation'));
  if (problem !== null) return { sharpe: problem, sharpeAutocorrelated: problem, standardError: problem };
  const ratio = moments.mean / moments.standardDeviation;
  const scale = Math.sqrt(options.periodsPerYear);
  const lo = loFactor(excess, options.periodsPerYear);
  return {
    sharpe: figure(ratio * scale),
    sharpeAutocorrelated: lo === null ? withheld('no_estimate') : figure(ratio * lo),
    standardError: figure(sharpeStandardError(ratio, moments) * scale),
  };
}

/** Of a ratio per period, from its own moments. */
export function sharpeStandardError(ratio: number, { count, skewness, kurtosis }: Moments): number {
  return Math.sqrt(Math.max(0, 1 + ratio ** 2 / 2 - skewness * ratio + ((kurtosis - 3) / 4) * ratio ** 2) / count);
}

/**
 * What a ratio per period is multiplied with for a year of `periods`: periods / sqrt(periods + 2 * sum of
 * (periods - k) rho_k). Sample autocorrelations sum to -1/2 by construction, so only the first ones carry news: `lags` is
 * 4 (n/100)^(2/9) by default (Newey and West, 1994). Null where the estimate of the variance is not positive.
 */
export function loFactor(
  returns: readonly number[],
  periods: number,
  lags = Math.floor(4 * (returns.length / 100) ** (2 / 9)),
): number | null {
  const used = Math.max(0, Math.min(lags, Math.ceil(periods) - 1));
  const sum = autocorrelations(returns, used).reduce((total, rho, i) => total + (periods - i - 1) * rho, 0);
  const variance = periods + 2 * sum;
  return variance > 0 ? periods / Math.sqrt(variance) : null;
}

export interface DeflationTrials {
  /** Variants that were tried, the best of which is judged. */
  readonly trials: number;
  /** Variance of the variants' ratios, per period. */
  readonly ratioVariance: number;
}

const EULER_MASCHERONI = 0.5772156649015329;

/**
 * Probability that the true ratio is above zero, although it is the best of many tried. Null below 30 returns, where they
 * do not vary, and for fewer than two trials (`too_few`).
 */
export function deflatedSharpe(returns: readonly number[], { trials, ratioVariance }: DeflationTrials): Figure {
  if (returns.length < MIN_RETURNS || trials < 2) return withheld('too_few');
  const moments = momentsOf(returns);
  if (!variesBeyondRounding(returns, moments.standardDeviation)) return withheld('no_variation');
  const ratio = moments.mean / moments.standardDeviation;
  const expectedBest =
    Math.sqrt(ratioVariance) *
    ((1 - EULER_MASCHERONI) * normalQuantile(1 - 1 / trials) +
      EULER_MASCHERONI * normalQuantile(1 - 1 / (trials * Math.E)));
  const { skewness, kurtosis, count } = moments;
  const spread = Math.sqrt(1 - skewness * ratio + ((kurtosis - 1) / 4) * ratio ** 2);
  return figure(normalCumulative(((ratio - expectedBest) * Math.sqrt(count - 1)) / spread));
}

/** Returns above the risk-free rate of one period. */
export function excessReturns(
  returns: readonly number[],
  { periodsPerYear, riskFree = 0, riskFreeBasis = 'annual' }: RatioOptions,
): readonly number[] {
  if (riskFree === 0) return returns;
  const perPeriod = riskFreeBasis === 'annual' ? (1 + riskFree) ** (1 / periodsPerYear) - 1 : riskFree;
  return returns.map((value) => value - perPeriod);
}

/** Why there are not enough returns for a ratio, or null when there are. */
export function missingFor(
  returns: readonly number[],
  { minReturns = MIN_RETURNS }: Pick<RatioOptions, 'minReturns'>,
): Figure | null {
  if (returns.length === 0) return withheld('empty');
  return returns.length < minReturns ? withheld('too_few') : null;
}

/** Display bands of an annualised Sharpe ratio: above 1 positive, from 0.5 to 1 neutral, below 0.5 negative. */
export const SHARPE_BANDS = { negativeBelow: 0.5, positiveAbove: 1 } as const;
export type SharpeBand = 'negative' | 'neutral' | 'positive';

export function sharpeBand(sharpe: number): SharpeBand {
  if (sharpe > SHARPE_BANDS.positiveAbove) return 'positive';
  return sharpe < SHARPE_BANDS.negativeBelow ? 'negative' : 'neutral';
}
