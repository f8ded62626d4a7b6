/** Ratios by hand, by reference libraries, and where they must be withheld. */
import fc from 'fast-check';
import { omegaOf, sortinoOf, tailRatioOf } from './downside.ts';
import { periodsPerYear } from './annualisation.ts';
import { calmarOf, growthRate, volatilityOf } from './growth.ts';
import { figure, mapFigure, withheld } from './figure.ts';
import { deflatedSharpe, loFactor, MIN_RETURNS, sharpeBand, sharpeOf } from './sharpe.ts';

const YEAR = { periodsPerYear: 252 };
/** Thirty returns: +2 %, -1 %, +1 % in turn. */
const RETURNS = Array.from({ length: 30 }, (_, i) => [0.02, -0.01, 0.01][i % 3] as number);
const DAY = 86_400_000_000_000n;

describe('Sharpe', () => {
  it('is mean over sample deviation times the root of the year', () => {
    const mean = 0.02 / 3;
    const deviation = Math.sqrt((10 * ((0.02 - mean) ** 2 + (0.01 + mean) ** 2 + (0.01 - mean) ** 2)) / 29);
    expect(sharpeOf(RETURNS, YEAR).sharpe.value).toBeCloseTo((mean / deviation) * Math.sqrt(252), 12);
  });

  it('takes a yearly rate apart geometrically, or a rate per period as it is', () => {
    const plain = sharpeOf(
      RETURNS.map((r) => r - (1.05 ** (1 / 252) - 1)),
      YEAR,
    ).sharpe.value;
    expect(sharpeOf(RETURNS, { ...YEAR, riskFree: 0.05 }).sharpe.value).toBeCloseTo(plain as number, 12);
    const perPeriod = sharpeOf(RETURNS, { ...YEAR, riskFree: 0.001, riskFreeBasis: 'per-period' }).sharpe.value;
    const shifted = sharpeOf(
      RETURNS.map((r) => r - 0.001),
      YEAR,
    ).sharpe.value;
    expect(perPeriod).toBeCloseTo(shifted as number, 12);
  });

  it.each([
    ['no returns', [], 'empty'],
    ['one', [0.01], 'too_few'],
    ['29', RETURNS.slice(1), 'too_few'],
    ['all zero', Array<number>(40).fill(0), 'no_variation'],
    ['constant returns', Array<number>(40).fill(0.01), 'no_variation'],
  ])('%s: withheld, not zero, infinite or 2.4e16', (_, returns, reason) => {
    expect(MIN_RETURNS).toBe(30);
    expect(sharpeOf(returns, YEAR)).toEqual({
      sharpe: { value: null, reason },
      sharpeAutocorrelated: { value: null, reason },
      standardError: { value: null, reason },
    });
  });

  it("Lo's factor is the square root for independent returns and smaller where they persist", () => {
    const alternating = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? 0.01 : -0.008));
    const persistent = Array.from({ length: 200 }, (_, i) => (i % 20 < 10 ? 0.01 : -0.008));
    expect(loFactor(RETURNS, 252, 0)).toBeCloseTo(Math.sqrt(252), 12);
    expect(loFactor(persistent, 252) as number).toBeLessThan(Math.sqrt(252));
    // The first autocorrelation is near -1: the variance that follows from it alone is negative, so there is no factor.
    expect(loFactor(alternating, 252, 1)).toBeNull();
  });

  it('has display bands at 0.5 and 1', () => {
    const report = sharpeOf(RETURNS, YEAR).sharpe.value as number;
    expect(report / Math.sqrt(252)).toBeCloseTo(sharpeOf(RETURNS, { periodsPerYear: 1 }).sharpe.value as number, 12);
    expect([1.01, 1, 0.75, 0.5, 0.49, -3].map(sharpeBand)).toEqual([
      'positive',
      'neutral',
      'neutral',
      'neutral',
      'negative',
      'negative',
    ]);
  });

  it('deflated by the trials it was picked from, it falls with their number', () => {
    const chance = (trials: number): number => deflatedSharpe(RETURNS, { trials, ratioVariance: 0.04 }).value as number;
    expect(chance(2)).toBeGreaterThan(chance(10));
    expect(chance(10)).toBeGreaterThan(chance(1_000));
    expect(deflatedSharpe(RETURNS, { trials: 1, ratioVariance: 0.04 })).toEqual(withheld('too_few'));
    expect(deflatedSharpe(Array<number>(30).fill(1), { trials: 5, ratioVariance: 1 })).toEqual(
      withheld('no_variation'),
    );
  });

  it('reproduces the worked example of Bailey and Lopez de Prado: SR 2.5 a year, 100 trials, 0.9004', () => {
    // Exhibit of "The Deflated Sharpe Ratio": T = 1250 daily returns, V = 1/2 a year, skewness -3, kurtosis 10.
    const ratio = 2.5 / Math.sqrt(250);
    const returns = withMoments({ count: 1_250, ratio, skewness: -3, kurtosis: 10 });
    expect(deflatedSharpe(returns, { trials: 100, ratioVariance: 0.5 / 250 }).value).toBeCloseTo(0.9004, 3);
  });
});

