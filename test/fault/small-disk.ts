/**
 * A file system of a few megabytes that a test can fill: a tmpfs of its own, which needs the right to mount. Without it
 * `open` yields undefined, and the test says that it did not run.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, rmdirSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CHUNK = Buffer.alloc(65_536, 1);

export class SmallDisk {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static open(megabytes: number): SmallDisk | undefined {
    const folder = mkdtempSync(join(tmpdir(), 'tapewatch-disk-'));
    const { status } = spawnSync('mount', [
      '-t',
      'tmpfs',
      '-o',
      `size=${megabytes}m,mode=700`,
      'tapewatch-test',
      folder,
    ]);
    if (status === 0) return new SmallDisk(folder);
    rmdirSync(folder);
    return undefined;
  }

  get storePath(): string {
    return join(this.folder, 'tapewatch.duckdb');
  }

  /** Takes what is left, to the last page. */
  fill(): void {
    const file = openSync(this.#filler, 'a');
    try {
      for (const chunk of [CHUNK, CHUNK.subarray(0, 4_096)]) writeUntilFull(file, chunk);
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    rmSync(this.#filler, { force: true });
  }

  get #filler(): string {
    return join(this.folder, 'filler');
  }

  /** Files may still be open: the kernel lets the disk go when they are closed. */
  close(): void {
    spawnSync('umount', ['--lazy', this.folder]);
    rmdirSync(this.folder);
  }
}

function writeUntilFull(file: number, chunk: Uint8Array): void {
  try {
    for (;;) writeSync(file, chunk);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
