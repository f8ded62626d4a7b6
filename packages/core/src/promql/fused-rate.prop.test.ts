/** The law of the fused pass: it says what the evaluation series by series says, to 1e-9, and whenever that says it. */
import fc from 'fast-check';
import { ExponentialHistogram } from '../histogram/exponential-histogram.ts';
import { Labels } from '../model/labels.ts';
import type { SeriesData } from '../model/series.ts';
import { CumulativeHistograms, distributionData, thinnedEnds } from '../window/cumulative-histograms.ts';
import { histogramColumnsOf } from '../window/rollup-columns.ts';
import { evaluate } from './evaluate.ts';
import { parse } from './parse.ts';
import { plan } from './plan.ts';
import type { QueryResult } from './result.ts';

const VENUES = ['a', 'b', ''];

/** Seconds with data: dense ones make equal factors and a moving sum, sparse ones gaps and single points. */
const seconds = fc.oneof(
  fc.constant(Array.from({ length: 90 }, (_, i) => i + 1)),
  fc.uniqueArray(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 12 }),
  fc
    .record({ from: fc.integer({ min: 1, max: 60 }), length: fc.integer({ min: 1, max: 30 }) })
    .map(({ from, length }) => Array.from({ length }, (_, i) => from + i)),
);

const value = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 400 }).map((n) => n / 64) },
  { weight: 1, arbitrary: fc.constantFrom(0, -3, -0.25, NaN, Infinity, -Infinity) },
);

const series = fc.record({
  venue: fc.constantFrom(...VENUES),
  seconds,
  values: fc.array(fc.array(value, { maxLength: 4 }), { minLength: 1, maxLength: 5 }),
  base: fc.array(value, { maxLength: 3 }),
  weight: fc.constantFrom<number[]>(1, 1, 1, 0.3),
  scale: fc.constantFrom<number[]>(7, 7, 7, 7, 3),
});

const question = fc.record({
  operation: fc.constantFrom('sum', 'avg'),
  grouping: fc.constantFrom('', 'by (venue)', 'without (instance)', 'by (nothing)', 'by (__name__)'),
  rate: fc.constantFrom('rate', 'increase'),
  window: fc.constantFrom(2, 7, 10, 30),
  modifier: fc.constantFrom('', '', ' anchored', ' offset 3s', ' @ 40'),
  // No quantile: it may jump where a rank falls on the border of two buckets, by the last digit of a count.
  around: fc.constantFrom('', 'histogram_fraction(0.5, 2, ', 'histogram_count('),
  stepMs: fc.constantFrom(0, 1_000, 5_000, 13_000),
  thinMs: fc.constantFrom(1, 5_000),
});

type Drawn<T> = T extends fc.Arbitrary<infer Value> ? Value : never;

function dataOf(drawn: Drawn<typeof series>, instance: number, thinMs: number): SeriesData {
  const observed = (values: readonly number[], weight: number): ExponentialHistogram => {
    const histogram = new ExponentialHistogram({ scale: drawn.scale });
    for (const one of values) histogram.observe(one, weight);
    return histogram;
  };
  const stamps = [...drawn.seconds].sort((a, b) => a - b).map((second) => second * 1_000);
  const { timesMs, ends } = thinnedEnds(stamps, (timeMs) => Math.ceil(timeMs / thinMs));
  const rows = stamps.map((_, i) => observed(drawn.values[i % drawn.values.length] as number[], drawn.weight).encode());
  const base = observed(drawn.base, 1);
  const source = {
    columns: histogramColumnsOf(rows),
    rows: Uint32Array.from(rows, (_, i) => i),
    ends,
    baseCount: base.count,
  };
  const labels = Labels.from({ __name__: 'x', venue: drawn.venue, instance: String(instance) });
  return distributionData({ labels, levelsMs: [] }, timesMs, new CumulativeHistograms(source, () => base));
}

function answer(expr: string, stepMs: number, data: readonly SeriesData[], fuse: boolean): QueryResult {
  const range = stepMs === 0 ? { startMs: 60_000, endMs: 60_000, stepMs } : { startMs: 0, endMs: 100_000, stepMs };
  const planned = plan(parse(expr), range, { text: expr, lookbackMs: 20_000 });
  const regex = () => () => undefined;
  const selected = planned.selects.map(() => data);
  return evaluate(planned, selected, { regex, fuse });
}

