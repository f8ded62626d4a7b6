/** The commands as an operator calls them: on a store at rest, and on one that a running sidecar holds. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { startHttpServer } from '../http/server.ts';
import { fixture, SECURED, settingsWith, TOKENS } from '../http/testing/fixture.ts';
import { DuckDbStore } from '../store/duckdb/duckdb-store.ts';
import { batchOf, samplesOf, seconds, seriesOf } from '../store/store.fixture.ts';
import { registerBackup } from './backup.ts';

let folder = '';
let said: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tapewatch-cli-backup-'));
  said = [];
  jest.spyOn(console, 'log').mockImplementation((line: string) => void said.push(line));
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

function tapewatch(...args: string[]): Promise<unknown> {
  const program = new Command();
  registerBackup(program);
  return program.parseAsync(args, { from: 'user' });
}

/** A configuration whose store is the named file. */
function configOf(name: string): string {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, `store: { kind: duckdb, path: ${join(folder, name)}, memoryLimitMb: 128 }\n`);
  return file;
}

async function withRows(name: string): Promise<void> {
  const store = new DuckDbStore({ path: join(folder, name), memoryLimitMb: 128, threads: 1 });
  await store.open();
  await store.append(
    batchOf({ series: [seriesOf(1, { __name__: 'depth' })], samples: samplesOf([[1, seconds(1), 4]]) }),
  );
  await store.close();
}

it('backs a store up, verifies the backup, restores it elsewhere and exports it', async () => {
  await withRows('live.duckdb');
  const [backup, parquet] = [join(folder, 'backup'), join(folder, 'parquet')];
  await tapewatch('backup', backup, '-c', configOf('live.duckdb'));
  await tapewatch('verify', backup, '-c', configOf('live.duckdb'));
  await tapewatch('restore', backup, '-c', configOf('other.duckdb'));
  await tapewatch('export', parquet, '--format', 'parquet', '-c', configOf('other.duckdb'));
  expect(readdirSync(parquet)).toEqual(expect.arrayContaining(['samples.parquet', 'series.parquet', 'orders.parquet']));
  expect(readdirSync(folder).filter((name) => name.startsWith('parquet'))).toEqual(['parquet']);
  expect(said.map((line) => line.split(':')[0])).toEqual([
    'backed up and verified',
    'verified',
    'restored',
    'exported',
  ]);
  const store = new DuckDbStore({ path: join(folder, 'other.duckdb'), memoryLimitMb: 128, threads: 1 });
  await store.open();
  expect((await store.rawSince('metrics', 0n)).map(({ value }) => value)).toEqual([4]);
  await store.close();
  await expect(tapewatch('restore', backup, '-c', configOf('live.duckdb'))).rejects.toMatchObject({
    code: 'store.target',
  });
});

it('asks the sidecar that holds the file, as an administrator', async () => {
  await withRows('live.duckdb');
  const api = JSON.stringify(require.resolve('@duckdb/node-api'));
  const script = `require(${api}).DuckDBInstance.create(process.argv[1]).then((instance) => {
    console.log('open'); process.stdin.on('end', () => instance.closeSync()).resume(); });`;
  const holder = spawn(process.execPath, ['-e', script, join(folder, 'live.duckdb')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  const targets: string[] = [];
  const backUp = async (target: string) => {
    targets.push(target);
    if (targets.length > 1) throw new Error('the disk is full');
    return Promise.resolve({ files: 3, bytes: 2 ** 20, rows: 5 });
  };
  const server = await startHttpServer({ ...fixture().deps, backUp }, settingsWith(SECURED));
  const target = join(folder, 'backup');
  const ask = (token: string) =>
    tapewatch('backup', target, '-c', configOf('live.duckdb'), '--url', server.address, '--token', token);
  await expect(ask(TOKENS.operator)).rejects.toThrow('it needs "admin"');
  await ask(TOKENS.admin);
  expect(targets).toEqual([target]);
  expect(said).toEqual([`backed up and verified: 3 files, 1.0 MiB, in ${target}`]);
  await expect(ask(TOKENS.admin)).rejects.toThrow('the disk is full');
  // What an export needs on the way lies beside its target, where the sidecar can write if anywhere.
  const exported = join(folder, 'parquet');
  await expect(
    tapewatch('export', exported, '-c', configOf('live.duckdb'), '--url', server.address, '--token', TOKENS.admin),
  ).rejects.toThrow('the disk is full');
  expect(targets.at(-1)).toMatch(new RegExp(`^${exported}\\.backup-`));
  await server.close();
  await expect(ask(TOKENS.admin)).rejects.toMatchObject({ code: 'source.unavailable' });
  holder.stdin.end();
  await once(holder, 'exit');
});
