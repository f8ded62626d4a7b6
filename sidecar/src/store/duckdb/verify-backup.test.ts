/** What a verification finds: a flipped bit, a lost file, lost rows, and half of a commit; and that it changes nothing itself. */
import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { batchOf, CLOCK, clockAt, orderOf, samplesOf, seconds, seriesOf } from '../store.fixture.ts';
import { readManifest, writeManifest } from './backup-manifest.ts';
import { DuckDbStore } from './duckdb-store.ts';
import { checksumOf } from './segment.ts';
import { verifyBackup } from './verify-backup.ts';

const ENGINE = { memoryLimitMb: 128, threads: 1 };
let folder = '';
let good = '';
let backup = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tapewatch-verify-'));
  good = join(folder, 'good');
  const store = new DuckDbStore({ path: join(folder, 'live.duckdb'), ...ENGINE });
  await store.open();
  const rows = Array.from({ length: 400 }, (_, i) => [1, seconds(i * 36), i] as const);
  await store.append(batchOf({ series: [seriesOf(1, { __name__: 'depth' }), CLOCK], samples: samplesOf(rows) }));
  await store.append(clockAt(4 * 3_600));
  for (let i = 0; i < 3; i++) await store.retain(seconds(60));
  await store.append(batchOf({ events: [orderOf('o1', seconds(15_000))] }));
  await store.backUp(good);
  await store.close();
}, 60_000);
beforeEach(() => {
  backup = mkdtempSync(join(folder, 'backup-'));
  cpSync(good, backup, { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

const verify = () => verifyBackup(backup, ENGINE);
const database = (): string => join(backup, 'store.duckdb');

function filesOf(path: string): string[] {
  return readdirSync(path, { recursive: true }).map(String).sort();
}

/** Changes the copied database, and lets the manifest say that this is what was written. */
async function change(...statements: readonly string[]): Promise<void> {
  const instance = await DuckDBInstance.create(database());
  const connection = await instance.connect();
  for (const statement of statements) await connection.run(statement);
  connection.closeSync();
  instance.closeSync();
  const manifest = await readManifest(backup);
  const sha256 = await checksumOf(database());
  const files = manifest.files.map((entry) => (entry.file === 'store.duckdb' ? { ...entry, sha256 } : entry));
  await writeManifest(backup, { ...manifest, files });
}

it('finds a good backup good, every time, and leaves it as it is to the byte', async () => {
  const before = filesOf(backup).filter((file) => /\.(duckdb|parquet|json)$/.test(file));
  const first = await verify();
  expect(first.files).toBe(before.length - 1);
  expect(first.rows).toBeGreaterThan(0);
  expect(await verify()).toEqual(first);
  expect(filesOf(backup)).toEqual(filesOf(good));
});

it('still reads a backup of a release that counted no rows', async () => {
  const { rows: _, ...manifest } = await readManifest(backup);
  await writeManifest(backup, manifest);
  await expect(verify()).resolves.toMatchObject({ folder: backup });
});

it('finds a flipped bit of any file', async () => {
  const { files } = await readManifest(backup);
  const sizes = files.map(({ file, bytes }) => [file, bytes] as const);
  for (const [file, bytes] of [sizes[0], sizes.at(-1)] as [string, number][]) {
    const path = join(backup, file);
    const intact = readFileSync(path);
    const broken = Buffer.from(intact);
    broken[bytes >> 1] = (broken[bytes >> 1] as number) ^ 1;
    writeFileSync(path, broken);
    await expect(verify()).rejects.toMatchObject({ code: 'store.corrupt', details: { problems: 1 } });
    await expect(verify()).rejects.toThrow(`${file} has another checksum`);
    writeFileSync(path, intact);
  }
  await expect(verify()).resolves.toMatchObject({ folder: backup });
});

it('finds a file that is missing, and one that is longer than it was', async () => {
  const segment = (await readManifest(backup)).files.map(({ file }) => file).find((file) => file.endsWith('.parquet'));
  rmSync(join(backup, segment as string));
  appendFileSync(database(), 'x');
  await expect(verify()).rejects.toMatchObject({ code: 'store.corrupt', details: { problems: 2 } });
  await expect(verify()).rejects.toThrow(`${String(segment)} is missing`);
});

it('finds rows that are lost', async () => {
  await change('DELETE FROM orders');
  await expect(verify()).rejects.toThrow('table orders has 0 rows, and had 1');
});

it('finds half of a commit: rows whose series it did not define', async () => {
  await change('UPDATE series SET id = 77 WHERE id = 1');
  await expect(verify()).rejects.toThrow(/has rows of 1 series that no commit defined/);
});

it('finds a segment that is not the one that the database names', async () => {
  await change(`UPDATE segments SET sha256 = '0' WHERE file = (SELECT min(file) FROM segments)`);
  await expect(verify()).rejects.toThrow(/segment \S+ is not the one that the database names/);
});

it('says of a folder without a manifest that it is no backup', async () => {
  rmSync(join(backup, 'backup.json'));
  await expect(verify()).rejects.toMatchObject({ code: 'store.target' });
  writeFileSync(join(backup, 'backup.json'), '{');
  await expect(verify()).rejects.toMatchObject({ code: 'store.corrupt' });
});
