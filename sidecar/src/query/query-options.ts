/** Settings of the query engine that panels, rules and the HTTP API share. */
import { z } from 'zod';

export const queryOptions = z
  .strictObject({
    timeoutMs: z.number().int().min(1).max(600_000).default(30_000).describe('from the question to the answer'),
    maxConcurrent: z.number().int().min(1).max(1_000).default(50).describe('the next wait, in order'),
    maxWaiting: z.number().int().min(0).max(100_000).default(1_000).describe('past it a query is refused at once'),
    cacheTtlMs: z
      .number()
      .int()
      .min(0)
      .max(86_400_000)
      .default(300_000)
      .describe(
        'longest life of a cached answer about the past; answers that can still change are never older than a step',
      ),
  })
  .prefault({});

export type QueryOptions = z.output<typeof queryOptions>;
