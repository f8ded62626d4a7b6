/**
 * What every store promises, run by each implementation. `describeStore` gets a harness that can create a store, and
 * create one anew over the same data, as after a restart.
 */
import { ExponentialHistogram, quantile, type Matcher, type SeriesData } from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import type { Store } from '../ports.ts';
import { putStaleMarker } from '../stale-marker.ts';
import { retentionOptions } from './retention.ts';
import {
  batchOf,
  clockAt,
  emptyBatch,
  histogramOf,
  readyMade,
  samplesOf,
  seconds,
  seriesOf,
  T0_MS,
} from './store.fixture.ts';
import { columnar } from './testing/columnar-store.ts';
import { describeOverTime } from './over-time.contract.ts';
import { describeEvents } from './store-events.contract.ts';
import { describeTradingEvents } from './trading-events.contract.ts';

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
    describeSeries(store, restart);
    describeDistributions(store, restart);
    describeRetention(store, restart);
    describeOverTime(store, restart);
    describeEvents(store, restart);
    describe('with events in columns', () => describeEvents(() => columnar(store()), restart));
    describeTradingEvents(store, restart);
  });
}

/** Everything that matches, from T0 - 1 h to T0 + 1 h. */
function selectAll(store: Store, matchers: readonly Matcher[] = [], resolutionMs = 1_000): Promise<SeriesData[]> {
  return store.select({ matchers, startMs: T0_MS - 3_600_000, endMs: T0_MS + 3_600_000, resolutionMs });
}

function pointsOf({ timesMs, values }: SeriesData): [number, number][] {
  return Array.from(timesMs, (timeMs, i) => [timeMs - T0_MS, values[i] as number]);
}

