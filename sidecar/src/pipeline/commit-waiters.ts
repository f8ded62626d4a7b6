/** Those who wait until what they gave is durable, and hear it when it never will be. */
import { TapewatchError } from '../errors.ts';

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

export class CommitWaiters {
  #waiting: Waiter[] = [];

  /** Resolves or rejects with the batch that collects now. */
  wait(): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Those who wait for the batch that is taken now. */
  take(): { stored(): void; failed(): void } {
    const waiting = this.#waiting;
    this.#waiting = [];
    return {
      stored: () => waiting.forEach(({ resolve }) => resolve()),
      failed: () => waiting.forEach(({ reject }) => reject(notStored('transitions'))),
    };
  }
}

export function notStored(what: string): TapewatchError {
  return new TapewatchError('store.unavailable', `${what} could not be stored; restart the sidecar`);
}
