import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { SelectRequest } from '@tapewatch/core';
import { loadConfig } from '../../config.ts';
import { retentionOptions } from '../retention.ts';
import {
  batchOf,
  CLOCK,
  clockAt,
  histogramOf,
  readyMade,
  samplesOf,
  seconds,
  seriesOf,
  T0_MS,
} from '../store.fixture.ts';
import { DuckDbStore, type DuckDbStoreOptions } from './duckdb-store.ts';
import { SEALABLE, SegmentList } from './segment.ts';
import { segmentFolder } from './segment-folder.ts';

const HOUR = 3_600;
const SERIES = [
  seriesOf(1, { __name__: 'depth' }),
  seriesOf(2, { __name__: 'orders_total' }, 'counter'),
  seriesOf(3, { __name__: 'ack' }, 'distribution'),
];
/** A sample of each series every five minutes, over nine hours, and a ready-made histogram an hour. */
const STAMPS = Array.from({ length: (9 * HOUR) / 300 }, (_, i) => i * 300);

let folder = '';
let options: DuckDbStoreOptions;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tapewatch-segment-'));
  const retention = retentionOptions.parse({ samplesHours: 5 });
  options = { path: join(folder, 'store.duckdb'), memoryLimitMb: 256, threads: 2, retention };
});
afterEach(() => rmSync(folder, { recursive: true }));

const files = (): string[] => readdirSync(segmentFolder(options.path)).sort();

async function opened(): Promise<DuckDbStore> {
  const store = new DuckDbStore(options);
  await store.open();
  return store;
}

async function filled(): Promise<DuckDbStore> {
  const store = await opened();
  await store.append(
    batchOf({
      series: [...SERIES, CLOCK],
      samples: samplesOf(STAMPS.flatMap((at) => SERIES.map(({ id }) => [id, seconds(at), at + id] as const))),
      histograms: STAMPS.filter((at) => at % HOUR === 0).map((at) =>
        readyMade(3, seconds(at), histogramOf([at + 0.5], 5).encode()),
      ),
    }),
  );
  await store.append(clockAt(9 * HOUR + 5));
  return store;
}

const range = { matchers: [], startMs: T0_MS, endMs: T0_MS + 9 * HOUR * 1_000 };
const requests: SelectRequest[] = [
  ...[1_000, 10_000, 60_000, 900_000, HOUR * 1_000].map((resolutionMs) => ({ ...range, resolutionMs })),
  { ...range, resolutionMs: 600_000, newestOfStep: true },
  { ...range, startMs: T0_MS + 4 * HOUR * 1_000, resolutionMs: 15_000 },
];

async function answers(store: DuckDbStore) {
  return {
    selects: await Promise.all(requests.map((request) => store.select(request))),
    series: await store.series([], T0_MS, T0_MS + 60_000),
    raw: await store.rawSince('metrics', seconds(HOUR)),
    totals: await store.distributionTotals(),
    merged: await store.mergedHistograms({ ...range, startMs: T0_MS + 600_000, by: [], stepMs: 600_000 }),
  };
}

/** Seals everything that is closed: a minute's tick each. */
async function sealAll(store: DuckDbStore): Promise<void> {
  for (let before = -1; files().length > before;) {
    before = files().length;
    await store.retain(seconds(60));
  }
}

it('makes no segment while the first queries after a start come', async () => {
  options = { ...options, sealAfterMs: 3_600_000 };
  const store = await filled();
  await store.retain(seconds(9 * HOUR));
  expect(files()).toEqual([]);
  await store.close();
});

it('answers the same before and after closed spans became segments, and after a restart', async () => {
  const store = await filled();
  const before = await answers(store);
  await sealAll(store);
  expect(files().filter((name) => name.startsWith('samples-'))).toEqual(
    ['09', '10', '11', '12', '13', '14', '15', '16'].map(
      (hour) => `samples-20260302T${hour}0000Z-20260302T${String(Number(hour) + 1).padStart(2, '0')}0000Z.parquet`,
    ),
  );
  expect(await answers(store)).toEqual(before);
  await store.close();
  const again = await opened();
  expect(await answers(again)).toEqual(before);
  await again.close();
});

async function sealingBegins(): Promise<void> {
  while (!files().includes('sorting')) await pause(1);
}

it('closes in the midst of sealing: what is half made is let be, nothing fails, and the next start goes on', async () => {
  const store = await filled();
  const before = await answers(store);
  const retaining = store.retain(seconds(60));
  await sealingBegins();
  await store.close();
  expect(await retaining).toBe(0);
  expect(files()).not.toContain('sorting');
  const madeBefore = files().length;
  expect(madeBefore).toBeLessThan(SEALABLE.length);
  const again = await opened();
  expect(await answers(again)).toEqual(before);
  await sealAll(again);
  expect(files().length).toBeGreaterThan(SEALABLE.length);
  expect(await answers(again)).toEqual(before);
  await again.close();
});

it('lets sealing be when its caller wants it no more, and goes on with the next call', async () => {
  const store = await filled();
  const before = await answers(store);
  const ending = new AbortController();
  const retaining = store.retain(seconds(60), ending.signal);
  await sealingBegins();
  ending.abort();
  expect(await retaining).toBe(0);
  expect(files().length).toBeLessThan(SEALABLE.length);
  await sealAll(store);
  expect(files().length).toBeGreaterThan(SEALABLE.length);
  expect(await answers(store)).toEqual(before);
  await store.close();
});

