/**
 * How many threads the engine has at a time. Whoever waits for the engine runs its tasks too, and spins while a helper has the last
 * of them, which for appends and commits is most of the time: measured on trading events, a third of what the store took. So the
 * helpers are there for reads and for maintenance, and are sent away before a batch is appended while nothing else runs.
 */
import type { DuckDBConnection } from '@duckdb/node-api';

const ALONE = 1;
/** After a failure the next one who asks tries again. */
const UNKNOWN = 0;

export class EngineThreads {
  readonly #all: number;
  /** Works under way that helpers share. */
  #shared = 0;
  #wanted: number;
  #setting: Promise<unknown> = Promise.resolve();

  /** `all`: the caller's own thread and the helpers, as the engine was started. */
  constructor(all: number) {
    this.#all = all;
    this.#wanted = all;
  }

  /** Runs work with all threads; `connection` is its own. */
  async share<T>(connection: DuckDBConnection, work: () => Promise<T>): Promise<T> {
    this.#shared++;
    try {
      await this.#set(connection, this.#all);
      return await work();
    } finally {
      this.#shared--;
    }
  }

  /** Before work that one thread does best; without effect while others need the helpers. */
  async sendAway(connection: DuckDBConnection): Promise<void> {
    if (this.#shared === 0) await this.#set(connection, ALONE);
  }

  /** One statement after the other, so that the last one wanted is the last one set. */
  #set(connection: DuckDBConnection, threads: number): Promise<unknown> {
    if (this.#wanted === threads) return this.#setting;
    this.#wanted = threads;
    const set = (): Promise<unknown> => connection.run(`SET GLOBAL threads = ${threads}`);
    this.#setting = this.#setting.then(set, set);
    this.#setting.catch(() => (this.#wanted = UNKNOWN));
    return this.#setting;
  }
}
