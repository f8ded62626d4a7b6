/** Retention of segments: a file goes when all of its rows are past their horizon. Its name goes first. */
import { rm } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { LEVELS, type Level } from '../level.ts';
import type { Horizon } from '../retention.ts';
import { nanosAt } from './fold.ts';
import type { Segment, SegmentList } from './segment.ts';

export function expired(segments: readonly Segment[], horizon: Horizon): Segment[] {
  return segments.filter(({ relation, toNanos }) => toNanos <= nanosAt(horizon[levelOf(relation)]));
}

/** The level whose retention a table follows. */
export function levelOf(relation: string): Level | 'raw' {
  return LEVELS.find((level) => relation.endsWith(`_windows_${level}`)) ?? 'raw';
}

/** Returns rows removed. */
export async function dropSegments(
  connection: DuckDBConnection,
  segments: SegmentList,
  dropped: readonly Segment[],
): Promise<number> {
  for (const { file } of dropped) {
    await connection.run('DELETE FROM segments WHERE file = $1', [file]);
    await rm(segments.pathOf(file), { force: true });
  }
  if (dropped.length > 0) await segments.load(connection);
  return dropped.reduce((sum, { rowCount }) => sum + rowCount, 0);
}
