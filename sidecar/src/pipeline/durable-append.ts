/**
 * Tries again what can be tried again: a full disk or a store that is being reopened must not end the process, and while
 * it lasts the durable log holds back what it would deliver. A fault that is not retryable is final.
 */
import { TapewatchError } from '../errors.ts';
import type { ColumnBatch, Logger } from '../ports.ts';

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;

export interface DurableAppendOptions {
  readonly append: (batch: ColumnBatch) => Promise<{ readonly duplicates: number }>;
  readonly sleep: (ms: number) => Promise<void>;
  readonly log: Logger;
}

export function durableAppend(options: DurableAppendOptions): DurableAppendOptions['append'] {
  return async (batch) => {
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
      try {
        return await options.append(batch);
      } catch (error) {
        if (!(error instanceof TapewatchError) || !error.retryable) throw error;
        options.log.warn({ err: error, waitMs }, 'the store did not take a batch; it will be tried again');
        await options.sleep(waitMs);
      }
    }
  };
}
