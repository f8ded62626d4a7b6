import fc from 'fast-check';
import { withheld } from '../performance/figure.ts';
import { cornishFisherRisk, isInMaillardDomain } from './cornish-fisher.ts';
import { ewmaDeviation, scaledBySquareRoot, tailRisk, VAR_METHODS } from './value-at-risk.ts';

/** -100 to 99, in an order that is not theirs. */
const PROFITS = Array.from({ length: 200 }, (_, i) => ((i * 77) % 200) - 100);
const AT_95 = { confidence: 0.95 };

it('historical: the type 7 quantile of what happened, and the mean of what lies at or below it', () => {
  const { valueAtRisk, expectedShortfall } = tailRisk(PROFITS, 'historical', AT_95);
  // numpy.percentile(range(-100, 100), 5) is -90.05; the ten values from -100 to -91 are beyond.
  expect(valueAtRisk.value).toBeCloseTo(90.05, 10);
  expect(expectedShortfall.value).toBeCloseTo(95.5, 12);
  // empyrical averages the floor(199 * 5 %) + 1 = 10 lowest.
  expect(tailRisk(PROFITS, 'historical', { ...AT_95, shortfall: 'count' }).expectedShortfall.value).toBe(95.5);
});

it('historical asks for ten expected observations beyond the quantile', () => {
  expect(tailRisk(PROFITS.slice(1), 'historical', AT_95).valueAtRisk).toEqual(withheld('too_few'));
  expect(tailRisk(PROFITS, 'historical', { confidence: 0.99 }).expectedShortfall).toEqual(withheld('too_few'));
  expect(tailRisk(PROFITS, 'historical', { confidence: 0.99, minTail: 2 }).valueAtRisk.value).toBeCloseTo(98.01, 10);
});

it('parametric: the normal quantile and shortfall of mean and deviation', () => {
  // scipy 1.17.1: mean -0.5, std(ddof=1) 57.87918451395113.
  const { valueAtRisk, expectedShortfall } = tailRisk(PROFITS, 'parametric', AT_95);
  expect(valueAtRisk.value).toBeCloseTo(0.5 + 1.6448536269514722 * 57.87918451395113, 9);
  expect(expectedShortfall.value).toBeCloseTo(0.5 + (57.87918451395113 * 0.10313564037537141) / 0.05, 9);
});

it('EWMA: the newest count most, the mean counts as zero', () => {
  const calmThenWild = [...Array<number>(60).fill(1), ...Array<number>(60).fill(10)];
  expect(ewmaDeviation(calmThenWild)).toBeGreaterThan(9.8);
  expect(ewmaDeviation(calmThenWild.toReversed())).toBeLessThan(1.9);
  expect(ewmaDeviation([3], 0.5)).toBe(3);
  // sqrt((0.5 * 9 + 16) / 1.5).
  expect(ewmaDeviation([3, 4], 0.5)).toBeCloseTo(Math.sqrt(20.5 / 1.5), 12);
  const { valueAtRisk } = tailRisk(calmThenWild, 'ewma', AT_95);
  expect(valueAtRisk.value).toBeCloseTo(1.6448536269514722 * ewmaDeviation(calmThenWild), 10);
});

