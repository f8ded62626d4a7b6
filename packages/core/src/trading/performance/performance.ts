/**
 * All figures of one equity series in one call: growth, variation, ratios, drawdown. Each is withheld with a reason rather
 * than guessed; after ruin no ratio means anything, so all of them are withheld as such.
 */
import { drawdownOf, type DrawdownReport } from './drawdown.ts';
import { omegaOf, sortinoOf, tailRatioOf } from './downside.ts';
import { figure, withheld, type Figure } from './figure.ts';
import { calmarOf, growthRate, volatilityOf, type GrowthOptions } from './growth.ts';
import { compoundReturn, periodReturns, type EquityFlow, type EquityPoint } from './returns.ts';
import { sharpeOf } from './sharpe.ts';

export interface PerformanceReport {
  /** Returns that the ratios stand on. */
  readonly returns: number;
  readonly ruined: boolean;
  readonly totalReturn: Figure;
  readonly growth: Figure;
  readonly volatility: Figure;
  readonly sharpe: Figure;
  readonly sharpeAutocorrelated: Figure;
  readonly sharpeStandardError: Figure;
  readonly sortino: Figure;
  readonly calmar: Figure;
  readonly omega: Figure;
  readonly tailRatio: Figure;
  readonly drawdown: DrawdownReport;
}

/** Points and flows in ascending order of time. Flows are taken out of returns; drawdown is of the growth of one unit. */
export function performanceOf(
  points: readonly EquityPoint[],
  flows: readonly EquityFlow[],
  options: GrowthOptions,
): PerformanceReport {
  const series = periodReturns(points, flows);
  const { returns, ruined } = series;
  const drawdown = drawdownOf(withoutFlows(points, flows));
  const growth = growthRate(series, options);
  const sharpe = sharpeOf(returns, options);
  const unlessRuined = (of: Figure): Figure => (ruined ? withheld('ruined') : of);
  return {
    returns: returns.length,
    ruined,
    totalReturn: returns.length === 0 ? withheld(ruined ? 'ruined' : 'empty') : figure(compoundReturn(returns)),
    growth: unlessRuined(growth),
    volatility: unlessRuined(volatilityOf(returns, options)),
    sharpe: unlessRuined(sharpe.sharpe),
    sharpeAutocorrelated: unlessRuined(sharpe.sharpeAutocorrelated),
    sharpeStandardError: unlessRuined(sharpe.standardError),
    sortino: unlessRuined(sortinoOf(returns, options)),
    calmar: unlessRuined(calmarOf(growth, drawdown.maximum)),
    omega: unlessRuined(omegaOf(returns, 0, options.minReturns)),
    tailRatio: unlessRuined(tailRatioOf(returns, options.minReturns)),
    drawdown,
  };
}

/**
 * The start's capital grown by the returns: a deposit would hide a drawdown, a withdrawal would look like one. Ends with
 * ruin. Points without flows stay as they are.
 */
export function withoutFlows(points: readonly EquityPoint[], flows: readonly EquityFlow[]): readonly EquityPoint[] {
  const [first] = points;
  if (first === undefined || flows.length === 0) return points;
  let equity = first.equity;
  const grown = periodReturns(points, flows).returns.map((value, i) => ({
    timeNanos: (points[i + 1] as EquityPoint).timeNanos,
    equity: (equity *= 1 + value),
  }));
  return [first, ...grown];
}
