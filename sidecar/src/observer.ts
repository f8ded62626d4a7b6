/**
 * Callbacks for whoever embeds the sidecar (ING-31): a trade, a change of an alert, a change of health. A callback that
 * throws is logged and does not stop the others, nor what it was told of.
 */
import type { Fill, Transition } from '@tapewatch/core';
import type { Logger } from './ports.ts';

export interface HealthChange {
  readonly check: string;
  readonly level: string;
  /** Undefined at the first result. */
  readonly before: string | undefined;
  readonly detail: string;
}

export interface Happenings {
  trade: Fill;
  alert: Transition;
  health_change: HealthChange;
}

const MAX_CALLBACKS = 1_000;

export class Observers {
  readonly #log: Logger;
  readonly #callbacks = new Map<keyof Happenings, Set<(happening: never) => void>>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Returns the function that ends it. */
  on<K extends keyof Happenings>(kind: K, callback: (happening: Happenings[K]) => void): () => void {
    const known = this.#callbacks.get(kind) ?? new Set();
    if (known.size >= MAX_CALLBACKS) throw new RangeError(`more than ${MAX_CALLBACKS} callbacks for "${kind}"`);
    this.#callbacks.set(kind, known.add(callback));
    return () => void known.delete(callback);
  }

  has(kind: keyof Happenings): boolean {
    return (this.#callbacks.get(kind)?.size ?? 0) > 0;
  }

  tell<K extends keyof Happenings>(kind: K, happening: Happenings[K]): void {
    for (const callback of this.#callbacks.get(kind) ?? []) {
      try {
        (callback as (happening: Happenings[K]) => void)(happening);
      } catch (error) {
        this.#log.warn({ err: error, callback: kind }, 'A callback failed.');
      }
    }
  }
}
