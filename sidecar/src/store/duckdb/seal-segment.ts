/**
 * Moves a closed span of a table into a segment: sorted copy under a temporary name, made durable, renamed, and then one
 * transaction that names the file and deletes the rows. A crash at any point leaves the rows in the table or the file
 * named; a file that nobody names is removed when the store opens.
 */
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { nanosAt } from './fold.ts';
import { makeSecondWindows, WIDTHS } from './retain.ts';
import { segmentFolder } from './segment-folder.ts';
import { checksumOf, type Sealable, type SegmentList } from './segment.ts';
import type { Session } from './session.ts';
import { inSortingFolder, removeSortingFolder, sortInto, type SortedRows } from './sorting-engine.ts';
import { quoted, readRows, within } from './sql.ts';

/** Rows of a file: about 2 GB of spill files while they are sorted, some tens of seconds. */
export const MAX_SEGMENT_ROWS = 30_000_000;
/**
 * The engine pins 8.1 bytes for each row that a transaction deletes, and cannot spill them. Others need memory, too, and
 * some is taken however few the rows are.
 */
const [BYTES_PER_ROW, TAKEN_MB] = [24, 40];
/** Few, because each of the engine's threads holds so many before it writes them. */
const COPIED_GROUP_ROWS = 4_096;

/** So many rows leave a table in one transaction. */
export function rowsAtOnce(memoryLimitMb: number): number {
  return Math.min(MAX_SEGMENT_ROWS, Math.floor(((memoryLimitMb - TAKEN_MB) * 2 ** 20) / BYTES_PER_ROW));
}

export interface SealOptions {
  readonly databasePath: string;
  /** Of the store's engine, MiB. */
  readonly memoryLimitMb: number;
  readonly compress: boolean;
  /** Rows before this stamp will not be changed or read by the ladder any more, seconds. */
  readonly closedBefore: number;
  /** A span with more is split, see `rowsAtOnce`. */
  readonly maxRows: number;
}

