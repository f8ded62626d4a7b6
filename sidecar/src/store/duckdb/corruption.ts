/**
 * What a torn or bit-flipped file looks like, and where it goes: it keeps its bytes under a name that ends in
 * `.quarantine-<time>`, so that somebody can look at it, and the store starts without it. A log of commits that cannot be
 * replayed goes alone; a database that cannot be opened goes with its log and its segments, which it alone can read.
 */
import { existsSync, renameSync, statSync } from 'node:fs';
import { reasonOf } from '../faults.ts';
import { segmentFolder } from './segment-folder.ts';

export type CorruptionPolicy = 'quarantine' | 'fail';

const CORRUPT =
  /corrupt database file|corrupt wal file|not a valid duckdb database|could not read enough bytes|failure while replaying wal/i;

export function isCorrupt(error: unknown): boolean {
  return CORRUPT.test(reasonOf(error));
}

/** A file that was closed has no log of commits. What to say when the last run ended in another way; else undefined. */
export function uncleanEnd(path: string): string | undefined {
  const size = statSync(`${path}.wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) return undefined;
  return (
    `the last run did not close the store file ${path}: it crashed, was killed, or had no memory left; ` +
    `what it had committed is read back from ${path}.wal (${size} bytes)`
  );
}

/** Renames what is broken; yields what was renamed to what, and what that means. */
export function quarantineDatabase(path: string, error: unknown, nowMs: number): string {
  const suffix = `.quarantine-${new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '')}`;
  const log = `${path}.wal`;
  const reason = reasonOf(error);
  if (/wal file/i.test(reason) && existsSync(log)) {
    renameSync(log, `${log}${suffix}`);
    return (
      `the commit log ${log} cannot be replayed (${reason}); it was moved to ${log}${suffix}. ` +
      'Missing is what was committed since the last checkpoint, some minutes at most; restore a backup if you need it'
    );
  }
  const moved = [path, log, segmentFolder(path)].filter((file) => existsSync(file));
  for (const file of moved) renameSync(file, `${file}${suffix}`);
  return (
    `the store file ${path} is damaged (${reason}); it was moved to ${path}${suffix} with its segments. ` +
    'Missing is everything before this start: stop the sidecar and run "tapewatch restore" to go back to a backup'
  );
}
