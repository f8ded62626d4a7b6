/** Bounds of users' SQL (docs/sql.md). */
import { z } from 'zod';

export const sqlOptions = z
  .strictObject({
    enabled: z.boolean().default(true).describe('false: every SQL query is refused'),
    timeoutMs: z.number().int().min(100).max(600_000).default(10_000).describe('of one statement, with its rows'),
    processes: z.number().int().min(1).max(16).default(1).describe('statements that run at once; the next ones wait'),
    memoryMb: z.number().int().min(32).max(65_536).default(256).describe('of the engine in each process'),
    maxReadRows: z.number().int().min(1).max(1_000_000_000).default(5_000_000).describe('event rows of one statement'),
    maxReadMb: z
      .number()
      .int()
      .min(1)
      .max(1_048_576)
      .default(1_024)
      .describe('of the event rows of one statement, on disk'),
    maxRows: z.number().int().min(1).max(1_000_000).default(100_000).describe('rows of an answer; then it is cut'),
    maxAnswerMb: z.number().int().min(1).max(1_024).default(32).describe('of an answer; past it it is refused'),
  })
  .prefault({});

export type SqlOptions = z.output<typeof sqlOptions>;
