/** Logs of the real engine, ended where a kill could have ended them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { readRows } from './sql.ts';
import { committedEnd, cutUncommitted } from './uncommitted-tail.ts';

let folder: string;
let path: string;
/** Where each entry of the log ends, and its type. */
let entries: { readonly end: number; readonly type: number }[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tapewatch-tail-'));
  const source = join(folder, 'source.duckdb');
  const instance = await DuckDBInstance.create(source, { checkpoint_threshold: '1TB' });
  const connection = await instance.connect();
  await connection.run('CREATE TABLE counted (n BIGINT)');
  await connection.run('CREATE TABLE told (n BIGINT)');
  await connection.run('INSERT INTO counted VALUES (-1)');
  // More than a row group, whose rows are in the file before the commit.
  await connection.run('BEGIN');
  await connection.run('INSERT INTO told VALUES (-2)');
  await connection.run('INSERT INTO counted SELECT range FROM range(300_000)');
  await connection.run('COMMIT');
  path = join(folder, 'killed.duckdb');
  for (const end of ['', '.wal']) copyFileSync(`${source}${end}`, join(folder, `whole.duckdb${end}`));
  connection.closeSync();
  instance.closeSync();
  const log = readFileSync(join(folder, 'whole.duckdb.wal'));
  entries = [];
  for (let at = 8; at < log.length;) {
    const type = log.readUInt8(at + 18);
    at += 16 + Number(log.readBigUInt64LE(at));
    entries.push({ end: at, type });
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A copy whose log ends so early; how many rows the engine shows of both tables. */
async function killedAt(bytes: number): Promise<number[]> {
  for (const end of ['', '.wal']) copyFileSync(join(folder, `whole.duckdb${end}`), `${path}${end}`);
  truncateSync(`${path}.wal`, bytes);
  await cutUncommitted(path);
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  const rows = await readRows(connection, 'SELECT (SELECT count(*) FROM counted), (SELECT count(*) FROM told)');
  connection.closeSync();
  instance.closeSync();
  return (rows[0] as bigint[]).map(Number);
}

it('shows all of a transaction whose end is in the log, and nothing of one whose end is not', async () => {
  const ends = entries.filter(({ type }) => type === 100).map(({ end }) => end);
  const [beforeLast, last] = [ends.at(-2) as number, ends.at(-1) as number];
  expect(await killedAt(last)).toEqual([300_001, 1]);
  const within = entries.filter(({ end }) => end > beforeLast && end < last).map(({ end }) => end);
  expect(within.length).toBeGreaterThanOrEqual(2);
  for (const end of within) {
    for (const bytes of [end, end + 3, end + 17]) expect(await killedAt(Math.min(bytes, last - 1))).toEqual([1, 0]);
  }
});

it('leaves a log alone that ends with a commit, has another form, or is not there', () => {
  const whole = join(folder, 'whole.duckdb.wal');
  expect(committedEnd(whole)).toBeUndefined();
  const other = join(folder, 'other.wal');
  copyFileSync(whole, other);
  truncateSync(other, 5);
  expect(committedEnd(other)).toBeUndefined();
  expect(committedEnd(join(folder, 'none.wal'))).toBeUndefined();
  expect(committedEnd(__filename)).toBeUndefined();
});

it('leaves the log of a running process alone', async () => {
  for (const end of ['', '.wal']) copyFileSync(join(folder, `whole.duckdb${end}`), `${path}${end}`);
  truncateSync(`${path}.wal`, (entries.at(-2) as { end: number }).end);
  const { size } = statSync(`${path}.wal`);
  const script = `const { DuckDBInstance } = require('@duckdb/node-api');
    DuckDBInstance.create(${JSON.stringify(join(folder, 'held.duckdb'))}).then(async (instance) => {
      await (await instance.connect()).run('CREATE TABLE held (n BIGINT)');
      process.stdout.write('held'); setInterval(() => 0, 1_000);
    });`;
  const holder = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'], cwd: __dirname });
  await once(holder.stdout, 'data');
  // Its log as it is while it writes the second half of a transaction.
  copyFileSync(`${path}.wal`, join(folder, 'held.duckdb.wal'));
  await cutUncommitted(join(folder, 'held.duckdb'));
  holder.kill('SIGKILL');
  await once(holder, 'close');
  expect(statSync(join(folder, 'held.duckdb.wal')).size).toBe(size);
});
