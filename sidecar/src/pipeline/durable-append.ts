/**
 * Tries again what can be tried again: a full disk or a store that is being reopened must not end the process, and while
 * it lasts the durable log holds back what it would deliver. A fault that is not retryable is final. At the end of the
 * process it tries a few times more and gives up, since nobody may wait for ever on a disk that stays full.
 */
import { TapewatchError } from '../errors.ts';
import type { ColumnBatch, Logger } from '../ports.ts';

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;
/** Once the process ends: so many attempts more, this far apart at most. */
const LAST_ATTEMPTS = 5;
const LONGEST_LAST_WAIT_MS = 500;

export interface DurableAppendOptions {
  readonly append: (batch: ColumnBatch) => Promise<{ readonly duplicates: number }>;
  readonly sleep: (ms: number) => Promise<void>;
  readonly log: Logger;
  /** True once the process is to end. */
  readonly isEnding: () => boolean;
}

export function durableAppend(options: DurableAppendOptions): DurableAppendOptions['append'] {
  const { append, sleep, log, isEnding } = options;
  return async (batch) => {
    let last = 0;
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
      try {
        return await append(batch);
      } catch (error) {
        if (!(error instanceof TapewatchError) || !error.retryable) throw error;
        if (isEnding() && ++last > LAST_ATTEMPTS) throw gaveUp(batch, error);
        log.warn({ err: error, waitMs }, 'the store did not take a batch; it will be tried again');
        await sleep(isEnding() ? Math.min(waitMs, LONGEST_LAST_WAIT_MS) : waitMs);
      }
    }
  };
}

function gaveUp(
  { samples, histograms, events, eventBatches = [] }: ColumnBatch,
  cause: TapewatchError,
): TapewatchError {
  const batched = eventBatches.reduce((sum, { rowCount }) => sum + rowCount, 0);
  const rows = samples.values.length + histograms.length + events.length + batched;
  const message =
    `${rows} rows could not be stored before the end: ${cause.message}. ` +
    'JetStream delivers its messages again, what came by core NATS is lost; mend the store, then start the sidecar';
  return new TapewatchError('store.unavailable', message, { cause });
}
