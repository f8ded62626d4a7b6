import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Store } from '../../ports.ts';
import { describeStore, SHORT_RETENTION } from '../store.contract.ts';
import { batchOf, samplesOf, seconds, seriesOf } from '../store.fixture.ts';
import { DuckDbStore } from './duckdb-store.ts';
import { nanosOf } from './vector-append.ts';

let folder = '';

const create = async (): Promise<Store> =>
  new DuckDbStore({ path: join(folder, 'store.duckdb'), memoryLimitMb: 256, threads: 2, retention: SHORT_RETENTION });

describeStore('DuckDB in this thread', {
  create: async () => {
    folder = await mkdtemp(join(tmpdir(), 'tapewatch-store-'));
    return create();
  },
  restart: async (store) => {
    await store.close();
    return create();
  },
  dispose: () => rm(folder, { recursive: true }),
});

describe('nanosOf', () => {
  it('is exact for every second and offset', () => {
    const stamp = fc.tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 3_599_999_999_999 }));
    fc.assert(
      fc.property(fc.array(stamp), (stamps) => {
        const seconds = Uint32Array.from(stamps, ([second]) => second);
        const offsets = Float64Array.from(stamps, ([, offset]) => offset);
        const expected = stamps.map(([second, offset]) => BigInt(second) * 1_000_000_000n + BigInt(offset));
        expect([...nanosOf(seconds, offsets)]).toEqual(expected);
      }),
    );
  });
});

it('counts in the totals of series that come back what a silent store has not sealed yet', async () => {
  folder = await mkdtemp(join(tmpdir(), 'tapewatch-store-'));
  const store = await create();
  const clock = jest.spyOn(Date, 'now');
  try {
    await store.open();
    const series = [seriesOf(1, { __name__: 'ack' }, 'distribution')];
    await store.append(batchOf({ series, samples: samplesOf([[1, seconds(5), 2]]) }));
    clock.mockReturnValue(Date.now() + 61_000);
    expect((await store.distributionTotals([1])).map(({ histogram }) => histogram.count)).toEqual([1]);
  } finally {
    clock.mockRestore();
    await store.close();
    await rm(folder, { recursive: true });
  }
});
