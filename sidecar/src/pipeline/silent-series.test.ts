/** With a real head: what comes back goes on where it was, and nothing that is in memory is let go. */
import { ExponentialHistogram, Labels, METRIC_NAME, type SeriesDefinition } from '@tapewatch/core';
import { Head } from '../head/head.ts';
import { SeriesRegistry, SWEEPS_UNTIL_REST } from './series-registry.ts';
import { SilentSeries } from './silent-series.ts';

const MINUTE_MS = 60_000;
const T0_MS = 1_700_000_000_000;
const MATCHERS = [{ name: METRIC_NAME, operator: '=', value: 'wait_seconds' } as const];

function setUp(totalsOf: (ids: readonly number[]) => Promise<{ seriesId: number; histogram: ExponentialHistogram }[]>) {
  const time = { ms: T0_MS };
  const options = { keepMs: MINUTE_MS, maxBytes: 1e9, startMs: 0, now: () => time.ms, streams: ['desk'], scale: 7 };
  const head = new Head(options, []);
  const registry = new SeriesRegistry({ maxSeries: 10, maxNewPerSecond: 10 });
  const rested: number[] = [];
  const restored: [number, number][] = [];
  const silent = new SilentSeries({
    ...{ registry, head, restAfterMs: MINUTE_MS, totalsOf },
    onRest: (isResting) => void rested.push(...[1, 2, 3].filter(isResting)),
    onRestored: (id, since) => void restored.push([id, since]),
  });
  const id = registry.intern(
    { labels: Labels.from({ [METRIC_NAME]: 'wait_seconds' }), kind: 'observation' },
    'desk',
    time.ms / 1_000,
  );
  for (const definition of registry.takeCreated()) head.define(definition);
  const observe = (value: number): void => {
    registry.hear(id);
    silent.wake();
    const second = Math.floor(time.ms / 1_000);
    const [seriesIds, seconds, nanos] = [Uint32Array.of(id), Uint32Array.of(second), Uint32Array.of(0)];
    head.append({ samples: { seriesIds, seconds, nanos, values: Float64Array.of(value) }, histograms: [] });
    head.seal('desk', second + 1, new Map());
  };
  const pass = (minutes: number, behindMs = 0): void => {
    for (let step = 0; step < minutes * SWEEPS_UNTIL_REST; step++) {
      time.ms += MINUTE_MS / SWEEPS_UNTIL_REST;
      head.evict();
      silent.tick(time.ms, behindMs);
    }
  };
  const count = async (): Promise<number | undefined> => {
    const range = { startMs: time.ms - MINUTE_MS + 1, endMs: time.ms + 1_000 };
    const [data] = await head.select({ matchers: MATCHERS, ...range, resolutionMs: 0 } as never);
    return data?.histograms?.at(data.timesMs.length - 1)?.count;
  };
  return { head, registry, silent, id, observe, pass, count, rested, restored, time };
}

function histogramOf(...values: number[]): ExponentialHistogram {
  const histogram = new ExponentialHistogram({ scale: 7 });
  for (const value of values) histogram.observe(value);
  return histogram;
}

it('lets a silent distribution go, and gives it back what the store says it had counted', async () => {
  const asked: number[][] = [];
  const { registry, silent, id, observe, pass, count, rested, restored, time } = setUp(async (ids) => {
    asked.push([...ids]);
    return [{ seriesId: id, histogram: histogramOf(1, 2, 3) }];
  });
  for (const value of [1, 2, 3]) observe(value);
  expect(await count()).toBe(3);
  pass(3);
  expect([registry.size, registry.resting]).toEqual([0, 1]);
  expect(rested).toContain(id);
  await silent.restore();
  expect(asked).toEqual([]);
  observe(4);
  await silent.restore();
  expect(asked).toEqual([[id]]);
  expect(await count()).toBe(4);
  expect(restored).toEqual([[id, Math.floor(time.ms / 1_000) - 60]]);
  // Once is enough.
  await silent.restore();
  expect(asked).toHaveLength(1);
});

it('asks again when the store could not tell, so that no batch is written before', async () => {
  let attempts = 0;
  const { silent, id, observe, pass, count } = setUp(async () => {
    if (++attempts === 1) throw new Error('the disk is full');
    return [{ seriesId: id, histogram: histogramOf(1) }];
  });
  observe(1);
  pass(3);
  observe(2);
  await expect(silent.restore()).rejects.toThrow('the disk is full');
  await silent.restore();
  expect(await count()).toBe(2);
});

it('lets nothing go while the store is behind, nor what memory still holds', () => {
  const { registry, observe, pass } = setUp(async () => []);
  observe(1);
  pass(3, MINUTE_MS);
  expect(registry.size).toBe(1);
  observe(1);
  pass(0.75);
  expect(registry.size).toBe(1);
  pass(3);
  expect(registry.size).toBe(0);
});

it('takes series back as the registry knows them', () => {
  const defined: SeriesDefinition[] = [];
  const { registry, id, pass, observe, head } = setUp(async () => []);
  jest.spyOn(head, 'define').mockImplementation((definition) => void defined.push(definition));
  observe(1);
  pass(3);
  observe(2);
  expect(defined).toEqual([registry.byId(id)]);
});
