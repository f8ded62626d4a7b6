import { normalQuantile } from '../../stats/normal-quantile.ts';
import { seededUniform } from '../../stats/seeded-generator.ts';
import { almgrenImpact, squareRootImpact } from './impact-model.ts';
import { responseFunction, signAutocorrelation, type SignedTrade } from './response.ts';
import { fitPowerLaw, fitSquareRoot, MIN_ORDERS_FOR_EXPONENT, sizeBins, type SizedImpact } from './size-curve.ts';

/** I = 20 x^exponent with noise. */
function ordersOf(count: number, exponent: number): SizedImpact[] {
  const uniform = seededUniform(count);
  return Array.from({ length: count }, () => {
    const size = 10 ** (-4 + 3 * uniform());
    return { size, impact: 20 * size ** exponent + 0.3 * normalQuantile(0.001 + 0.998 * uniform()) };
  });
}

it('finds the exponent that made the impact, with an interval around it', () => {
  const fit = fitPowerLaw(ordersOf(600, 0.5), seededUniform(3));
  expect(fit?.exponent.lower).toBeLessThan(0.5);
  expect(fit?.exponent.upper).toBeGreaterThan(0.5);
  expect(Math.abs((fit?.exponent.value ?? 0) - 0.5)).toBeLessThan(0.05);
  const linear = fitPowerLaw(ordersOf(600, 1), seededUniform(3));
  expect(linear?.exponent.lower).toBeGreaterThan(0.7);
});

it('has the interval of all sizes where neighbours count as one', () => {
  const spread = (count: number): number => {
    const fit = fitPowerLaw(ordersOf(count, 0.5), seededUniform(3));
    return (fit?.exponent.upper ?? NaN) - (fit?.exponent.lower ?? NaN);
  };
  // Errors fall with the root of the number, on both sides of the number of sizes that are told apart.
  expect((spread(400) * 20) / (spread(1_600) * 40)).toBeGreaterThan(0.8);
  expect((spread(400) * 20) / (spread(1_600) * 40)).toBeLessThan(1.25);
});

it('looks at each size a few times, however many orders there are', () => {
  const sizes = ordersOf(5_000, 0.5);
  let reads = 0;
  const counted = sizes.map(({ size, impact }) => ({
    impact,
    get size() {
      reads++;
      return size;
    },
  }));
  fitPowerLaw(counted, seededUniform(3));
  // A sort and a few passes; each of 199 draws looking at each size twenty times would be 20 million.
  expect(reads).toBeLessThan(500_000);
});

it('shows bins and no exponent below 200 orders', () => {
  const few = ordersOf(MIN_ORDERS_FOR_EXPONENT - 1, 0.5);
  expect(fitPowerLaw(few, seededUniform(1))).toBeNull();
  const bins = sizeBins(few, seededUniform(1), 5);
  expect(bins.map(({ orders }) => orders)).toEqual([39, 40, 40, 40, 40]);
  expect(bins.every((bin, i) => i === 0 || bin.from >= (bins[i - 1]?.to ?? 0))).toBe(true);
  expect(bins.at(-1)?.impact.value).toBeGreaterThan(bins[0]?.impact.value ?? Infinity);
  expect(bins.at(-1)?.impact.lower).toBeGreaterThan(0);
  expect(sizeBins([], seededUniform(1))).toEqual([]);
});

it('fits the prefactor of the square root', () => {
  const fit = fitSquareRoot(ordersOf(300, 0.5));
  expect(fit?.lower).toBeLessThan(20);
  expect(fit?.upper).toBeGreaterThan(20);
  expect(fitSquareRoot([{ size: 1, impact: 1 }])).toBeNull();
});

it('computes the models from their parameters', () => {
  expect(squareRootImpact({ quantity: 100, dailyVolume: 10_000, dailyVolatility: 0.02 })).toBeCloseTo(0.002, 12);
});

// Table 3 of the paper: IBM, 10 % of a day's volume, sigma 1.57 %, 263 days of volume in issue; basis points, rounded.
it.each([
  [0.1, 22, 32],
  [0.2, 15, 25],
  [0.5, 8, 18],
])('costs what Almgren and others print for IBM over %d days', (days, temporary, cost) => {
  const size = { quantity: 0.1, dailyVolume: 1, dailyVolatility: 0.0157, sharesOutstanding: 263 };
  const ibm = almgrenImpact({ ...size, days });
  expect(Math.round(ibm.permanent * 1e4)).toBe(20);
  expect(Math.round(ibm.temporary * 1e4)).toBe(temporary);
  expect(Math.round(ibm.cost * 1e4)).toBe(cost);
});

it('measures how the mid responds to signs', () => {
  const trades: SignedTrade[] = [1, -1, 1, 1].map((sign, i) => ({
    sign: sign as 1 | -1,
    mid: [10, 11, 10, 13][i] ?? null,
  }));
  expect(responseFunction(trades, [0, 1, 2, 9])).toEqual([
    { lag: 0, response: 0, pairs: 4 },
    { lag: 1, response: (1 + 1 + 3) / 3, pairs: 3 },
    { lag: 2, response: (0 - 2) / 2, pairs: 2 },
    { lag: 9, response: null, pairs: 0 },
  ]);
  expect(
    responseFunction(
      [
        { sign: 1, mid: null },
        { sign: 1, mid: 3 },
      ],
      [1],
    )[0]?.response,
  ).toBeNull();
  expect(signAutocorrelation(trades, 2)).toHaveLength(2);
});
