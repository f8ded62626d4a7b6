/**
 * An open database with one connection that writes and a few that read. Writers take turns; readers wait for a free
 * connection. When the engine has invalidated itself (full disk) or has run out of memory the session opens it anew, once
 * nobody is inside; and when it holds too much that only a new start frees.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { TapewatchError } from '../../errors.ts';
import { cancelled, isOutOfMemory, reasonOf } from '../faults.ts';
import { isCorrupt } from './corruption.ts';
import { corrupt, Database, isInvalidated, type DatabaseOptions } from './database.ts';
import { EngineThreads } from './engine-threads.ts';
import { createStaging } from './write-events.ts';
import { engineMemory, interruptible } from './sql.ts';
import { migrate } from './migrate.ts';

/** Reads that run at once; more wait. Each may use all of the engine's threads. */
const READ_CONNECTIONS = 5;

/**
 * The engine never frees what tells the transactions of a vector's rows apart, in vectors that two of them share: 11 KB
 * for each table that a commit appends to (1,200 commits to two tables: 27 MB that could not be evicted). Its bookkeeping
 * of row groups grows, too. A file that is opened anew has neither.
 */
const [BYTES_PER_COMMIT, SHARE_OF_MEMORY] = [49_152, 1 / 8];
/** So long new reads wait for those under way, so that there is a moment without any. */
const [DRAIN_MS, LONGEST_DRAIN_MS, DRAIN_LOOK_MS] = [1_000, 30_000, 5];

interface Opened {
  readonly database: Database;
  readonly writer: DuckDBConnection;
  readonly readers: DuckDBConnection[];
  readonly threads: EngineThreads;
}

type Write<T> = (connection: DuckDBConnection, retry: boolean) => Promise<T>;

export class Session {
  readonly #options: DatabaseOptions;
  readonly #onOpenedAgain: (connection: DuckDBConnection) => Promise<void>;
  #opened: Opened | undefined;
  #reopening: Promise<void> | undefined;
  #state: 'new' | 'open' | 'closed' = 'new';
  #isClosing = false;
  #generation = 0;
  /** Since the file was opened. */
  #commits = 0;
  #renewing: Promise<boolean> | undefined;
  /** While there are any, reads wait before they begin. */
  #draining = 0;
  /** How long a write that failed waits for them. */
  #mendMs = DRAIN_MS;
  #writing: Promise<unknown> = Promise.resolve();
  readonly #waiting: (() => void)[] = [];

  /** `onOpenedAgain`: what memory knows of the file may be older than the file; called before anyone else uses it. */
  constructor(
    options: DatabaseOptions,
    onOpenedAgain: (connection: DuckDBConnection) => Promise<void> = async () => {},
  ) {
    this.#options = options;
    this.#onOpenedAgain = onOpenedAgain;
  }

  get bytesOnDisk(): number {
    return this.#opened?.database.bytesOnDisk() ?? 0;
  }

  /** What the engine holds, its cache included. */
  memoryBytes(): Promise<number> {
    return this.read(engineMemory);
  }

  async open(): Promise<void> {
    this.#isClosing = false;
    await this.#openFile();
    this.#state = 'open';
  }

