import { seededUniform } from '../../stats/seeded-generator.ts';
import { at, fillRow } from '../testing/trading-row.ts';
import { MarkoutBook, markoutBps } from './markout.ts';

it('is positive where the price went the way of the fill', () => {
  expect(markoutBps('buy', 100, 101)).toBeCloseTo(100, 12);
  expect(markoutBps('sell', 100, 101)).toBeCloseTo(-100, 12);
});

it('keeps makers and takers apart and a horizon without a mid out of the mean', () => {
  const book = new MarkoutBook([100, 1_000]);
  for (let i = 0; i < 10; i++) {
    book.add(['v'], fillRow({ timeNanos: at(i), price: 100, liquidity: 'maker' }), [100 - i / 100, null]);
    book.add(['v'], fillRow({ timeNanos: at(i), price: 100, liquidity: 'taker' }), [null, 100.5]);
  }
  const points = book.points(() => seededUniform(7));
  expect(points.map(({ liquidity, horizonMs, fills, missing }) => [liquidity, horizonMs, fills, missing])).toEqual([
    ['maker', 100, 10, 0],
    ['maker', 1_000, 0, 10],
    ['taker', 100, 0, 10],
    ['taker', 1_000, 10, 0],
  ]);
  expect(points[0]?.bps?.value).toBeCloseTo(-4.5, 9);
  expect(points[0]?.bps?.lower).toBeLessThan(-4.5);
  expect(points[0]?.bps?.upper).toBeGreaterThan(-4.5);
  expect(points[1]?.bps).toBeNull();
  expect(points[3]?.bps?.value).toBeCloseTo(50, 9);
});
