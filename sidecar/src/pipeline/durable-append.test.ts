import { TapewatchError } from '../errors.ts';
import type { ColumnBatch, Logger } from '../ports.ts';
import { durableAppend } from './durable-append.ts';

const log: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const batch = {} as ColumnBatch;

it('waits longer after each failure, up to a bound, until the store takes the batch (proves: ING-34)', async () => {
  const waits: number[] = [];
  let attempts = 0;
  const append = durableAppend({
    append: async () => {
      if (++attempts <= 8) throw new TapewatchError('store.unavailable', 'the disk is full');
      return { duplicates: 0 };
    },
    sleep: async (ms) => void waits.push(ms),
    log,
  });
  await append(batch);
  expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
});

it('gives up at once on a fault that another try cannot heal', async () => {
  const append = durableAppend({
    append: async () => Promise.reject(new TapewatchError('store.schema', 'written by a newer version')),
    sleep: async () => undefined,
    log,
  });
  await expect(append(batch)).rejects.toMatchObject({ code: 'store.schema' });
});
