/** One target's loop over pages that the test makes: cumulative histograms, and what a clock or a failure does. */
import { ExponentialHistogram, Labels } from '@tapewatch/core';
import { TargetLoop, type LoopDeps } from './target-loop.ts';
import { ScrapeFault } from './scrape-fault.ts';
import type { CachedSeries, SeriesCache } from './series-cache.ts';
import type { Target } from './target.ts';
import { ManualClock, MemoryLog, MemorySink, until } from './testing/scrape-world.ts';

const target: Target = {
  key: 'k',
  url: 'http://127.0.0.1:1/metrics',
  labels: new Map([['job', 'desk']]),
  discoveredLabels: {},
  intervalMs: 15_000,
  timeoutMs: 10_000,
};

function seriesIn(cache: SeriesCache, name: string): CachedSeries {
  const known = cache.get(name);
  const series: CachedSeries = known ?? {
    labels: Labels.from({ __name__: name }),
    kind: 'histogram',
    unit: '',
    help: '',
    ref: 0,
    page: 0,
    hasStamp: false,
  };
  series.page = cache.page;
  if (known === undefined) cache.add(name, series);
  return series;
}

function loopOf(scrape: LoopDeps['scrape'], clock = new ManualClock()) {
  const [sink, log] = [new MemorySink(), new MemoryLog()];
  const loop = new TargetLoop(
    target,
    { name: 'desk', trackTimestampsStaleness: false },
    {
      clock,
      log,
      scrape,
      pause: () => Promise.resolve(),
      write: (use) => use(sink),
      counted: () => undefined,
      duplicates: () => undefined,
    },
  );
  loop.start();
  const scraped = (): number => sink.samples.filter(({ labels }) => labels.metricName === 'up').length;
  const next = async (): Promise<void> => {
    const before = scraped();
    clock.step();
    await until(() => scraped() > before);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { loop, sink, log, clock, next };
}

it('stores what a cumulative histogram gained; a failed scrape between loses nothing', async () => {
  const pages: (readonly number[] | undefined)[] = [[1, 2], [1, 2, 3], undefined, [1, 2, 3, 4, 5], [7]];
  const { sink, next, loop } = loopOf(async (_target, cache) => {
    const values = pages.shift();
    if (values === undefined) throw new ScrapeFault('away');
    cache.beginPage();
    const histogram = new ExponentialHistogram({ scale: 3 });
    histogram.observeAll(values);
    return {
      samples: [{ series: seriesIn(cache, 'latency'), value: NaN, stamp: undefined, histogram, exemplars: undefined }],
      exposed: 1,
      added: 0,
    };
  });
  for (let i = 0; i < 5; i++) await next();
  expect(sink.samples.flatMap(({ histogram }) => (histogram === undefined ? [] : [histogram.sum]))).toEqual([3, 9, 7]);
  await loop.stop({ ended: false });
});

it('a scrape that takes longer than its interval is not made up for', async () => {
  let release: () => void = () => undefined;
  let asked = 0;
  const { clock, loop, sink } = loopOf(async (_target, cache) => {
    asked++;
    cache.beginPage();
    await new Promise<void>((resolve) => (release = resolve));
    return { samples: [], exposed: 0, added: 0 };
  });
  clock.advance(15_000);
  expect(asked).toBe(1);
  clock.advance(60_000);
  expect(asked).toBe(1);
  release();
  await until(() => sink.samples.length === 5);
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(15_000);
  expect(asked).toBe(2);
  release();
  await loop.stop({ ended: false });
});

it.each([
  [0, 0],
  [8, 0],
  [100, 100],
])('a timer %d ms late stamps %d ms after the planned time', async (lateMs, after) => {
  const stampWith = async (late: number): Promise<number> => {
    const clock = new ManualClock();
    let isLate = false;
    // Under load a callback comes later than it was asked for.
    const now = (): bigint => clock.now() + (isLate ? BigInt(late) * 1_000_000n : 0n);
    const every = (ms: number, callback: () => void) => clock.every(ms, callback);
    const empty: LoopDeps['scrape'] = async () => ({ samples: [], exposed: 0, added: 0 });
    const { loop, sink } = loopOf(empty, { now, every } as ManualClock);
    isLate = true;
    clock.step();
    await until(() => sink.samples.length > 0);
    await loop.stop({ ended: false });
    return (sink.samples[0]?.seconds ?? 0) * 1_000 + (sink.samples[0]?.nanos ?? 0) / 1e6;
  };
  expect((await stampWith(lateMs)) - (await stampWith(0))).toBeCloseTo(after, 0);
});
