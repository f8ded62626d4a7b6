/** The list of targets, as Prometheus answers it. */
import type { TargetsView } from '../ports.ts';
import { buildHttpServer } from './server.ts';
import { fixture, settingsWith } from './testing/fixture.ts';

const targets: TargetsView = {
  active: () => [
    {
      job: 'desk',
      url: 'http://127.0.0.1:9100/metrics',
      labels: { job: 'desk', instance: '127.0.0.1:9100' },
      discoveredLabels: { __address__: '127.0.0.1:9100', job: 'desk' },
      health: 'down',
      lastError: 'the target answered HTTP 503',
      lastScrapeNanos: 1_767_571_200_500_000_000n,
      lastScrapeSeconds: 0.25,
      intervalMs: 15_000,
      timeoutMs: 10_000,
    },
    {
      job: 'probe',
      url: 'http://127.0.0.1:9115/probe',
      labels: { job: 'probe', instance: 'a' },
      discoveredLabels: { __address__: 'a', job: 'probe' },
      health: 'unknown',
      lastError: '',
      lastScrapeNanos: 0n,
      lastScrapeSeconds: 0,
      intervalMs: 90_000,
      timeoutMs: 10_000,
    },
  ],
  dropped: () => ({
    targets: [{ job: 'desk', discoveredLabels: { __address__: 'b', job: 'desk' } }],
    countByJob: { desk: 3, probe: 0 },
  }),
  jobs: () => ['desk', 'probe'],
};

async function get(url: string): Promise<{ status: string; data: Record<string, unknown> }> {
  const app = await buildHttpServer({ ...fixture().deps, targets }, settingsWith());
  const answer = await app.inject({ url, headers: { host: '127.0.0.1' } });
  await app.close();
  return answer.json();
}

it('lists targets with labels, health and times', async () => {
  const { status, data } = await get('/api/v1/targets');
  expect(status).toBe('success');
  expect(data).toEqual({
    activeTargets: [
      {
        discoveredLabels: { __address__: '127.0.0.1:9100', job: 'desk' },
        labels: { job: 'desk', instance: '127.0.0.1:9100' },
        scrapePool: 'desk',
        scrapeUrl: 'http://127.0.0.1:9100/metrics',
        globalUrl: 'http://127.0.0.1:9100/metrics',
        lastError: 'the target answered HTTP 503',
        lastScrape: '2026-01-05T00:00:00.5Z',
        lastScrapeDuration: 0.25,
        health: 'down',
        scrapeInterval: '15s',
        scrapeTimeout: '10s',
      },
      expect.objectContaining({ health: 'unknown', lastScrape: '0001-01-01T00:00:00Z', scrapeInterval: '1m30s' }),
    ],
    droppedTargets: [{ discoveredLabels: { __address__: 'b', job: 'desk' }, scrapePool: 'desk' }],
    droppedTargetCounts: { desk: 3, probe: 0 },
  });
});

it('chooses by state and by job', async () => {
  expect((await get('/api/v1/targets?state=active&scrapePool=probe')).data).toMatchObject({
    activeTargets: [{ scrapePool: 'probe' }],
    droppedTargets: [],
  });
  expect((await get('/api/v1/targets?state=dropped')).data).toMatchObject({
    activeTargets: [],
    droppedTargets: [{ scrapePool: 'desk' }],
  });
  expect((await get('/api/v1/scrape_pools')).data).toEqual({ scrapePools: ['desk', 'probe'] });
});
