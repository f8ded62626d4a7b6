/**
 * Ratios, drawdown and value at risk of the returns that performance.py leaves, in the conventions of quantstats and
 * empyrical, which our functions name as options; and the distributions beneath them.
 */
import {
  calmarOf,
  chiSquareSurvival,
  cornishFisherQuantile,
  drawdownOf,
  equityOfReturns,
  ewmaDeviation,
  growthRate,
  kupiecTest,
  loFactor,
  momentsOf,
  normalCumulative,
  normalDensity,
  normalQuantile,
  omegaOf,
  sharpeOf,
  sharpeStandardError,
  sortinoOf,
  tailRatioOf,
  tailRisk,
  tradeStatistics,
  volatilityOf,
  type EquityPoint,
} from '@tapewatch/core';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OraclePart } from './part.ts';

interface Series {
  readonly returns: readonly number[];
  readonly timesMs: readonly number[];
}

const YEAR = 252;
const DAY_NANOS = 86_400_000_000_000n;

export const performancePart: OraclePart = {
  name: 'performance',
  tolerances: {
    'normal.': { relative: 1e-12, absolute: 0 },
    'chiSquare.': { relative: 1e-12, absolute: 0 },
  },
  figures: ({ workFolder }) => {
    const data = JSON.parse(readFileSync(join(workFolder, 'performance.json'), 'utf8')) as Record<string, Series>;
    return Object.fromEntries([
      ...distributions(),
      ...Object.entries(data).flatMap(([name, series]) =>
        [...ratios(series), ...tails(series.returns)].map(([key, value]) => [`${name}.${key}`, value] as const),
      ),
    ]);
  },
};

type Named = readonly [string, number | null];

function ratios({ returns, timesMs }: Series): Named[] {
  const options = { periodsPerYear: YEAR };
  const points = equityPoints(returns, timesMs);
  const drawdown = drawdownOf(points);
  const dates = { returns, fromNanos: 0n, toNanos: 0n, ruined: false };
  const growth = growthRate(dates, { ...options, yearBasis: 'periods' });
  const moments = momentsOf(returns);
  const { winRate, profitFactor, payoff } = tradeStatistics(returns);
  const both = (name: string, value: number | null): Named[] => [
    [`quantstats.${name}`, value],
    [`empyrical.${name}`, value],
  ];
  return [
    ['count', moments.count],
    ['skewness', moments.skewness],
    ['kurtosis', moments.kurtosis],
    ...both('sharpe', sharpeOf(returns, options).sharpe.value),
    ['quantstats.sharpe.rf2', sharpeOf(returns, { ...options, riskFree: 0.02 }).sharpe.value],
    [
      'empyrical.sharpe.rf2',
      sharpeOf(returns, { ...options, riskFree: 0.02, riskFreeBasis: 'per-period' }).sharpe.value,
    ],
    ...both('sortino', sortinoOf(returns, options).value),
    ['quantstats.sortino.rf2', sortinoOf(returns, { ...options, riskFree: 0.02 }).value],
    ...both('cagr', growth.value),
    ...both('calmar', calmarOf(growth, drawdown.maximum).value),
    ...both('omega', omegaOf(returns).value),
    ...both('maxDrawdown', drawdown.maximum.value),
    ['longestDrawdownDays', Number(drawdown.longestNanos / DAY_NANOS)],
    ...both('volatility', volatilityOf(returns, options).value),
    ['empyrical.tailRatio', tailRatioOf(returns).value],
    ['quantstats.winRate', winRate.value],
    ['quantstats.profitFactor', profitFactor.value],
    ['quantstats.payoff', payoff.value],
    ['empyrical.totalReturn', (points.at(-1)?.equity ?? NaN) - 1],
    ['lo.factor', loFactor(returns, YEAR)],
    ['sharpe.standardError', sharpeStandardError(moments.mean / moments.standardDeviation, moments)],
    ['cornishFisher.quantile', cornishFisherQuantile(normalQuantile(0.05), moments.skewness, moments.kurtosis - 3)],
    ['ewma.deviation', ewmaDeviation(returns)],
  ];
}

function tails(returns: readonly number[]): Named[] {
  return [0.95, 0.99].flatMap((confidence): Named[] => {
    const suffix = String(Math.round(confidence * 100));
    const parametric = tailRisk(returns, 'parametric', { confidence });
    const historical = tailRisk(returns, 'historical', { confidence });
    const counted = tailRisk(returns, 'historical', { confidence, shortfall: 'count' });
    const bound = parametric.valueAtRisk.value ?? NaN;
    const exceptions = returns.filter((value) => value < -bound).length;
    const { statistic, pValue } = kupiecTest(exceptions, returns.length, confidence);
    return [
      [`quantstats.var${suffix}`, parametric.valueAtRisk.value],
      [`empyrical.var${suffix}`, historical.valueAtRisk.value],
      [`numpy.var${suffix}`, historical.valueAtRisk.value],
      [`quantstats.es${suffix}`, parametric.expectedShortfall.value],
      [`scipy.es${suffix}`, parametric.expectedShortfall.value],
      [`quantstats.historicalEs${suffix}`, historical.expectedShortfall.value],
      [`empyrical.es${suffix}`, counted.expectedShortfall.value],
      [`kupiec.exceptions${suffix}`, exceptions],
      [`kupiec.statistic${suffix}`, statistic.value],
      [`kupiec.pValue${suffix}`, pValue.value],
    ];
  });
}

/** Growth of one unit; both libraries put the start a day before the first return. */
function equityPoints(returns: readonly number[], timesMs: readonly number[]): EquityPoint[] {
  const nanosOf = (timeMs: number): bigint => BigInt(timeMs) * 1_000_000n;
  return equityOfReturns(returns).map((equity, i) => ({
    timeNanos: i === 0 ? nanosOf(timesMs[0] ?? 0) - DAY_NANOS : nanosOf(timesMs[i - 1] ?? 0),
    equity,
  }));
}

function distributions(): Named[] {
  const normal = [-37, -20, -8, -7, -3, -1, -0.5, 0, 2, 5].flatMap((z): Named[] => [
    [`normal.cdf(${z})`, normalCumulative(z)],
    [`normal.pdf(${z})`, normalDensity(z)],
  ]);
  const chiSquare = [1, 2, 5, 6, 11].flatMap((degrees) =>
    [0.5, 3.84, 10, 60].map((x): Named => [`chiSquare.sf(${x},${degrees})`, chiSquareSurvival(x, degrees)]),
  );
  return [...normal, ...chiSquare];
}
