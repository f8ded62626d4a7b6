import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TapewatchError } from '../../errors.ts';
import type { Store } from '../../ports.ts';
import { describeStore, SHORT_RETENTION } from '../store.contract.ts';
import { batchOf, emptyBatch, samplesOf, seconds, seriesOf, T0_MS } from '../store.fixture.ts';
import { bundleForTest, type TestBundle } from './worker-bundle.fixture.ts';
import { storeWorkerPath } from './worker-path.ts';
import { WorkerStore, type WorkerStoreOptions } from './worker-store.ts';

let bundle: TestBundle;
beforeAll(() => {
  bundle = bundleForTest({ 'store-worker': 'worker.ts' });
});
afterAll(() => bundle.remove());

let folder = '';
const optionsOf = (rest: Partial<WorkerStoreOptions> = {}): WorkerStoreOptions => ({
  path: join(folder, 'store.duckdb'),
  memoryLimitMb: 256,
  threads: 2,
  retention: SHORT_RETENTION,
  workerPath: bundle.pathOf('store-worker'),
  ...rest,
});

describeStore('DuckDB in a thread of its own', {
  create: async (): Promise<Store> => {
    folder = await mkdtemp(join(tmpdir(), 'tapewatch-store-'));
    return new WorkerStore(optionsOf());
  },
  restart: async (store) => {
    await store.close();
    return new WorkerStore(optionsOf());
  },
  dispose: () => rm(folder, { recursive: true }),
});

describe('WorkerStore', () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tapewatch-store-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const series = [seriesOf(1, { __name__: 'depth' })];
  const request = { matchers: [], startMs: T0_MS, endMs: T0_MS + 1e9, resolutionMs: 1_000 };

  function brokenWorker(code: string): string {
    const path = join(folder, 'broken.cjs');
    writeFileSync(path, code);
    return path;
  }

  it('answers everything that was under way when it is closed, and nothing afterwards', async () => {
    const store = new WorkerStore(optionsOf());
    await store.open();
    await store.append(batchOf({ series }));
    const stamps = Array.from({ length: 20 }, (_, i) => i);
    const appends = stamps.map((i) => store.append(batchOf({ samples: samplesOf([[1, seconds(i), i]]) })));
    const read = store.select(request);
    await store.close();
    expect(await Promise.all(appends)).toHaveLength(20);
    expect((await read).length).toBeLessThanOrEqual(1);
    await expect(store.append(emptyBatch())).rejects.toMatchObject({ code: 'store.unavailable' });
    const again = new WorkerStore(optionsOf());
    await again.open();
    expect(Array.from((await again.select(request))[0]?.values ?? [])).toEqual(stamps);
    await again.close();
  });

  it('cancels a query that is under way', async () => {
    const store = new WorkerStore(optionsOf());
    await store.open();
    const controller = new AbortController();
    const read = store.select(request, controller.signal);
    controller.abort();
    await expect(read).rejects.toMatchObject({ code: 'query.cancelled' });
    expect(await store.select(request)).toEqual([]);
    await store.close();
  });

  it('refuses a second store on the same file in this process', async () => {
    const store = new WorkerStore(optionsOf());
    await store.open();
    const second = new WorkerStore(
      optionsOf({ path: join(folder, '..', folder.split('/').at(-1) ?? '', 'store.duckdb') }),
    );
    await expect(second.open()).rejects.toMatchObject({ code: 'store.locked' });
    await store.close();
    await second.open();
    await second.close();
  });

  it.each([
    ['throws', `require('node:worker_threads').parentPort.on('message', () => { throw new Error('out of luck'); });`],
    ['ends', `require('node:worker_threads').parentPort.on('message', () => process.exit(3));`],
    ['cannot start', `throw new Error('bad bundle');`],
  ])('tells once and rejects every call when its thread %s', async (_, code) => {
    const failures: TapewatchError[] = [];
    const workerPath = brokenWorker(code);
    const store = new WorkerStore(optionsOf({ workerPath, onFailure: (failure) => failures.push(failure) }));
    const calls = await Promise.allSettled([store.open(), store.retain(0n)]);
    const reason = expect.objectContaining({ code: 'store.unavailable' }) as unknown;
    expect(calls).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ]);
    await expect(store.health()).rejects.toThrow('its thread has ended');
    await store.close();
    expect(failures).toHaveLength(1);
  });

  it('refuses calls past its bound', async () => {
    const workerPath = brokenWorker(`require('node:worker_threads').parentPort.on('message', ({ method, id }) => {
      if (method === 'close') process.exit(0);
    });`);
    const store = new WorkerStore(optionsOf({ workerPath }));
    const calls = Promise.allSettled([store.open(), ...Array.from({ length: 999 }, () => store.health())]);
    await expect(store.health()).rejects.toThrow('1000 calls are under way');
    await store.close();
    for (const { status } of await calls) expect(status).toBe('rejected');
  });

  it('tells where its bundle was looked for', () => {
    expect(() => storeWorkerPath(folder)).toThrow('npm run build');
    const built = join(folder, 'store-worker.cjs');
    writeFileSync(built, '');
    expect(storeWorkerPath(folder)).toBe(built);
  });
});