/** Returns of three values whose ratio, skewness and kurtosis are as asked: shares found from the moment equations. */
function withMoments({
  count,
  ratio,
  skewness,
  kurtosis,
}: Record<'count' | 'ratio' | 'skewness' | 'kurtosis', number>) {
  // Two roots a, b of x^2 - s x - c = 0 carry any kurtosis k >= 1 + s^2 together with a mass at zero.
  const scale = kurtosis - skewness ** 2;
  const root = Math.sqrt(skewness ** 2 + 4 * scale);
  const [a, b] = [(skewness - root) / 2, (skewness + root) / 2];
  const [pa, pb] = [1 / (a * (a - b)), 1 / (b * (b - a))];
  const counts = [Math.round(pa * count), Math.round(pb * count)] as const;
  const values = [...Array<number>(counts[0]).fill(a), ...Array<number>(counts[1]).fill(b)];
  const deviates = [...values, ...Array<number>(count - values.length).fill(0)];
  const mean = deviates.reduce((sum, x) => sum + x, 0) / count;
  const deviation = Math.sqrt(deviates.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (count - 1));
  return deviates.map((x) => (x - mean) / deviation + ratio);
}

describe('Sortino, Omega, tail ratio', () => {
  it('Sortino is over the root mean square of losses in all periods (proves: TRD-16)', () => {
    expect(sortinoOf(RETURNS, YEAR).value).toBeCloseTo((0.02 / 3 / Math.sqrt(0.0001 / 3)) * Math.sqrt(252), 10);
  });

  it('Omega is gains over losses beyond the threshold', () => {
    expect(omegaOf(RETURNS).value).toBeCloseTo(3, 12);
    expect(omegaOf(RETURNS, 0.01).value).toBeCloseTo(0.5, 12);
  });

  it('the tail ratio compares the 95th with the 5th percentile', () => {
    expect(tailRatioOf(RETURNS).value).toBeCloseTo(2, 12);
  });

  it('are withheld without losses and with too few returns', () => {
    const gains = Array<number>(30).fill(0.01);
    expect([sortinoOf(gains, YEAR), omegaOf(gains)]).toEqual([withheld('no_loss'), withheld('no_loss')]);
    expect(tailRatioOf(Array<number>(30).fill(0))).toEqual(withheld('no_loss'));
    expect([sortinoOf([0.1], YEAR), omegaOf([]), tailRatioOf([0.1])].map(({ reason }) => reason)).toEqual([
      'too_few',
      'empty',
      'too_few',
    ]);
  });
});

