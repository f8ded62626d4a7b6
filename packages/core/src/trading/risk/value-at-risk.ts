/**
 * Value at risk and expected shortfall of profits (money or returns, one per period), as positive losses over one period.
 * Sources: P. Jorion, "Value at Risk", 3rd edition, chapters 5 and 10; J.P. Morgan/Reuters, "RiskMetrics - Technical
 * Document", 1996 (lambda 0.94); Rockafellar and Uryasev, "Conditional value-at-risk for general loss distributions", 2002.
 * A gain comes out negative: a VaR below zero says that even the quantile is a profit.
 */
import { meanOf, momentsOf, variesBeyondRounding } from '../../stats/moments.ts';
import { normalDensity } from '../../stats/normal-distribution.ts';
import { normalQuantile } from '../../stats/normal-quantile.ts';
import { quantileType7, sorted } from '../../stats/quantile-type7.ts';
import { figure, withheld, type Figure } from '../performance/figure.ts';
import { cornishFisherRisk } from './cornish-fisher.ts';

export const VAR_METHODS = ['historical', 'parametric', 'cornish-fisher', 'ewma'] as const;
export type VarMethod = (typeof VAR_METHODS)[number];

export interface TailRisk {
  /** The loss that is not passed with the confidence's probability. */
  readonly valueAtRisk: Figure;
  /** Mean of the losses at and beyond it. */
  readonly expectedShortfall: Figure;
}

export interface TailRiskOptions {
  /** 0.95 or 0.99, say; between 0.5 and 1. */
  readonly confidence: number;
  /** Expected observations beyond the quantile that `historical` asks for; default 10. */
  readonly minTail?: number;
  /**
   * Which observations the historical shortfall averages. `beyond` (default): those at or below the interpolated quantile,
   * as quantstats does; `count`: the floor((n - 1) * (1 - confidence)) + 1 lowest, as empyrical does.
   */
  readonly shortfall?: 'beyond' | 'count';
  /** Weight of yesterday's variance for `ewma`; default 0.94. */
  readonly lambda?: number;
}

export const EWMA_LAMBDA = 0.94;
export const MIN_TAIL = 10;
/** Of the methods that estimate moments. */
export const MIN_PROFITS = 30;

/** In order of time; the order matters to `ewma` only. `profits` must be finite. */
export function tailRisk(profits: ArrayLike<number>, method: VarMethod, options: TailRiskOptions): TailRisk {
  const { confidence } = options;
  if (!(confidence > 0.5 && confidence < 1)) {
    throw new RangeError(`a confidence lies between 0.5 and 1, got ${confidence}`);
  }
  if (profits.length === 0) return none(withheld('empty'));
  if (method === 'historical') return historicalRisk(profits, options);
  if (profits.length < MIN_PROFITS) return none(withheld('too_few'));
  const alpha = 1 - confidence;
  if (method === 'ewma') return normalRisk(0, ewmaDeviation(profits, options.lambda), alpha);
  const moments = momentsOf(profits);
  if (!variesBeyondRounding(profits, moments.standardDeviation)) return none(withheld('no_variation'));
  if (method === 'parametric') return normalRisk(moments.mean, moments.standardDeviation, alpha);
  return cornishFisherRisk(moments, alpha);
}

/** Type 7 quantile of what happened; the tail needs `minTail` expected observations, or it is a guess (`too_few`). */
function historicalRisk(
  profits: ArrayLike<number>,
  { confidence, minTail = MIN_TAIL, shortfall }: TailRiskOptions,
): TailRisk {
  const alpha = 1 - confidence;
  // 200 * (1 - 0.95) is a little below 10 in doubles.
  if (profits.length * alpha < minTail - 1e-9) return none(withheld('too_few'));
  const ascending = sorted(profits);
  const quantile = quantileType7(ascending, alpha);
  const tail =
    shortfall === 'count'
      ? ascending.slice(0, Math.floor((profits.length - 1) * alpha + 1e-9) + 1)
      : ascending.filter((value) => value <= quantile);
  return { valueAtRisk: figure(-quantile), expectedShortfall: figure(-meanOf(tail)) };
}

/** -(mu + z s), and -mu + s phi(z) / alpha. */
function normalRisk(mean: number, deviation: number, alpha: number): TailRisk {
  if (deviation === 0) return none(withheld('no_variation'));
  const z = normalQuantile(alpha);
  return {
    valueAtRisk: figure(-(mean + z * deviation)),
    expectedShortfall: figure(-mean + (deviation * normalDensity(z)) / alpha),
  };
}

/**
 * Root of the exponentially weighted mean square, the newest last; the mean counts as zero, as RiskMetrics has it. The
 * weights are normalised, so that a short series is not biased towards its first value.
 */
export function ewmaDeviation(profits: ArrayLike<number>, lambda = EWMA_LAMBDA): number {
  let [sum, weights] = [0, 0];
  for (let i = 0; i < profits.length; i++) {
    sum = lambda * sum + (profits[i] as number) ** 2;
    weights = lambda * weights + 1;
  }
  return Math.sqrt(sum / weights);
}

function none(reason: Figure): TailRisk {
  return { valueAtRisk: reason, expectedShortfall: reason };
}

/**
 * A risk over one period for `periods` of them, by the square root: right for independent profits of mean zero only, so
 * whoever shows it says so.
 */
export function scaledBySquareRoot(risk: TailRisk, periods: number): TailRisk {
  const scale = (of: Figure): Figure => (of.value === null ? of : figure(of.value * Math.sqrt(periods)));
  return { valueAtRisk: scale(risk.valueAtRisk), expectedShortfall: scale(risk.expectedShortfall) };
}
