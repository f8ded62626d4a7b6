/**
 * Rows of event tables as Parquet files, for SQL that must not run where the store does (docs/adr/0020). The engine may write
 * beside its segments only, so they lie there, in a folder of their own; what a crash left behind goes at the next start.
 */
import { randomUUID } from 'node:crypto';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { EventTable } from '@tapewatch/core';
import { TapewatchError } from '../../errors.ts';
import type { EventExportRequest, ExportedEvents } from '../../ports.ts';
import { demandWanted } from '../faults.ts';
import { EVENT_COLUMNS, relationOf } from './event-columns.ts';
import { withinRoom } from './export-room.ts';
import { segmentFolder } from './segment-folder.ts';
import { quoted, readRows, within } from './sql.ts';

const PREFIX = '.sql-';
/** Longer than any statement may take. */
const ABANDONED_MS = 3_600_000;
/** Small groups, because the engine holds one of each table in memory while it writes. */
const GROUP_ROWS = 20_480;

export async function exportEvents(
  connection: DuckDBConnection,
  databasePath: string,
  request: EventExportRequest,
  signal?: AbortSignal,
): Promise<ExportedEvents> {
  const folder = join(resolve(segmentFolder(databasePath)), `${PREFIX}${randomUUID()}`);
  // Whoever stops waiting at the last moment never hears of its folder.
  removeOldExports(databasePath, ABANDONED_MS);
  await mkdir(folder);
  try {
    await connection.run('BEGIN TRANSACTION READ ONLY');
    try {
      const room = { folder, maxBytes: request.maxBytes, interrupt: () => connection.interrupt() };
      const exported = await withinRoom(room, () => writeFiles(connection, folder, request));
      // An interrupt between two statements stops neither of them.
      demandWanted(signal);
      return exported;
    } finally {
      await connection.run('ROLLBACK').catch(() => undefined);
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** All of them before the store takes questions; later those of whom nobody can want anything any more. */
export function removeOldExports(databasePath: string, olderThanMs = 0): void {
  const parent = segmentFolder(databasePath);
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(PREFIX)) continue;
    const age = Date.now() - (statSync(join(parent, name), { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (age >= olderThanMs) rmSync(join(parent, name), { recursive: true, force: true });
  }
}

async function writeFiles(
  connection: DuckDBConnection,
  folder: string,
  { tables, startNanos, endNanos, maxRows }: EventExportRequest,
): Promise<ExportedEvents> {
  const range = within('time_nanos', startNanos, endNanos);
  const counts = tables.map(({ table }) => `(SELECT count(*) FROM ${relationOf(table)} WHERE ${range})`);
  const [counted = []] = tables.length === 0 ? [] : await readRows(connection, `SELECT ${counts.join(', ')}`);
  const rows = counted.reduce<number>((sum, count) => sum + Number(count), 0);
  if (rows > maxRows) {
    throw new TapewatchError(
      'query.limit',
      `SQL over ${tables.map(({ table }) => table).join(', ')} would read ${rows} rows, and at most ${maxRows} are allowed (query.sql.maxReadRows); shorten the time range or the lookback`,
    );
  }
  const files = [];
  for (const { table, columns } of tables) {
    const path = join(folder, `${table}.parquet`);
    await connection.run(
      `COPY (SELECT ${selected(table, columns)} FROM ${relationOf(table)} WHERE ${range})
       TO ${quoted(path)} (FORMAT parquet, COMPRESSION lz4, ROW_GROUP_SIZE ${GROUP_ROWS})`,
    );
    files.push({ table, path });
  }
  return { folder, rows, files };
}

function selected(table: EventTable, wanted: readonly string[] | undefined): string {
  const names = EVENT_COLUMNS[table].map(([name]) => name);
  const chosen = wanted === undefined ? names : names.filter((name) => name === 'time_nanos' || wanted.includes(name));
  // Differences of numbers without a sign would be refused, and a double would round them.
  return chosen.map((name) => (name === 'sequence' ? 'sequence::DECIMAL(38, 0) AS sequence' : name)).join(', ');
}
