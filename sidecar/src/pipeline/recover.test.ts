import { Labels, METRIC_NAME, nanos, type SelectRequest, type SeriesDefinition } from '@tapewatch/core';
import type { ColumnBatch, Store } from '../ports.ts';
import { MemoryStore } from '../store/memory/memory-store.ts';
import { ListingDeriver } from './testing/listing-deriver.ts';
import type { Pipeline } from './pipeline.ts';
import { RecentEvents } from './recent-ids.ts';
import { recover } from './recover.ts';
import { SeriesRegistry } from './series-registry.ts';

const NOW = 1_700_000_000_000_000_000n;
const MINUTE = 60_000_000_000n;

function counterOf(id: number, component: string): SeriesDefinition {
  const labels = Labels.from({ [METRIC_NAME]: 'heartbeats_total', component, instance: '1' });
  return { id, labels, kind: 'counter', stream: 'health', unit: '1', help: '' };
}

/** Samples as `[series, minutes ago, value]`. */
async function recovered(
  series: readonly SeriesDefinition[],
  samples: readonly (readonly [number, number, number])[],
  { afterMinutes = 0, events = [] }: { afterMinutes?: number; events?: ColumnBatch['events'] } = {},
) {
  const store = new MemoryStore();
  const stamps = samples.map(([, ago]) => NOW - BigInt(Math.round(ago * 60_000)) * 1_000_000n);
  await store.append({
    series,
    samples: {
      seriesIds: Uint32Array.from(samples, ([id]) => id),
      seconds: Uint32Array.from(stamps, (stamp) => Number(stamp / 1_000_000_000n)),
      nanos: Uint32Array.from(stamps, (stamp) => Number(stamp % 1_000_000_000n)),
      values: Float64Array.from(samples, ([, , value]) => value),
    },
    histograms: [],
    events,
    transitions: [],
    positions: [],
  });
  const asked: SelectRequest[] = [];
  const watched = new Proxy<Store>(store, {
    get: (target, name: keyof Store) =>
      name === 'select'
        ? (request: SelectRequest) => (asked.push(request), target.select(request))
        : (target[name] as (...values: unknown[]) => unknown).bind(target),
  });
  const deriver = new ListingDeriver();
  const registry = new SeriesRegistry({ maxSeries: 10, maxNewPerSecond: 10 }, series);
  const recentEvents = new RecentEvents(100);
  const pipeline = { deriver, registry, recentEvents } as unknown as Pipeline;
  const replayed: number[] = [];
  const result = await recover({
    pipeline,
    store: watched,
    nowNanos: NOW + BigInt(afterMinutes) * MINUTE,
    sealed: [{ stream: 'health', untilNanos: NOW - MINUTE + 1n }],
    replay: (rows) => void replayed.push(...rows.samples.values),
    setHeadTotal: () => undefined,
  });
  const next = (component: string) =>
    deriver.derive(
      {
        table: 'health_results',
        component,
        instance: '1',
        status: 'HEALTHY',
        message: '',
        timeNanos: nanos(NOW - 5n * MINUTE),
      },
      NOW,
    )[1];
  return { result, next, asked, replayed, recentEvents };
}

describe('recover', () => {
  it('continues a counter from its largest total, although an older stamp carries it, and never before its last stamp', async () => {
    const { result, next, asked } = await recovered(
      [counterOf(1, 'gw')],
      [
        [1, 3, 40],
        [1, 2, 42],
        [1, 1, 41],
      ],
    );
    expect(result.counters).toBe(1);
    const sample = next('gw');
    expect(sample?.value).toBe(43);
    expect(sample?.timeNanos).toBeGreaterThanOrEqual(NOW - MINUTE);
    expect(sample?.timeNanos).toBeLessThanOrEqual(NOW);
    expect(asked.map(({ startMs, endMs }) => (endMs - startMs) / 60_000)).toEqual([15]);
  });

  it('looks further back only for a counter that was silent, and starts one at zero that was silent for a day', async () => {
    const { result, next, asked } = await recovered(
      [counterOf(1, 'gw'), counterOf(2, 'risk'), counterOf(3, 'old')],
      [
        [1, 1, 7],
        [2, 300, 9],
        [3, 1_500, 11],
      ],
    );
    expect(result.counters).toBe(2);
    expect([next('gw')?.value, next('risk')?.value, next('old')?.value]).toEqual([8, 10, 1]);
    expect(asked.map(({ startMs, endMs }) => (endMs - startMs) / 60_000)).toEqual([15, 1_440]);
  });
});

it('reads the raw samples that no window holds, however long ago the process ended', async () => {
  const series = [counterOf(1, 'gw')];
  const { result, next, replayed } = await recovered(series, [[1, 0.5, 6]], { afterMinutes: 120 });
  expect(result).toMatchObject({ counters: 1, replayedSamples: 1 });
  expect(replayed).toEqual([6]);
  expect(next('gw')?.value).toBe(7);
});

it('knows the orders and fills of the last hour again, so that a repeat raises no counter', async () => {
  const common = {
    venue: 'V',
    symbol: 'S',
    strategy: 'x',
    account: '',
    side: 'buy',
    orderId: 'o',
    quantity: 1,
  } as const;
  const fill = (id: string, minutesAgo: bigint) =>
    ({
      table: 'fills',
      ...common,
      ...{ id, price: 1, currency: 'USD', fee: 0, feeCurrency: 'USD', liquidity: 'taker' as const },
      ...{ execution: 'new' as const, refersTo: '' },
      timeNanos: nanos(NOW - minutesAgo * MINUTE),
    }) as const;
  const { recentEvents } = await recovered([], [], { events: [fill('new', 5n), fill('old', 90n)] });
  const known = (id: string): boolean => !recentEvents.add(fill(id, 5n));
  expect(['new', 'old', 'other'].map(known)).toEqual([true, false, false]);
});
