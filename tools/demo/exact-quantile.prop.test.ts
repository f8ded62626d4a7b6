import fc from 'fast-check';
import { DEFAULT_SCALE, ExponentialHistogram, quantile, relativeErrorBound } from '@tapewatch/core';
import { exactQuantile } from './exact-quantile.ts';

it('is what the histogram approximates, within its bound, for every q and every sample', () => {
  const values = fc.array(fc.double({ min: 1e-6, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (sample, q) => {
      const histogram = new ExponentialHistogram();
      for (const value of sample) histogram.observe(value);
      const exact = exactQuantile(
        q,
        [...sample].sort((a, b) => a - b),
      );
      const allowed = relativeErrorBound(DEFAULT_SCALE) * exact * (1 + 1e-9);
      expect(Math.abs(quantile(q, histogram) - exact)).toBeLessThanOrEqual(allowed);
    }),
    { numRuns: 500 },
  );
});

it('takes the order statistic at the rank', () => {
  const ascending = Array.from({ length: 100 }, (_, i) => i + 1);
  expect([0, 0.01, 0.011, 0.25, 0.5, 0.9901, 1].map((q) => exactQuantile(q, ascending))).toEqual([
    1, 1, 2, 25, 51, 100, 100,
  ]);
  expect(exactQuantile(0.5, [])).toBeNaN();
  expect(exactQuantile(-0.1, [1])).toBe(-Infinity);
  expect(exactQuantile(1.1, [1])).toBe(Infinity);
});
