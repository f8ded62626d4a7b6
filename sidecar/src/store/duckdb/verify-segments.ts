/**
 * Segments that are not what was written: gone, of another length, or with another checksum. They leave the list, so
 * that queries answer without them, and keep their bytes under a `.quarantine` name.
 */
import { existsSync, renameSync, statSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import { checksumOf, type Segment, type SegmentList } from './segment.ts';

/** By length, which costs nothing and finds what was cut; `deep` reads each file whole. */
export async function findBroken(
  segments: SegmentList,
  which: readonly Segment[],
  { deep }: { deep: boolean },
): Promise<Segment[]> {
  const broken: Segment[] = [];
  for (const segment of which) {
    const path = segments.pathOf(segment.file);
    const size = statSync(path, { throwIfNoEntry: false })?.size;
    if (size !== segment.bytes || (deep && (await checksumOf(path)) !== segment.sha256)) broken.push(segment);
  }
  return broken;
}

/** True when a read may have failed because of a segment. */
export function mayBeSegmentFault(reason: string): boolean {
  return /parquet|zstd|thrift|TProtocol|decompress|no files found|cannot open file/i.test(reason);
}

/** Returns a sentence for each that says what is missing. */
export async function quarantineSegments(
  connection: DuckDBConnection,
  segments: SegmentList,
  broken: readonly Segment[],
): Promise<string[]> {
  const notices: string[] = [];
  for (const { file, relation, fromNanos, toNanos, rowCount, sha256 } of broken) {
    // Merged into another one, or past its retention, since it was looked at.
    if (!segments.all.some((named) => named.file === file && named.sha256 === sha256)) continue;
    const path = segments.pathOf(file);
    await connection.run('DELETE FROM segments WHERE file = $1', [file]);
    const exists = existsSync(path);
    if (exists) renameSync(path, `${path}.quarantine`);
    const [from, to] = [fromNanos, toNanos].map((nanos) => new Date(Number(nanos / 1_000_000n)).toISOString());
    notices.push(
      `the segment ${path} is ${exists ? `damaged; it was moved to ${path}.quarantine` : 'gone'}. ` +
        `Missing are ${rowCount} rows of ${relation} from ${from} to ${to}; wider levels and a backup still have them`,
    );
  }
  if (broken.length > 0) await segments.load(connection);
  return notices;
}
