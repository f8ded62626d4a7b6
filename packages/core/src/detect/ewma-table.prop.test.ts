import fc from 'fast-check';
import { EwmaTable } from './ewma-table.ts';

/** The weighted moments by their definition: weight (1-a)^k a for the value k steps back, the rest on the first. */
function byDefinition(values: readonly number[], weight: number): { mean: number; variance: number } {
  const weights = values.map((_, i) => (i === 0 ? 1 : weight) * (1 - weight) ** (values.length - 1 - i));
  const mean = values.reduce((sum, value, i) => sum + value * (weights[i] as number), 0);
  const variance = values.reduce((sum, value, i) => sum + (value - mean) ** 2 * (weights[i] as number), 0);
  return { mean, variance };
}

describe('EwmaTable', () => {
  it('equals the weighted mean and variance by definition, each series by itself', () => {
    const value = fc.double({ min: -1e3, max: 1e3, noNaN: true });
    const series = fc.array(value, { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(series, series, fc.double({ min: 0.01, max: 0.9, noNaN: true }), (first, second, weight) => {
        const table = new EwmaTable(weight);
        for (let i = 0; i < Math.max(first.length, second.length); i++) {
          const [a, b] = [first[i], second[i]];
          if (a !== undefined) table.update(3, a);
          if (b !== undefined) table.update(5_000, b);
        }
        for (const [id, values] of [
          [3, first],
          [5_000, second],
        ] as const) {
          const expected = byDefinition(values, weight);
          const found = table.get(id);
          expect(found?.count).toBe(values.length);
          expect(found?.mean).toBeCloseTo(expected.mean, 8);
          expect(found?.variance).toBeCloseTo(expected.variance, 5);
        }
      }),
    );
  });

  it('learns nothing from what is not finite', () => {
    const table = new EwmaTable();
    for (const value of [NaN, Infinity, -Infinity]) table.update(1, value);
    expect(table.get(1)).toBeUndefined();
    table.update(1, 2);
    table.update(1, NaN);
    expect(table.get(1)).toEqual({ mean: 2, variance: 0, count: 1 });
  });

  it('is not spoilt for good by values whose squares or distances no double holds', () => {
    const table = new EwmaTable();
    for (const value of [1, 1.7e308, -1.7e308, 1e200]) table.update(1, value);
    table.update(1, 3);
    expect(table.get(1)).toEqual({ mean: 1.1, variance: expect.closeTo(0.19, 12), count: 2 });
  });

  it('learns anew from what follows a first value that is out of all proportion', () => {
    const table = new EwmaTable();
    for (const value of [1.7e308, 2, 2, 2]) table.update(1, value);
    expect(table.get(1)).toEqual({ mean: 2, variance: 0, count: 3 });
  });

  it('refuses a weight that is no weight', () => {
    expect(() => new EwmaTable(1)).toThrow('EWMA weight 1 is not between 0 and 1');
  });
});
