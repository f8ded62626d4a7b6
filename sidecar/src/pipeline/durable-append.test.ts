import { TapewatchError } from '../errors.ts';
import type { ColumnBatch, Logger } from '../ports.ts';
import { durableAppend } from './durable-append.ts';

const log: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const samples = { values: new Float64Array(7) };
const batch = { samples, histograms: [], events: [] } as unknown as ColumnBatch;

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
    isEnding: () => false,
  });
  await append(batch);
  expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
});

it('gives up at once on a fault that another try cannot heal', async () => {
  const append = durableAppend({
    append: async () => Promise.reject(new TapewatchError('store.schema', 'written by a newer version')),
    sleep: async () => undefined,
    log,
    isEnding: () => false,
  });
  await expect(append(batch)).rejects.toMatchObject({ code: 'store.schema' });
});

it('tries a few times more when the process ends, then gives up and says what is lost', async () => {
  const waits: number[] = [];
  let isEnding = false;
  const append = durableAppend({
    append: async () => Promise.reject(new TapewatchError('store.unavailable', 'the disk is full')),
    sleep: async (ms) => {
      waits.push(ms);
      if (waits.length === 4) isEnding = true;
    },
    log,
    isEnding: () => isEnding,
  });
  await expect(append(batch)).rejects.toThrow('7 rows could not be stored before the end: the disk is full');
  expect(waits).toEqual([100, 200, 400, 800, 500, 500, 500, 500, 500]);
});
