/** Backups that are due, on a clock that a test moves: when they are made, what stays, and what is told of them. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { RecordingLog, VirtualClock } from '../alerting/testing/virtual-world.ts';
import { backupCollector } from '../collect/backup.ts';
import { TapewatchError } from '../errors.ts';
import type { BackupResult } from '../ports.ts';
import { DuckDbStore } from '../store/duckdb/duckdb-store.ts';
import { batchOf, samplesOf, seconds, seriesOf } from '../store/store.fixture.ts';
import { createTelemetry } from '../telemetry/metrics.ts';
import { backupOptions } from './backup-options.ts';
import { Backups } from './backups.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
let folder = '';
let clock: VirtualClock;
let log: RecordingLog;
let made: string[];
let fault: Error | undefined;
let opened: Backups[];
const levels = new Map<string, () => number>();

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'tapewatch-backups-')), 'backups');
  [clock, log, made, fault, opened] = [new VirtualClock(), new RecordingLog(), [], undefined, []];
});
afterEach(() => {
  for (const backups of opened) backups.close();
  rmSync(join(folder, '..'), { recursive: true });
});

const verified = (): number | undefined => levels.get('backup_verified')?.();

function start(options: object, backUp: ((target: string) => Promise<BackupResult>) | undefined = copy): Backups {
  const telemetry = { level: (name: string, _help: string, read: () => number) => void levels.set(name, read) };
  const backups = new Backups({ backUp, clock, log, telemetry }, backupOptions.parse(options));
  opened.push(backups);
  return backups;
}

async function copy(target: string): Promise<BackupResult> {
  made.push(target);
  mkdirSync(target);
  writeFileSync(join(target, 'backup.json'), '{}');
  if (fault !== undefined) throw fault;
  return { folder: target, files: 1, bytes: 10, rows: 3 };
}

/** File operations are real: the clock goes on, a look of the schedule at a time, while they take theirs. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (!condition()) await clock.advance(MINUTE_MS);
  }
}

async function untilMade(count: number): Promise<void> {
  await until(() => made.length === count && !Number.isNaN(verified()));
}

/** From the names of what was made. */
function minutesBetween(first: number, second: number): number {
  const minuteOf = (path: string): number => {
    const [, day, hour, minute] = /(\d{2})T(\d{2})(\d{2})\d{2}Z$/.exec(path) ?? [];
    return (Number(day) * 24 + Number(hour)) * 60 + Number(minute);
  };
  return minuteOf(made[second] as string) - minuteOf(made[first] as string);
}

it('is verified, with what was committed together, and the result is a metric (proves: STO-18)', async () => {
  const registry = createTelemetry('1');
  const options = { path: join(folder, '../live.duckdb'), memoryLimitMb: 128, threads: 1 };
  let store = new DuckDbStore(options);
  await store.open();
  const backups = new Backups(
    { backUp: (target) => store.backUp(target), clock, log, telemetry: registry.port },
    backupOptions.parse({}),
  );
  opened.push(backups);
  const collected = async () =>
    (await backupCollector(backups).collect(clock.now())).map(
      ({ name, labels, value }) => `${name} of ${labels['system']} ${value}`,
    );
  const shown = async () => /^tapewatch_backup_verified (.+)$/m.exec(await registry.text())?.[1];
  expect([await shown(), await collected()]).toEqual([expect.stringMatching(/^nan$/i), []]);

  await store.append(
    batchOf({ series: [seriesOf(1, { __name__: 'depth' })], samples: samplesOf([[1, seconds(1), 4]]) }),
  );
  const good = join(folder, '../good');
  expect(await backups.run(good)).toMatchObject({ folder: good });
  expect([await shown(), await collected()]).toEqual([
    '1',
    ['backup_verification_success of tapewatch 1', 'backup_inconsistencies of tapewatch 0'],
  ]);

  // Half of a commit: a row without the series that its commit had defined.
  await store.close();
  const instance = await DuckDBInstance.create(options.path);
  const connection = await instance.connect();
  await connection.run('DELETE FROM series WHERE id = 1');
  connection.closeSync();
  instance.closeSync();
  store = new DuckDbStore(options);
  await store.open();
  await expect(backups.run(join(folder, '../bad'))).rejects.toThrow(/rows of 1 series that no commit defined/);
  expect([await shown(), await collected()]).toEqual([
    '0',
    ['backup_verification_success of tapewatch 0', 'backup_inconsistencies of tapewatch 1'],
  ]);
  await store.close();
  registry.close();
});

