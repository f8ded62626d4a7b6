/**
 * Ratios, drawdown and value at risk of real returns against reference implementations: the 1,511 daily returns of
 * pyfolio's test data. Expected values were computed by quantstats 0.0.86, empyrical-reloaded 0.7.1, numpy 2.4.6 and
 * scipy 1.17.1; `npm run oracles` computes them again, and those of GOOG.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { kupiecTest } from '../risk/var-backtest.ts';
import { tailRisk } from '../risk/value-at-risk.ts';
import { omegaOf, sortinoOf, tailRatioOf } from './downside.ts';
import { drawdownOf } from './drawdown.ts';
import { calmarOf, growthRate, volatilityOf } from './growth.ts';
import { equityOfReturns } from './returns.ts';
import { sharpeOf } from './sharpe.ts';

const FILE = join(__dirname, '../../../../../../shared/data/pyfolio/test_returns.csv.gz');
const present = existsSync(FILE);
const describeWithData = present || process.env['CI'] === 'true' ? describe : describe.skip;
if (!present) console.warn(`skipped: golden ratios need ../shared/data/pyfolio beside the repository (${FILE})`);

const YEAR = { periodsPerYear: 252 };

function readReturns(): { readonly returns: number[]; readonly timesNanos: bigint[] } {
  const lines = gunzipSync(readFileSync(FILE)).toString('utf8').trim().split('\n');
  const cells = lines.map((line) => line.split(',') as [string, string]);
  const timesNanos = cells.map(([time]) => BigInt(Date.parse(time.replace(' ', 'T'))) * 1_000_000n);
  return { returns: cells.map(([, value]) => Number(value)), timesNanos };
}

describeWithData('the returns of pyfolio', () => {
  const { returns, timesNanos } = present ? readReturns() : { returns: [], timesNanos: [] };
  const DAY = 86_400_000_000_000n;
  const points = equityOfReturns(returns).map((equity, i) => ({
    timeNanos: i === 0 ? (timesNanos[0] ?? 0n) - DAY : (timesNanos[i - 1] as bigint),
    equity,
  }));
  const drawdown = drawdownOf(points);

  it('Sharpe, drawdown and value at risk are those of the reference libraries (proves: TRD-34)', () => {
    expect(returns).toHaveLength(1_511);
    expect(sharpeOf(returns, YEAR).sharpe.value).toBeCloseTo(0.451121366823622, 12);
    expect(sharpeOf(returns, { ...YEAR, riskFree: 0.02 }).sharpe.value).toBeCloseTo(0.3755577376699825, 12);
    const perPeriod = { ...YEAR, riskFree: 0.02, riskFreeBasis: 'per-period' } as const;
    expect(sharpeOf(returns, perPeriod).sharpe.value).toBeCloseTo(-18.77994943256684, 10);
    expect(drawdown.maximum.value).toBeCloseTo(0.6039081069894608, 12);
    const risk = (method: 'historical' | 'parametric', confidence: number): (number | null)[] => {
      const { valueAtRisk, expectedShortfall } = tailRisk(returns, method, { confidence });
      return [valueAtRisk.value, expectedShortfall.value];
    };
    const expected = [
      [risk('historical', 0.95), [0.0249511174692, 0.037601309948011835]],
      [risk('historical', 0.99), [0.04319315844358, 0.059167103663074996]],
      [risk('parametric', 0.95), [0.026686106812197782, 0.03358463983510983]],
      [risk('parametric', 0.99), [0.037937051597509396, 0.04353147380747044]],
    ] as const;
    for (const [seen, reference] of expected) {
      seen.forEach((value, i) => expect(value).toBeCloseTo(reference[i] as number, 12));
    }
  });

  it('so are Sortino, Calmar, Omega, volatility and tail ratio', () => {
    expect(sortinoOf(returns, YEAR).value).toBeCloseTo(0.6587882350931489, 12);
    expect(sortinoOf(returns, { ...YEAR, riskFree: 0.02 }).value).toBeCloseTo(0.5465858299233516, 12);
    const series = { returns, fromNanos: 0n, toNanos: 0n, ruined: false };
    const growth = growthRate(series, { ...YEAR, yearBasis: 'periods' });
    expect(growth.value).toBeCloseTo(0.08754829097608186, 12);
    expect(calmarOf(growth, drawdown.maximum).value).toBeCloseTo(0.1449695573926278, 12);
    expect(omegaOf(returns).value).toBeCloseTo(1.0851858315987706, 12);
    expect(volatilityOf(returns, YEAR).value).toBeCloseTo(0.26207589023902617, 12);
    expect(tailRatioOf(returns).value).toBeCloseTo(0.9922067201362812, 12);
  });

  it('the longest drawdown lasts 786 days', () => {
    expect(drawdown.longestNanos / DAY).toBe(786n);
  });

  it('the normal value at risk at 95 % passes the test of Kupiec: 68 exceptions', () => {
    const bound = tailRisk(returns, 'parametric', { confidence: 0.95 }).valueAtRisk.value as number;
    const exceptions = returns.filter((value) => value < -bound).length;
    expect(exceptions).toBe(68);
    const { statistic, pValue } = kupiecTest(exceptions, returns.length, 0.95);
    expect(statistic.value).toBeCloseTo(0.8206113429365018, 9);
    expect(pValue.value).toBeCloseTo(0.3650014841601247, 9);
  });
});
