import fc from 'fast-check';
import { autocorrelations } from './autocorrelation.ts';
import { meanOf, momentsOf, variesBeyondRounding } from './moments.ts';
import { quantileType7, sorted } from './quantile-type7.ts';

it('gives the moments that numpy and scipy give', () => {
  // numpy 2.4.6 mean and std(ddof=1); scipy 1.17.1 skew and kurtosis + 3, of [1, 2, 4, 8, 16].
  const { count, mean, standardDeviation, skewness, kurtosis } = momentsOf([1, 2, 4, 8, 16]);
  expect(count).toBe(5);
  expect(mean).toBeCloseTo(6.2, 14);
  expect(standardDeviation).toBeCloseTo(6.09918027279076, 13);
  expect(skewness).toBeCloseTo(0.8890481348169542, 13);
  expect(kurtosis).toBeCloseTo(2.3259408602150526, 13);
});

it('loses no digits to a common level', () => {
  const values = [4, 7, 13, 16].map((value) => value + 1e9);
  expect(momentsOf(values).standardDeviation).toBeCloseTo(Math.sqrt(30), 12);
});

it('has no deviation of one value, no shape of equal ones, nothing of none', () => {
  expect(momentsOf([])).toEqual({ count: 0, mean: NaN, standardDeviation: NaN, skewness: NaN, kurtosis: NaN });
  expect(momentsOf([3])).toMatchObject({ mean: 3, standardDeviation: NaN, skewness: NaN });
  expect(momentsOf([3, 3, 3])).toMatchObject({ standardDeviation: 0, skewness: NaN, kurtosis: NaN });
});

it('knows the rounding of equal values from variation', () => {
  const constant = Array.from({ length: 50 }, (_, i) => (1.01 ** (i + 1) - 1.01 ** i) / 1.01 ** i);
  expect(new Set(constant).size).toBeGreaterThan(1);
  expect(variesBeyondRounding(constant, momentsOf(constant).standardDeviation)).toBe(false);
  expect(variesBeyondRounding([1, 1.000001], momentsOf([1, 1.000001]).standardDeviation)).toBe(true);
});

it('shifts and scales as moments do', () => {
  const values = fc.array(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 3, maxLength: 40 });
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 9 }), fc.integer({ min: -99, max: 99 }), (xs, scale, shift) => {
      const [plain, moved] = [momentsOf(xs), momentsOf(xs.map((x) => x * scale + shift))];
      expect(moved.mean).toBeCloseTo(plain.mean * scale + shift, 8);
      expect(moved.standardDeviation).toBeCloseTo(plain.standardDeviation * scale, 8);
      if (Number.isFinite(plain.skewness)) expect(moved.kurtosis).toBeCloseTo(plain.kurtosis, 8);
    }),
  );
});

it('the mean of nothing is not a number', () => {
  expect(meanOf([])).toBeNaN();
});

it('interpolates a quantile between neighbours (type 7)', () => {
  const ascending = sorted([3, 1, 2, 4]);
  // numpy.percentile([1, 2, 3, 4], [0, 5, 50, 90, 100]).
  expect([0, 0.05, 0.5, 0.9, 1].map((p) => quantileType7(ascending, p))).toEqual([1, 1.15, 2.5, 3.7, 4]);
  expect([quantileType7([], 0.5), quantileType7([1], 1.1), quantileType7([1], NaN)]).toEqual([NaN, NaN, NaN]);
});

it('a quantile lies between the ends and rises with p', () => {
  const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }), { minLength: 1 });
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(values, share, share, (xs, p, q) => {
      const ascending = sorted(xs);
      const [low, high] = [quantileType7(ascending, Math.min(p, q)), quantileType7(ascending, Math.max(p, q))];
      expect(low).toBeLessThanOrEqual(high);
      expect(low).toBeGreaterThanOrEqual(ascending[0] as number);
    }),
  );
});

it('autocorrelations are those of statsmodels', () => {
  // statsmodels 0.15 acf([1, 2, 3, 4], nlags=3).
  expect(autocorrelations([1, 2, 3, 4], 9).map((rho) => Number(rho.toFixed(12)))).toEqual([0.25, -0.3, -0.45]);
  expect(autocorrelations([2, 2, 2], 1)).toEqual([NaN]);
});
