/** What is scraped and how that goes, in Prometheus's shape: its tools and Grafana's know where to look. */
import { scrapePoolsData, targetsData, targetsParams } from '@tapewatch/contract';
import { formatDurationMs, rfc3339 } from '@tapewatch/core';
import { z } from 'zod';
import type { TargetHealth } from '../ports.ts';
import { sendData } from './answer.ts';
import { route, type RouteContext } from './route-kit.ts';

/** Go's zero time, which Prometheus shows for "never". */
const NEVER = '0001-01-01T00:00:00Z';

export function targetRoutes({ app, deps }: RouteContext): void {
  const { targets } = deps;

  route(
    app,
    { url: '/api/v1/targets', summary: 'Scraped targets and their health', params: targetsParams, data: targetsData },
    async ({ state = 'any', scrapePool }, _request, reply) => {
      const isWanted = (job: string): boolean => scrapePool === undefined || scrapePool === job;
      const dropped = targets?.dropped() ?? { targets: [], countByJob: {} };
      return sendData(reply, {
        activeTargets:
          state === 'dropped' ? [] : (targets?.active() ?? []).filter(({ job }) => isWanted(job)).map(activeJson),
        droppedTargets:
          state === 'active'
            ? []
            : dropped.targets
                .filter(({ job }) => isWanted(job))
                .map(({ job, discoveredLabels }) => ({ discoveredLabels, scrapePool: job })),
        droppedTargetCounts: state === 'active' ? null : dropped.countByJob,
      });
    },
  );

  route(
    app,
    { url: '/api/v1/scrape_pools', summary: 'Scrape jobs', params: z.object({}), data: scrapePoolsData },
    async (_params, _request, reply) => sendData(reply, { scrapePools: [...(targets?.jobs() ?? [])] }),
  );
}

function activeJson(target: TargetHealth): z.input<typeof targetsData>['activeTargets'][number] {
  return {
    discoveredLabels: { ...target.discoveredLabels },
    labels: { ...target.labels },
    scrapePool: target.job,
    scrapeUrl: target.url,
    globalUrl: target.url,
    lastError: target.lastError,
    lastScrape: target.lastScrapeNanos === 0n ? NEVER : rfc3339(target.lastScrapeNanos),
    lastScrapeDuration: target.lastScrapeSeconds,
    health: target.health,
    scrapeInterval: formatDurationMs(target.intervalMs),
    scrapeTimeout: formatDurationMs(target.timeoutMs),
  };
}
