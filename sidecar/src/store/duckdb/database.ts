/**
 * The only module that opens a DuckDB file. Opening one file twice in a process is not refused by the engine and loses
 * rows, so instances come from its cache; another process is refused by the engine's lock. Access to the outside is
 * off and the configuration is locked, so that no SQL of a user can reach files or change limits.
 */
import { statSync } from 'node:fs';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { TapewatchError } from '../../errors.ts';

export interface DatabaseOptions {
  readonly path: string;
  readonly memoryLimitMb: number;
  readonly threads: number;
}

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
    const { path, memoryLimitMb, threads } = options;
    try {
      const instance = await DuckDBInstance.fromCache(path, {
        memory_limit: `${memoryLimitMb}MiB`,
        threads: String(threads),
        enable_external_access: 'false',
        autoinstall_known_extensions: 'false',
        autoload_known_extensions: 'false',
      });
      const database = new Database(options, instance);
      const connection = await database.connect();
      // Already locked when this file is open in the same thread.
      const locked = await connection.run(`SELECT current_setting('lock_configuration')`);
      if ((await locked.getRows())[0]?.[0] !== true) await connection.run('SET lock_configuration = true');
      database.disconnect(connection);
      return database;
    } catch (cause) {
      throw openingFault(path, cause);
    }
  }

  async connect(): Promise<DuckDBConnection> {
    const connection = await this.#instance.connect();
    this.#connections.push(connection);
    return connection;
  }

  disconnect(connection: DuckDBConnection): void {
    this.#connections.splice(this.#connections.indexOf(connection), 1);
    connection.closeSync();
  }

  /** No call may be in flight. */
  close(): void {
    for (const connection of this.#connections.splice(0)) connection.closeSync();
    this.#instance.closeSync();
  }

  /** The file and its write-ahead log. */
  bytesOnDisk(): number {
    return sizeOf(this.#options.path) + sizeOf(`${this.#options.path}.wal`);
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function openingFault(path: string, cause: unknown): TapewatchError {
  if (cause instanceof TapewatchError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (/could not set lock|conflicting lock/i.test(reason)) {
    return new TapewatchError(
      'store.locked',
      `the store file ${path} is open in another process (${reason.split('. See')[0]}); ` +
        'stop that sidecar, or give this one a store.path of its own',
      { cause },
    );
  }
  return new TapewatchError('store.unavailable', `cannot open the store file ${path}: ${reason}`, { cause });
}

/** True when the engine refuses every further statement until the instance is opened anew, as after a full disk. */
export function isInvalidated(error: unknown): boolean {
  return error instanceof Error && /invalidated|FATAL|No space left|Disk full|Could not write/i.test(error.message);
}