// Each answer reads all of it again, so a busy machine needs its time.
it('answers whole while spans are being sealed', async () => {
  const store = await filled();
  const request = { ...range, resolutionMs: 1_000 };
  const before = await store.select(request);
  let sealed = false;
  const sealing = sealAll(store).finally(() => (sealed = true));
  while (!sealed) expect(await store.select(request)).toEqual(before);
  await sealing;
  await store.close();
}, 120_000);

it('reads again when rows moved between what the list said and what the tables held', async () => {
  const list = new SegmentList(join(folder, 'x.duckdb'));
  const seen: string[] = [];
  list.beginChange();
  let reads = 0;
  const read = list.readSettled(async () => {
    seen.push('read');
    if (++reads > 1) return reads;
    list.beginChange();
    // The commit was done, the list comes later.
    setImmediate(() => (seen.push('second change ends'), list.endChange()));
    return reads;
  });
  await Promise.resolve();
  seen.push('first change ends');
  list.endChange();
  list.endChange();
  expect(await read).toBe(2);
  expect(seen).toEqual(['first change ends', 'read', 'second change ends', 'read']);
});

it('finds samples that come late for a sealed span, seals them too, and merges both files', async () => {
  const store = await filled();
  await sealAll(store);
  const late = samplesOf([
    [1, seconds(300), -7],
    [1, seconds(301), -5],
  ]);
  await store.append(batchOf({ samples: late }));
  const request = { ...range, endMs: T0_MS + 302_000, resolutionMs: 1_000 };
  const depth = async () => {
    const found = (await store.select(request)).find(({ labels }) => labels.metricName === 'depth');
    return Array.from(found?.values ?? []);
  };
  // Samples of one stamp in the order in which they came.
  expect(await depth()).toEqual([1, 301, -7, -5]);
  await sealAll(store);
  expect(files().filter((name) => name.startsWith('samples-20260302T09'))).toEqual([
    'samples-20260302T090000Z-20260302T100000Z-2.parquet',
  ]);
  expect(await depth()).toEqual([1, 301, -7, -5]);
  await store.close();
});

it('gives samples of one stamp in the order in which they came, whatever files they lie in', async () => {
  const store = await filled();
  await sealAll(store);
  const stamps = [0, 1, 2, 3].map((hour) => hour * HOUR + 300);
  await store.append(batchOf({ samples: samplesOf(stamps.map((at) => [1, seconds(at), -at] as const)) }));
  const depths = async (request: SelectRequest) => {
    const found = (await store.select(request)).find(({ labels }) => labels.metricName === 'depth');
    return Array.from(found?.values ?? []);
  };
  for (let before: string[] = []; before.join() !== files().join();) {
    before = files();
    // In the table, in a file beside the other one's, and merged with it: an hour a call.
    await store.retain(seconds(60));
    const raw = (await store.rawSince('metrics', seconds(0))).filter(({ seriesId }) => seriesId === 1);
    for (const at of stamps) {
      const [startMs, endMs] = [T0_MS + at * 1_000, T0_MS + at * 1_000 + 1];
      expect(await depths({ ...range, startMs, endMs, resolutionMs: 1_000 })).toEqual([at + 1, -at]);
      expect(await depths({ ...range, startMs, endMs, resolutionMs: 5_000, newestOfStep: true })).toEqual([-at]);
      const ofStamp = raw.filter(({ timeNanos }) => timeNanos === seconds(at));
      expect(ofStamp.map(({ value }) => value)).toEqual([at + 1, -at]);
    }
  }
  await store.close();
}, 60_000);

it('deletes files whose rows are past retention, and goes on from 1 s windows', async () => {
  const store = await filled();
  await sealAll(store);
  await store.retain(seconds(8 * HOUR));
  expect(files()).not.toContain('samples-20260302T110000Z-20260302T120000Z.parquet');
  expect(files()).toContain('samples-20260302T120000Z-20260302T130000Z.parquet');
  const [depth] = await store.select({ ...range, resolutionMs: 1_000 });
  expect(Array.from(depth?.timesMs ?? [])).toEqual(STAMPS.map((at) => T0_MS + at * 1_000));
  expect(depth?.levelsMs).toEqual([1_000, 0]);
  await store.close();
});

it('removes what a crash left behind: half a copy, and a file that no transaction names', async () => {
  const store = await filled();
  await sealAll(store);
  const before = files();
  await store.close();
  for (const name of ['samples-x.parquet.tmp', 'samples-y.parquet']) {
    writeFileSync(join(segmentFolder(options.path), name), 'half');
  }
  await (await opened()).close();
  expect(files()).toEqual(before);
});

it('compresses segments unless MONITORING_COMPRESSION_ENABLED is false (proves: STO-08)', async () => {
  const compression = (environment: Readonly<Record<string, string>>): boolean =>
    loadConfig({ file: undefined, environment }).store.compression;
  options = { ...options, compression: compression({}) };
  const store = await filled();
  await sealAll(store);
  await store.close();
  const sizeOf = (): number =>
    files().reduce((sum, name) => sum + readFileSync(join(segmentFolder(options.path), name)).length, 0);
  const compressed = sizeOf();
  rmSync(folder, { recursive: true });
  folder = mkdtempSync(join(tmpdir(), 'tapewatch-segment-'));
  options = {
    ...options,
    path: join(folder, 'store.duckdb'),
    compression: compression({ MONITORING_COMPRESSION_ENABLED: 'false' }),
  };
  const plain = await filled();
  await sealAll(plain);
  await plain.close();
  expect(compressed).toBeLessThan(sizeOf());
});
