import fc from 'fast-check';
import {
  ExponentialHistogram,
  Labels,
  METRIC_NAME,
  type SelectRequest,
  type SeriesData,
  type SeriesDefinition,
} from '@tapewatch/core';
import type { ColumnBatch } from '../ports.ts';
import { Head } from './head.ts';

const T0 = 1_700_000_000;
const SERIES: SeriesDefinition[] = (['distribution', 'distribution', 'gauge', 'counter'] as const).map((kind, i) => ({
  id: i + 1,
  labels: Labels.from({ [METRIC_NAME]: `m_${kind}`, n: String(i) }),
  kind,
  stream: i === 1 ? 'b' : 'a',
  unit: '',
  help: '',
}));

interface Row {
  readonly id: number;
  readonly second: number;
  readonly ms: number;
  readonly value: number;
}

const value = fc.oneof(
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 1e308, -1e308, 5e-324, 1, 2, 0.5),
);
const row = fc.record({
  id: fc.integer({ min: 1, max: 4 }),
  second: fc.integer({ min: T0, max: T0 + 40 }),
  ms: fc.integer({ min: 0, max: 999 }),
  value,
});
const step = fc.oneof(
  { weight: 5, arbitrary: row.map((one) => ({ row: one })) },
  { weight: 1, arbitrary: fc.integer({ min: T0, max: T0 + 45 }).map((seal) => ({ seal })) },
);

function batchOf(rows: readonly Row[]): ColumnBatch {
  return {
    series: [],
    samples: {
      seriesIds: Uint32Array.from(rows, ({ id }) => id),
      seconds: Uint32Array.from(rows, ({ second }) => second),
      nanos: Uint32Array.from(rows, ({ ms }) => ms * 1e6 + 999_999),
      values: Float64Array.from(rows, ({ value }) => value),
    },
    histograms: [],
    events: [],
    transitions: [],
    positions: [],
  };
}

function newHead(options: Partial<ConstructorParameters<typeof Head>[0]> = {}): Head {
  const streams = ['a', 'b'];
  const now = (): number => (T0 + 50) * 1_000;
  return new Head({ keepMs: 3_600_000, maxBytes: 1e9, startMs: 0, now, streams, scale: 7, ...options }, SERIES);
}

function lastPoint({ labels, timesMs, histograms }: SeriesData): unknown {
  return [labels.toString(), timesMs[timesMs.length - 1], shape(histograms?.at(-1) as ExponentialHistogram)];
}

function shape(histogram: ExponentialHistogram): unknown {
  const { sum: _sum, min: _min, max: _max, ...rest } = histogram.encode();
  return rest;
}

