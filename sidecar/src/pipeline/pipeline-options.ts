/** Settings of the pipeline: how long things wait, and the limits that a broken publisher meets. */
import { DEFAULT_SCALE, MAX_SCALE } from '@tapewatch/core';
import { z } from 'zod';

export const pipelineOptions = z
  .strictObject({
    flushIntervalMs: z.number().int().min(1).max(5_000).default(2).describe('longest wait until queries see a row'),
    commitIntervalMs: z
      .number()
      .int()
      .min(0)
      .max(10_000)
      .default(250)
      .describe(
        'longest wait of a row for its commit; samples that nobody waits to have acknowledged may wait four times as long, what a request over HTTP waits for is committed at the next look, but 60 ms after the beginning of the last commit',
      ),
    maxBatchRows: z
      .number()
      .int()
      .min(100)
      .max(1_000_000)
      .default(50_000)
      .describe(
        'rows that make a commit due; of samples that nobody waits to have acknowledged, two and a half times as many',
      ),
    maxPendingRows: z
      .number()
      .int()
      .min(1_000)
      .max(50_000_000)
      .default(2_000_000)
      .describe('rows that may wait while the store is busy; past it core NATS messages are dropped and counted'),
    maxSeries: z
      .number()
      .int()
      .min(1)
      .max(10_000_000)
      .default(1_000_000)
      .describe(
        'series that may be awake: heard of within headMinutes; past it new ones are refused, known ones are not',
      ),
    maxNewSeriesPerSecond: z.number().int().min(1).max(1_000_000).default(50_000),
    maxSeriesPerStream: z
      .number()
      .int()
      .min(1)
      .max(10_000_000)
      .default(250_000)
      .describe('series of one stream that may be awake, so that one broken publisher leaves room for the others'),
    maxExemplars: z
      .number()
      .int()
      .min(0)
      .max(10_000_000)
      .default(100_000)
      .describe('exemplars in memory, some 200 bytes each; 0 keeps none'),
    // What is more than an hour ahead is refused by the codecs already: it is more likely another unit than a time.
    maxFutureMs: z.number().int().min(0).max(3_600_000).default(600_000).describe('stamps further ahead are refused'),
    httpLatenessMs: z
      .number()
      .int()
      .min(1_000)
      .max(9_000_000_000)
      .default(3_600_000)
      .describe('older stamps than this, behind the clock, are refused when they come by HTTP; streams have their own'),
    idleDelayMs: z
      .number()
      .int()
      .min(100)
      .max(60_000)
      .default(2_000)
      .describe('a silent stream closes its windows this far behind the clock'),
    sloLimits: z
      .record(z.string().regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/), z.array(z.number()).min(1).max(10))
      .refine((limits) => Object.keys(limits).length <= 100, 'at most 100 metrics may have limits')
      .default({})
      .describe(
        'limits of distributions by metric, such as those of an SLO, in its unit; the exact share within is told by the series of its name with _within, see PromQL',
      ),
    histogramScale: z.number().int().min(0).max(MAX_SCALE).default(DEFAULT_SCALE).describe('7: within 0.54 %'),
    headMinutes: z
      .number()
      .int()
      .min(1)
      .max(120)
      .default(20)
      .describe('how much of the present memory answers for: a board of 15 minutes and its windows'),
    headMaxBytes: z
      .number()
      .int()
      .min(1_048_576)
      .max(64 * 1_073_741_824)
      .default(192 * 1_048_576)
      .describe('memory for that, and up to an eighth more in reserve; past it fewer minutes are kept'),
  })
  .prefault({});

export type PipelineSettings = z.output<typeof pipelineOptions>;
