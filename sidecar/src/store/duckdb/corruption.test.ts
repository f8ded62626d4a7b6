/** Row 27 of PERFORMANCE.md 6: damaged files are detected and put aside, the store starts, and it says what is missing. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { batchOf, CLOCK, clockAt, samplesOf, seconds, seriesOf, T0_MS } from '../store.fixture.ts';
import { DuckDbStore, type DuckDbStoreOptions } from './duckdb-store.ts';
import { segmentFolder } from './segment-folder.ts';

const SERIES = [seriesOf(1, { __name__: 'depth' }), CLOCK];
const ROWS = 4_000;
let folder = '';
let notices: string[] = [];
let options: DuckDbStoreOptions;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tapewatch-corruption-'));
  notices = [];
  const onNotice = (message: string): unknown => notices.push(message);
  options = { path: join(folder, 'store.duckdb'), memoryLimitMb: 128, threads: 1, onNotice };
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Hours of samples, sealed where closed; the file is closed unless `crash` keeps its log as a crash would. */
async function written({ crash = false } = {}): Promise<void> {
  const store = new DuckDbStore(options);
  await store.open();
  const rows = Array.from({ length: ROWS }, (_, i) => [1, seconds(i * 4), i] as const);
  await store.append(batchOf({ series: SERIES, samples: samplesOf(rows) }));
  await store.append(clockAt(ROWS * 4));
  for (let i = 0; i < 4; i++) await store.retain(seconds(ROWS * 4));
  const copies = ['', '.wal'].map((suffix) => [`${options.path}${suffix}`, join(folder, `copy${suffix}`)] as const);
  if (crash) for (const [from, to] of copies) copyFileSync(from, to);
  await store.close();
  if (crash) for (const [from, to] of copies) copyFileSync(to, from);
}

function flip(path: string, share: number): void {
  const bytes = readFileSync(path);
  const at = Math.floor(bytes.length * share);
  for (let i = 0; i < 64 && at + i < bytes.length; i++) bytes[at + i] = (bytes[at + i] as number) ^ 0xff;
  writeFileSync(path, bytes);
}

async function depthValues(store: DuckDbStore): Promise<number> {
  const matchers = [{ name: '__name__', operator: '=', value: 'depth' }] as const;
  const found = await store.select({ matchers, startMs: T0_MS, endMs: T0_MS + ROWS * 4_000, resolutionMs: 1_000 });
  return found[0]?.values.length ?? 0;
}

/** The store starts, works, and is empty unless told otherwise. */
async function expectFresh(): Promise<void> {
  const store = new DuckDbStore(options);
  expect((await store.open()).series).toEqual([]);
  await store.append(batchOf({ series: SERIES, samples: samplesOf([[1, seconds(1), 1]]) }));
  expect(await depthValues(store)).toBe(1);
  await store.close();
}

it.each<[string, (path: string) => void]>([
  ['is cut in half', (path) => truncateSync(path, readFileSync(path).length >> 1)],
  ['is cut in its header', (path) => truncateSync(path, 5_000)],
  ['is empty', (path) => truncateSync(path, 0)],
  ['has another header', (path) => flip(path, 0)],
])('a database that %s goes into quarantine with its segments, and the store starts', async (_, damage) => {
  await written();
  damage(options.path);
  await expectFresh();
  expect(notices).toEqual([expect.stringMatching(/is damaged .*was moved to .*quarantine.*tapewatch restore/s)]);
  const names = readdirSync(folder);
  expect(names.filter((name) => /^store\.duckdb\.quarantine-\d+T\d+Z$/.test(name))).toHaveLength(1);
  expect(names.filter((name) => /^store\.duckdb\.segments\.quarantine-/.test(name))).toHaveLength(1);
});

it('a commit log that cannot be replayed goes alone; what the last checkpoint held stays', async () => {
  await written({ crash: true });
  flip(`${options.path}.wal`, 0.5);
  const store = new DuckDbStore(options);
  await store.open();
  expect(notices).toEqual([
    expect.stringMatching(/the last run did not close the store file/),
    expect.stringMatching(/commit log .* cannot be replayed .*since the last checkpoint/s),
  ]);
  await store.close();
  expect(existsSync(options.path)).toBe(true);
});

