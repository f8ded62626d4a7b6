import { highest } from './highest.ts';

/** The rates that were looked at, where up to `limit` is good. */
async function looks(first: number, limit: number): Promise<{ best: number | undefined; rates: number[] }> {
  const rates: number[] = [];
  const best = await highest(first, async (rate) => {
    rates.push(Math.round(rate));
    return rate <= limit ? rate : undefined;
  });
  return { best, rates };
}

it('needs three looks where the first rate is near', async () => {
  expect((await looks(100_000, 110_000)).rates).toEqual([100_000, 125_000, 111_803]);
  expect((await looks(100_000, 90_000)).rates).toEqual([100_000, 80_000, 89_443]);
});

it.each([1_000_000, 40_000, 7_000, 100_000, 124_000])('comes within 15 %% of %d, from wherever', async (limit) => {
  const { best = NaN, rates } = await looks(100_000, limit);
  expect(best).toBeLessThanOrEqual(limit);
  expect(limit / best).toBeLessThan(1.15);
  expect(rates.length).toBeLessThan(12);
});

it('gives up where no rate is good', async () => {
  const { best, rates } = await looks(100_000, 0);
  expect(best).toBeUndefined();
  expect(rates.at(-1)).toBeGreaterThanOrEqual(5_000);
});
