/**
 * A file system of a few megabytes that a test can fill: a tmpfs of its own, which needs the right to mount. Tests ask
 * `canMount` first, and count as skipped where it is missing.
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

  /** In CI always: there the tests must run, or fail. */
  static canMount(): boolean {
    if (process.env['CI'] !== undefined) return true;
    const disk = SmallDisk.#mounted(1);
    disk?.close();
    return disk !== undefined;
  }

  static open(megabytes: number): SmallDisk {
    const disk = SmallDisk.#mounted(megabytes);
    if (disk === undefined) throw new Error('a tmpfs cannot be mounted; this test needs root');
    return disk;
  }

  static #mounted(megabytes: number): SmallDisk | undefined {
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