it('says nothing of the last run to one who finds the file open in a running process', async () => {
  await written({ crash: true });
  const api = JSON.stringify(require.resolve('@duckdb/node-api'));
  const script = `require(${api}).DuckDBInstance.create(process.argv[1]).then((instance) => {
    console.log('open'); process.stdin.on('end', () => instance.closeSync()).resume(); });`;
  const holder = spawn(process.execPath, ['-e', script, options.path], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  writeFileSync(`${options.path}.wal`, 'of the running one');
  await expect(new DuckDbStore(options).open()).rejects.toMatchObject({ code: 'store.locked' });
  expect(notices).toEqual([]);
  rmSync(`${options.path}.wal`);
  holder.stdin.end();
  await once(holder, 'exit');
});

it('starts with nothing damaged when it is told to fail, and touches nothing', async () => {
  await written();
  truncateSync(options.path, 5_000);
  const before = readdirSync(folder);
  const store = new DuckDbStore({ ...options, onCorruption: 'fail' });
  await expect(store.open()).rejects.toMatchObject({ code: 'store.corrupt', retryable: false });
  expect(readdirSync(folder)).toEqual(before);
});

describe('a segment', () => {
  const segments = (): string[] =>
    readdirSync(segmentFolder(options.path)).filter((name) => name.startsWith('samples-') && name.endsWith('.parquet'));
  const pathOf = (name: string): string => join(segmentFolder(options.path), name);

  it.each<[string, (path: string) => void]>([
    ['was cut', (path) => truncateSync(path, 100)],
    ['is gone', (path) => rmSync(path)],
  ])('that %s is left out from the start on', async (_, damage) => {
    await written();
    const [first] = segments();
    damage(pathOf(first as string));
    const store = new DuckDbStore(options);
    await store.open();
    expect(notices).toEqual([expect.stringMatching(/Missing are 900 rows of samples from 2026-03-02T09:00:00.000Z/)]);
    expect(await depthValues(store)).toBe(ROWS - 900);
    await store.close();
  });

  it('that is damaged while the store runs is put aside by the query that meets it, which is answered', async () => {
    await written();
    const store = new DuckDbStore(options);
    await store.open();
    const [first] = segments();
    const path = pathOf(first as string);
    const { length } = readFileSync(path);
    truncateSync(path, 100);
    writeFileSync(path, new Uint8Array(length));
    expect(await depthValues(store)).toBe(ROWS - 900);
    expect(notices).toEqual([expect.stringContaining(`it was moved to ${path}.quarantine`)]);
    expect(existsSync(`${path}.quarantine`)).toBe(true);
    await store.close();
  });

  it('with a flipped bit that no query notices is found by its checksum', async () => {
    await written();
    const store = new DuckDbStore(options);
    await store.open();
    flip(pathOf(segments()[0] as string), 0.3);
    for (let i = 0; i < 30 && notices.length === 0; i++) await store.retain(seconds(ROWS * 4));
    expect(notices).toEqual([expect.stringContaining('is damaged')]);
    await store.close();
  });
});

it('the disk cap removes the oldest segments of the finest level first, and counts', async () => {
  await written();
  const capped = new DuckDbStore({ ...options, maxDiskMb: 1 });
  await capped.open();
  const { bytesOnDisk } = await capped.health();
  expect(bytesOnDisk).toBeGreaterThan(2 ** 20);
  await capped.retain(seconds(ROWS * 4));
  expect(notices[0]).toContain('more than store.maxDiskMb (1)');
  expect((await capped.health()).detail).toMatch(/\d+ segments removed by the disk cap/);
  expect(readdirSync(segmentFolder(options.path)).filter((name) => name.startsWith('samples-'))).toEqual([]);
  // What raw samples are gone of is answered by the windows that are left.
  expect(await depthValues(capped)).toBeGreaterThan(ROWS / 4);
  await capped.close();
});
