/** The caller's signal and a query's time limit as one. `check` sees the limit also while evaluation keeps the thread. */
import { PromqlError } from '@tapewatch/core';

export class Deadline {
  readonly #controller = new AbortController();
  readonly #upstream: AbortSignal | undefined;
  readonly #endsAt: number;
  readonly #timer: NodeJS.Timeout;
  readonly timeoutMs: number;

  constructor(timeoutMs: number, upstream: AbortSignal | undefined) {
    this.timeoutMs = timeoutMs;
    this.#upstream = upstream;
    this.#endsAt = performance.now() + timeoutMs;
    this.#timer = setTimeout(this.#abort, timeoutMs);
    this.#timer.unref();
    upstream?.addEventListener('abort', this.#abort, { once: true });
    if (upstream?.aborted === true) this.#abort();
  }

  readonly #abort = (): void => this.#controller.abort();

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why the query ended early; undefined when it did not. */
  get reason(): 'query.timeout' | 'query.cancelled' | undefined {
    if (this.#upstream?.aborted === true) return 'query.cancelled';
    return this.signal.aborted || performance.now() >= this.#endsAt ? 'query.timeout' : undefined;
  }

  /** Throws `PromqlError` of kind `cancelled` when the time is up or the caller has gone. */
  check(): void {
    if (this.reason !== undefined) throw new PromqlError('cancelled', 'stopped');
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#upstream?.removeEventListener('abort', this.#abort);
  }
}

/** Gives up waiting when the signal fires, also when what is waited for does not heed it. */
export async function raceAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let leave: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    leave = () => reject(new PromqlError('cancelled', 'stopped'));
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
