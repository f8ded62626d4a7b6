/**
 * The engine's log of commits after a kill in the midst of one. Rows of a whole row group are in the file before their
 * commit, and the log only points to them: when the log ends after such a pointer and before the commit, the engine shows
 * those rows all the same after a restart, though nothing else of their transaction. So what follows the last commit is cut
 * off before the engine reads it. The log is a header and frames: length and checksum, 8 bytes each, then the entry, whose
 * field 100 is its type. A log of another form is left as it is.
 */
import { closeSync, openSync, readSync, statSync, truncateSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';

/** An entry of the type "version" without length and checksum; version 2. */
const HEADER = Buffer.from('640062650002ffff', 'hex');
const FRAME_HEAD_BYTES = 16;
/** Field 100 of an entry. */
const TYPE_FIELD = 100;
/** What stands after these counts: a checkpoint, and the end of a transaction. */
const ENDS: ReadonlySet<number> = new Set([99, 100]);

/** Where the last commit of a log ends, in bytes; undefined where nothing follows it, or the log has another form. */
export function committedEnd(log: string): number | undefined {
  const length = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
  if (length <= HEADER.length) return undefined;
  const file = openSync(log, 'r');
  try {
    const read = (size: number, at: number): Buffer => {
      const bytes = Buffer.alloc(size);
      return bytes.subarray(0, readSync(file, bytes, 0, size, at));
    };
    if (!read(HEADER.length, 0).equals(HEADER)) return undefined;
    let end = HEADER.length;
    for (let at = end; at < length;) {
      const head = read(FRAME_HEAD_BYTES + 3, at);
      // Torn: the process ended while it wrote.
      if (head.length < FRAME_HEAD_BYTES + 3) break;
      const next = at + FRAME_HEAD_BYTES + Number(head.readBigUInt64LE(0));
      if (head.readUInt16LE(FRAME_HEAD_BYTES) !== TYPE_FIELD) return undefined;
      if (next > length) break;
      if (ENDS.has(head.readUInt8(FRAME_HEAD_BYTES + 2))) end = next;
      at = next;
    }
    return end < length ? end : undefined;
  } finally {
    closeSync(file);
  }
}

/**
 * Cuts off what follows the last commit, if anything does and no other process has the file: that one may be writing it.
 * To be called before the file is opened in this process. Where it cannot be opened nothing is done: opening tells why.
 */
export async function cutUncommitted(path: string): Promise<void> {
  const log = `${path}.wal`;
  if (committedEnd(log) === undefined) return;
  // A reader is refused while another process writes, and changes nothing.
  try {
    (await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' })).closeSync();
  } catch {
    return;
  }
  const end = committedEnd(log);
  if (end !== undefined) truncateSync(log, end);
}
