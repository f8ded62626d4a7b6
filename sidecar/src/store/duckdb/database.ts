/**
 * The only module that opens a DuckDB file. Opening one file twice in a process is not refused by the engine and loses
 * rows, so instances come from its cache; another process is refused by the engine's lock. Access to the outside is
 * off and the configuration is locked, but for the number of threads (`engine-threads.ts`), so that no SQL of a user can
 * reach files or change limits.
 */
import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { TapewatchError } from '../../errors.ts';
import { reasonOf } from '../faults.ts';
import { isCorrupt } from './corruption.ts';
import { segmentFolder } from './segment-folder.ts';
import { quoted } from './sql.ts';
import { closeFeeds } from './vector-append.ts';

export interface DatabaseOptions {
  readonly path: string;
  readonly memoryLimitMb: number;
  readonly threads: number;
  /** Of columns on disk; default: the engine chooses a method for each. */
  readonly compression?: boolean;
  /** The file stays as it is, to the byte. */
  readonly readOnly?: boolean;
}

/**
 * Commit log between two checkpoints. Each of them writes the last rows of every table anew, up to a row group of 122,880: at
 * the engine's own 16 MiB, a second of trading, a row was compressed four times. So much more is replayed after a crash (two
 * seconds of CPU), and rows stay in memory for so long, hence the share of its limit.
 */
const CHECKPOINT_MB = { least: 16, most: 64, shareOfMemory: 1 / 4 };

export class Database {
  readonly #options: DatabaseOptions;
  readonly #instance: DuckDBInstance;
  readonly #connections: DuckDBConnection[] = [];

  private constructor(options: DatabaseOptions, instance: DuckDBInstance) {
    this.#options = options;
    this.#instance = instance;
  }

  /** Throws `store.locked` when another process has the file, else `store.unavailable`. */
  static async open(options: DatabaseOptions): Promise<Database> {
    let database: Database | undefined;
    try {
      makeSegmentFolder(options.path);
      database = new Database(options, await DuckDBInstance.fromCache(options.path, engineSettings(options)));
      await database.#lock();
      return database;
    } catch (cause) {
      // A handle that stays open would keep a broken instance alive in the cache.
      database?.close();
      throw openingFault(options.path, cause);
    }
  }

  /** Locked already when this file is open in the same thread. */
  async #lock(): Promise<void> {
    const connection = await this.connect();
    const locked = await connection.run(`SELECT current_setting('lock_configuration')`);
    if ((await locked.getRows())[0]?.[0] !== true) {
      // Closed spans live as files beside the database; nothing else outside is reachable.
      const folder = quoted(resolve(segmentFolder(this.#options.path)));
      await connection.run(`SET GLOBAL allowed_directories = [${folder}]`);
      await connection.run('SET GLOBAL enable_external_access = false');
      await connection.run('SET GLOBAL parquet_metadata_cache = true');
      await connection.run(`SET GLOBAL allowed_configs = ['threads']`);
      await connection.run('SET lock_configuration = true');
    }
    this.disconnect(connection);
  }

  async connect(): Promise<DuckDBConnection> {
    const connection = await this.#instance.connect();
    this.#connections.push(connection);
    return connection;
  }

  disconnect(connection: DuckDBConnection): void {
    this.#connections.splice(this.#connections.indexOf(connection), 1);
    closeFeeds(connection);
    connection.closeSync();
  }

  /** No call may be in flight. */
  close(): void {
    for (const connection of this.#connections.splice(0)) {
      closeFeeds(connection);
      connection.closeSync();
    }
    this.#instance.closeSync();
  }

  /** The file and its write-ahead log. */
  bytesOnDisk(): number {
    return sizeOf(this.#options.path) + sizeOf(`${this.#options.path}.wal`);
  }
}

/** Instances of one file are shared only where these agree. */
export function engineSettings({
  memoryLimitMb,
  threads,
  compression = true,
  readOnly = false,
}: DatabaseOptions): Record<string, string> {
  return {
    ...(readOnly ? { access_mode: 'READ_ONLY' } : {}),
    memory_limit: `${memoryLimitMb}MiB`,
    threads: String(threads),
    force_compression: compression ? 'auto' : 'uncompressed',
    checkpoint_threshold: `${checkpointMb(memoryLimitMb)}MiB`,
    // The engine takes a list of parameters for one row and would look through all quotes for each of its stamps.
    asof_loop_join_threshold: '0',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  };
}

function checkpointMb(memoryLimitMb: number): number {
  const { least, most, shareOfMemory } = CHECKPOINT_MB;
  return Math.min(most, Math.max(least, Math.floor(memoryLimitMb * shareOfMemory)));
}

/** Beside the database; a folder that is missing is told of by opening the database itself. */
function makeSegmentFolder(path: string): void {
  if (statSync(dirname(resolve(path)), { throwIfNoEntry: false })?.isDirectory() === true) {
    mkdirSync(segmentFolder(path), { recursive: true });
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function openingFault(path: string, cause: unknown): TapewatchError {
  if (cause instanceof TapewatchError) return cause;
  const reason = reasonOf(cause);
  if (/could not set lock|conflicting lock/i.test(reason)) {
    return new TapewatchError(
      'store.locked',
      `the store file ${path} is open in another process (${reason.split('. See')[0]}); ` +
        'stop that sidecar, or give this one a store.path of its own',
      { cause },
    );
  }
  if (isCorrupt(cause)) return corrupt(path, cause);
  return new TapewatchError('store.unavailable', `cannot open the store file ${path}: ${reason}`, { cause });
}

/** True when the engine refuses every further statement until the instance is opened anew, as after a full disk. */
export function isInvalidated(error: unknown): boolean {
  return /invalidated|FATAL|No space left|Could not write/i.test(reasonOf(error));
}

export function corrupt(path: string, cause: unknown): TapewatchError {
  return new TapewatchError(
    'store.corrupt',
    `the store file ${path} is damaged: ${reasonOf(cause)}; restore a backup with "tapewatch restore", or move the file away`,
    { cause },
  );
}