describe('growth', () => {
  const doubled = { returns: [1], fromNanos: 0n, toNanos: 365n * DAY, ruined: false };

  it('is by elapsed time, or by the count of periods as both libraries have it', () => {
    expect(growthRate(doubled, YEAR).value).toBeCloseTo(2 ** (365.2425 / 365) - 1, 12);
    const two = { ...doubled, returns: [0.1, 0.1] };
    expect(growthRate(two, { ...YEAR, yearBasis: 'periods' }).value).toBeCloseTo(1.21 ** 126 - 1, 0);
  });

  it('is not annualised below thirty days, nor after ruin', () => {
    expect(growthRate({ ...doubled, toNanos: 29n * DAY }, YEAR)).toEqual(withheld('too_short'));
    expect(growthRate({ ...doubled, toNanos: 30n * DAY }, YEAR).value).not.toBeNull();
    expect(growthRate({ ...doubled, ruined: true }, YEAR)).toEqual(withheld('ruined'));
    expect(growthRate({ ...doubled, returns: [-1.2] }, YEAR)).toEqual(withheld('ruined'));
    expect(growthRate({ ...doubled, returns: [] }, YEAR)).toEqual(withheld('empty'));
    expect(growthRate(doubled, { ...YEAR, yearBasis: 'periods' })).toEqual(withheld('too_few'));
  });

  it('Calmar is growth over the worst drawdown, and passes on why there is none', () => {
    expect(calmarOf(figure(0.2), figure(0.4)).value).toBeCloseTo(0.5, 12);
    expect(calmarOf(figure(0.2), figure(0))).toEqual(withheld('no_drawdown'));
    expect(calmarOf(withheld('too_short'), figure(0.4))).toEqual(withheld('too_short'));
    expect(calmarOf(figure(0.2), withheld('no_capital'))).toEqual(withheld('no_capital'));
  });

  it('volatility is the sample deviation times the root of the year', () => {
    const [ratio, scale] = [sharpeOf(RETURNS, YEAR).sharpe.value as number, 252];
    expect(volatilityOf(RETURNS, YEAR).value).toBeCloseTo(((0.02 / 3) * scale) / ratio, 12);
    expect(volatilityOf([0.1], YEAR)).toEqual(withheld('too_few'));
    expect(volatilityOf(Array<number>(30).fill(0.1), YEAR)).toEqual(withheld('no_variation'));
  });
});

it('a year has the periods of its calendar', () => {
  const [minute, day] = [60_000, 86_400_000];
  expect((['equities', 'crypto', 'fx'] as const).map((name) => periodsPerYear(name, day))).toEqual([252, 365, 260]);
  expect(periodsPerYear('equities', 5 * minute)).toBe(78 * 252);
  expect(periodsPerYear('crypto', minute)).toBe(365 * 1_440);
  expect(periodsPerYear('equities', 7 * day)).toBeCloseTo(52.1775, 4);
  expect(() => periodsPerYear('fx', 0)).toThrow(RangeError);
});

it('what is not finite is withheld', () => {
  expect([figure(NaN), figure(Infinity, 'no_loss'), mapFigure(figure(2), Math.sqrt)]).toEqual([
    withheld('no_estimate'),
    withheld('no_loss'),
    { value: Math.SQRT2 },
  ]);
  expect(mapFigure(withheld('empty'), Math.sqrt)).toEqual(withheld('empty'));
});

it('ratios do not change with the size of the bets, growth of capital aside', () => {
  const returns = fc.array(fc.double({ min: -0.2, max: 0.2, noNaN: true }), { minLength: 30, maxLength: 60 });
  fc.assert(
    fc.property(returns, (values) => {
      const halved = values.map((value) => value / 2);
      const same = (a: number | null, b: number | null): void => {
        if (a === null) expect(b).toBeNull();
        else expect((b as number) / a).toBeCloseTo(1, 9);
      };
      const [one, other] = [sharpeOf(values, YEAR), sharpeOf(halved, YEAR)];
      if (one.sharpe.value !== 0) same(one.sharpe.value, other.sharpe.value);
      same(omegaOf(values).value, omegaOf(halved).value);
    }),
  );
});
