/**
 * A checkpoint that fails after the commit, as on a full disk: the engine throws, refuses everything, and the rows are
 * there. The engine's own test setting makes it happen; another handle on the same instance sets it beforehand.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { batchOf, clockAt, orderOf, samplesOf, seconds, seriesOf } from '../store.fixture.ts';
import { engineSettings } from './database.ts';
import { DuckDbStore } from './duckdb-store.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tapewatch-reopen-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const samples = samplesOf([
  [1, seconds(1), 1],
  [1, seconds(2), 2],
]);
const series = [seriesOf(1, { __name__: 'depth' })];
const positions = [{ log: 'ORDERS@1', sequence: 5 }];
/** The engine writes its log first, so the commit holds although it throws. */
const survivor = batchOf({ series, samples, positions });
/** New keys make the engine go straight to the checkpoint: the commit is lost. */
const victim = batchOf({ series, samples, positions, events: [orderOf('a', seconds(1))] });
const cases = [
  { name: 'was committed', batch: survivor, held: [1, 2], orders: 0 },
  { name: 'was lost', batch: victim, held: [], orders: 1 },
];

/** A store whose next append commits, throws and breaks the engine; it stays broken until `release`. */
async function doomedStore() {
  const options = { path: join(folder, 'store.duckdb'), memoryLimitMb: 128, threads: 1 };
  const made = new DuckDbStore(options);
  await made.open();
  await made.append(batchOf({ positions: [{ log: 'ORDERS@1', sequence: 1 }] }));
  // So that every mark of the ladder is a known key.
  await made.append(clockAt(-10));
  await made.close();
  const instance = await DuckDBInstance.fromCache(options.path, engineSettings(options));
  const connection = await instance.connect();
  await connection.run(`SET GLOBAL debug_checkpoint_abort = 'before_header'`);
  await connection.run(`SET GLOBAL checkpoint_threshold = '1KB'`);
  const store = new DuckDbStore(options);
  await store.open();
  const release = (): void => {
    connection.closeSync();
    instance.closeSync();
  };
  return { store, release };
}

const WHOLE = { startNanos: 0n, endNanos: 2n ** 63n - 1n };

async function valuesOf(store: DuckDbStore): Promise<number[]> {
  return (await store.rawSince('metrics', seconds(0))).map(({ value }) => value);
}

async function expectState(store: DuckDbStore, { values, orders }: { values: number[]; orders: number }) {
  expect(await valuesOf(store)).toEqual(values);
  expect(await store.events('orders', WHOLE)).toHaveLength(orders);
  await store.close();
  const recovery = await store.open();
  expect(recovery.series).toHaveLength(2);
  await store.close();
  return recovery.positions;
}

describe.each(cases)('when the append throws and the batch $name', ({ batch, held, orders }) => {
  it('opens the engine anew and sees to it that the batch is there once', async () => {
    const { store, release } = await doomedStore();
    release();
    expect(await store.append(batch)).toEqual({ duplicates: 0 });
    await store.append(batchOf({ samples: samplesOf([[1, seconds(3), 3]]) }));
    expect(await expectState(store, { values: [1, 2, 3], orders })).toEqual(positions);
  });

  it('knows the batch again when it is given again later', async () => {
    const { store, release } = await doomedStore();
    await expect(store.append(batch)).rejects.toMatchObject({ code: 'store.unavailable' });
    await expect(store.health()).rejects.toMatchObject({ code: 'store.unavailable' });
    release();
    expect(await store.append(batch)).toEqual({ duplicates: 0 });
    expect(await expectState(store, { values: [1, 2], orders })).toEqual(positions);
  });

  it('writes another batch in full and keeps what the file holds', async () => {
    const { store, release } = await doomedStore();
    await expect(store.append(batch)).rejects.toMatchObject({ code: 'store.unavailable' });
    release();
    await store.append(batchOf({ series, samples: samplesOf([[1, seconds(9), 9]]) }));
    await expectState(store, { values: [...held, 9], orders: 0 });
  });

  it('answers reads again by itself once the engine can be opened', async () => {
    const { store, release } = await doomedStore();
    await expect(store.append(batch)).rejects.toMatchObject({ code: 'store.unavailable' });
    release();
    const reads = await Promise.all(Array.from({ length: 8 }, () => store.events('orders', WHOLE)));
    expect(reads).toEqual(Array.from({ length: 8 }, () => []));
    await store.append(batch);
    expect(await expectState(store, { values: [1, 2], orders })).toEqual(positions);
  });
});
