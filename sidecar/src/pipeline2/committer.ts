/**
 * Makes batches durable, one commit at a time. A commit's price hardly depends on its size, so batches wait for each other
 * up to `commitIntervalMs`; a full one, or one that somebody waits for, goes at once. What was taken in is settled when
 * the commit that holds it is done. While a commit is under way or is tried again, the next batches collect.
 */
import type { Clock, ColumnBatch, Envelope, Logger, Telemetry } from '../ports.ts';
import { mergeBatches } from './merge-batches.ts';

export interface CommitterOptions {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  /** Longest wait of a batch for others. */
  readonly commitIntervalMs: number;
  /** A commit is due as soon as this many rows wait. */
  readonly maxBatchRows: number;
  /** Resolves when the batch is durable; it retries what can be retried, and a rejection is final. */
  readonly append: (batch: ColumnBatch) => Promise<{ readonly duplicates: number }>;
  /** Called once when the store gave up: the process must end in order. */
  readonly onFatal: (error: unknown) => void;
}

/** A batch and who is told when it is durable. */
export interface Pending {
  readonly batch: ColumnBatch;
  readonly rows: number;
  readonly envelopes: readonly Envelope[];
  readonly storedByStream: ReadonlyMap<string, number>;
  readonly waiters: readonly (() => void)[];
  /** Called when the rows can be read from the store. */
  readonly onStored: () => void;
}

export class Committer {
  readonly #options: CommitterOptions;
  #pending: Pending[] = [];
  #rows = 0;
  #oldestNanos = 0n;
  #inFlight: Promise<void> | undefined;
  #failed = false;

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  /** Rows that are not durable yet, those under way included. */
  get pendingRows(): number {
    return this.#rows;
  }

  add(pending: Pending): void {
    if (this.#pending.length === 0) this.#oldestNanos = this.#options.clock.now();
    this.#pending.push(pending);
    this.#rows += pending.rows;
    this.tick();
  }

  /** Starts a commit when one is due. */
  tick(): void {
    if (this.#inFlight !== undefined || this.#failed || this.#pending.length === 0 || !this.#isDue()) return;
    this.#start();
  }

  /** Commits everything that waits. */
  async drain(): Promise<void> {
    while (!this.#failed && (this.#inFlight !== undefined || this.#pending.length > 0)) {
      if (this.#inFlight === undefined) this.#start();
      await this.#inFlight;
    }
  }

  #isDue(): boolean {
    const { clock, commitIntervalMs, maxBatchRows } = this.#options;
    if (this.#rows >= maxBatchRows || this.#pending.some(({ waiters }) => waiters.length > 0)) return true;
    return clock.now() - this.#oldestNanos >= BigInt(commitIntervalMs) * 1_000_000n;
  }

  #start(): void {
    const pending = this.#pending;
    this.#pending = [];
    this.#inFlight = this.#commit(pending).finally(() => {
      this.#inFlight = undefined;
      this.#rows -= pending.reduce((sum, { rows }) => sum + rows, 0);
      this.tick();
    });
  }

  async #commit(pending: readonly Pending[]): Promise<void> {
    const { telemetry, clock, log, append, onFatal } = this.#options;
    const started = clock.now();
    const seconds = (): number => Number(clock.now() - started) / 1e9;
    try {
      const { duplicates } = await append(mergeBatches(pending.map(({ batch }) => batch)));
      telemetry.storeAppended(seconds(), 'ok');
      if (duplicates > 0) telemetry.duplicates('store', duplicates);
      for (const { storedByStream, envelopes, waiters, onStored } of pending) {
        onStored();
        for (const [stream, count] of storedByStream) telemetry.stored(stream, count);
        for (const envelope of envelopes) envelope.settle('stored');
        for (const resolve of waiters) resolve();
      }
    } catch (error) {
      this.#failed = true;
      telemetry.storeAppended(seconds(), 'failed');
      log.error({ err: error }, 'the store gave up; messages stay unacknowledged');
      for (const { envelopes } of pending) for (const envelope of envelopes) envelope.settle('failed');
      onFatal(error);
    }
  }
}
