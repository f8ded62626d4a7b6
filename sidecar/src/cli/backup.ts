/**
 * `tapewatch backup`, `verify`, `restore` and `export`. A store that a running sidecar holds is backed up by that sidecar,
 * over HTTP; a store at rest is opened here. The others work on backups, never on a live file.
 */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { loadConfig, type Config } from '../config.ts';
import { TapewatchError } from '../errors.ts';
import { exportParquet, restore, type BackupResult } from '../store/duckdb/backup.ts';
import { DuckDbStore } from '../store/duckdb/duckdb-store.ts';
import { verifyBackup } from '../store/duckdb/verify-backup.ts';

const ASK_EVERY_MS = 200;

interface BackupOptions {
  readonly config?: string;
  readonly url?: string;
  readonly token?: string;
}

export function registerBackup(program: Command): void {
  const config = ['-c, --config <file>', 'configuration file (YAML); default: TAPEWATCH_CONFIG'] as const;
  const url = ['--url <url>', 'address of the running sidecar; default: http.listen of the configuration'] as const;
  const token = ['--token <token>', 'bearer token of an administrator; default: TAPEWATCH_TOKEN'] as const;
  program
    .command('backup <target>')
    .description('copy the store, also while the sidecar runs, into a folder that is empty or not there')
    .option(...config)
    .option(...url)
    .option(...token)
    .action(async (target: string, options: BackupOptions) =>
      tell('backed up and verified', await backup(target, options)),
    );
  program
    .command('verify <backup>')
    .description('read a backup whole, and tell what in it is not what was written; changes nothing')
    .option(...config)
    .action(async (folder: string, options: BackupOptions) => {
      const { memoryLimitMb, threads } = duckdbOf(options).store;
      tell('verified', await verifyBackup(resolve(folder), { memoryLimitMb, threads }));
    });
  program
    .command('restore <backup>')
    .description('put a backup where the store of the configuration is to be; refuses to overwrite one')
    .option(...config)
    .action(async (folder: string, options: BackupOptions) =>
      tell('restored', await restore(folder, duckdbOf(options).store.path)),
    );
  program
    .command('export <target>')
    .description('write every table of the store as a file of its own')
    .addOption(new Option('--format <format>', 'of the files').choices(['parquet']).default('parquet'))
    .option(...config)
    .option(...url)
    .option(...token)
    .action(async (target: string, options: BackupOptions) => tell('exported', await exportStore(target, options)));
}

function tell(done: string, { folder, files, bytes }: BackupResult): void {
  console.log(`${done}: ${files} files, ${(bytes / 2 ** 20).toFixed(1)} MiB, in ${folder}`);
}

async function exportStore(target: string, options: BackupOptions): Promise<BackupResult> {
  // Beside the target, and made by whoever makes the backup: a service has a /tmp of its own, and another user's rights.
  const copy = `${resolve(target)}.backup-${randomUUID()}`;
  try {
    await backup(copy, options);
    const { memoryLimitMb, threads } = duckdbOf(options).store;
    return await exportParquet(copy, resolve(target), { memoryLimitMb, threads });
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function backup(target: string, options: BackupOptions): Promise<BackupResult> {
  const { store: settings, http } = duckdbOf(options);
  const folder = resolve(target);
  const store = new DuckDbStore({ ...settings, onCorruption: 'fail' });
  try {
    await store.open();
  } catch (error) {
    if (!(error instanceof TapewatchError) || error.code !== 'store.locked') throw error;
    return backupOver({ ...options, url: options.url ?? `http://${http.listen}` }, folder);
  }
  try {
    return await store.backUp(folder);
  } finally {
    await store.close();
  }
}

/** By the sidecar that has the file. */
async function backupOver(
  { url, token = process.env['TAPEWATCH_TOKEN'] }: BackupOptions & { readonly url: string },
  target: string,
): Promise<BackupResult> {
  const authorization: Record<string, string> =
    token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` };
  const ask = async (init: RequestInit): Promise<Record<string, unknown>> => {
    const response = await fetch(`${url}/api/v1/admin/backup`, init).catch((cause: unknown) => {
      throw new TapewatchError('source.unavailable', `the store is in use, but no sidecar answers at ${url} (--url)`, {
        cause,
      });
    });
    const answer = (await response.json()) as Record<string, unknown>;
    if (response.ok) return answer;
    throw new TapewatchError('store.target', `${url} answered ${response.status}: ${String(answer['error'])}`);
  };
  const headers = { ...authorization, 'content-type': 'application/json' };
  await ask({ method: 'POST', headers, body: JSON.stringify({ target }) });
  for (;;) {
    const { state, files, bytes, error } = await ask({ headers: authorization });
    if (state === 'done') return { folder: target, files: Number(files), bytes: Number(bytes) };
    if (state !== 'running') throw new TapewatchError('store.target', `the backup failed: ${String(error)}`);
    await new Promise((wake) => setTimeout(wake, ASK_EVERY_MS));
  }
}

function duckdbOf({ config: file }: BackupOptions): Config & { store: Extract<Config['store'], { kind: 'duckdb' }> } {
  const config = loadConfig({ file, environment: process.env });
  const { store } = config;
  if (store.kind === 'duckdb') return { ...config, store };
  throw new TapewatchError('config.invalid', 'store.kind is memory: there is nothing on disk to back up or restore');
}