  async #openFile(): Promise<void> {
    const database = await Database.open(this.#options);
    try {
      const writer = await database.connect();
      await migrate(writer, this.#options.path);
      await createStaging(writer);
      if (this.#state === 'open') await this.#onOpenedAgain(writer);
      const readers = await Promise.all(Array.from({ length: READ_CONNECTIONS }, () => database.connect()));
      this.#opened = { database, writer, readers, threads: new EngineThreads(this.#options.threads) };
      this.#generation++;
      this.#commits = 0;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** Whoever took the file in the moment when nobody had it will give it back: unlike a start, this is tried again. */
  async #openAgain(): Promise<void> {
    try {
      await this.#openFile();
    } catch (error) {
      if (!(error instanceof TapewatchError) || error.code !== 'store.locked') throw error;
      throw new TapewatchError('store.unavailable', error.message, { cause: error });
    }
  }

  /** Runs alone among writers. `retry` tells that the engine was reopened in between; it is called once at most. */
  write<T>(work: Write<T>): Promise<T> {
    return this.#takeTurn(({ writer, threads }, retry) => threads.share(writer, () => work(writer, retry)));
  }

  /** As `write`, for rows that are appended: without the engine's helpers, unless somebody else has them. */
  append<T>(work: Write<T>): Promise<T> {
    return this.#takeTurn(async ({ writer, threads }, retry) => {
      await threads.sendAway(writer);
      return work(writer, retry);
    });
  }

  async #takeTurn<T>(work: (opened: Opened, retry: boolean) => Promise<T>): Promise<T> {
    // A turn behind the ones that `close` waits for would write into a database that is being closed.
    if (this.#isClosing) throw this.#notOpen();
    const turn = this.#writing.then(async () => {
      const opened = await this.#demandOpen();
      this.#commits++;
      try {
        return await work(opened, false);
      } catch (error) {
        if (!(await this.#mend(error))) throw error;
      }
      try {
        return await work(await this.#demandOpen(), true);
      } catch (error) {
        if (isOutOfMemory(error)) await this.#mend(error);
        throw error;
      }
    });
    this.#writing = turn.catch(() => undefined);
    return turn.catch((error: unknown) => {
      throw asFault(error, this.#options);
    });
  }

  async read<T>(work: (connection: DuckDBConnection) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const generation = this.#generation;
    try {
      return await this.#readOnce(work, signal);
    } catch (error) {
      if (signal?.aborted === true) throw cancelled();
      if (!isInvalidated(error)) throw asReadFault(error, this.#options);
    }
    // Behind the writers, because reopening needs every connection idle; another reader may have done it meanwhile.
    const isStale = (): boolean => this.#generation === generation && this.#opened !== undefined && !this.#isClosing;
    const reopening = this.#writing.then(() => (isStale() ? this.#unread(() => this.#openAnew()) : undefined));
    this.#writing = reopening.catch(() => undefined);
    return reopening
      .then(() => this.#readOnce(work, signal))
      .catch((error: unknown) => {
        throw asReadFault(error, this.#options);
      });
  }

  /** True when the engine holds much that only a new start frees. */
  get isRenewalDue(): boolean {
    return this.#commits * BYTES_PER_COMMIT >= this.#options.memoryLimitMb * 2 ** 20 * SHARE_OF_MEMORY;
  }

  /**
   * Makes it due, after a large change: with little memory it was seen that the rows which such a one inserted were in the file,
   * and shown to nobody until that was opened anew (engine 1.5.5; it is not known why).
   */
  demandRenewal(): void {
    this.#commits = Number.MAX_SAFE_INTEGER;
  }

  /**
   * Opens the file anew, behind the writers, when that is due. False when a read goes on for too long: it is not waited for
   * by the writers, because it may itself wait for one of them, as a backup does.
   */
  renew(): Promise<boolean> {
    this.#renewing ??= this.#renewOnce().finally(() => (this.#renewing = undefined));
    return this.#renewing;
  }

  async #renewOnce(): Promise<boolean> {
    if (!this.#mayRenew) return true;
    await this.#unread(async () => {
      const turn = this.#writing.then(() => (this.#mayRenew && this.#isUnread ? this.#openAnew() : undefined));
      this.#writing = turn.catch(() => undefined);
      await turn;
    });
    return !this.#mayRenew;
  }

  /** Does the work when those who read have ended and the next ones wait; false when one of them goes on for too long. */
  async #unread(work: () => Promise<void>, waitMs = DRAIN_MS): Promise<boolean> {
    this.#draining++;
    try {
      const untilMs = performance.now() + waitMs;
      while (!this.#isUnread && performance.now() < untilMs) await pause(DRAIN_LOOK_MS);
      if (!this.#isUnread) return false;
      await work();
      return true;
    } finally {
      this.#draining--;
      for (const wake of this.#waiting.splice(0)) wake();
    }
  }

  /** In the writer's turn; true when its work may be tried once more. */
  async #mend(error: unknown): Promise<boolean> {
    // A large change that failed keeps what it took, rolled back or not: nothing could be written any more. Whoever reads on is
    // not waited for, because it may itself wait for a writer, as a backup does.
    if (!isInvalidated(error) && !isOutOfMemory(error)) return false;
    const isMended = await this.#unread(() => this.#openAnew(), this.#mendMs);
    // Reads that follow each other closely would keep the writer out.
    this.#mendMs = isMended ? DRAIN_MS : Math.min(this.#mendMs * 2, LONGEST_DRAIN_MS);
    return isMended;
  }

  get #mayRenew(): boolean {
    return this.isRenewalDue && !this.#isClosing;
  }

  get #isUnread(): boolean {
    return this.#opened?.readers.length === READ_CONNECTIONS;
  }

  #openAnew(): Promise<void> {
    const { database } = this.#opened ?? {};
    this.#opened = undefined;
    database?.close();
    this.#reopening ??= this.#openAgain().finally(() => (this.#reopening = undefined));
    return this.#reopening;
  }

  /** Waits for what is running and closes; what is asked for from now on is refused. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#writing;
    // From here on nothing opens it again.
    this.#state = 'closed';
    await this.#reopening?.catch(() => undefined);
    await this.#closeIdle();
  }

  async #readOnce<T>(work: (connection: DuckDBConnection) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const connection = await this.#takeReader();
    const { threads } = await this.#demandOpen();
    try {
      return await threads.share(connection, () => interruptible(connection, work, signal));
    } finally {
      // An interrupt may have hit the end of its transaction, too: the next reader would find it aborted.
      if (signal?.aborted === true) await connection.run('ROLLBACK').catch(() => undefined);
      this.#opened?.readers.push(connection);
      this.#waiting.shift()?.();
    }
  }

  async #takeReader({ toClose = false } = {}): Promise<DuckDBConnection> {
    for (;;) {
      const { readers } = await this.#demandOpen();
      // Closed since it was asked for.
      if (this.#opened?.readers !== readers) continue;
      const reader = this.#draining > 0 && !toClose ? undefined : readers.pop();
      if (reader !== undefined) return reader;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #reopen(): Promise<void> {
    this.#reopening ??= this.#closeIdle()
      .then(() => this.#openAgain())
      .finally(() => (this.#reopening = undefined));
    return this.#reopening;
  }

  /** Takes every reader, so that no call is in flight when the instance goes. */
  async #closeIdle(): Promise<void> {
    if (this.#opened === undefined) return;
    const { database } = this.#opened;
    for (let taken = 0; taken < READ_CONNECTIONS; taken++) await this.#takeReader({ toClose: true });
    this.#opened = undefined;
    database.close();
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** After a failed reopening the next caller tries again. */
  async #demandOpen(): Promise<Opened> {
    if (this.#opened === undefined && this.#state === 'open') await this.#reopen();
    if (this.#opened !== undefined) return this.#opened;
    throw this.#notOpen();
  }

  #notOpen(): TapewatchError {
    return new TapewatchError('store.unavailable', `the store file ${this.#options.path} is not open`);
  }
}

function asFault(error: unknown, { path, memoryLimitMb }: DatabaseOptions): unknown {
  // A bug of the caller stays what it is.
  if (error instanceof TapewatchError || error instanceof RangeError) return error;
  if (isCorrupt(error)) return corrupt(path, error);
  const reason = isOutOfMemory(error)
    ? `its engine needs more memory than store.memoryLimitMb allows (${memoryLimitMb} MiB); raise it`
    : reasonOf(error);
  return new TapewatchError('store.unavailable', `the store file ${path} failed: ${reason}`, { cause: error });
}

/** A read that does not fit is the question's fault, not the file's. */
function asReadFault(error: unknown, options: DatabaseOptions): unknown {
  if (!isOutOfMemory(error)) return asFault(error, options);
  const message =
    `reading the store would need more memory than store.memoryLimitMb allows (${options.memoryLimitMb} MiB); ` +
    'ask for a shorter span or fewer series, or raise store.memoryLimitMb';
  return new TapewatchError('query.limit', message, { cause: error });
}