describe('Head', () => {
  it('presents distributions as cumulative histograms of the sealed seconds, bin-exact, however late samples come', async () => {
    const range = fc.tuple(fc.integer({ min: 0, max: 45 }), fc.integer({ min: 0, max: 45 }));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 150 }), range, async (steps, [a, b]) => {
        const head = newHead();
        const rows: Row[] = [];
        for (const one of steps) {
          if ('seal' in one) for (const stream of ['a', 'b']) head.seal(stream, one.seal, new Map());
          else {
            rows.push({ ...one.row, value: one.row.value > 1e300 || one.row.value < -1e300 ? 1 : one.row.value });
            head.append(batchOf(rows.slice(-1)));
          }
        }
        for (const stream of ['a', 'b']) head.seal(stream, T0 + 100, new Map());
        const [startMs, endMs] = [(T0 + Math.min(a, b)) * 1_000, (T0 + Math.max(a, b)) * 1_000];
        const matchers = [{ name: METRIC_NAME, operator: '=' as const, value: 'm_distribution' }];
        const found = await head.select({ matchers, startMs, endMs, resolutionMs: 0 });
        const newest = await head.select({ matchers, startMs, endMs, resolutionMs: 0, newestOfStep: true });
        expect(newest.map(lastPoint)).toEqual(found.map(lastPoint));
        newest.forEach(({ timesMs, histograms }, i) => {
          expect(timesMs).toHaveLength(1);
          expect(histograms?.[0]?.sum).toBeCloseTo(found[i]?.histograms?.at(-1)?.sum as number, 5);
        });
        for (const definition of SERIES.slice(0, 2)) {
          const own = rows.filter(({ id }) => id === definition.id);
          const ends = [...new Set(own.map(({ second }) => (second + 1) * 1_000))].sort((x, y) => x - y);
          const data = found.find(({ labels }) => labels.equals(definition.labels));
          const points = new Map(Array.from(data?.timesMs ?? [], (time, i) => [time, data?.histograms?.[i]]));
          expect([...points.keys()]).toEqual(ends.filter((end) => end >= startMs && end <= endMs));
          for (const [time, histogram] of points) {
            const expected = new ExponentialHistogram({ scale: 7 });
            for (const { second, value } of own) if ((second + 1) * 1_000 <= time) expected.observe(value);
            expect(shape(histogram as ExponentialHistogram)).toEqual(shape(expected));
            expect(histogram?.sum).toBeCloseTo(expected.sum, 5);
          }
        }
      }),
    );
  });

  it('answers a coarser resolution with the newest point of each step, and an instant with the newest of all', async () => {
    const head = newHead();
    head.append(batchOf(Array.from({ length: 30 }, (_, i) => ({ id: 1, second: T0 + i, ms: 0, value: 1 }))));
    head.seal('a', T0 + 29, new Map());
    const asked: SelectRequest = {
      matchers: [{ name: METRIC_NAME, operator: '=', value: 'm_distribution' }],
      startMs: T0 * 1_000,
      endMs: (T0 + 25) * 1_000,
      resolutionMs: 10_000,
    };
    const [coarse] = await head.select(asked);
    expect(coarse?.timesMs).toEqual([T0 + 5, T0 + 15, T0 + 25].map((second) => second * 1_000));
    expect(coarse?.histograms?.map((histogram) => histogram?.count)).toEqual([5, 15, 25]);
    const [instant] = await head.select({ ...asked, resolutionMs: 0, newestOfStep: true });
    expect(instant?.histograms?.map((histogram) => histogram?.count)).toEqual([25]);
  });

  it('loses nothing when more seconds are open than it keeps', async () => {
    const head = newHead();
    for (let i = 0; i < 40; i++) head.append(batchOf([{ id: 1, second: T0 + i * 3, ms: 0, value: 1 }]));
    head.seal('a', T0 + 1, new Map());
    head.append(batchOf([{ id: 1, second: T0 + 6, ms: 0, value: 1 }]));
    head.seal('a', T0 + 200, new Map());
    const matchers = [{ name: 'n', operator: '=' as const, value: '0' }];
    const [data] = await head.select({ matchers, startMs: 0, endMs: 1e15, resolutionMs: 0, newestOfStep: true });
    expect(data?.histograms?.at(-1)?.count).toBe(41);
  });

  it('forgets what is older than its bounds, says so, and still counts it', async () => {
    let now = T0 * 1_000;
    const head = newHead({ keepMs: 10_000, now: () => now });
    for (let i = 0; i < 40; i++) {
      head.append(
        batchOf([
          { id: 1, second: T0 + i, ms: 0, value: 1 },
          { id: 3, second: T0 + i, ms: 0, value: i },
        ]),
      );
      head.seal('a', T0 + i + 1, new Map());
      now += 1_000;
      head.evict();
    }
    expect(head.completeSinceMs).toBe(now - 10_000);
    const all = { startMs: head.completeSinceMs, endMs: now, resolutionMs: 0 };
    const [distribution] = await head.select({ ...all, matchers: [{ name: 'n', operator: '=', value: '0' }] });
    expect(distribution?.timesMs[0]).toBe(head.completeSinceMs);
    expect(distribution?.histograms?.map((histogram) => histogram?.count)).toEqual(
      Array.from({ length: 11 }, (_, i) => 30 + i),
    );
    const [gauge] = await head.select({ ...all, matchers: [{ name: 'n', operator: '=', value: '2' }] });
    expect(Array.from(gauge?.values ?? [])).toEqual(Array.from({ length: 10 }, (_, i) => 30 + i));
  });

  it('keeps fewer minutes when memory is short', () => {
    let now = T0 * 1_000;
    const head = newHead({ maxBytes: 100_000, now: () => now });
    for (let i = 0; i < 200; i++) {
      head.append(batchOf(Array.from({ length: 200 }, (_, ms) => ({ id: 3, second: T0 + i, ms: ms * 5, value: i }))));
      now += 1_000;
      head.evict();
    }
    expect(head.bytes).toBeLessThan(200_000);
    expect(head.completeSinceMs).toBeGreaterThan((T0 + 150) * 1_000);
    expect(head.completeSinceMs).toBeLessThan(now);
  });

  it.each([0, 590])('keeps its bound of memory although windows stamped %s s ahead are in the way', (ahead) => {
    let now = T0 * 1_000;
    const head = newHead({ maxBytes: 50_000, now: () => now });
    for (let i = 0; i < 300; i++) {
      const far = Array.from({ length: 20 }, (_, n) => ({ id: 1, second: T0 + i + ahead + n, ms: 0, value: 1 }));
      const values = Array.from({ length: 200 }, (_, n) => ({ id: 1, second: T0 + i, ms: 0, value: 1.1 ** n }));
      head.append(batchOf([...(i === 0 ? far : []), ...values]));
      head.seal('a', T0 + i + 1, new Map());
      now += 1_000;
      head.evict();
    }
    expect(head.bytes).toBeLessThan(60_000);
  });

  it('evicts although the wall clock was set back', () => {
    let now = T0 * 1_000;
    const head = newHead({ maxBytes: 20_000, now: () => now });
    const fill = (second: number): void =>
      head.append(batchOf(Array.from({ length: 5_000 }, () => ({ id: 3, second, ms: 0, value: 1 }))));
    now -= 3_600_000;
    for (let i = 0; i < 10; i++) {
      fill(T0 - 3_600 + i * 6);
      now += 6_000;
      head.evict();
    }
    expect(head.bytes).toBeLessThan(150_000);
  });

  it('merges ready-made histograms with observations, and keeps their coarser scale', async () => {
    const head = newHead();
    const coarse = new ExponentialHistogram({ scale: 3 });
    for (const value of [1, 2, 300]) coarse.observe(value);
    head.append({
      ...batchOf([{ id: 1, second: T0, ms: 0, value: 5 }]),
      histograms: [{ seriesId: 1, seconds: T0, nanos: 5, histogram: coarse.encode() }],
    });
    head.append(batchOf([{ id: 1, second: T0 + 1, ms: 0, value: 7 }]));
    head.seal('a', T0 + 2, new Map());
    const matchers = [{ name: 'n', operator: '=' as const, value: '0' }];
    const [data] = await head.select({ matchers, startMs: 0, endMs: 1e15, resolutionMs: 0 });
    const last = data?.histograms?.at(-1) as ExponentialHistogram;
    const expected = coarse.clone();
    for (const value of [5, 7]) expected.observe(value);
    expect(shape(last)).toEqual(shape(expected));
    expect(data?.histograms?.map((histogram) => histogram?.count)).toEqual([4, 5]);
  });
});
