/** The law of merged reads: an aggregation that the store merges has the value that its series give one by one. */
import {
  CumulativeHistograms,
  distributionData,
  ExponentialHistogram,
  histogramColumnsOf,
  subtractHistograms,
  type MatrixSeries,
  type SelectRequest,
  type SeriesData,
} from '@tapewatch/core';
import fc from 'fast-check';
import type { PromqlEngine, Store, StoreReader } from '../ports.ts';
import { MemoryStore } from '../store/memory/memory-store.ts';
import { batchOf, clockAt, samplesOf, seconds, seriesOf, T0_MS } from '../store/store.fixture.ts';
import { createPromqlEngine } from './promql-engine.ts';

const FLEET = [
  seriesOf(1, { __name__: 'ack', venue: 'XNAS', host: 'a' }, 'distribution'),
  seriesOf(2, { __name__: 'ack', venue: 'XNAS', host: 'b' }, 'distribution'),
  seriesOf(3, { __name__: 'ack', venue: 'BATS', host: 'a' }, 'distribution'),
];
const SECONDS = 1_800;

const observation = fc.tuple(
  fc.constantFrom(1, 2, 3),
  fc.oneof(fc.integer({ min: 1, max: SECONDS * 10 }), fc.integer({ min: 12_000, max: 12_600 })).map((n) => n / 10),
  fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 300 }).map((n) => n / 32) },
    fc.constantFrom(0, -2, NaN, Infinity),
  ),
);

const question = fc.record({
  rate: fc.constantFrom('rate', 'increase'),
  grouping: fc.constantFrom('', 'by (venue)', 'by (host, venue)', 'by (nothing)'),
  window: fc.constantFrom(1, 7, 10, 60, 90, 300, 600),
  step: fc.constantFrom(0, 5, 10, 30, 60, 65, 120, 600),
  offset: fc.constantFrom('', ' offset 30s', ' offset 7s'),
  // Ends that stand on the grids of levels, and ends that do not.
  end: fc.constantFrom(1_800, 1_740, 1_730, 1_733),
  matcher: fc.constantFrom('', '{venue="XNAS"}', '{host=~"a|b"}'),
  around: fc.constantFrom('', 'histogram_count', 'histogram_sum'),
});

type Question = typeof question extends fc.Arbitrary<infer Value> ? Value : never;

function textOf({ rate, grouping, window, offset, matcher, around }: Question): string {
  return `${around}(sum ${grouping} (${rate}(ack${matcher}[${window}s] anchored${offset})))`;
}

async function storeOf(rows: readonly (readonly [number, number, number])[]): Promise<Store> {
  const store = new MemoryStore();
  await store.open();
  await store.append(
    batchOf({ series: FLEET, samples: samplesOf(rows.map(([id, at, value]) => [id, seconds(at), value] as const)) }),
  );
  await store.append(clockAt(SECONDS + 3_600));
  return store;
}

/** What the store on disk answers with: the same points, as what each adds. */
async function selectDeltas(store: Store, request: SelectRequest): Promise<SeriesData[]> {
  const all = await store.select({ ...request, startMs: T0_MS - 3_600_000 });
  return all.map(({ labels, histograms = [], ...data }) => {
    const timesMs = Array.from(data.timesMs);
    const points = histograms as readonly ExponentialHistogram[];
    const from = timesMs.findIndex((timeMs) => timeMs >= request.startMs);
    if (from < 0) return { labels, timesMs: [], values: [] };
    const base = points[from - 1] ?? new ExponentialHistogram();
    const rows = points.slice(from).map((point, i) => subtractHistograms(point, points[from + i - 1] ?? base).encode());
    const numbers = Uint32Array.from(rows, (_, i) => i);
    const ends = numbers.map((i) => i + 1);
    const source = { columns: histogramColumnsOf(rows), rows: numbers, ends, baseCount: base.count };
    const cumulative = new CumulativeHistograms(source, () => base);
    return distributionData({ labels, levelsMs: [1_000] }, timesMs.slice(from), cumulative);
  });
}

