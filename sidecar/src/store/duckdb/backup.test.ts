/** Row 29 of PERFORMANCE.md 6: a backup taken while rows come in is a consistent cut that a store opens. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { batchOf, CLOCK, clockAt, orderOf, samplesOf, seconds, seriesOf } from '../store.fixture.ts';
import { exportParquet, restore } from './backup.ts';
import { DuckDbStore, type DuckDbStoreOptions } from './duckdb-store.ts';

const SERIES = [seriesOf(1, { __name__: 'written' }), CLOCK];
const HOURS = 4;
const ENGINE = { memoryLimitMb: 128, threads: 1 };
let folder = '';
let options: DuckDbStoreOptions;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tapewatch-backup-'));
  options = { path: join(folder, 'live.duckdb'), ...ENGINE };
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Sealed hours, then batches: batch b has a sample and an order of its number, and a position. */
async function filled(): Promise<DuckDbStore> {
  const store = new DuckDbStore(options);
  await store.open();
  const rows = Array.from({ length: 400 }, (_, i) => [1, seconds(i * 36), 0] as const);
  await store.append(batchOf({ series: SERIES, samples: samplesOf(rows) }));
  await store.append(clockAt(HOURS * 3_600));
  for (let i = 0; i < 3; i++) await store.retain(seconds(60));
  return store;
}

function batchAt(number: number) {
  const at = seconds(HOURS * 3_600 + number);
  return batchOf({
    samples: samplesOf([[1, at, number]]),
    events: [orderOf(String(number), at)],
    positions: [{ log: 'ORDERS@1', sequence: number }],
  });
}

it('is a cut between two batches while they come in, and a store opens what was restored', async () => {
  const store = await filled();
  const target = join(folder, 'backup');
  let written = 0;
  let isDone = false;
  const writing = (async () => {
    while (!isDone) await store.append(batchAt(++written));
  })();
  while (written < 20) await new Promise((resolve) => setImmediate(resolve));
  const before = written;
  const result = await store.backUp(target);
  const after = written;
  isDone = true;
  await writing;
  await store.close();
  expect(result.files).toBeGreaterThan(3);
  const restored = { ...options, path: join(folder, 'restored.duckdb') };
  await restore(target, restored.path);
  const copy = new DuckDbStore(restored);
  const { positions } = await copy.open();
  const sequence = positions[0]?.sequence as number;
  expect(sequence).toBeGreaterThanOrEqual(before - 1);
  expect(sequence).toBeLessThanOrEqual(after);
  const numbers = Array.from({ length: sequence }, (_, i) => i + 1);
  const raw = (await copy.rawSince('metrics', 0n)).filter(({ seriesId }) => seriesId === 1);
  expect(raw.map(({ value }) => value)).toEqual([...new Array<number>(400).fill(0), ...numbers]);
  const orders = await copy.events('orders', { startNanos: 0n, endNanos: 2n ** 62n });
  expect(orders.map(({ id }) => Number(id))).toEqual(numbers);
  // It goes on: known ids are still known.
  expect(await copy.append(batchAt(1))).toEqual({ duplicates: 1 });
  await copy.close();
  expect(readdirSync(`${options.path}.segments`).filter((name) => name.startsWith('.backup'))).toEqual([]);
}, 60_000);

it('overwrites nothing: not a folder with files, and not a store', async () => {
  const store = await filled();
  writeFileSync(join(folder, 'something'), '');
  await expect(store.backUp(folder)).rejects.toMatchObject({ code: 'store.target' });
  const target = join(folder, 'backup');
  await store.backUp(target);
  await store.close();
  await expect(restore(target, options.path)).rejects.toMatchObject({ code: 'store.target' });
  await expect(restore(folder, join(folder, 'new.duckdb'))).rejects.toThrow('no finished backup');
});

it('refuses to restore a backup with a flipped bit', async () => {
  const store = await filled();
  const target = join(folder, 'backup');
  await store.backUp(target);
  await store.close();
  const path = join(target, 'store.duckdb');
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
  writeFileSync(path, bytes);
  const restored = join(folder, 'restored.duckdb');
  await expect(restore(target, restored)).rejects.toMatchObject({ code: 'store.corrupt' });
  expect(existsSync(restored)).toBe(false);
});

it('exports every table to Parquet, segments included', async () => {
  const store = await filled();
  await store.append(batchAt(1));
  const target = join(folder, 'backup');
  await store.backUp(target);
  await store.close();
  const parquet = join(folder, 'parquet');
  await exportParquet(target, parquet, ENGINE);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const countOf = async (table: string) =>
    (await (await connection.run(`SELECT count(*) FROM '${parquet}/${table}.parquet'`)).getRows())[0]?.[0];
  expect(await countOf('samples')).toBe(402n);
  expect(await countOf('orders')).toBe(1n);
  expect(await countOf('series')).toBe(2n);
  connection.closeSync();
  instance.closeSync();
});
