/**
 * What every store promises, run by each implementation. `describeStore` gets a harness that can create a store, and
 * create one anew over the same data, as after a restart.
 */
import { ExponentialHistogram, quantile, type Matcher, type SeriesData } from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import type { Store } from '../ports.ts';
import { retentionOptions } from './retention.ts';
import {
  batchOf,
  distributionWindow,
  emptyBatch,
  gaugeWindow,
  histogramOf,
  samplesOf,
  seconds,
  seriesOf,
  T0_MS,
} from './store.fixture.ts';
import { describeEvents } from './store-events.contract.ts';

export interface StoreHarness {
  /** A store over fresh data, not yet opened. */
  create(): Promise<Store>;
  /** Closes the store and yields another one over the same data, not yet opened. */
  restart(store: Store): Promise<Store>;
  dispose(): Promise<void>;
}

export function describeStore(name: string, harness: StoreHarness): void {
  describe(`the store contract: ${name}`, () => {
    const held: { store?: Store } = {};
    const store = (): Store => held.store as Store;
    const restart = async () => {
      held.store = await harness.restart(store());
      return store().open();
    };
    beforeEach(async () => {
      held.store = await harness.create();
      await store().open();
    });
    afterEach(async () => {
      await store().close();
      await harness.dispose();
    });
    describeSeries(store);
    describeDistributions(store, restart);
    describeRetention(store, restart);
    describeEvents(store, restart);
  });
}

/** Everything that matches, from T0 - 1 h to T0 + 1 h. */
function selectAll(store: Store, matchers: readonly Matcher[] = [], resolutionMs = 1_000): Promise<SeriesData[]> {
  return store.select({ matchers, startMs: T0_MS - 3_600_000, endMs: T0_MS + 3_600_000, resolutionMs });
}

function pointsOf({ timesMs, values }: SeriesData): [number, number][] {
  return timesMs.map((timeMs, i) => [timeMs - T0_MS, values[i] as number]);
}

