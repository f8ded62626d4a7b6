/**
 * The backups of a running sidecar: those that somebody asks for, and those that are due. Each is verified by the store
 * after it was made; how the latest went is a metric and a line in the log. One that failed is removed if it was our own
 * idea, and older ones stay until a newer one is good.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { TapewatchError } from '../errors.ts';
import type { BackupResult, BackupView, Clock, LatestBackup, Logger, Telemetry } from '../ports.ts';
import type { BackupOptions } from './backup-options.ts';

const LOOK_EVERY_MS = 60_000;
/** After one that failed: a full disk is not helped by trying again at once. */
const RETRY_NANOS = 600_000_000_000n;
const NANOS_PER_HOUR = 3_600_000_000_000;
/** Nothing else in the folder is ever touched. */
const NAME = /^tapewatch-(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;

export interface BackupsDeps {
  /** Absent where nothing is kept. */
  readonly backUp: ((target: string) => Promise<BackupResult>) | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Pick<Telemetry, 'level'>;
}

export class Backups implements BackupView {
  readonly #deps: BackupsDeps;
  readonly #options: BackupOptions;
  readonly #stop: () => void;
  #latest: LatestBackup | undefined;
  #running: string | undefined;
  #isLooking = false;
  /** Unknown until the folder was looked into. */
  #dueNanos: bigint | undefined;

  constructor(deps: BackupsDeps, options: BackupOptions) {
    const { telemetry, clock, log, backUp } = deps;
    this.#deps = deps;
    this.#options = options;
    telemetry.level('backup_verified', 'Latest backup: 1 made and verified, 0 failed; NaN before the first.', () =>
      this.#latest === undefined ? NaN : Number(this.#latest.verified),
    );
    telemetry.level(
      'backup_timestamp_seconds',
      'When the latest backup ended, good or not; NaN before the first.',
      () => (this.#latest === undefined ? NaN : Number(this.#latest.timeNanos / 1_000_000n) / 1_000),
    );
    const isDue = options.folder !== undefined && backUp !== undefined;
    if (options.folder !== undefined && backUp === undefined) {
      log.warn({ folder: options.folder }, 'No backups are made: store.kind is memory, which keeps nothing.');
    }
    this.#stop = isDue ? clock.every(LOOK_EVERY_MS, () => void this.#look(options.folder as string)) : () => undefined;
  }

  latest(): LatestBackup | undefined {
    return this.#latest;
  }

  /** Throws `store.target` while another one is made, and what the store throws. */
  async run(target: string): Promise<BackupResult> {
    const { backUp, clock, log } = this.#deps;
    if (backUp === undefined)
      throw new TapewatchError('store.target', 'store.kind is memory: there is nothing to back up');
    if (this.#running !== undefined) {
      throw new TapewatchError('store.target', `a backup into ${this.#running} is running; wait for its end`);
    }
    this.#running = target;
    try {
      const result = await backUp(target);
      this.#latest = { verified: true, timeNanos: clock.now(), problems: 0 };
      const { files, bytes, rows } = result;
      log.info({ target, files, bytes, rows }, 'The store was backed up, and the backup verified.');
      return result;
    } catch (error) {
      const problems = error instanceof TapewatchError ? Number(error.details['problems'] ?? 0) : 0;
      // A folder that is refused says nothing about backups.
      const isRefused = error instanceof TapewatchError && error.code === 'store.target';
      if (!isRefused) this.#latest = { verified: false, timeNanos: clock.now(), problems };
      log.error({ err: error, target, problems }, 'The backup failed.');
      throw error;
    } finally {
      this.#running = undefined;
    }
  }

  close(): void {
    this.#stop();
  }

  async #look(parent: string): Promise<void> {
    if (this.#running !== undefined || this.#isLooking) return;
    this.#isLooking = true;
    try {
      const now = this.#deps.clock.now();
      this.#dueNanos ??= await this.#firstDue(parent, now);
      if (now >= this.#dueNanos) await this.#makeOne(parent, now);
    } catch (error) {
      this.#deps.log.error({ err: error, folder: parent }, 'The folder of backups cannot be used (backup.folder).');
    } finally {
      this.#isLooking = false;
    }
  }

  async #makeOne(parent: string, now: bigint): Promise<void> {
    const target = join(resolve(parent), nameAt(now));
    const isMade = await this.run(target).then(
      () => true,
      () => false,
    );
    this.#dueNanos = isMade
      ? now + this.#everyNanos()
      : this.#deps.clock.now() + minOf(RETRY_NANOS, this.#everyNanos());
    if (isMade) await this.#removeOld(parent);
    else await rm(target, { recursive: true, force: true });
  }

  #everyNanos(): bigint {
    return BigInt(Math.round(this.#options.everyHours * NANOS_PER_HOUR));
  }

  /** A restart is no reason for another backup. */
  async #firstDue(parent: string, now: bigint): Promise<bigint> {
    await mkdir(parent, { recursive: true });
    const newest = (await namesIn(parent)).at(-1);
    return newest === undefined ? now : timeOf(newest) + this.#everyNanos();
  }

  async #removeOld(parent: string): Promise<void> {
    const names = await namesIn(parent);
    for (const name of names.slice(0, Math.max(0, names.length - this.#options.keep))) {
      await rm(join(parent, name), { recursive: true, force: true });
      this.#deps.log.info({ backup: name }, 'An old backup was removed.');
    }
  }
}

/** Oldest first: the names sort as their times do. */
async function namesIn(parent: string): Promise<string[]> {
  return (await readdir(parent)).filter((name) => NAME.test(name)).sort();
}

function nameAt(nanos: bigint): string {
  const text = new Date(Number(nanos / 1_000_000n)).toISOString();
  return `tapewatch-${text.replace(/[-:]|\.\d+/g, '')}`;
}

function timeOf(name: string): bigint {
  const [, year, month, day, hour, minute, second] = NAME.exec(name) as RegExpExecArray;
  return BigInt(Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)) * 1_000_000n;
}

function minOf(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
