/**
 * Makes batches durable, one commit at a time. What was taken in is settled when the commit that holds it is done. While a
 * commit is under way or is tried again, the next batch collects.
 */
import type { Clock, ColumnBatch, Envelope, Logger, Telemetry } from '../ports.ts';

export interface CommitterOptions {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly log: Logger;
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
  /** Called when the rows can be read from the store. */
  readonly onStored: () => void;
}

export class Committer {
  readonly #options: CommitterOptions;
  #inFlight: Promise<void> | undefined;
  #rows = 0;
  #failed = false;

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  /** Rows under way. */
  get rows(): number {
    return this.#rows;
  }

  /** True when a commit can be started. */
  get isFree(): boolean {
    return this.#inFlight === undefined && !this.#failed;
  }

  get hasFailed(): boolean {
    return this.#failed;
  }

  /** Starts a commit; resolves when it is done or has failed for good. Only when free. */
  start(pending: Pending): Promise<void> {
    this.#rows = pending.rows;
    this.#inFlight = this.#commit(pending).finally(() => {
      this.#inFlight = undefined;
      this.#rows = 0;
    });
    return this.#inFlight;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#inFlight;
  }

  async #commit({ batch, storedByStream, envelopes, onStored }: Pending): Promise<void> {
    const { telemetry, clock, log, append, onFatal } = this.#options;
    const started = clock.now();
    const seconds = (): number => Number(clock.now() - started) / 1e9;
    try {
      const { duplicates } = await append(batch);
      telemetry.storeAppended(seconds(), 'ok');
      if (duplicates > 0) telemetry.duplicates('store', duplicates);
    } catch (error) {
      this.#failed = true;
      telemetry.storeAppended(seconds(), 'failed');
      log.error({ err: error }, 'the store gave up; messages stay unacknowledged');
      for (const envelope of envelopes) this.#tell(() => envelope.settle?.('failed'));
      return onFatal(error);
    }
    for (const [stream, count] of storedByStream) telemetry.stored(stream, count);
    for (const envelope of envelopes) this.#tell(() => envelope.settle?.('stored'));
    this.#tell(onStored);
  }

  /** What goes wrong in telling one says nothing about the store, and keeps nothing from the others. */
  #tell(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.#options.log.warn({ err: error }, 'an outcome could not be told');
    }
  }
}