function describeSeries(store: () => Store): void {
  it('reads gauges and counters back in order of time, with the ends of the range included', async () => {
    const series = [seriesOf(1, { __name__: 'depth' }), seriesOf(2, { __name__: 'orders_total' }, 'counter')];
    const rows = [
      [1, seconds(2), 20],
      [2, seconds(1), 1],
      [1, seconds(1), 10],
      [1, seconds(3) + 999_999n, 30],
      [1, seconds(3) + 1_000_000n, 31],
    ] as const;
    await store().append(batchOf({ series, samples: samplesOf(rows) }));
    const found = await store().select({
      matchers: [],
      startMs: T0_MS + 1_000,
      endMs: T0_MS + 3_000,
      resolutionMs: 1_000,
    });
    expect(found.map(({ labels }) => labels.metricName)).toEqual(['depth', 'orders_total']);
    expect(found.map(pointsOf)).toEqual([
      [
        [1_000, 10],
        [2_000, 20],
        [3_000, 30],
      ],
      [[1_000, 1]],
    ]);
    expect(found[0]?.histograms).toBeUndefined();
  });

  it('keeps NaN, infinities, negative zero and the extremes of doubles', async () => {
    const values = [NaN, Infinity, -Infinity, -0, Number.MAX_VALUE, Number.MIN_VALUE, 2 ** 53 + 2, 0.1];
    const rows = values.map((value, i) => [1, seconds(i), value] as const);
    await store().append(batchOf({ series: [seriesOf(1, { __name__: 'odd' })], samples: samplesOf(rows) }));
    const [found] = await selectAll(store());
    expect(found?.values).toEqual(values);
  });

  it('keeps every nanosecond of large stamps', async () => {
    const stamps = [seconds(0) + 1n, seconds(0) + 2n, 9_223_372_036_854_775_806n];
    const rows = stamps.map((stamp, i) => [1, stamp, i] as const);
    await store().append(batchOf({ series: [seriesOf(1, { __name__: 'exact' })], samples: samplesOf(rows) }));
    expect((await store().rawSince('metrics', 0n)).map(({ timeNanos }) => timeNanos)).toEqual(stamps);
    expect((await store().rawSince('metrics', stamps[1] as bigint)).map(({ value }) => value)).toEqual([1, 2]);
    expect(await store().rawSince('other', 0n)).toEqual([]);
  });

  it.each<[string, Matcher[], number[]]>([
    ['venue="XNAS"', [{ name: 'venue', operator: '=', value: 'XNAS' }], [1]],
    ['venue!="XNAS"', [{ name: 'venue', operator: '!=', value: 'XNAS' }], [2, 3]],
    ['venue=""', [{ name: 'venue', operator: '=', value: '' }], [3]],
    ['venue=~"X.*"', [{ name: 'venue', operator: '=~', value: 'X.*' }], [1]],
    ['venue=~"NAS"', [{ name: 'venue', operator: '=~', value: 'NAS' }], []],
    ['venue=~".+"', [{ name: 'venue', operator: '=~', value: '.+' }], [1, 2]],
    ['venue!~"XNAS|BATS"', [{ name: 'venue', operator: '!~', value: 'XNAS|BATS' }], [3]],
    ['venue!~".+"', [{ name: 'venue', operator: '!~', value: '.+' }], [3]],
    [
      '__name__="depth", venue!=""',
      [
        { name: '__name__', operator: '=', value: 'depth' },
        { name: 'venue', operator: '!=', value: '' },
      ],
      [1],
    ],
  ])('selects by %s', async (_, matchers, expected) => {
    const series = [
      seriesOf(1, { __name__: 'depth', venue: 'XNAS' }),
      seriesOf(2, { __name__: 'width', venue: 'BATS' }),
      seriesOf(3, { __name__: 'depth' }),
    ];
    const rows = series.map(({ id }) => [id, seconds(id), id] as const);
    await store().append(batchOf({ series, samples: samplesOf(rows) }));
    expect((await selectAll(store(), matchers)).map(({ values }) => values[0])).toEqual(expected);
    const listed = await store().series([matchers], T0_MS, T0_MS + 10_000);
    expect(listed.map(({ id }) => id)).toEqual(expected);
  });

  it('refuses a bad expression by name', async () => {
    const matchers = [{ name: 'venue', operator: '=~', value: '(' } as const];
    const failure = await selectAll(store(), matchers).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TapewatchError);
    expect(failure).toMatchObject({ code: 'query.parse' });
  });

  it('lists only series with samples in the range, whole definitions', async () => {
    const series = [1, 2, 3].map((id) => seriesOf(id, { __name__: 'depth', id: String(id) }));
    const gauge = gaugeWindow(3, 10_000, [seconds(4), 7]);
    await store().append(
      batchOf({
        series,
        samples: samplesOf([
          [1, seconds(1), 1],
          [1, seconds(9), 1],
          [2, seconds(50), 1],
        ]),
        windows: [gauge],
      }),
    );
    const ids = async (start: number, end: number) =>
      (await store().series([], T0_MS + start, T0_MS + end)).map(({ id }) => id);
    expect(await ids(0, 1_000)).toEqual([1]);
    expect(await ids(2_000, 8_000)).toEqual([]);
    expect(await ids(10_000, 10_000)).toEqual([3]);
    expect(await ids(0, 50_000)).toEqual([1, 2, 3]);
    const matcher = (id: string): Matcher[] => [{ name: 'id', operator: '=', value: id }];
    const either = await store().series([matcher('1'), matcher('2')], T0_MS, T0_MS + 60_000);
    expect(either).toEqual(series.slice(0, 2));
  });

  it('survives hostile labels', async () => {
    const hostile = `'); DROP TABLE samples; -- "\\ \u202e 🦄 \n\t $1 {}`;
    const labels = { __name__: 'odd', venue: hostile, [hostile]: 'name' };
    const definition = { ...seriesOf(1, labels), stream: hostile, unit: hostile, help: hostile };
    await store().append(batchOf({ series: [definition], samples: samplesOf([[1, seconds(1), 1]]) }));
    const [found] = await selectAll(store(), [{ name: 'venue', operator: '=', value: hostile }]);
    expect(found?.labels.toRecord()).toEqual(labels);
    expect(await store().rawSince(hostile, 0n)).toHaveLength(1);
    expect(await store().series([], T0_MS, T0_MS + 5_000)).toEqual([definition]);
  });

  it('takes in all of a batch or nothing of it', async () => {
    const series = [seriesOf(1, { __name__: 'depth' })];
    const bad = batchOf({
      series,
      samples: samplesOf([
        [1, seconds(1), 1],
        [99, seconds(2), 2],
      ]),
      positions: [{ log: 'ORDERS@1', sequence: 5 }],
    });
    await expect(store().append(bad)).rejects.toThrow('series 99');
    expect(await selectAll(store())).toEqual([]);
    expect(await store().series([], 0, T0_MS * 2)).toEqual([]);
  });

  it('leaves the arrays of a batch to their owner', async () => {
    const batch = batchOf({ series: [seriesOf(1, { __name__: 'depth' })], samples: samplesOf([[1, seconds(1), 4]]) });
    await store().append(batch);
    expect(batch.samples.values).toEqual(Float64Array.of(4));
  });

  it('answers no one who has gone', async () => {
    const gone = AbortSignal.abort();
    const request = { matchers: [], startMs: 0, endMs: 1, resolutionMs: 1 };
    await expect(store().select(request, gone)).rejects.toMatchObject({ code: 'query.cancelled' });
    await expect(store().series([], 0, 1, gone)).rejects.toMatchObject({ code: 'query.cancelled' });
  });

  it('takes the last sample of each window for coarse requests over a long range', async () => {
    const stamps = [10, 13, 25].map(seconds);
    const samples = samplesOf(stamps.map((stamp, i) => [1, stamp, i] as const));
    const windows = stamps.map((stamp, i) => gaugeWindow(1, 10_000, [stamp, i]));
    await store().append(batchOf({ series: [seriesOf(1, { __name__: 'depth' })], samples, windows }));
    const request = { matchers: [], startMs: T0_MS, endMs: T0_MS + 3 * 3_600_000 };
    const [coarse] = await store().select({ ...request, resolutionMs: 60_000 });
    expect(coarse && pointsOf(coarse)).toEqual([
      [13_000, 1],
      [25_000, 2],
    ]);
    const [fine] = await store().select({ ...request, resolutionMs: 15_000 });
    expect(fine?.values).toEqual([0, 1, 2]);
  });
}

