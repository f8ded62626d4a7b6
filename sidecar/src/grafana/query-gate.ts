/** Lets a bounded number of queries run at once; the next ones wait in order, and past a bound they are refused. */
import { TapewatchError } from '../errors.ts';

export class QueryGate {
  readonly #runningMax: number;
  readonly #waitingMax: number;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(limits: { readonly runningMax: number; readonly waitingMax: number }) {
    this.#runningMax = limits.runningMax;
    this.#waitingMax = limits.waitingMax;
  }

  /** A query that was cancelled while it waited is not started. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#running >= this.#runningMax) await this.#wait();
    else this.#running++;
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  /** Takes over the place of the query that ended. */
  #wait(): Promise<void> {
    if (this.#waiting.length >= this.#waitingMax) {
      const text = `${this.#running} queries run and ${this.#waiting.length} wait; raise the refresh interval or add a sidecar`;
      throw new TapewatchError('query.timeout', text);
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
