import { normalQuantile } from './normal-quantile.ts';

// Values of R's qnorm, which implements the same algorithm.
it.each([
  [0.5, 0],
  [0.975, 1.959963984540054],
  [0.025, -1.959963984540054],
  [0.995, 2.575829303548901],
  [0.9, 1.2815515655446],
  [1e-10, -6.361340902404056],
  [0.3, -0.524400512708041],
])('the %d quantile is %d', (p, expected) => {
  expect(normalQuantile(p)).toBeCloseTo(expected, 12);
});

it('is infinite at the ends and NaN beyond', () => {
  expect([0, 1, -0.1, 1.1, NaN].map(normalQuantile)).toEqual([-Infinity, Infinity, NaN, NaN, NaN]);
});
