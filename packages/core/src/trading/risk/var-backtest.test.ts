import { withheld } from '../performance/figure.ts';
import { acerbiSzekelyZ2, christoffersenTest, conditionalCoverage, kupiecTest } from './var-backtest.ts';

/** Two runs of exceptions among twenty periods. */
const CLUSTERED = [...'00110001000011100000'].map((digit) => digit === '1');

it('Kupiec: as many exceptions as promised are no surprise, twice as many are', () => {
  // By hand: -2 ln[(0.99^249 0.01^6) / ((1-6/255)^249 (6/255)^6)].
  expect(kupiecTest(6, 255, 0.99).statistic.value).toBeCloseTo(3.415357526264515, 10);
  expect(kupiecTest(5, 100, 0.95)).toMatchObject({ statistic: { value: 0 }, pValue: { value: 1 } });
  expect(kupiecTest(20, 200, 0.95).pValue.value as number).toBeLessThan(0.01);
  expect(kupiecTest(0, 100, 0.99).statistic.value).toBeCloseTo(-200 * Math.log(0.99), 10);
  expect(kupiecTest(100, 100, 0.99).statistic.value).toBeCloseTo(-200 * Math.log(0.01), 8);
  expect(kupiecTest(0, 0, 0.99).pValue).toEqual(withheld('empty'));
});

it('Christoffersen: exceptions in a row give a model away', () => {
  // numpy and scipy: transitions 10, 3, 3, 3.
  const { statistic, pValue } = christoffersenTest(CLUSTERED);
  expect(statistic.value).toBeCloseTo(1.3358104147583951, 10);
  expect(pValue.value).toBeCloseTo(0.2477741635278911, 10);
  const both = conditionalCoverage(CLUSTERED, 0.95);
  expect(both.statistic.value).toBeCloseTo(14.91933906789448, 9);
  expect(both.pValue.value).toBeCloseTo(0.000575846437746553, 12);
  const alone = Array.from({ length: 200 }, (_, i) => i % 20 === 0);
  const together = Array.from({ length: 200 }, (_, i) => i < 10);
  expect(christoffersenTest(together).pValue.value as number).toBeLessThan(1e-6);
  expect(christoffersenTest(alone).pValue.value as number).toBeGreaterThan(0.2);
});

it('needs something to test', () => {
  expect(christoffersenTest([]).statistic).toEqual(withheld('empty'));
  expect(christoffersenTest([true]).statistic).toEqual(withheld('too_few'));
  expect(conditionalCoverage([], 0.99).pValue).toEqual(withheld('empty'));
});

it('Acerbi and Szekely: zero when the shortfall holds, below when losses are larger', () => {
  const forecast = (profit: number) => ({ profit, valueAtRisk: 10, expectedShortfall: 12 });
  const kept = [...Array<number>(19).fill(1), -12].map(forecast);
  expect(acerbiSzekelyZ2(kept, 0.95).value).toBeCloseTo(0, 12);
  expect(acerbiSzekelyZ2([...Array<number>(19).fill(1), -36].map(forecast), 0.95).value).toBeCloseTo(-2, 12);
  expect(acerbiSzekelyZ2([], 0.95)).toEqual(withheld('empty'));
  expect(acerbiSzekelyZ2([{ profit: 1, valueAtRisk: -1, expectedShortfall: 0 }], 0.95)).toEqual(withheld('no_loss'));
});