describe('Cornish-Fisher', () => {
  it('bends the normal quantile by skewness and kurtosis', () => {
    // numpy and scipy.integrate.quad over z', S = 0.3, K = 1.
    const moments = { count: 500, mean: 0, standardDeviation: 1, skewness: 0.3, kurtosis: 4 };
    expect(cornishFisherRisk(moments, 0.05).valueAtRisk.value).toBeCloseTo(1.537705263203929, 12);
    expect(cornishFisherRisk(moments, 0.01).valueAtRisk.value).toBeCloseTo(2.3056704838131425, 12);
    expect(cornishFisherRisk(moments, 0.05).expectedShortfall.value).toBeCloseTo(2.0169080253, 9);
    expect(cornishFisherRisk(moments, 0.01).expectedShortfall.value).toBeCloseTo(2.7796906848, 9);
  });

  it('is the normal one without skewness and excess', () => {
    const moments = { count: 500, mean: 0.1, standardDeviation: 2, skewness: 0, kurtosis: 3 };
    expect(cornishFisherRisk(moments, 0.05).valueAtRisk.value).toBeCloseTo(-0.1 + 2 * 1.6448536269514722, 12);
  });

  it('is refused outside of its domain: GOOG, S 0.75 and K 8.95, would be called less risky than a normal', () => {
    const goog = { count: 2_147, mean: 0.0012, standardDeviation: 0.0217, skewness: 0.7504, kurtosis: 11.954 };
    expect(cornishFisherRisk(goog, 0.05)).toEqual({
      valueAtRisk: withheld('outside_domain'),
      expectedShortfall: withheld('outside_domain'),
    });
    expect([isInMaillardDomain(0, 0), isInMaillardDomain(0, 8.1), isInMaillardDomain(0, -0.1)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('is refused where the bent quantile falls everywhere, although it has no turning point', () => {
    const falling = { count: 2_000, mean: 0, standardDeviation: 1, skewness: 20, kurtosis: 503 };
    expect(cornishFisherRisk(falling, 0.05).valueAtRisk).toEqual(withheld('outside_domain'));
  });

  it('within the domain the bent quantile rises', () => {
    const shape = fc.oneof(
      fc.record({
        s: fc.integer({ min: -2_500, max: 2_500 }).map((n) => n / 1_000),
        k: fc.integer({ min: 1, max: 9_000 }).map((n) => n / 1_000),
      }),
      // What a few extreme profits among many make of the moments.
      fc.record({ s: fc.integer({ min: -30, max: 30 }), k: fc.integer({ min: 1, max: 1_200 }) }),
    );
    fc.assert(
      fc.property(shape, ({ s, k }) => {
        fc.pre(isInMaillardDomain(s, k + 3 - 3));
        const moments = { count: 100, mean: 0, standardDeviation: 1, skewness: s, kurtosis: k + 3 };
        const losses = [0.3, 0.1, 0.05, 0.01, 1e-4].map(
          (alpha) => cornishFisherRisk(moments, alpha).valueAtRisk.value as number,
        );
        for (let i = 1; i < losses.length; i++)
          expect(losses[i] as number).toBeGreaterThanOrEqual(losses[i - 1] as number);
      }),
    );
  });
});

it('VaR at 99 % is at least VaR at 95 %, and a shortfall at least its VaR, for every method (proves: TRD-21)', () => {
  const profits = fc.array(fc.double({ min: -1_000, max: 1_000, noNaN: true }), { minLength: 30, maxLength: 80 });
  fc.assert(
    fc.property(profits, fc.constantFrom(...VAR_METHODS), (values, method) => {
      const [at95, at99] = [0.95, 0.99].map((confidence) => tailRisk(values, method, { confidence, minTail: 0 }));
      const [low, high] = [at95?.valueAtRisk.value, at99?.valueAtRisk.value];
      if (typeof low !== 'number' || typeof high !== 'number') {
        expect(at95?.valueAtRisk.reason).toMatch(/no_variation|outside_domain/);
        return;
      }
      const slack = 1e-9 * Math.max(1, Math.abs(high));
      expect(high).toBeGreaterThanOrEqual(low - slack);
      expect(at95?.expectedShortfall.value as number).toBeGreaterThanOrEqual(low - slack);
      expect(at99?.expectedShortfall.value as number).toBeGreaterThanOrEqual(high - slack);
    }),
  );
});

it('withholds what cannot be estimated', () => {
  expect(tailRisk([], 'parametric', AT_95).valueAtRisk).toEqual(withheld('empty'));
  expect(tailRisk([1, 2], 'parametric', AT_95).valueAtRisk).toEqual(withheld('too_few'));
  expect(tailRisk(Array<number>(50).fill(3), 'parametric', AT_95).valueAtRisk).toEqual(withheld('no_variation'));
  expect(tailRisk(Array<number>(50).fill(0), 'ewma', AT_95).valueAtRisk).toEqual(withheld('no_variation'));
  expect(() => tailRisk([1], 'historical', { confidence: 0.05 })).toThrow(RangeError);
});

it('scales by the square root of the periods', () => {
  const { valueAtRisk } = tailRisk(PROFITS, 'parametric', AT_95);
  const scaled = scaledBySquareRoot(tailRisk(PROFITS, 'parametric', AT_95), 4);
  expect(scaled.valueAtRisk.value).toBeCloseTo(2 * (valueAtRisk.value as number), 10);
  expect(scaledBySquareRoot(tailRisk([], 'parametric', AT_95), 4).valueAtRisk).toEqual(withheld('empty'));
});
