/**
 * The law of windows that stand for samples: where ranges begin and end with windows, functions over time say of the windows
 * what they say of the samples, from no more than the plan has asked for.
 */
import fc from 'fast-check';
import { Labels } from '../model/labels.ts';
import type { AskedAggregates, SeriesData, WindowAggregate } from '../model/series.ts';
import { evaluate } from './evaluate.ts';
import { parse } from './parse.ts';
import { plan } from './plan.ts';

const WIDTH_MS = 10_000;
const LABELS = Labels.from({ __name__: 'depth' });

interface Sample {
  readonly ms: number;
  readonly value: number;
}

// Whole numbers, whose sums are exact in any order; none of the stamps stands on the border of a window.
const sample = fc.record({
  ms: fc.tuple(fc.nat(40), fc.integer({ min: 1, max: WIDTH_MS - 1 })).map(([window, ms]) => window * WIDTH_MS + ms),
  value: fc.integer({ min: -1_000, max: 1_000 }),
});
const samples = fc
  .uniqueArray(sample, { selector: ({ ms }) => ms, minLength: 1, maxLength: 60 })
  .map((all) => all.toSorted((a, b) => a.ms - b.ms));
const question = fc.record({
  text: fc.constantFrom(
    ...['max', 'min', 'avg', 'sum', 'count', 'first', 'present', 'ts_of_last'].map((name) => `${name}_over_time(R)`),
    'max_over_time(R) - avg_over_time(R) * 2',
    'sum(sum_over_time(R)) / sum(count_over_time(R))',
  ),
  range: fc.integer({ min: 1, max: 12 }),
  offset: fc.constantFrom('', ' offset 20s'),
  startMs: fc.nat(30).map((windows) => windows * WIDTH_MS),
  stepMs: fc.constantFrom(0, WIDTH_MS, 3 * WIDTH_MS),
});

function raw(all: readonly Sample[]): SeriesData {
  return { labels: LABELS, timesMs: all.map(({ ms }) => ms), values: all.map(({ value }) => value) };
}

function windowed(all: readonly Sample[], { names }: AskedAggregates): SeriesData {
  const starts = [...new Set(all.map(({ ms }) => Math.floor(ms / WIDTH_MS)))];
  const windows = starts.map((start) => all.filter(({ ms }) => Math.floor(ms / WIDTH_MS) === start));
  const figures: Record<WindowAggregate, (values: readonly number[]) => number> = {
    counts: (values) => values.length,
    sums: (values) => values.reduce((sum, value) => sum + value, 0),
    mins: (values) => Math.min(...values),
    maxs: (values) => Math.max(...values),
    firsts: ([first = NaN]) => first,
  };
  const columns = names.map((name) => [name, windows.map((held) => figures[name](held.map(({ value }) => value)))]);
  return { ...raw(windows.map((held) => held.at(-1) as Sample)), windows: Object.fromEntries(columns) };
}

it('functions over time of windows are those of the samples in them', () => {
  fc.assert(
    fc.property(samples, question, (all, { text, range, offset, startMs, stepMs }) => {
      const expr = text.replaceAll('R', `depth[${range * 10}s]${offset}`);
      const planned = plan(parse(expr), { startMs, endMs: startMs + 6 * stepMs, stepMs });
      expect(planned.selects).toHaveLength(1);
      const [request] = planned.selects;
      const aggregates = request?.aggregates as AskedAggregates;
      expect(aggregates.meetsMs % WIDTH_MS).toBe(0);
      const options = { regex: () => () => undefined };
      const found = evaluate(planned, [[windowed(all, aggregates)]], options);
      expect(found).toEqual(evaluate(planned, [[raw(all)]], options));
    }),
  );
});
