/** Settings of the scraper: which files say what to scrape, what holds where they say nothing, and its bounds. */
import { parseDurationMs } from '@tapewatch/core';
import { z } from 'zod';

const MEBIBYTE = 1_048_576;

const duration = z
  .string()
  .refine((text) => (parseDurationMs(text) ?? 0) > 0, 'must be a duration above zero, such as 500ms, 15s or 1m')
  .transform((text) => parseDurationMs(text) as number);

export const scrapeOptions = z
  .strictObject({
    files: z
      .array(z.string().min(1))
      .default([])
      .describe('scrape files in Prometheus’s format; the last part of a path may be a pattern, such as scrape/*.yaml'),
    interval: duration.prefault('15s').describe('between two scrapes, where a file does not say otherwise'),
    timeout: duration
      .prefault('10s')
      .describe('of one scrape, where a file does not say otherwise; at most the interval'),
    bodyLimitBytes: z
      .number()
      .int()
      .min(1_024)
      .max(512 * MEBIBYTE)
      .default(64 * MEBIBYTE)
      .describe('of one page, decompressed; a file’s body_size_limit can only lower it'),
    inFlightLimitBytes: z
      .number()
      .int()
      .min(1_024)
      .max(8_192 * MEBIBYTE)
      .default(256 * MEBIBYTE)
      .describe('of all pages that are being read; a page past it fails'),
    sampleLimit: z
      .number()
      .int()
      .min(1)
      .max(100_000_000)
      .default(250_000)
      .describe('of one page after relabelling; a file’s sample_limit can only lower it'),
    maxTargets: z.number().int().min(1).max(1_000_000).default(10_000).describe('of all jobs; more are refused'),
    maxDroppedTargets: z
      .number()
      .int()
      .min(0)
      .max(1_000_000)
      .default(1_000)
      .describe('per job, listed among those that relabelling dropped'),
  })
  .prefault({});

export type ScrapeOptions = z.output<typeof scrapeOptions>;