/** Every number of a result with its place, histograms bucket by bucket. */
function figures(result: QueryResult): Map<string, number | string> {
  const found = new Map<string, number | string>();
  const visit = (path: string, item: unknown): void => {
    if (item instanceof ExponentialHistogram) {
      const { positive, negative, counterReset, scale, zeroThreshold, count, sum, zeroCount, nanCount } = item;
      visit(path, { counterReset, scale, zeroThreshold, count, sum, zeroCount, nanCount });
      visit(path, { up: item.positiveInfinityCount, down: item.negativeInfinityCount, min: item.min, max: item.max });
      for (const [index, n] of positive) found.set(`${path}/positive/${index}`, n);
      for (const [index, n] of negative) found.set(`${path}/negative/${index}`, n);
    } else if (item instanceof Labels) found.set(path, item.key);
    else if (typeof item === 'object' && item !== null) {
      for (const [key, inner] of Object.entries(item)) visit(`${path}/${key}`, inner);
    } else if (typeof item === 'number' || typeof item === 'string') found.set(path, item);
  };
  // The order of an instant's samples means nothing.
  const ordered = result.type === 'vector' ? { ...result, samples: [...result.samples].sort(byLabels) } : result;
  visit('', ordered);
  return found;
}

function byLabels(a: { labels: Labels }, b: { labels: Labels }): number {
  return a.labels.key < b.labels.key ? -1 : 1;
}

function expectClose(found: Map<string, number | string>, expected: Map<string, number | string>): void {
  expect([...found.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [path, want] of expected) {
    const got = found.get(path);
    const isClose =
      typeof got === 'number' && typeof want === 'number' && Number.isFinite(want)
        ? Math.abs(got - want) <= 1e-9 * Math.max(Math.abs(want), 1e-6)
        : Object.is(got, want);
    if (!isClose) throw new Error(`${path}: ${got}, expected ${want}`);
  }
}

function textOf({ operation, grouping, rate, window, modifier, around }: Drawn<typeof question>): string {
  const inner = `${operation} ${grouping} (${rate}(x[${window}s]${modifier}))`;
  return around === '' ? inner : `${around}${inner})`;
}

it('fused aggregations of rates equal those made series by series', () => {
  fc.assert(
    fc.property(fc.array(series, { minLength: 1, maxLength: 6 }), question, (drawn, asked) => {
      const data = drawn.map((one, i) => dataOf(one, i, asked.thinMs));
      const text = textOf(asked);
      expectClose(figures(answer(text, asked.stepMs, data, true)), figures(answer(text, asked.stepMs, data, false)));
    }),
    { numRuns: 300 },
  );
});

it('anchored windows hold every observation after their start up to their end, also after silence', () => {
  const second = { venue: 'a', values: [[1, 2]], base: [5], weight: 1, scale: 7 };
  // Nothing stands within the lookback before 90 s, and the window's first point counts all the same.
  const data = [dataOf({ ...second, seconds: [3, 81, 82, 90] }, 0, 1)];
  const counts = (fuse: boolean): unknown => {
    const result = answer('histogram_count(sum(increase(x[10s] anchored)))', 10_000, data, fuse);
    return result.type === 'matrix' ? result.series[0]?.points.map(({ timeMs, value: n }) => [timeMs / 1_000, n]) : [];
  };
  const expected = [
    [10, 2],
    [90, 6],
  ];
  expect(counts(true)).toEqual(expected);
  expect(counts(false)).toEqual(expected);
});

it('leaves series that differ in their names alone to the error that they deserve', () => {
  const drawn = { venue: 'a', seconds: [1, 2, 3, 4], values: [[1]], base: [], weight: 1, scale: 7 };
  const one = dataOf(drawn, 0, 1);
  const other = dataOf(drawn, 0, 1);
  const renamed = { ...other, labels: one.labels.with('__name__', 'y'), histograms: undefined, deltas: other.deltas };
  const data = [one, renamed as unknown as SeriesData];
  expect(() => answer('sum(rate({__name__=~"x|y"}[10s]))', 1_000, data, true)).toThrow('same labelset');
});
