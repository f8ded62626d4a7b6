import type { PromqlStats } from '../ports.ts';
import { worthOf } from './result-worth.ts';

const STATS: PromqlStats = { series: 2, samples: 9, levelsMs: [0], errorBound: 0.00543, cache: 'miss', seconds: 0.25 };

describe('what an answer is worth', () => {
  it.each([
    ['histogram_quantile(0.99, sum(rate(x[1m])))', 'p99, exact within 0.54 %'],
    ['max by (venue) ((histogram_quantile(0.999, x)))', 'p99.9, exact within 0.54 %'],
    ['topk(3, label_replace(histogram_quantile(0.5, x), "a", "b", "c", ".*")) > 1', 'p50, exact within 0.54 %'],
    ['histogram_quantile(scalar(q), x)', undefined],
    ['histogram_quantile(0.99, x) / 2', undefined],
    ['histogram_quantile(0.99, x) > bool 2', undefined],
    ['avg(histogram_quantile(0.99, x))', undefined],
    ['histogram_count(x)', undefined],
  ])('%s: %s', (expr, description) => {
    const worth = worthOf(expr, STATS);
    expect(worth.description).toBe(description);
    const bound = worth.stats?.find(({ unit }) => unit === 'percentunit')?.value;
    expect(bound).toBe(description === undefined ? undefined : STATS.errorBound);
  });

  it('promises nothing where no bound is known', () => {
    const { errorBound: _, ...without } = STATS;
    expect(worthOf('histogram_quantile(0.9, x)', without).description).toBeUndefined();
    expect(worthOf('histogram_quantile(0.9, x)', undefined)).toEqual({});
  });
});
