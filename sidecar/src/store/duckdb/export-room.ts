/**
 * Bounds what copies of event rows may take on disk, while they are written: the engine counts rows, not bytes, and a full
 * disk would stop the store itself. What is written is looked at every few milliseconds, and the engine interrupted.
 */
import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { TapewatchError } from '../../errors.ts';
import { reasonOf } from '../faults.ts';

/** Left free for the store, its log and its segments. */
export const RESERVED_BYTES = 256 * 1_048_576;
/** Between two looks; a disk takes some ten MiB in this time. */
const LOOK_MS = 20;
const BYTES_PER_MB = 1_048_576;
const REMEDY = 'shorten the time range or the lookback, or select fewer columns';

export interface ExportRoom {
  readonly folder: string;
  readonly maxBytes: number;
  /** Stops the statement that writes. */
  readonly interrupt: () => void;
}

/** Runs `write`, which fills `folder`. Throws `query.limit` where that takes more than it may, or than the disk has. */
export async function withinRoom<T>({ folder, maxBytes, interrupt }: ExportRoom, write: () => Promise<T>): Promise<T> {
  let excess = await excessOf(folder, maxBytes);
  if (excess !== undefined) throw excess;
  let looking: Promise<void> | undefined;
  const look = async (): Promise<void> => {
    // Whatever stands in the way of looking, the last look below tells.
    excess ??= await excessOf(folder, maxBytes).catch(() => undefined);
    // An interrupt between two statements stops neither of them, so each look says it again.
    if (excess !== undefined) interrupt();
  };
  const timer = setInterval(() => {
    looking ??= look().finally(() => (looking = undefined));
  }, LOOK_MS);
  try {
    const written = await write();
    clearInterval(timer);
    await looking;
    excess ??= await excessOf(folder, maxBytes);
    if (excess !== undefined) throw excess;
    return written;
  } catch (error) {
    throw excess ?? (isFull(error) ? noRoom(error) : error);
  } finally {
    clearInterval(timer);
    await looking;
  }
}

async function excessOf(folder: string, maxBytes: number): Promise<TapewatchError | undefined> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < RESERVED_BYTES) return noRoom();
  const bytes = await bytesIn(folder);
  if (bytes <= maxBytes) return undefined;
  const limit = `${Math.floor(maxBytes / BYTES_PER_MB)} MiB`;
  return new TapewatchError(
    'query.limit',
    `the event rows that the SQL reads take more than ${limit} on disk (query.sql.maxReadMb); ${REMEDY}, or raise it`,
  );
}

async function bytesIn(folder: string): Promise<number> {
  const names = await readdir(folder);
  const files = await Promise.all(names.map((name) => stat(join(folder, name)).catch(() => undefined)));
  return files.reduce((sum, file) => sum + (file?.size ?? 0), 0);
}

/** Of the copies only: an engine that is out of order says so otherwise, and must be opened anew. */
function isFull(error: unknown): boolean {
  const reason = reasonOf(error);
  return /no space left|could not write/i.test(reason) && !/invalidated|FATAL/i.test(reason);
}

function noRoom(cause?: unknown): TapewatchError {
  return new TapewatchError(
    'query.limit',
    `the store's disk has no room for the event rows that the SQL reads: ${RESERVED_BYTES / BYTES_PER_MB} MiB of it must stay free; ${REMEDY}, or make room`,
    { cause },
  );
}