/** A file that is complete and durable, but not yet named. */
export interface PreparedSegment {
  readonly sealable: Sealable;
  readonly span: Span;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface SealSource {
  readonly session: Session;
  readonly segments: SegmentList;
  readonly options: SealOptions;
  readonly signal: AbortSignal;
  /** By table, how many rows could be sorted at once. */
  readonly portionRows: Map<string, number>;
}

/** Copies the oldest closed span of the table, if there is one, and sorts the copy. Appends go on meanwhile. */
export async function prepareSegment(sealable: Sealable, source: SealSource): Promise<PreparedSegment | undefined> {
  const { session, options, signal } = source;
  const span = await session.read((connection) => oldestSpan(connection, sealable, options), signal);
  if (span === undefined) return undefined;
  return inSortingFolder(options.databasePath, async (folder) => {
    const copy = quoted(join(folder, 'rows.parquet'));
    const { relation, timeColumn } = sealable;
    const rows = `SELECT *, rowid AS arrival FROM ${relation} WHERE ${rangeOf(sealable, span)}`;
    const parquet = `FORMAT parquet, COMPRESSION lz4, ROW_GROUP_SIZE ${COPIED_GROUP_ROWS}, PRESERVE_ORDER false`;
    const copied = await session.read(
      async (connection) => (await connection.run(`COPY (${rows}) TO ${copy} (${parquet})`)).rowsChanged,
      signal,
    );
    const sorted = {
      columns: '* EXCLUDE (arrival)',
      from: `read_parquet(${copy})`,
      order: `${timeColumn}, arrival`,
    };
    // Past their retention since.
    if (copied === 0) return undefined;
    const whole = { ...span, rows: copied };
    return { sealable, span: whole, ...(await writeSegment(sorted, { sealable, span: whole, folder, source })) };
  });
}

/** Makes the file of rows: aside first, then durable, then under its name. */
export async function writeSegment(
  rows: SortedRows,
  {
    sealable: { relation, groupRows, codec },
    span,
    folder,
    source: { segments, options, signal, portionRows },
  }: { sealable: Sealable; span: Span; folder: string; source: SealSource },
): Promise<{ readonly file: string; readonly bytes: number; readonly sha256: string }> {
  const file = freeName(`${relation}-${isoName(span.from)}-${isoName(span.to)}`, segments);
  const path = segments.pathOf(file);
  const temporary = `${path}.tmp`;
  await rm(temporary, { force: true });
  const compression = options.compress ? codec : 'uncompressed';
  const format = `FORMAT parquet, COMPRESSION ${compression}, ROW_GROUP_SIZE ${groupRows}`;
  try {
    const portions = Math.max(1, Math.ceil(span.rows / (portionRows.get(relation) ?? Infinity)));
    const sorting = { folder, memoryLimitMb: options.memoryLimitMb, portions, signal };
    const sorted = await sortInto({ path: temporary, format }, rows, sorting);
    if (sorted.portions > portions) portionRows.set(relation, Math.ceil(span.rows / sorted.portions));
    // What the file stands for is deleted.
    if (sorted.rows !== span.rows) throw new Error(`bug: ${sorted.rows} rows of ${span.rows} were sorted into ${file}`);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await makeDurable(temporary);
  const sha256 = await checksumOf(temporary);
  const { size } = await stat(temporary);
  await rename(temporary, path);
  await makeDurable(segmentFolder(options.databasePath));
  return { file, bytes: size, sha256 };
}

/** Names the file and deletes its rows; false when rows came late in between, and the file is to be made again. */
export async function commitSegment(
  connection: DuckDBConnection,
  { sealable, span, file, bytes, sha256 }: PreparedSegment,
  segments: SegmentList,
): Promise<boolean> {
  const { relation } = sealable;
  const range = rangeOf(sealable, span);
  const [count] = await readRows(connection, `SELECT count(*) FROM ${relation} WHERE ${range}`);
  if (Number(count?.[0]) !== span.rows) {
    // Done already, by a commit whose checkpoint failed: the turn is taken twice then.
    const [named] = await readRows(connection, `SELECT 1 FROM segments WHERE file = '${file}'`);
    if (named !== undefined) {
      await segments.load(connection);
      return true;
    }
    await rm(segments.pathOf(file), { force: true });
    return false;
  }
  await segments.commitChange(connection, async () => {
    if (relation === 'samples') await makeSecondWindows(connection, `samples WHERE ${range}`);
    await connection.run(
      `INSERT INTO segments VALUES ($1, $2, ${nanosAt(span.from)}, ${nanosAt(span.to)}, ${span.rows}, ${bytes}, $3)`,
      [file, relation, sha256],
    );
    await connection.run(`DELETE FROM ${relation} WHERE ${range}`);
  });
  return true;
}

function rangeOf({ timeColumn }: Sealable, { from, to }: Span): string {
  return within(timeColumn, nanosAt(from), nanosAt(to));
}

/** Removes what a crash left: temporary files, and files that no transaction names. */
export async function removeStrays(databasePath: string, segments: SegmentList): Promise<string[]> {
  const known = new Set(segments.all.map(({ file }) => file));
  const folder = segmentFolder(databasePath);
  const strays = (await readdir(folder)).filter((name) => /\.parquet(\.tmp)?$/.test(name) && !known.has(name));
  for (const name of strays) await rm(join(folder, name), { force: true });
  await removeSortingFolder(databasePath);
  return strays;
}

export interface Span {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
}

async function oldestSpan(
  connection: DuckDBConnection,
  { relation, timeColumn, spanSeconds }: Sealable,
  { closedBefore, maxRows }: SealOptions,
): Promise<Span | undefined> {
  const [row] = await readRows(
    connection,
    `SELECT min(${timeColumn}) FROM ${relation} WHERE ${timeColumn} < ${nanosAt(closedBefore)}::BIGINT`,
  );
  const oldest = row?.[0];
  if (typeof oldest !== 'bigint') return undefined;
  const second = Number(oldest / 1_000_000_000n);
  const spanEnd = (Math.floor(second / spanSeconds) + 1) * spanSeconds;
  if (spanEnd > closedBefore) return undefined;
  let span: Span | undefined;
  for (const width of WIDTHS.filter((seconds) => seconds <= spanSeconds)) {
    const from = Math.floor(second / width) * width;
    const [count] = await readRows(
      connection,
      `SELECT count(*) FROM ${relation} WHERE ${within(timeColumn, nanosAt(from), nanosAt(from + width))}`,
    );
    span = { from, to: from + width, rows: Number(count?.[0] ?? 0) };
    if (span.rows <= maxRows) break;
  }
  return span;
}

/** Late rows of a span that was sealed already make another file. */
function freeName(name: string, segments: SegmentList): string {
  const taken = new Set(segments.all.map(({ file }) => file));
  for (let number = 0; ; number++) {
    const file = number === 0 ? `${name}.parquet` : `${name}-${number}.parquet`;
    if (!taken.has(file)) return file;
  }
}

/** `20260302T090000Z`, so that a listing of the folder is in order of time. */
function isoName(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace(/[-:]|\.\d+/g, '');
}

async function makeDurable(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
