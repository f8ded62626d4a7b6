import fc from 'fast-check';
import { normalCumulative, normalDensity } from './normal-distribution.ts';
import { normalQuantile } from './normal-quantile.ts';

// Values of scipy 1.17.1, stats.norm.
it.each([
  [-37, 5.7255712225239266e-300],
  [-20, 2.7536241186061556e-89],
  [-8, 6.22096057427174e-16],
  [-7, 1.279812543885835e-12],
  [-3, 0.0013498980316300933],
  [-1, 0.15865525393145707],
  [-0.5, 0.3085375387259869],
  [0, 0.5],
  [2, 0.9772498680518208],
])('the probability up to %d is %d', (z, expected) => {
  expect(normalCumulative(z) / expected).toBeCloseTo(1, 12);
});

it('has its ends and no value for NaN', () => {
  expect([-Infinity, -50, Infinity, NaN].map(normalCumulative)).toEqual([0, 0, 1, NaN]);
  expect(normalDensity(0)).toBeCloseTo(0.3989422804014327, 15);
});

it('is the inverse of the quantile, and both sides add up to one', () => {
  const probability = fc.double({ min: 1e-300, max: 1 - 1e-12, noNaN: true });
  fc.assert(
    fc.property(probability, (p) => {
      const z = normalQuantile(p);
      expect(normalCumulative(z) / p).toBeCloseTo(1, 11);
      expect(normalCumulative(z) + normalCumulative(-z)).toBeCloseTo(1, 14);
    }),
  );
});
