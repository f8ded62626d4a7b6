/**
 * Tries again what can be tried again: a full disk or a store that is being reopened must not end the process, and while
 * it lasts the durable log holds back what it would deliver. A fault that is not retryable is final.
 */
import { TapewatchError } from '../errors.ts';
import type { Batch, ColumnBatch, Logger } from '../ports.ts';

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;

export interface DurableAppendOptions {
  readonly append: (batch: ColumnBatch) => Promise<{ readonly duplicates: number }>;
  readonly sleep: (ms: number) => Promise<void>;
  readonly log: Logger;
}

export function durableAppend(
  options: DurableAppendOptions,
): (batch: Batch | ColumnBatch) => Promise<{ readonly duplicates: number }> {
  return async (given) => {
    const batch = asColumns(given);
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

/** Until the pipeline hands over seconds and nanoseconds itself; its windows are left to the store's own ladder. */
function asColumns(batch: Batch | ColumnBatch): ColumnBatch {
  if (!('windows' in batch)) return batch as ColumnBatch;
  const { samples, series, events, transitions, positions } = batch;
  return {
    ...{ series, events, transitions, positions },
    samples: {
      seriesIds: samples.seriesIds,
      seconds: Uint32Array.from(samples.timesNanos, (stamp) => Number(stamp / 1_000_000_000n)),
      nanos: Uint32Array.from(samples.timesNanos, (stamp) => Number(stamp % 1_000_000_000n)),
      values: samples.values,
    },
    histograms: batch.histograms.map(({ seriesId, timeNanos, histogram }) => ({
      seriesId,
      seconds: Number(timeNanos / 1_000_000_000n),
      nanos: Number(timeNanos % 1_000_000_000n),
      histogram,
    })),
  };
}
