/** Settings of scraping that hold for every job; jobs and targets stand in files of Prometheus's form. */
import { z } from 'zod';

export const scrapeOptions = z
  .strictObject({
    intervalMs: z
      .number()
      .int()
      .min(100)
      .max(86_400_000)
      .default(15_000)
      .describe('period, where neither the job nor its file says otherwise'),
  })
  .prefault({});

export type ScrapeOptions = z.output<typeof scrapeOptions>;
