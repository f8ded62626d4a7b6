/**
 * The one line of queries: how many run at once, whoever asks; the next ones wait in order of arrival. The line of
 * waiting queries is bounded as well: beyond it a query is refused at once, with the limit's name and the remedy.
 */
import { TapewatchError } from '../errors.ts';
import type { QueryLine } from '../ports.ts';

export interface SlotLimits {
  readonly maxConcurrent: number;
  readonly maxWaiting: number;
  /** The setting that lets more run at once; default `query.maxConcurrent`. */
  readonly setting?: string;
}

export class QuerySlots implements QueryLine {
  readonly #limits: SlotLimits;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(limits: SlotLimits) {
    this.#limits = limits;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Runs `work` when a slot is free. An abort while waiting leaves the line and rejects with the signal's reason. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#take(signal);
    try {
      return await work();
    } finally {
      this.#give();
    }
  }

  async #take(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#running < this.#limits.maxConcurrent) {
      this.#running++;
      return;
    }
    if (this.#waiting.length >= this.#limits.maxWaiting) {
      const { maxConcurrent, maxWaiting, setting = 'query.maxConcurrent' } = this.#limits;
      const message = `${maxConcurrent} queries run and ${maxWaiting} wait; ask again later or less often, or raise ${setting}`;
      throw new TapewatchError('query.limit', message, { details: { maxConcurrent, maxWaiting } });
    }
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(signal?.reason as Error);
      };
      const enter = (): void => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      this.#waiting.push(enter);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  /** Hands the slot to the next in line, or frees it. */
  #give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else next();
  }
}
