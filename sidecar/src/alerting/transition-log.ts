/**
 * Brings transitions into the store, and never lets the store hold back an alert: past the deadline the rows are kept
 * (at most `maxUnstoredTransitions`, oldest dropped and told) and go with the next attempt.
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
  #unstored: TransitionRow[] = [];

  constructor(deps: TransitionLogDeps, options: Pick<AlertingOptions, 'storeTimeoutMs' | 'maxUnstoredTransitions'>) {
    this.#deps = deps;
    this.#options = options;
  }

  get unstored(): number {
    return this.#unstored.length;
  }

  /** Resolves when the rows, and those left from before, are durable or the deadline has passed. Never rejects. */
  async store(rows: readonly TransitionRow[]): Promise<void> {
    const { clock, log, storeTransitions } = this.#deps;
    const { storeTimeoutMs: timeoutMs, maxUnstoredTransitions } = this.#options;
    const all = [...this.#unstored, ...rows];
    if (all.length === 0) return;
    this.#unstored = [];
    try {
      const message = `the store did not answer within ${timeoutMs} ms`;
      await withDeadline(clock, { timeoutMs, message }, () => storeTransitions(all));
    } catch (cause) {
      const kept = [...all, ...this.#unstored];
      const dropped = Math.max(0, kept.length - maxUnstoredTransitions);
      this.#unstored = kept.slice(dropped);
      const error = cause instanceof Error ? cause.message : String(cause);
      log.error(
        { error, kept: this.#unstored.length, dropped },
        'Transitions could not be stored; they are tried again.',
      );
    }
  }
}
