import type { Store } from '../../ports.ts';
import { describeStore, expectSame, SHORT_RETENTION } from '../store.contract.ts';
import { batchOf, distributionWindow, histogramOf, samplesOf, seconds, seriesOf, T0_MS } from '../store.fixture.ts';
import { MemoryStore } from './memory-store.ts';

describeStore('memory', {
  create: async () => new MemoryStore({ retention: SHORT_RETENTION }),
  restart: async (store: Store) => store,
  dispose: async () => undefined,
});

describe('MemoryStore as the head', () => {
  const series = [seriesOf(1, { __name__: 'ack_seconds' }, 'distribution'), seriesOf(2, { __name__: 'depth' })];
  const windows = [0, 1, 2].map((at) => distributionWindow(1, [at, 1_000], histogramOf([at + 1])));
  const request = { matchers: [], startMs: T0_MS + 2_000, endMs: T0_MS + 9_000, resolutionMs: 1_000 };

  it('forgets rows but not what distributions have counted', async () => {
    const head = new MemoryStore();
    const samples = samplesOf([0, 1, 2].map((at) => [2, seconds(at), at] as const));
    await head.append(batchOf({ series, windows, samples }));
    const before = await head.select(request);
    head.evictBefore(seconds(2));
    expect(head.completeSinceNanos).toBe(seconds(2));
    expect((await head.select(request))[0]?.histograms?.at(-1)).toEqual(before[0]?.histograms?.at(-1));
    expect((await head.select({ ...request, startMs: 0 })).map(({ timesMs }) => timesMs)).toEqual([
      [T0_MS + 3_000],
      [T0_MS + 2_000],
    ]);
  });

  it('counts what comes late for an evicted window', async () => {
    const head = new MemoryStore();
    await head.append(batchOf({ series, windows }));
    head.evictBefore(seconds(2));
    await head.append(batchOf({ windows: [distributionWindow(1, [0, 1_000], histogramOf([9]))] }));
    const [found] = await head.select({ ...request, startMs: 0 });
    expectSame(found?.histograms?.at(-1), histogramOf([1, 2, 3, 9]).encode());
  });

  it('starts from a base that was counted elsewhere', async () => {
    const head = new MemoryStore();
    await head.append(batchOf({ series }));
    head.setBase(1, histogramOf([0.5, 0.25]).encode());
    await head.append(batchOf({ windows }));
    const [found] = await head.select({ ...request, startMs: 0 });
    expect(found?.histograms?.map((histogram) => histogram?.count)).toEqual([3, 4, 5]);
  });
});
