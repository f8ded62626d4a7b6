/**
 * Brings transitions into the store, and never lets the store hold back an alert: past the deadline the write goes on by
 * itself and the alert does not wait for it. Rows that the store refused are kept (at most `maxUnstoredTransitions`, oldest
 * dropped and told) and go with the next attempt.
 */
import type { Clock, Logger, TransitionRow } from '../ports.ts';
import type { AlertingOptions } from './alerting-options.ts';
import { withDeadline } from './deadline.ts';

interface TransitionLogDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly storeTransitions: (rows: readonly TransitionRow[]) => Promise<void>;
}

export class TransitionLog {
  readonly #deps: TransitionLogDeps;
  readonly #options: Pick<AlertingOptions, 'storeTimeoutMs' | 'maxUnstoredTransitions'>;
  /** Refused by the store. */
  #refused: TransitionRow[] = [];
  /** Handed to the store, not durable yet. */
  #underWay = 0;

  constructor(deps: TransitionLogDeps, options: Pick<AlertingOptions, 'storeTimeoutMs' | 'maxUnstoredTransitions'>) {
    this.#deps = deps;
    this.#options = options;
  }

  get unstored(): number {
    return this.#refused.length + this.#underWay;
  }

  /** Resolves when the rows, and those refused before, are durable or the deadline has passed. Never rejects. */
  async store(rows: readonly TransitionRow[]): Promise<void> {
    const { clock, log } = this.#deps;
    const { storeTimeoutMs: timeoutMs } = this.#options;
    const all = [...this.#refused, ...rows];
    if (all.length === 0) return;
    this.#refused = [];
    const message = `the store did not answer within ${timeoutMs} ms`;
    const writing = this.#write(all);
    await withDeadline(clock, { timeoutMs, message }, () => writing).catch(() => {
      log.warn({ transitions: all.length, timeoutMs }, 'The store is slow: alerts go out before they are durable.');
    });
  }

  async #write(rows: readonly TransitionRow[]): Promise<void> {
    this.#underWay += rows.length;
    try {
      await this.#deps.storeTransitions(rows);
    } catch (cause) {
      const kept = [...rows, ...this.#refused];
      const dropped = Math.max(0, kept.length - this.#options.maxUnstoredTransitions);
      this.#refused = kept.slice(dropped);
      const error = cause instanceof Error ? cause.message : String(cause);
      this.#deps.log.error(
        { error, kept: this.#refused.length, dropped },
        'Transitions could not be stored; they are tried again.',
      );
    } finally {
      this.#underWay -= rows.length;
    }
  }
}
