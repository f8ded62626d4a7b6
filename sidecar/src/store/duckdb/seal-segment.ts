/**
 * Moves a closed span of a table into a segment: sorted copy under a temporary name, made durable, renamed, and then one
 * transaction that names the file and deletes the rows. A crash at any point leaves the rows in the table or the file
 * named; a file that nobody names is removed when the store opens.
 */
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { nanosAt } from './fold.ts';
import { secondWindows } from './retain.ts';
import { segmentFolder } from './segment-folder.ts';
import { checksumOf, type Sealable, type SegmentList } from './segment.ts';
import { readRows, transaction, within } from './sql.ts';

/** Rows that are sorted at once: about 2 GB of memory or its spill files, some seconds. */
const MAX_SEGMENT_ROWS = 30_000_000;
const SHORTEST_SPAN_SECONDS = 60;
/** Rows of a Parquet row group: a series' rows lie in one or two of them. */
const ROW_GROUP_ROWS = 61_440;

export interface SealOptions {
  readonly databasePath: string;
  readonly compress: boolean;
  /** Rows before this stamp will not be changed or read by the ladder any more, seconds. */
  readonly closedBefore: number;
}

/** Seals the oldest closed span of the table, if there is one; returns whether it did. */
export async function sealOldest(
  connection: DuckDBConnection,
  sealable: Sealable,
  { options, segments }: { options: SealOptions; segments: SegmentList },
): Promise<boolean> {
  const span = await oldestSpan(connection, sealable, options.closedBefore);
  if (span === undefined) return false;
  const { relation, timeColumn } = sealable;
  const range = within(timeColumn, nanosAt(span.from), nanosAt(span.to));
  const file = freeName(`${relation}-${isoName(span.from)}-${isoName(span.to)}`, segments);
  const path = segments.pathOf(file);
  const temporary = `${path}.tmp`;
  await rm(temporary, { force: true });
  await connection.run(
    `COPY (SELECT * FROM ${relation} WHERE ${range} ORDER BY series_id, ${timeColumn}, rowid) TO '${quoted(temporary)}'
     (FORMAT parquet, COMPRESSION ${options.compress ? 'zstd' : 'uncompressed'}, ROW_GROUP_SIZE ${ROW_GROUP_ROWS})`,
  );
  await makeDurable(temporary);
  const sha256 = await checksumOf(temporary);
  const { size } = await stat(temporary);
  await rename(temporary, path);
  await makeDurable(segmentFolder(options.databasePath));
  await transaction(connection, async () => {
    if (relation === 'samples') await connection.run(secondWindows(`samples WHERE ${range}`));
    await connection.run(
      `INSERT INTO segments VALUES ($1, $2, ${nanosAt(span.from)}, ${nanosAt(span.to)}, ${span.rows}, ${size}, $3)`,
      [file, relation, sha256],
    );
    await connection.run(`DELETE FROM ${relation} WHERE ${range}`);
  });
  await segments.load(connection);
  return true;
}

/** Removes what a crash left: temporary files, and files that no transaction names. */
export async function removeStrays(databasePath: string, segments: SegmentList): Promise<string[]> {
  const known = new Set(segments.all.map(({ file }) => file));
  const folder = segmentFolder(databasePath);
  const strays = (await readdir(folder)).filter((name) => /\.parquet(\.tmp)?$/.test(name) && !known.has(name));
  for (const name of strays) await rm(join(folder, name), { force: true });
  return strays;
}

interface Span {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
}

async function oldestSpan(
  connection: DuckDBConnection,
  { relation, timeColumn, spanSeconds }: Sealable,
  closedBefore: number,
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
  for (let width = spanSeconds; ; width /= 2) {
    const from = Math.floor(second / width) * width;
    const [count] = await readRows(
      connection,
      `SELECT count(*) FROM ${relation} WHERE ${within(timeColumn, nanosAt(from), nanosAt(from + width))}`,
    );
    const rows = Number(count?.[0] ?? 0);
    if (rows <= MAX_SEGMENT_ROWS || width / 2 < SHORTEST_SPAN_SECONDS || width % 2 !== 0) {
      return { from, to: from + width, rows };
    }
  }
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

function quoted(path: string): string {
  return path.replaceAll("'", "''");
}

async function makeDurable(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
