import { chiSquareSurvival } from './chi-square.ts';

// Values of scipy 1.17.1, stats.chi2.sf.
it.each([
  [0.5, 1, 0.47950012218695337],
  [3.841458820694124, 1, 0.04999999999999989],
  [100, 1, 1.5239706048320995e-23],
  [5.991, 2, 0.05001161502657909],
  [30, 2, 3.0590232050182594e-7],
  [9, 5, 0.1090641579497725],
  [40, 5, 1.493367900050393e-7],
  [1, 6, 0.9856123220330293],
  [60, 6, 4.501016648012131e-11],
])('more than %d with %d degrees of freedom has probability %d', (x, degrees, expected) => {
  expect(chiSquareSurvival(x, degrees) / expected).toBeCloseTo(1, 12);
});

it('is certain at and below zero, and knows whole degrees only', () => {
  expect([chiSquareSurvival(0, 1), chiSquareSurvival(-1, 4), chiSquareSurvival(NaN, 1)]).toEqual([1, 1, NaN]);
  for (const degrees of [0, 1.5, -1]) expect(() => chiSquareSurvival(1, degrees)).toThrow(RangeError);
});
