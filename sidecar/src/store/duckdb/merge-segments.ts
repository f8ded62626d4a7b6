/**
 * Merges the small files of a closed span into one, so that three years stay some hundred files. The new file counts, and
 * the old ones do not, from one transaction on.
 */
import { rm } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { nanosAt } from './fold.ts';
import { MAX_SEGMENT_ROWS, writeSegment, type SealOptions, type SealSource, type Span } from './seal-segment.ts';
import type { Sealable, Segment, SegmentList } from './segment.ts';
import { inSortingFolder } from './sorting-engine.ts';
import { quoted, readRows } from './sql.ts';

export interface MergedSegment {
  readonly sealable: Sealable;
  readonly span: Span;
  readonly parts: readonly Segment[];
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Writes the merged file of the oldest span that has several; undefined when there is none. */
export async function prepareMerge(sealable: Sealable, source: SealSource): Promise<MergedSegment | undefined> {
  const { relation, timeColumn } = sealable;
  const { session, segments, options, signal } = source;
  const [row] = await session.read(
    (connection) => readRows(connection, `SELECT min(${timeColumn}) FROM ${relation}`),
    signal,
  );
  const oldest = row?.[0];
  // Rows that are yet to be sealed would make yet another file of the span.
  const sealedBefore = typeof oldest === 'bigint' ? Number(oldest / 1_000_000_000n) : Infinity;
  const closedBefore = Math.min(options.closedBefore, sealedBefore);
  const parts = mergeable(segments.all, sealable, { closedBefore, maxRows: MAX_SEGMENT_ROWS });
  if (parts === undefined) return undefined;
  const span = {
    from: Math.min(...parts.map(({ fromNanos }) => Number(fromNanos / 1_000_000_000n))),
    to: Math.max(...parts.map(({ toNanos }) => Number(toNanos / 1_000_000_000n))),
    rows: parts.reduce((sum, { rowCount }) => sum + rowCount, 0),
  };
  const files = parts.toSorted((a, b) => a.age - b.age).map(({ file }) => quoted(segments.pathOf(file)));
  const sorted = {
    columns: '* EXCLUDE (filename, file_row_number)',
    from: `read_parquet([${files.join()}], filename = true, file_row_number = true)`,
    // Of equal stamps the one that came first.
    order: `${timeColumn}, list_position([${files.join()}], filename), file_row_number`,
  };
  return inSortingFolder(options.databasePath, async (folder) => {
    return { sealable, span, parts, ...(await writeSegment(sorted, { sealable, span, folder, source })) };
  });
}

export async function commitMerge(
  connection: DuckDBConnection,
  { sealable, span, parts, file, bytes, sha256 }: MergedSegment,
  segments: SegmentList,
): Promise<void> {
  const names = new Set(segments.all.map((segment) => segment.file));
  // Else done already, by a commit whose checkpoint failed: the turn is taken twice then.
  if (!names.has(file)) {
    if (!parts.every((part) => names.has(part.file))) {
      // One of them went into quarantine or past its retention meanwhile.
      await rm(segments.pathOf(file), { force: true });
      return;
    }
    await segments.commitChange(connection, async () => {
      for (const part of parts) await connection.run('DELETE FROM segments WHERE file = $1', [part.file]);
      await connection.run(
        `INSERT INTO segments VALUES ($1, $2, ${nanosAt(span.from)}, ${nanosAt(span.to)}, ${span.rows}, ${bytes}, $3)`,
        [file, sealable.relation, sha256],
      );
    });
  }
  for (const part of parts) await rm(segments.pathOf(part.file), { force: true });
}

/** The files of the oldest closed span that has more than one, as far as a file may have so many rows. */
export function mergeable(
  segments: readonly Segment[],
  { relation, mergedSeconds }: Sealable,
  { closedBefore, maxRows }: Pick<SealOptions, 'closedBefore' | 'maxRows'>,
): Segment[] | undefined {
  const bySpan = new Map<number, Segment[]>();
  for (const segment of segments) {
    if (segment.relation !== relation) continue;
    const start = Math.floor(Number(segment.fromNanos / 1_000_000_000n) / mergedSeconds) * mergedSeconds;
    if (start + mergedSeconds > closedBefore) continue;
    const parts = bySpan.get(start) ?? [];
    const rows = parts.reduce((sum, { rowCount }) => sum + rowCount, segment.rowCount);
    if (rows <= maxRows) bySpan.set(start, [...parts, segment]);
  }
  const spans = [...bySpan].filter(([, parts]) => parts.length > 1).sort(([a], [b]) => a - b);
  return spans[0]?.[1];
}