it('makes one without a folder only when asked, and says how it went', async () => {
  const backups = start({});
  expect([verified(), levels.get('backup_timestamp_seconds')?.()]).toEqual([NaN, NaN]);
  await clock.advance(48 * HOUR_MS);
  expect(made).toEqual([]);
  mkdirSync(folder);
  const target = join(folder, 'asked');
  expect(await backups.run(target)).toMatchObject({ rows: 3 });
  expect([verified(), levels.get('backup_timestamp_seconds')?.()]).toEqual([1, Number(clock.now()) / 1e9]);
  expect(backups.latest()).toEqual({ verified: true, timeNanos: clock.now(), problems: 0 });
});

it('tells of one that was made and is not good', async () => {
  mkdirSync(folder);
  const backups = start({});
  fault = new TapewatchError('store.corrupt', 'lost rows', { details: { problems: 4 } });
  await expect(backups.run(join(folder, 'asked'))).rejects.toThrow('lost rows');
  expect(verified()).toBe(0);
  expect(backups.latest()).toMatchObject({ verified: false, problems: 4 });
  fault = new TapewatchError('store.target', 'is not empty');
  const after = backups.latest();
  await expect(backups.run(join(folder, 'another'))).rejects.toThrow('is not empty');
  expect(backups.latest()).toBe(after);
});

it('makes one at a time', async () => {
  let release: (result: BackupResult) => void = () => undefined;
  const backups = start({}, () => new Promise((resolve) => (release = resolve)));
  const first = backups.run('/a');
  await expect(backups.run('/b')).rejects.toThrow('a backup into /a is running');
  release({ folder: '/a', files: 1, bytes: 1, rows: 1 });
  await first;
  expect(verified()).toBe(1);
});

it('makes one each time that is set, keeps the newest, and touches nothing else in the folder', async () => {
  mkdirSync(folder);
  writeFileSync(join(folder, 'tapewatch-notes.txt'), '');
  start({ folder, everyHours: 6, keep: 2 });
  for (let count = 1; count <= 4; count++) {
    await clock.advance(count === 1 ? 60_000 : 6 * HOUR_MS);
    await untilMade(count);
    await until(() => readdirSync(folder).length <= 3);
  }
  const names = made.map((path) => path.slice(folder.length + 1));
  expect(names[0]).toMatch(/^tapewatch-20270115T\d{6}Z$/);
  expect(readdirSync(folder).sort()).toEqual([...names.slice(2), 'tapewatch-notes.txt']);
});

it('is not due again because of a restart', async () => {
  start({ folder, everyHours: 6 });
  await clock.advance(60_000);
  await untilMade(1);
  opened.pop()?.close();
  await clock.advance(3 * HOUR_MS);
  start({ folder, everyHours: 6 });
  await clock.advance(2 * HOUR_MS);
  expect(made).toHaveLength(1);
  await untilMade(2);
  expect(minutesBetween(0, 1)).toBeGreaterThanOrEqual(6 * 60);
});

it('removes one that failed, keeps those that are good, and tries again in ten minutes', async () => {
  start({ folder, everyHours: 6, keep: 1 });
  await clock.advance(60_000);
  await untilMade(1);
  fault = new Error('the disk is full');
  await clock.advance(6 * HOUR_MS);
  await until(() => verified() === 0);
  fault = undefined;
  await until(() => !existsSync(made[1] as string));
  expect(existsSync(made[0] as string)).toBe(true);
  await until(() => verified() === 1);
  expect(made).toHaveLength(3);
  expect(minutesBetween(1, 2)).toBeGreaterThanOrEqual(10);
  await until(() => !existsSync(made[0] as string));
  expect(existsSync(made[2] as string)).toBe(true);
});

it('says that nothing is kept where nothing is', async () => {
  const backups = new Backups(
    { backUp: undefined, clock, log, telemetry: { level: () => undefined } },
    backupOptions.parse({ folder }),
  );
  opened.push(backups);
  expect(log.lines.join('\n')).toContain('store.kind is memory');
  await expect(backups.run('/a')).rejects.toMatchObject({ code: 'store.target' });
});
