/** The law of deltas: whatever a query asks of a distribution, it gets the same from deltas as from cumulative points. */
import fc from 'fast-check';
import { ExponentialHistogram } from '../histogram/exponential-histogram.ts';
import { Labels } from '../model/labels.ts';
import type { SeriesData } from '../model/series.ts';
import { evaluate } from '../promql/evaluate.ts';
import { parse } from '../promql/parse.ts';
import { plan } from '../promql/plan.ts';
import { CumulativeHistograms, distributionData, thinnedEnds } from './cumulative-histograms.ts';
import { histogramColumnsOf } from './rollup-columns.ts';

const EXPRESSIONS = [
  'rate(x[10s])',
  'increase(x[7s])',
  'sum(rate(x[5s]))',
  'histogram_quantile(0.9, sum(rate(x[10s])))',
  'histogram_count(increase(x[30s]))',
  'x',
  'histogram_sum(x) - histogram_sum(x offset 3s)',
  'delta(x[10s])',
  'resets(x[20s])',
  'irate(x[10s])',
  'rate(x[10s] offset 5s)',
  'last_over_time(x[4s])',
  'max_over_time(histogram_count(rate(x[6s]))[20s:5s])',
];

const windows = fc.array(
  fc.record({
    second: fc.integer({ min: 1, max: 60 }),
    values: fc.array(fc.oneof(fc.integer({ min: -50, max: 500 }), fc.constantFrom(0, NaN)), { maxLength: 6 }),
  }),
  { minLength: 1, maxLength: 40 },
);

const series = fc.record({
  windows,
  base: fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 5 }),
  stepMs: fc.constantFrom(1, 2_000),
});

function observed(values: readonly number[]): ExponentialHistogram {
  const histogram = new ExponentialHistogram();
  for (const value of values) histogram.observe(value);
  return histogram;
}

/** The same distribution in both forms. */
function forms(
  name: string,
  { windows: unordered, base, stepMs }: typeof series extends fc.Arbitrary<infer T> ? T : never,
) {
  const ordered = [...unordered].sort((a, b) => a.second - b.second);
  const stamps = ordered.map(({ second }) => second * 1_000);
  const stepOf = (timeMs: number): number => Math.ceil(timeMs / stepMs);
  const { timesMs, ends } = thinnedEnds(stamps, stepOf);
  const columns = histogramColumnsOf(ordered.map(({ values }) => observed(values).encode()));
  const source = { columns, rows: Uint32Array.from(ordered, (_, i) => i), ends, baseCount: base.length };
  const head = { labels: Labels.from({ __name__: 'x', instance: name }), levelsMs: [1_000] };
  const asDeltas = distributionData(head, timesMs, new CumulativeHistograms(source, () => observed(base)));
  const running = observed(base);
  const histograms: ExponentialHistogram[] = [];
  let row = 0;
  for (const end of ends) {
    for (; row < end; row++) running.merge(observed((ordered[row] as (typeof ordered)[number]).values));
    histograms.push(running.clone());
  }
  const asPoints: SeriesData = { ...head, timesMs, values: timesMs.map(() => NaN), histograms };
  return { asDeltas, asPoints };
}

function answer(expr: string, data: readonly SeriesData[]): unknown {
  const range = { startMs: 0, endMs: 70_000, stepMs: 5_000 };
  const planned = plan(parse(expr), range, { text: expr, lookbackMs: 10_000 });
  const regex = () => () => undefined;
  const result = evaluate(
    planned,
    planned.selects.map(() => data),
    { regex },
  );
  // Sums are added in another order: equal but for their last digits.
  return JSON.parse(
    JSON.stringify(result, (key, value: unknown) => {
      if (value instanceof ExponentialHistogram) return { ...value.encode(), reset: value.counterReset };
      return typeof value === 'number'
        ? Number.isFinite(value)
          ? Number(value.toPrecision(9))
          : String(value)
        : value;
    }),
  );
}

it('a query gets the same from deltas as from cumulative points', () => {
  fc.assert(
    fc.property(series, series, fc.constantFrom(...EXPRESSIONS), (a, b, expr) => {
      const [one, two] = [forms('a', a), forms('b', b)];
      expect(answer(expr, [one.asDeltas, two.asDeltas])).toEqual(answer(expr, [one.asPoints, two.asPoints]));
    }),
    { numRuns: 400 },
  );
});

it('rates do not make the cumulative histograms', () => {
  const base = (): never => {
    throw new Error('made');
  };
  const columns = histogramColumnsOf([observed([1]).encode(), observed([2, 3]).encode()]);
  const source = { columns, rows: Uint32Array.of(0, 1), ends: Uint32Array.of(1, 2), baseCount: 7 };
  const head = { labels: Labels.from({ __name__: 'x' }), levelsMs: [] };
  const data = distributionData(head, [11_000, 13_000], new CumulativeHistograms(source, base));
  expect(answer('histogram_count(increase(x[5s]))', [data])).toMatchObject({
    // Two observations in 2 s, stretched over the 5 s of the window.
    series: [{ points: [{ timeMs: 15_000, value: 5 }] }],
  });
  expect(() => answer('x', [data])).toThrow('made');
});

it('makes all points at once where layouts differ, and tells no deltas', () => {
  const coarse = new ExponentialHistogram({ scale: 3 });
  coarse.observe(2);
  const columns = histogramColumnsOf([observed([1]).encode(), coarse.encode()]);
  const source = { columns, rows: Uint32Array.of(0, 1), ends: Uint32Array.of(1, 2), baseCount: 0 };
  const head = { labels: Labels.empty, levelsMs: [] };
  const data = distributionData(head, [1_000, 2_000], new CumulativeHistograms(source, () => undefined));
  expect(data.deltas).toBeUndefined();
  expect(data.histograms?.map((histogram) => histogram?.scale)).toEqual([7, 3]);
});
