/** What `/api/v1/targets` and `/api/v1/scrape_pools` take and answer, as Prometheus's "HTTP API" has it. */
import { z } from 'zod';

const labels = z.record(z.string(), z.string());

export const targetsParams = z.object({
  state: z.enum(['active', 'dropped', 'any']).optional().describe('default: both'),
  scrapePool: z.string().max(256).optional().describe('only the targets of this job'),
});

export const targetsData = z.object({
  activeTargets: z.array(
    z.object({
      discoveredLabels: labels,
      labels,
      scrapePool: z.string(),
      scrapeUrl: z.string(),
      globalUrl: z.string(),
      lastError: z.string(),
      lastScrape: z.string(),
      lastScrapeDuration: z.number(),
      health: z.enum(['up', 'down', 'unknown']),
      scrapeInterval: z.string(),
      scrapeTimeout: z.string(),
    }),
  ),
  droppedTargets: z.array(z.object({ discoveredLabels: labels, scrapePool: z.string() })),
  droppedTargetCounts: z.record(z.string(), z.number()).nullable(),
});

export const scrapePoolsData = z.object({ scrapePools: z.array(z.string()) });
