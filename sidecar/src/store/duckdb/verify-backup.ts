/**
 * Is a backup what was written, and can a store be opened from it? Every file is read back and compared with its checksum,
 * the copy is opened without being changed, its tables are counted, and what one commit wrote together is looked for
 * together: rows without the series that their commit defined, and segments that the database names and the folder lacks.
 */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { TapewatchError } from '../../errors.ts';
import { reasonOf } from '../faults.ts';
import { LEVELS } from '../level.ts';
import { BACKUP_DATABASE, readManifest, type BackupManifest } from './backup-manifest.ts';
import { Database, type DatabaseOptions } from './database.ts';
import { windowTable } from './fold.ts';
import { checksumOf } from './segment.ts';
import { readRows } from './sql.ts';

/** Told one by one; past it their number only. */
const MAX_TOLD = 20;
const SERIES_TABLES = [
  ...['samples', 'histogram_samples', 'late_samples'],
  ...LEVELS.flatMap((level) => [windowTable('value', level), windowTable('distribution', level)]),
];

export interface VerifiedBackup {
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
  readonly rows: number;
}

/** Throws `store.corrupt` with every problem; their number stands in `details.problems`. Throws `store.target` where no backup is. */
export async function verifyBackup(
  folder: string,
  engine: Pick<DatabaseOptions, 'memoryLimitMb' | 'threads'>,
): Promise<VerifiedBackup> {
  const manifest = await readManifest(folder);
  const broken = await brokenFiles(folder, manifest);
  // An engine that reads a flipped block may say nothing, or much: what is not the file that was written is not opened.
  const { problems, rows } =
    broken.length > 0 ? { problems: broken, rows: 0 } : await inspect(folder, manifest, engine);
  const { files } = manifest;
  if (problems.length === 0) return { folder, files: files.length, bytes: sum(files.map(({ bytes }) => bytes)), rows };
  const told = problems.slice(0, MAX_TOLD).map((problem) => `\n  ${problem}`);
  const more = problems.length > MAX_TOLD ? `\n  and ${problems.length - MAX_TOLD} more` : '';
  throw new TapewatchError(
    'store.corrupt',
    `the backup in ${folder} is not what was written; use another one, and make a new one:${told.join('')}${more}`,
    { details: { problems: problems.length } },
  );
}

async function brokenFiles(folder: string, { files }: BackupManifest): Promise<string[]> {
  const problems: string[] = [];
  for (const { file, sha256 } of files) {
    const path = join(folder, file);
    if (!existsSync(path)) problems.push(`${file} is missing`);
    else if ((await checksumOf(path)) !== sha256) problems.push(`${file} has another checksum`);
  }
  return problems;
}

async function inspect(
  folder: string,
  manifest: BackupManifest,
  engine: Pick<DatabaseOptions, 'memoryLimitMb' | 'threads'>,
): Promise<{ problems: string[]; rows: number }> {
  let database: Database | undefined;
  try {
    database = await Database.open({ path: join(folder, BACKUP_DATABASE), ...engine, readOnly: true });
    const connection = await database.connect();
    const counted = await countRows(connection);
    const problems = [
      ...differences(manifest, counted),
      ...(await lostSegments(connection, manifest)),
      ...(await rowsWithoutSeries(connection, counted)),
    ];
    return { problems, rows: sum(Object.values(counted)) };
  } catch (error) {
    return { problems: [`${BACKUP_DATABASE} cannot be opened: ${reasonOf(error)}`], rows: 0 };
  } finally {
    database?.close();
  }
}

/** Of each table in the database file. */
export async function countRows(connection: DuckDBConnection): Promise<Record<string, number>> {
  const tables = await readRows(
    connection,
    'SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND NOT temporary ORDER BY 1',
  );
  const rows: Record<string, number> = {};
  for (const [table] of tables) {
    const name = table as string;
    rows[name] = Number((await readRows(connection, `SELECT count(*) FROM ${name}`))[0]?.[0]);
  }
  return rows;
}

function differences({ rows }: BackupManifest, counted: Readonly<Record<string, number>>): string[] {
  return Object.entries(rows ?? {})
    .filter(([table, count]) => counted[table] !== count)
    .map(([table, count]) => `table ${table} has ${counted[table] ?? 'no'} rows, and had ${count}`);
}

async function lostSegments(connection: DuckDBConnection, { files }: BackupManifest): Promise<string[]> {
  const copied = new Map(files.map(({ file, sha256 }) => [basename(file), sha256]));
  const named = await readRows(connection, 'SELECT file, sha256 FROM segments ORDER BY file');
  return named
    .filter(([file, sha256]) => copied.get(file as string) !== sha256)
    .map(([file]) => `segment ${String(file)} is not the one that the database names`);
}

/** A commit defines the series of its rows: a row whose series is unknown is half of a commit. */
async function rowsWithoutSeries(
  connection: DuckDBConnection,
  counted: Readonly<Record<string, number>>,
): Promise<string[]> {
  const problems: string[] = [];
  for (const table of SERIES_TABLES.filter((name) => (counted[name] ?? 0) > 0)) {
    const sql = `SELECT count(DISTINCT series_id) FROM ${table} WHERE series_id NOT IN (SELECT id FROM series)`;
    const unknown = Number((await readRows(connection, sql))[0]?.[0]);
    if (unknown > 0) problems.push(`table ${table} has rows of ${unknown} series that no commit defined`);
  }
  return problems;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
