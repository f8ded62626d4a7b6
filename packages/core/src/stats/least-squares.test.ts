/** Expected values: scipy.stats.t and statsmodels.OLS. */
import fc from 'fast-check';
import { fitLine } from './least-squares.ts';
import { studentCritical, studentTwoSided } from './student-t.ts';

it.each([
  [0.95, 1, 12.706204736174694],
  [0.95, 2, 4.302652729749462],
  [0.95, 10, 2.228138851986274],
  [0.99, 342, 2.59028101222604],
  [0.5, 5, 0.7266868438004226],
])('|t| exceeds its critical value at %d with %d degrees of freedom', (confidence, freedom, expected) => {
  expect(studentCritical(confidence, freedom) / expected).toBeCloseTo(1, 11);
});

it('knows far tails by their relative size', () => {
  expect(studentTwoSided(15.502145167519325, 342) / 2.0011369513300133e-41).toBeCloseTo(1, 9);
  expect(studentTwoSided(1, 0)).toBeNaN();
});

it('reports what statsmodels reports', () => {
  const fit = fitLine([1, 2, 3, 5, 8, 13], [2.1, 3.9, 6.2, 9.7, 16.5, 25.8]);
  expect(fit?.slope.value).toBeCloseTo(1.9934210526315777, 12);
  expect(fit?.slope.standardError).toBeCloseTo(0.03253088240809513, 12);
  expect(fit?.slope.t).toBeCloseTo(61.27780450663477, 9);
  expect(fit?.slope.lower).toBeCloseTo(1.903100843401857, 10);
  expect(fit?.slope.upper).toBeCloseTo(2.0837412618612983, 10);
  expect(fit?.intercept.standardError).toBeCloseTo(0.21903053835322195, 12);
  expect(fit?.intercept.lower).toBeCloseTo(-0.539705213468059, 10);
  expect(fit?.rSquared).toBeCloseTo(0.9989358785204141, 12);
});

it('has no line through two points, or through a regressor that does not vary', () => {
  expect(fitLine([1, 2], [1, 2])).toBeNull();
  expect(fitLine([2, 2, 2], [1, 2, 3])).toBeNull();
  expect(() => fitLine([1], [])).toThrow('no pairs');
});

it('finds the line that made the points, whatever the level', () => {
  const coefficient = fc.integer({ min: -1000, max: 1000 });
  fc.assert(
    fc.property(coefficient, coefficient, fc.integer({ min: 3, max: 50 }), (slope, level, n) => {
      const x = Array.from({ length: n }, (_, i) => 1e6 + i);
      const fit = fitLine(
        x,
        x.map((value) => level + slope * value),
      );
      expect(fit?.slope.value).toBeCloseTo(slope, 6);
    }),
  );
});
