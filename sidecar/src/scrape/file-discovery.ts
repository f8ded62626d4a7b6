/**
 * Targets from YAML or JSON files (`file_sd_configs`). A file is read again when its folder says that something changed,
 * and at the refresh interval for folders that say nothing (network mounts). A file that cannot be read or parsed keeps
 * its last targets, with a warning; a file that is gone takes its targets with it.
 */
import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { formatProblem, parseTargetFile } from '@tapewatch/contract';
import type { Clock, Logger } from '../ports.ts';
import type { TargetDiscovery, TargetGroup } from './discovery.ts';
import { matchFiles } from './scrape-file.ts';
import { targetGroup } from './static-discovery.ts';

/** Editors and atomic replacements make several events of one change. */
const SETTLE_MS = 50;

export interface FileDiscoveryOptions {
  readonly files: readonly string[];
  readonly refreshMs: number;
  readonly clock: Pick<Clock, 'every'>;
  readonly log: Logger;
}

export class FileDiscovery implements TargetDiscovery {
  readonly #options: FileDiscoveryOptions;
  readonly #groupsByFile = new Map<string, readonly TargetGroup[]>();
  readonly #watchers: FSWatcher[] = [];
  readonly #stops: (() => void)[] = [];
  #onGroups: ((groups: readonly TargetGroup[]) => void) | undefined;
  #told: string | undefined;
  #settling: (() => void) | undefined;
  #reading: Promise<void> = Promise.resolve();

  constructor(options: FileDiscoveryOptions) {
    this.#options = options;
  }

  async start(onGroups: (groups: readonly TargetGroup[]) => void): Promise<void> {
    this.#onGroups = onGroups;
    // Watched before they are read, so that no change falls between.
    for (const folder of new Set(this.#options.files.map((file) => path.dirname(file)))) this.#watch(folder);
    this.#stops.push(this.#options.clock.every(this.#options.refreshMs, () => void this.#refresh()));
    await this.#refresh();
  }

  close(): void {
    this.#onGroups = undefined;
    this.#settling?.();
    for (const stop of this.#stops.splice(0)) stop();
    for (const watcher of this.#watchers.splice(0)) watcher.close();
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#changed());
      watcher.on('error', () => watcher.close());
      this.#watchers.push(watcher);
    } catch (error) {
      this.#warn(folder, `cannot be watched, it is read every ${this.#options.refreshMs} ms (${reasonOf(error)})`);
    }
  }

  #changed(): void {
    this.#settling?.();
    const stop = this.#options.clock.every(SETTLE_MS, () => {
      stop();
      void this.#refresh();
    });
    this.#settling = stop;
  }

  /** One after another: a slow older reading must not overwrite a newer one. */
  #refresh(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#readAll());
    return this.#reading;
  }

  async #readAll(): Promise<void> {
    const present = new Set<string>();
    for (const pattern of this.#options.files) {
      for (const file of await matchFiles(pattern)) {
        if (present.has(file) || !(await this.#read(file))) continue;
        present.add(file);
      }
    }
    for (const file of this.#groupsByFile.keys()) if (!present.has(file)) this.#groupsByFile.delete(file);
    const groups = [...this.#groupsByFile.values()].flat();
    const text = JSON.stringify(groups);
    if (text === this.#told || this.#onGroups === undefined) return;
    this.#told = text;
    this.#onGroups(groups);
  }

  /** False: there is no such file. */
  async #read(file: string): Promise<boolean> {
    try {
      const result = parseTargetFile(await readFile(file, 'utf8'), file);
      if (result.ok) {
        const groups = result.value.map((group, index) => targetGroup(group, `${file}:${index}`));
        this.#groupsByFile.set(
          file,
          groups.map((group) => ({ ...group, labels: { ...group.labels, __meta_filepath: file } })),
        );
      } else this.#warn(file, `is not taken: ${result.problems.map(formatProblem).join('; ')}`);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      this.#warn(file, `cannot be read (${reasonOf(error)})`);
      return true;
    }
  }

  #warn(file: string, problem: string): void {
    this.#options.log.warn({ part: 'scrape', file }, `the target file ${file} ${problem}; its last targets stay`);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