function describeSeries(store: () => Store, restart: () => Promise<unknown>): void {
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
    expect(Array.from(found?.values ?? [])).toEqual(values);
  });

  it('tells where a series ended, and does not count the end as a value, after a restart too', async () => {
    const series = [seriesOf(1, { __name__: 'depth' }), seriesOf(2, { __name__: 'orders_total' }, 'counter')];
    const rows = [1, 2].flatMap((id) => [4, 5, 6, 7].map((value) => [id, seconds(value), value] as const));
    const samples = samplesOf(rows);
    for (const row of [1, 3, 5, 7]) putStaleMarker(samples.values, row);
    await store().append(batchOf({ series, samples }));
    await store().append(clockAt(7_200));
    const read = async () => {
      const raw = (await selectAll(store())).slice(0, 2);
      const hours = { startMs: T0_MS - 3_600_000, endMs: T0_MS + 7_200_000, resolutionMs: 60_000 };
      const wide = await store().select({ matchers: [], ...hours });
      const startMs = T0_MS + 1_000;
      const newest = await store().select({
        matchers: [],
        startMs,
        endMs: T0_MS + 7_500,
        resolutionMs: 0,
        newestOfStep: true,
      });
      return { raw, wide: wide.slice(0, 2).map(pointsOf), ends: newest.map(({ staleMs }) => staleMs?.at(-1)) };
    };
    const before = await read();
    for (const data of before.raw) {
      expect(pointsOf(data)).toEqual([
        [4_000, 4],
        [6_000, 6],
      ]);
      expect(data.staleMs).toEqual([T0_MS + 5_000, T0_MS + 7_000]);
    }
    expect(before.wide).toEqual([[[6_000, 6]], [[6_000, 6]]]);
    expect(before.ends).toEqual([T0_MS + 7_000, T0_MS + 7_000]);
    expect((await store().rawSince('metrics', 0n)).slice(0, 8).map(({ stale = false }) => stale)).toEqual([
      false,
      false,
      true,
      true,
      false,
      false,
      true,
      true,
    ]);
    await restart();
    expect(await read()).toEqual(before);
  });

  it('keeps every nanosecond of large stamps', async () => {
    // The last one is the largest that 32 bits of seconds hold (2106).
    const stamps = [seconds(0) + 1n, seconds(0) + 2n, 4_294_967_295_999_999_999n];
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
    await store().append(
      batchOf({
        series,
        samples: samplesOf([
          [1, seconds(1), 1],
          [1, seconds(9), 1],
          [2, seconds(50), 1],
          [3, seconds(60), 1],
        ]),
      }),
    );
    const ids = async (start: number, end: number) =>
      (await store().series([], T0_MS + start, T0_MS + end)).map(({ id }) => id);
    expect(await ids(0, 1_000)).toEqual([1]);
    expect(await ids(2_000, 8_000)).toEqual([]);
    expect(await ids(60_000, 60_000)).toEqual([3]);
    expect(await ids(0, 60_000)).toEqual([1, 2, 3]);
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
    await store().append(batchOf({ series: [seriesOf(1, { __name__: 'depth' })], samples }));
    await store().append(clockAt(40));
    const matchers = [{ name: '__name__', operator: '=', value: 'depth' }] as const;
    const request = { matchers, startMs: T0_MS, endMs: T0_MS + 3 * 3_600_000 };
    const [coarse] = await store().select({ ...request, resolutionMs: 60_000 });
    expect(coarse && pointsOf(coarse)).toEqual([
      [13_000, 1],
      [25_000, 2],
    ]);
    expect(coarse?.levelsMs).toEqual([10_000]);
    const [fine] = await store().select({ ...request, resolutionMs: 15_000 });
    expect(Array.from(fine?.values ?? [])).toEqual([0, 1, 2]);
    expect(fine?.levelsMs).toEqual([0]);
  });

  it('has the newest sample of each step when only those are asked for', async () => {
    const samples = samplesOf([1, 30, 59, 60, 61, 119, 200].map((at, i) => [1, seconds(at), i] as const));
    await store().append(batchOf({ series: [seriesOf(1, { __name__: 'depth' })], samples }));
    const newest = async (resolutionMs: number, endMs: number): Promise<number[]> => {
      const request = { matchers: [], startMs: T0_MS, endMs, resolutionMs, newestOfStep: true } as const;
      const [found] = await store().select(request);
      const steps = new Map(
        Array.from(found?.timesMs ?? [], (ms, i) => [Math.ceil((ms - endMs) / (resolutionMs || 1e9)), i]),
      );
      return [...steps.values()].map((i) => found?.values[i] as number);
    };
    expect(await newest(60_000, T0_MS + 180_000)).toEqual([3, 5]);
    expect(await newest(60_000, T0_MS + 220_000)).toEqual([1, 4, 5, 6]);
    expect(await newest(0, T0_MS + 119_000)).toEqual([5]);
  });

  it('reads what is not sealed yet from raw samples, and late samples wherever they belong', async () => {
    const series = [seriesOf(1, { __name__: 'depth' })];
    const hours = 3 * 3_600;
    const matchers = [{ name: '__name__', operator: '=', value: 'depth' }] as const;
    await store().append(batchOf({ series, samples: samplesOf([[1, seconds(5), 1]]) }));
    await store().append(clockAt(hours));
    await store().append(
      batchOf({
        samples: samplesOf([
          [1, seconds(9), 2],
          [1, seconds(3), 9],
          [1, seconds(hours + 1), 3],
        ]),
      }),
    );
    const request = { matchers, startMs: T0_MS, endMs: T0_MS + (hours + 60) * 1_000, resolutionMs: 60_000 };
    const [found] = await store().select(request);
    expect(found && pointsOf(found)).toEqual([
      [9_000, 2],
      [(hours + 1) * 1_000, 3],
    ]);
    expect(found?.levelsMs).toEqual([10_000, 0]);
    const [minutes] = await store().select({ ...request, resolutionMs: 3_600_000 });
    expect(minutes && pointsOf(minutes)).toEqual(found && pointsOf(found));
    expect(minutes?.levelsMs).toEqual([60_000, 0]);
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
  const matchers = [{ name: '__name__', operator: '=', value: 'order_ack_seconds' }] as const;
  /** One part a second, from T0 on. */
  const samples = samplesOf(parts.flatMap((values, i) => values.map((value) => [1, seconds(i), value] as const)));

  it('cumulates: a point holds everything before its stamp, also from before the range', async () => {
    await store().append(batchOf({ series, samples }));
    await store().append(clockAt(8));
    const request = { matchers, startMs: T0_MS + 2_500, endMs: T0_MS + 4_000, resolutionMs: 1_000 };
    for (const found of [await store().select(request), await store().select(request)]) {
      expect(Array.from(found[0]?.timesMs ?? [])).toEqual([T0_MS + 3_000, T0_MS + 4_000]);
      expect(Array.from(found[0]?.values ?? [])).toEqual([NaN, NaN]);
      [3, 4].forEach((count, i) => {
        expectSame(found[0]?.histograms?.[i], histogramOf(parts.slice(0, count).flat()).encode());
      });
      expect(found[0]?.levelsMs).toEqual([1_000]);
    }
  });

  it('shows a window when it is sealed, and adds late parts whenever they come', async () => {
    const range = { matchers, startMs: T0_MS + 4_000, endMs: T0_MS + 4_000, resolutionMs: 1_000 };
    await store().append(batchOf({ series, samples }));
    expect(await store().select(range)).toEqual([]);
    await store().append(clockAt(8));
    await store().select(range);
    const late = [1, 3].flatMap((at) => [42, at].map((value) => [1, seconds(at), value] as const));
    await store().append(batchOf({ samples: samplesOf(late) }));
    const expected = histogramOf([...parts.flat(), 42, 1, 42, 3]).encode();
    const [found] = await store().select(range);
    expect(found?.histograms).toHaveLength(1);
    expectSame(found?.histograms?.[0], expected);
    expectSame(decode((await store().distributionTotals())[0]?.histogram), expected);
  });

  it('answers from wider levels when they are fine enough, with late parts in all of them', async () => {
    const hour = 3_600;
    const values = [0, 10, 70, hour + 5].map((at, i) => [1, seconds(at), i + 1] as const);
    await store().append(batchOf({ series, samples: samplesOf(values) }));
    await store().append(clockAt(2 * hour + 5));
    await store().append(batchOf({ samples: samplesOf([[1, seconds(15), 9]]) }));
    const request = { matchers, startMs: T0_MS, endMs: T0_MS + 2 * hour * 1_000 };
    const read = async (resolutionMs: number) => (await store().select({ ...request, resolutionMs }))[0];
    const tens = await read(10_000);
    expect(Array.from(tens?.timesMs ?? [], (ms) => (ms - T0_MS) / 1_000)).toEqual([10, 20, 80, hour + 10]);
    expect(tens?.histograms?.map((histogram) => histogram?.count)).toEqual([1, 3, 4, 5]);
    expect(tens?.levelsMs).toEqual([10_000]);
    const minutes = await read(60_000);
    expect(Array.from(minutes?.timesMs ?? [], (ms) => (ms - T0_MS) / 1_000)).toEqual([60, 120, hour + 60]);
    expect(minutes?.histograms?.map((histogram) => histogram?.count)).toEqual([3, 4, 5]);
    const hours = await read(hour * 1_000);
    expect(Array.from(hours?.timesMs ?? [], (ms) => (ms - T0_MS) / 1_000)).toEqual([hour, 2 * hour]);
    expect(hours?.levelsMs).toEqual([3_600_000]);
    expectSame(hours?.histograms?.at(-1), histogramOf([1, 2, 9, 3, 4]).encode());
  });

  it('goes on from wider levels to finer ones where those are not sealed yet', async () => {
    const values = [0, 61, 75, 78].map((at, i) => [1, seconds(at), i + 1] as const);
    await store().append(batchOf({ series, samples: samplesOf(values) }));
    await store().append(clockAt(79));
    const request = { matchers, startMs: T0_MS, endMs: T0_MS + 120_000, resolutionMs: 60_000 };
    const [found] = await store().select(request);
    expect(Array.from(found?.timesMs ?? [], (ms) => (ms - T0_MS) / 1_000)).toEqual([60, 79]);
    expect(found?.histograms?.map((histogram) => histogram?.count)).toEqual([1, 4]);
    expect(found?.levelsMs).toEqual([60_000, 10_000, 1_000]);
  });

  it('makes only the last cumulative point of each step, counted back from the end', async () => {
    await store().append(batchOf({ series, samples }));
    await store().append(clockAt(8));
    const request = { matchers, startMs: T0_MS + 1_000, endMs: T0_MS + 4_000, resolutionMs: 2_000 };
    const [found] = await store().select(request);
    expect(Array.from(found?.timesMs ?? [])).toEqual([T0_MS + 2_000, T0_MS + 4_000]);
    [2, 4].forEach((count, i) => {
      expectSame(found?.histograms?.[i], histogramOf(parts.slice(0, count).flat()).encode());
    });
  });

  it('merges ready-made histograms of different scales exactly as a direct merge, at every level', async () => {
    const mixed = [7, 3, 5].map((scale, i) => readyMade(1, seconds(i), histogramOf([0.1, 5, -2], scale).encode()));
    await store().append(batchOf({ series, histograms: mixed }));
    await store().append(clockAt(7_300));
    const direct = histogramOf([0.1, 5, -2], 3);
    direct.merge(histogramOf([0.1, 5, -2], 3)).merge(histogramOf([0.1, 5, -2], 3));
    for (const resolutionMs of [1_000, 10_000, 60_000, 3_600_000]) {
      const request = { matchers, startMs: T0_MS + 2_000, endMs: T0_MS + 3_600_000, resolutionMs };
      const [found] = await store().select(request);
      expectSame(found?.histograms?.at(-1), direct.encode());
      expect(quantile(0.5, found?.histograms?.at(-1) as ExponentialHistogram)).toBeCloseTo(0.1, 1);
    }
  });

  it('keeps custom bounds', async () => {
    const bounded = new ExponentialHistogram({ customBounds: [0.1, 0.5, 1] });
    for (const value of [0.05, 0.3, 0.3, 7]) bounded.observe(value);
    await store().append(batchOf({ series, histograms: [readyMade(1, seconds(1), bounded.encode())] }));
    await store().append(clockAt(70));
    await restart();
    for (const resolutionMs of [1_000, 60_000]) {
      const [found] = await store().select({ matchers, startMs: T0_MS, endMs: T0_MS + 60_000, resolutionMs });
      expect(found?.histograms?.at(-1)?.encode()).toEqual(bounded.encode());
    }
  });

  it('keeps raw rows and windows over a restart, the open ones too', async () => {
    const raw = histogramOf([1, -1, 0, NaN, Infinity]).encode();
    const histograms = [readyMade(1, seconds(2), raw)];
    await store().append(batchOf({ series, histograms, samples: samplesOf([[1, seconds(1), 0.5]]) }));
    await store().append(clockAt(2));
    await restart();
    expect(await store().rawSince('metrics', 0n)).toEqual([
      { seriesId: 1, timeNanos: seconds(1), value: 0.5 },
      { seriesId: 1, timeNanos: seconds(2), value: NaN, histogram: raw },
      { seriesId: 1_000, timeNanos: seconds(4), value: 1 },
    ]);
    await store().append(clockAt(20));
    for (const resolutionMs of [1_000, 10_000]) {
      const [found] = await store().select({ matchers, startMs: T0_MS, endMs: T0_MS + 10_000, resolutionMs });
      expectSame(found?.histograms?.at(-1), histogramOf([0.5, 1, -1, 0, NaN, Infinity]).encode());
    }
  });

  it('merges series by labels and step as their observations would', async () => {
    const fleet = [1, 2, 3].map((id) =>
      seriesOf(id, { __name__: 'ack', venue: id === 3 ? 'BATS' : 'XNAS', id: String(id) }, 'distribution'),
    );
    const observed = [
      [1, 0, 0.5],
      [2, 30, 0.25],
      [3, 59, -7],
      [1, 60, 3],
      [2, 119, 4],
      [1, 200, 9],
    ] as const;
    await store().append(
      batchOf({ series: fleet, samples: samplesOf(observed.map(([id, at, value]) => [id, seconds(at), value])) }),
    );
    await store().append(clockAt(300));
    const merged = store().mergedHistograms?.bind(store());
    const named = [{ name: '__name__', operator: '=', value: 'ack' }] as const;
    const request = { matchers: named, startMs: T0_MS + 60_000, endMs: T0_MS + 180_000, stepMs: 60_000 };
    const all = await merged?.({ ...request, by: [] });
    expect(all?.map(({ labels, timesMs }) => [labels.toRecord(), timesMs.map((ms) => (ms - T0_MS) / 60_000)])).toEqual([
      [{}, [1, 2]],
    ]);
    expectSame(all?.[0]?.histograms[0], histogramOf([0.5, 0.25, -7]).encode());
    expectSame(all?.[0]?.histograms[1], histogramOf([3, 4]).encode());
    const byVenue = await merged?.({ ...request, by: ['venue'] });
    expect(
      byVenue?.map(({ labels, histograms }) => [labels.get('venue'), histograms.map(({ count }) => count)]),
    ).toEqual([
      ['XNAS', [2, 2]],
      ['BATS', [1]],
    ]);
  });

  it('leaves out distributions without a window in the range', async () => {
    await store().append(batchOf({ series, samples }));
    await store().append(clockAt(100));
    const request = { matchers, startMs: T0_MS + 60_000, endMs: T0_MS + 70_000, resolutionMs: 1_000 };
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
      [2, seconds(7_300), 0.7],
    ]);
    await store().append(batchOf({ series, samples }));
    await store().append(clockAt(7_400));
    const depth = [{ name: '__name__', operator: '=', value: 'depth' }] as const;
    const all = { startMs: T0_MS, endMs: T0_MS + 8_000_000, resolutionMs: 1_000 };
    const points = async () => {
      const [gauge] = await store().select({ matchers: depth, ...all });
      return { points: gauge && pointsOf(gauge), levels: gauge?.levelsMs };
    };
    const both = [
      [5_000, 1],
      [3_700_000, 2],
    ];
    expect(await points()).toEqual({ points: both, levels: [0] });
    // An hour and a bit after T0 the old raw samples go, after two hours the windows of 1 s as well.
    expect(await store().retain(seconds(3_660))).toBeGreaterThanOrEqual(2);
    expect(await points()).toEqual({ points: both, levels: [1_000, 0] });
    // A store that keeps files removes rows when the last of a file is too old.
    await store().retain(seconds(7_260));
    expect(await store().retain(seconds(7_260))).toBe(0);
    await restart();
    expect(await points()).toEqual({ points: both, levels: [10_000, 0] });
    const ack = [{ name: '__name__', operator: '=', value: 'ack_seconds' }] as const;
    const [cumulative] = await store().select({ matchers: ack, ...all, startMs: T0_MS + 7_200_000 });
    expect(cumulative?.histograms?.map((histogram) => histogram?.count)).toEqual([2]);
    expect((await store().distributionTotals()).map(({ histogram }) => histogram.count)).toEqual([2]);
  });

  it('answers with samples that came after their retention', async () => {
    const series = [seriesOf(1, { __name__: 'depth' })];
    await store().append(batchOf({ series, samples: samplesOf([[1, seconds(7_300), 2]]) }));
    await store().append(clockAt(7_400));
    await store().retain(seconds(3_660));
    await store().append(batchOf({ samples: samplesOf([[1, seconds(5), 1]]) }));
    const [depth] = await store().select({
      matchers: [],
      startMs: T0_MS,
      endMs: T0_MS + 8_000_000,
      resolutionMs: 1_000,
    });
    expect(depth && pointsOf(depth)).toEqual([
      [5_000, 1],
      [7_300_000, 2],
    ]);
  });

  it('keeps the last value of a second in which a series ended, when the raw rows go', async () => {
    const series = [seriesOf(1, { __name__: 'depth' })];
    const samples = samplesOf([
      [1, seconds(5), 4],
      [1, seconds(5.5), 0],
      [1, seconds(6), 0],
    ]);
    for (const row of [1, 2]) putStaleMarker(samples.values, row);
    await store().append(batchOf({ series, samples }));
    await store().append(clockAt(7_200));
    await store().retain(seconds(3_660));
    const [depth] = await selectAll(store());
    expect(depth && pointsOf(depth)).toEqual([[5_000, 4]]);
    expect(depth?.levelsMs).toEqual([1_000]);
  });

  it('seals the windows of a silent source by the clock', async () => {
    const series = [seriesOf(2, { __name__: 'ack_seconds' }, 'distribution')];
    await store().append(batchOf({ series, samples: samplesOf([[2, seconds(5), 0.5]]) }));
    expect(await store().distributionTotals()).toEqual([]);
    // The wall clock of this machine decides, which is long after T0.
    await store().retain(BigInt(Date.now() + 120_000) * 1_000_000n);
    expect((await store().distributionTotals()).map(({ histogram }) => histogram.count)).toEqual([1]);
  });

  it('accepts an empty batch, and tells that it is well', async () => {
    expect(await store().append(emptyBatch())).toEqual({ duplicates: 0 });
    expect(await store().retain(seconds(0))).toBe(0);
    const { ok, memoryBytes, bytesOnDisk } = await store().health();
    expect(ok).toBe(true);
    expect(memoryBytes > 0).toBe(bytesOnDisk > 0);
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
