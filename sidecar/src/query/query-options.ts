/** Settings of the query engine that panels, rules and the HTTP API share. */
import { DEFAULT_MAX_SAMPLES } from '@tapewatch/core';
import { z } from 'zod';
import { sqlOptions } from './sql/sql-options.ts';

export const queryOptions = z
  .strictObject({
    timeoutMs: z.number().int().min(1).max(600_000).default(30_000).describe('from the question to the answer'),
    maxConcurrent: z.number().int().min(1).max(1_000).default(50).describe('the next wait, in order'),
    maxWaiting: z.number().int().min(0).max(100_000).default(1_000).describe('past it a query is refused at once'),
    maxSamples: z
      .number()
      .int()
      .min(1_000)
      .max(10_000_000_000)
      .default(DEFAULT_MAX_SAMPLES)
      .describe('read by one query'),
    maxSeries: z.number().int().min(1).max(10_000_000).default(300_000).describe('read by one query'),
    cacheTtlMs: z
      .number()
      .int()
      .min(0)
      .max(86_400_000)
      .default(300_000)
      .describe('longest life of a cached answer; new data, late ones too, end it earlier as far as they reach'),
    cacheMb: z.number().int().min(1).max(65_536).default(64).describe('answers kept, estimated'),
    threads: z
      .number()
      .int()
      .min(0)
      .max(64)
      .optional()
      .describe('evaluate dear queries; default: one less than the processors, at least 1; 0: the reading thread does'),
    threadFromCost: z
      .number()
      .int()
      .min(0)
      .max(1_000_000_000)
      .default(150_000)
      .describe('numbers that a query looks at before it goes to a thread; handing over costs a few milliseconds'),
    sql: sqlOptions,
  })
  .prefault({});

export type QueryOptions = z.output<typeof queryOptions>;
