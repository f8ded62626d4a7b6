/**
 * Backup, restore and export. A backup is a consistent cut while rows come in: for a moment, in the writer's turn, a
 * snapshot is taken and the segments get second names (hard links); what follows reads that snapshot only. The folder it
 * leaves holds a store that can be opened as it is, and a manifest with the checksum of every file. It is read back and
 * verified before anyone is told that there is a backup.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { copyFile, link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { TapewatchError } from '../../errors.ts';
import { BACKUP_DATABASE as DATABASE, readManifest, writeManifest } from './backup-manifest.ts';
import { Database, type DatabaseOptions } from './database.ts';
import { segmentFolder } from './segment-folder.ts';
import { checksumOf, SegmentList } from './segment.ts';
import type { Session } from './session.ts';
import { quoted, readRows } from './sql.ts';
import { countRows, verifyBackup, type VerifiedBackup } from './verify-backup.ts';

export interface BackupResult {
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
}

interface BackupSource {
  readonly session: Session;
  readonly segments: SegmentList;
  readonly path: string;
  /** For opening the copy. */
  readonly engine: Pick<DatabaseOptions, 'memoryLimitMb' | 'threads'>;
}

/** `target`: a folder that is empty or not there. Throws `store.target` otherwise, `store.corrupt` when the copy is not good. */
export async function backUp(
  { session, segments, path, engine }: BackupSource,
  target: string,
): Promise<VerifiedBackup> {
  await demandEmpty(target);
  const staging = join(resolve(segmentFolder(path)), `.backup-${randomUUID()}`);
  await mkdir(staging);
  try {
    const copy = join(staging, DATABASE);
    // Between two writes: the snapshot and the files that it names belong together.
    const cut: Cut = (fixSnapshot) =>
      session.write(async () => {
        await fixSnapshot();
        for (const { file } of segments.all) await link(segments.pathOf(file), join(staging, file));
      });
    const rows = await session.read((connection) => copyDatabase(connection, copy, cut));
    await publish(staging, { target, rows });
    return await verifyBackup(target, engine);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Puts a backup where a store's file is to be. Throws `store.target` when something is there already. */
export async function restore(folder: string, path: string): Promise<BackupResult> {
  for (const file of [path, `${path}.wal`, segmentFolder(path)]) {
    const isEmptyFolder = existsSync(file) && (await stat(file)).isDirectory() && readdirSync(file).length === 0;
    if (existsSync(file) && !isEmptyFolder) throw refused(file, 'is there already; move it away first');
  }
  const { files } = await readManifest(folder);
  for (const { file, sha256 } of files) {
    const source = join(folder, file);
    if (existsSync(source) && (await checksumOf(source)) === sha256) continue;
    throw new TapewatchError('store.corrupt', `${source} is not what the backup wrote; use another backup`);
  }
  await mkdir(segmentFolder(path), { recursive: true });
  const segments = files.filter(({ file }) => file !== DATABASE);
  for (const { file } of segments) await copyDurably(join(folder, file), join(segmentFolder(path), basename(file)));
  // The database last: without it the segments are nothing.
  await copyDurably(join(folder, DATABASE), `${path}.restoring`);
  await rename(`${path}.restoring`, path);
  return {
    folder: dirname(resolve(path)),
    files: files.length,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** Every table of a backup as one Parquet file, segments included, ordered as they are stored. */
export async function exportParquet(
  folder: string,
  target: string,
  engine: Pick<DatabaseOptions, 'memoryLimitMb' | 'threads'>,
): Promise<BackupResult> {
  await demandEmpty(target);
  await mkdir(target, { recursive: true });
  const path = join(folder, DATABASE);
  const database = await Database.open({ path, ...engine });
  let bytes = 0;
  try {
    const connection = await database.connect();
    const segments = new SegmentList(path);
    await segments.load(connection);
    const tables = await readRows(connection, 'SELECT table_name FROM duckdb_tables() WHERE NOT temporary');
    for (const [table] of tables) {
      const name = table as string;
      // The engine may write into this folder only.
      const written = join(resolve(segmentFolder(path)), `${name}.export`);
      const source = segments.relation(name, -(2n ** 62n), 2n ** 63n - 1n);
      await connection.run(
        `COPY (SELECT * EXCLUDE (arrival) FROM ${source}) TO ${quoted(written)} (FORMAT parquet, COMPRESSION zstd)`,
      );
      bytes += (await stat(written)).size;
      await copyFile(written, join(target, `${name}.parquet`));
      await rm(written);
    }
    return { folder: target, files: tables.length, bytes };
  } finally {
    database.close();
  }
}

type Cut = (fixSnapshot: () => Promise<unknown>) => Promise<void>;

/** Table by table, because the engine's own copy of a database needs settings that are locked. Yields the snapshot's rows by table. */
async function copyDatabase(connection: DuckDBConnection, copy: string, cut: Cut): Promise<Record<string, number>> {
  await connection.run(`ATTACH ${quoted(copy)} AS backup`);
  try {
    const tables = await readRows(
      connection,
      'SELECT table_name, sql FROM duckdb_tables() WHERE database_name = current_database() AND NOT temporary',
    );
    await connection.run('BEGIN TRANSACTION');
    // The first read fixes what the transaction sees.
    await cut(() => connection.run('SELECT count(*) FROM segments'));
    for (const [name, sql] of tables) {
      await connection.run((sql as string).replace(/^CREATE TABLE /, 'CREATE TABLE backup.main.'));
      await connection.run(`INSERT INTO backup.main.${name as string} SELECT * FROM ${name as string}`);
    }
    const rows = await countRows(connection);
    await connection.run('COMMIT');
    await connection.run('CHECKPOINT backup');
    return rows;
  } catch (error) {
    await connection.run('ROLLBACK').catch(() => undefined);
    throw error;
  } finally {
    await connection.run('DETACH backup').catch(() => undefined);
  }
}

/** From the staging folder, which is gone afterwards, into the target, with the manifest last. */
async function publish(
  staging: string,
  { target, rows }: { target: string; rows: Record<string, number> },
): Promise<void> {
  const folder = join(target, basename(segmentFolder(DATABASE)));
  await mkdir(folder, { recursive: true });
  const files = [];
  for (const name of (await readdir(staging)).sort()) {
    const source = join(staging, name);
    const file = name === DATABASE ? name : join(basename(folder), name);
    await copyDurably(source, join(target, file));
    files.push({ file, bytes: (await stat(source)).size, sha256: await checksumOf(source) });
  }
  await writeManifest(target, { version: 1, madeAt: new Date().toISOString(), files, rows });
}

async function demandEmpty(target: string): Promise<void> {
  if (existsSync(target) && (await readdir(target)).length > 0)
    throw refused(target, 'is not empty; name another folder');
}

function refused(target: string, reason: string): TapewatchError {
  return new TapewatchError('store.target', `${target} ${reason}`);
}

async function copyDurably(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  const handle = await open(to, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