function describeDistributions(store: () => Store, restart: () => Promise<unknown>): void {
  const parts = [
    [0.001, 0.25, -3],
    [0.5, 0, 0.25],
    [7, NaN, Infinity, -Infinity],
    [1e-9, 1e9],
  ];
  const series = [seriesOf(1, { __name__: 'order_ack_seconds' }, 'distribution')];
  const windows = parts.map((values, i) => distributionWindow(1, [i, 1_000], histogramOf(values)));

  it('cumulates: a point holds everything before its stamp, also from before the range', async () => {
    await store().append(batchOf({ series, windows }));
    const request = { matchers: [], startMs: T0_MS + 2_500, endMs: T0_MS + 4_000, resolutionMs: 1_000 };
    for (const found of [await store().select(request), await store().select(request)]) {
      expect(found[0]?.timesMs).toEqual([T0_MS + 3_000, T0_MS + 4_000]);
      expect(found[0]?.values).toEqual([NaN, NaN]);
      const whole = [3, 4].map((count) => histogramOf(parts.slice(0, count).flat()).encode());
      expect(found[0]?.histograms?.map((histogram) => histogram?.encode())).toEqual(whole);
    }
  });

  it('adds late parts to their window, whenever they come', async () => {
    const range = { matchers: [], startMs: T0_MS + 4_000, endMs: T0_MS + 4_000, resolutionMs: 1_000 };
    await store().append(batchOf({ series, windows }));
    await store().select(range);
    const late = [1, 3].map((at) => distributionWindow(1, [at, 1_000], histogramOf([42, at])));
    await store().append(batchOf({ windows: late }));
    const expected = histogramOf([...parts.flat(), 42, 1, 42, 3]).encode();
    const [found] = await store().select(range);
    expect(found?.histograms).toHaveLength(1);
    expectSame(found?.histograms?.[0], expected);
    expectSame(decode((await store().distributionTotals())[0]?.histogram), expected);
  });

  it('answers from the 10 s level when that is fine enough', async () => {
    const wide = [
      distributionWindow(1, [0, 10_000], histogramOf([1, 2])),
      distributionWindow(1, [10, 10_000], histogramOf([3])),
    ];
    await store().append(batchOf({ series, windows: [...windows, ...wide] }));
    const [found] = await selectAll(store(), [], 10_000);
    expect(found?.timesMs).toEqual([T0_MS + 10_000, T0_MS + 20_000]);
    expect(found?.histograms?.map((histogram) => histogram?.count)).toEqual([2, 3]);
    expect((await store().distributionTotals()).map(({ histogram }) => histogram.count)).toEqual([9]);
  });

  it('makes only the last cumulative point of each step, counted back from the end', async () => {
    await store().append(batchOf({ series, windows }));
    const request = { matchers: [], startMs: T0_MS + 1_000, endMs: T0_MS + 4_000, resolutionMs: 2_000 };
    const [found] = await store().select(request);
    expect(found?.timesMs).toEqual([T0_MS + 2_000, T0_MS + 4_000]);
    const whole = [2, 4].map((count) => histogramOf(parts.slice(0, count).flat()).encode());
    expect(found?.histograms?.map((histogram) => histogram?.encode())).toEqual(whole);
  });

  it('merges different scales exactly as a direct merge', async () => {
    const mixed = [7, 3, 5].map((scale, i) => distributionWindow(1, [i, 1_000], histogramOf([0.1, 5, -2], scale)));
    await store().append(batchOf({ series, windows: mixed }));
    const direct = histogramOf([0.1, 5, -2], 3);
    direct.merge(histogramOf([0.1, 5, -2], 3)).merge(histogramOf([0.1, 5, -2], 3));
    const [whole] = await selectAll(store());
    expectSame(whole?.histograms?.at(-1), direct.encode());
    const [tail] = await store().select({
      matchers: [],
      startMs: T0_MS + 3_000,
      endMs: T0_MS + 9_000,
      resolutionMs: 1,
    });
    expectSame(tail?.histograms?.at(-1), direct.encode());
    expect(quantile(0.5, tail?.histograms?.at(-1) as ExponentialHistogram)).toBeCloseTo(0.1, 1);
  });

  it('keeps ready-made histograms and windows over a restart', async () => {
    const raw = histogramOf([1, -1, 0, NaN, Infinity]).encode();
    const histograms = [{ seriesId: 1, timeNanos: seconds(2), histogram: raw }];
    await store().append(batchOf({ series, windows, histograms, samples: samplesOf([[1, seconds(1), 0.5]]) }));
    const before = await selectAll(store());
    await restart();
    expect((await selectAll(store()))[0]?.histograms).toEqual(before[0]?.histograms);
    expect(await store().rawSince('metrics', 0n)).toEqual([
      { seriesId: 1, timeNanos: seconds(1), value: 0.5 },
      { seriesId: 1, timeNanos: seconds(2), value: NaN, histogram: raw },
    ]);
  });

  it('leaves out distributions without a window in the range', async () => {
    await store().append(batchOf({ series, windows }));
    const request = { matchers: [], startMs: T0_MS + 60_000, endMs: T0_MS + 70_000, resolutionMs: 1_000 };
    expect(await store().select(request)).toEqual([]);
  });
}

