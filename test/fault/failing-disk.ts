/**
 * A disk that fails, stalls or can only be read, without a device of its own: a library that is preloaded into the sidecar
 * and stands before the calls that change the store's files. The sidecar and its engine are the real ones. It needs a C
 * compiler (Debian's gcc): tests ask `canBuild` first, and count as skipped without one.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export type DiskFault = 'eio' | 'erofs' | 'slow';

export class FailingDisk {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** In CI always: there the tests must run, or fail. */
  static canBuild(): boolean {
    return process.env['CI'] !== undefined || spawnSync('cc', ['--version']).error === undefined;
  }

  static build(): FailingDisk {
    const folder = mkdtempSync(join(tmpdir(), 'tapewatch-failing-disk-'));
    const args = [
      '-shared',
      '-fPIC',
      '-O1',
      '-o',
      join(folder, 'failing-disk.so'),
      resolve('test/fault/failing-disk.c'),
    ];
    const { status, error, stderr } = spawnSync('cc', [...args, '-ldl'], { encoding: 'utf8' });
    if (status === 0) return new FailingDisk(folder);
    rmSync(folder, { recursive: true });
    if (error !== undefined) throw new Error('there is no C compiler (cc); install gcc', { cause: error });
    throw new Error(`failing-disk.c does not compile:\n${stderr}`);
  }

  /** For the sidecar: only files whose path contains `path` are concerned. */
  environment(path: string): Record<string, string> {
    return {
      LD_PRELOAD: join(this.#folder, 'failing-disk.so'),
      TAPEWATCH_FAULT_PATH: path,
      TAPEWATCH_FAULT_MODE: this.#mode,
    };
  }

  begin(fault: DiskFault): void {
    writeFileSync(`${this.#mode}.${fault}`, '');
  }

  end(fault: DiskFault): void {
    rmSync(`${this.#mode}.${fault}`, { force: true });
  }

  /** Calls that failed or stalled so far. */
  get faults(): number {
    return statSync(`${this.#mode}.count`, { throwIfNoEntry: false })?.size ?? 0;
  }

  get #mode(): string {
    return join(this.#folder, 'mode');
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