function reading(store: Store, merges: boolean): { reader: StoreReader; merged: () => number } {
  let merged = 0;
  const reader = {
    select: (request: SelectRequest) => selectDeltas(store, request),
    ...(merges
      ? {
          mergedHistograms: async (...asked: Parameters<NonNullable<Store['mergedHistograms']>>) => {
            const groups = await store.mergedHistograms?.(...asked);
            if (groups !== undefined) merged++;
            return groups;
          },
        }
      : {}),
  };
  return { reader: reader as unknown as StoreReader, merged: () => merged };
}

/** Figures by place; buckets one by one. */
function figures(result: Awaited<ReturnType<PromqlEngine['query']>>): Map<string, number> {
  const found = new Map<string, number>();
  const series =
    result.type === 'vector'
      ? result.samples.map(({ labels, ...point }): MatrixSeries => ({ labels, points: [point] }))
      : result.type === 'matrix'
        ? result.series
        : [];
  for (const { labels, points } of series) {
    for (const { timeMs, value, histogram } of points) {
      const path = `${labels.key} ${timeMs}`;
      if (!(histogram instanceof ExponentialHistogram)) found.set(path, value);
      else {
        const { count, sum, zeroCount, nanCount, positiveInfinityCount, scale } = histogram;
        Object.entries({ count, sum, zeroCount, nanCount, positiveInfinityCount, scale }).forEach(([key, figure]) =>
          found.set(`${path} ${key}`, figure),
        );
        for (const [index, n] of histogram.positive) found.set(`${path} +${index}`, n);
        for (const [index, n] of histogram.negative) found.set(`${path} -${index}`, n);
      }
    }
  }
  return found;
}

async function ask(store: Store, asked: Question, merges: boolean) {
  const { reader, merged } = reading(store, merges);
  const endMs = T0_MS + asked.end * 1_000;
  const stepMs = asked.step * 1_000;
  const range = stepMs === 0 ? { startMs: endMs, endMs, stepMs } : { startMs: endMs - 10 * stepMs, endMs, stepMs };
  const result = await createPromqlEngine(reader).query(textOf(asked), range);
  return { found: figures(result), levelsMs: result.stats?.levelsMs, merged: merged() };
}

it('merged by the store equals evaluated series by series', async () => {
  let merges = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(observation, { minLength: 1, maxLength: 60 }), question, async (rows, asked) => {
      const store = await storeOf(rows);
      const [pushed, general] = [await ask(store, asked, true), await ask(store, asked, false)];
      merges += pushed.merged;
      expect([...pushed.found.keys()].sort()).toEqual([...general.found.keys()].sort());
      for (const [path, want] of general.found) {
        const got = pushed.found.get(path) as number;
        const isClose = Math.abs(got - want) <= 1e-9 * Math.max(1, Math.abs(want));
        if (!isClose && !Object.is(got, want)) throw new Error(`${path}: ${got}, expected ${want}`);
      }
    }),
    { numRuns: 250 },
  );
  // Nearly all of the questions stand on a grid; were none merged, nothing had been shown.
  expect(merges).toBeGreaterThan(100);
});

it('reads the widest level that meets the steps, and leaves other kinds and forms to the general way', async () => {
  const store = await storeOf([
    [1, 1_530, 1],
    [2, 1_730, 2],
  ]);
  await store.append(batchOf({ series: [seriesOf(9, { __name__: 'ack', venue: 'odd' })], samples: samplesOf([]) }));
  const base = { rate: 'increase', grouping: '', window: 60, step: 60, offset: '', end: 1_800, around: '' } as const;
  const exact = await ask(store, { ...base, matcher: '{venue="XNAS"}' }, true);
  expect(exact).toMatchObject({ merged: 1, levelsMs: [60_000] });
  // A gauge has the name as well.
  expect(await ask(store, { ...base, matcher: '' }, true)).toMatchObject({ merged: 0 });
  expect(
    await ask(store, { ...base, matcher: '{venue="XNAS"}', offset: ' offset 7s', window: 10 }, true),
  ).toMatchObject({ levelsMs: [1_000] });
});