function describeRetention(store: () => Store, restart: () => Promise<unknown>): void {
  it('deletes what is too old and reads rollups where raw rows are gone (harness: 1 h raw, 2 h windows)', async () => {
    expect(retentionOptions.parse(SHORT_RETENTION)).toEqual(SHORT_RETENTION);
    const series = [seriesOf(1, { __name__: 'depth' }), seriesOf(2, { __name__: 'ack_seconds' }, 'distribution')];
    const old = seconds(5);
    const recent = seconds(3_700);
    const samples = samplesOf([
      [1, old, 1],
      [1, recent, 2],
      [2, old, 0.5],
    ]);
    const distribution = distributionWindow(2, [0, 1_000], histogramOf([0.5]));
    const later = distributionWindow(2, [7_300, 1_000], histogramOf([0.7]));
    const wide = distributionWindow(2, [0, 10_000], histogramOf([0.5]));
    const windows = [gaugeWindow(1, 10_000, [old, 1]), gaugeWindow(1, 1_000, [old, 1]), distribution, wide, later];
    await store().append(batchOf({ series, samples, windows }));
    // An hour and a bit after T0 the two old samples go, after two hours the windows of 1 s as well.
    expect(await store().retain(seconds(3_660))).toBe(2);
    expect((await selectAll(store())).map(({ values }) => values)).toContainEqual([1]);
    expect(await store().retain(seconds(7_260))).toBe(2);
    expect(await store().retain(seconds(7_260))).toBe(0);
    await restart();
    const request = { matchers: [], startMs: T0_MS, endMs: T0_MS + 8_000_000, resolutionMs: 1_000 };
    const [gauge] = await store().select(request);
    expect(gauge && pointsOf(gauge)).toEqual([
      [5_000, 1],
      [3_700_000, 2],
    ]);
    const fine = { ...request, startMs: T0_MS + 7_200_000 };
    const cumulative = (await store().select(fine)).find(({ histograms }) => histograms !== undefined);
    expect(cumulative?.histograms?.map((histogram) => histogram?.count)).toEqual([2]);
    expect((await store().distributionTotals()).map(({ histogram }) => histogram.count)).toEqual([2]);
  });

  it('accepts an empty batch, and tells that it is well', async () => {
    expect(await store().append(emptyBatch())).toEqual({ duplicates: 0 });
    expect(await store().retain(seconds(0))).toBe(0);
    expect((await store().health()).ok).toBe(true);
  });
}

/** What every harness opens its stores with. */
export const SHORT_RETENTION = retentionOptions.parse({ samplesHours: 1, secondWindowsHours: 2 });

function decode(encoded: Parameters<typeof ExponentialHistogram.decode>[0] | undefined) {
  return encoded === undefined ? undefined : ExponentialHistogram.decode(encoded);
}

/** Equal in every count; sums may differ in the last bits, because they were added in another order. */
export function expectSame(
  found: ExponentialHistogram | undefined,
  expected: ReturnType<ExponentialHistogram['encode']>,
): void {
  const { sum, ...exact } = found?.encode() ?? new ExponentialHistogram().encode();
  const { sum: expectedSum, ...expectedExact } = expected;
  expect(exact).toEqual(expectedExact);
  expect(Math.abs(sum - expectedSum)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(expectedSum)));
}
