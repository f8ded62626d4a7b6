/** The histories that are kept in memory, with the bounds of the configuration as it comes, asked for over HTTP. */
import type { AlertObject } from '@tapewatch/contract';
import { TradeTracker } from '@tapewatch/core';
import { AlertHistory } from '../alerting/alert-history.ts';
import { RecordingLog, settle, VirtualClock } from '../alerting/testing/virtual-world.ts';
import { Health } from '../check/check.ts';
import { configSchema } from '../config.ts';
import type { HttpDeps } from './http-deps.ts';
import { startHttpServer, type HttpServer } from './server.ts';
import { fixture, settingsWith } from './testing/fixture.ts';

const PRESET = configSchema.parse({});
const SEVERITIES = ['info', 'warning', 'critical'];
let server: HttpServer | undefined;
afterEach(() => server?.close());

async function serve(histories: HttpDeps['histories']): Promise<<T>(path: string) => Promise<T>> {
  const started = await startHttpServer(
    { ...fixture().deps, ...(histories === undefined ? {} : { histories }) },
    settingsWith(),
  );
  server = started;
  return async <T>(path: string) => {
    const answer = await fetch(started.address + path);
    return { code: answer.status, ...((await answer.json()) as object) } as T;
  };
}

function alerts(count: number): {
  readonly history: AlertHistory;
  readonly view: NonNullable<HttpDeps['histories']>['alerts'];
} {
  const history = new AlertHistory(PRESET.alerting.historySize);
  for (let i = 1; i <= count; i++) history.take(alertOf(i));
  return { history, view: { history: (filter) => history.list({ ...filter, nowMs: 0 }) } };
}

const alertOf = (number: number): AlertObject => ({
  ...{ alert_id: `a${number}`, timestamp: '2026-01-07T09:00:00Z', severity: SEVERITIES[number % 3] ?? '' },
  ...{ service: 's', metric: 'm', current_value: 1, threshold: null, message: 'm', description: 'd', annotations: {} },
  ...{ suggested_actions: ['look'], runbook_url: '', escalation_policy: '', correlation_id: 'c', status: 'firing' },
  labels: { alertname: 'A' },
});

/** `turns` runs of one check, the last one bad. */
async function health(turns: number): Promise<Health> {
  const clock = new VirtualClock();
  let turn = 0;
  const run = async () => ({
    level: ++turn === turns ? ('DEGRADED' as const) : ('HEALTHY' as const),
    detail: `${turn}`,
  });
  const told = new Health(
    {
      ...{ clock, log: new RecordingLog(), onResult: () => undefined, onChange: () => undefined },
      historySize: PRESET.monitoring.health_history_size,
    },
    [{ name: 'store', run }],
  );
  for (let i = 0; i < turns; i++) await told.runDue();
  await settle();
  return told;
}

interface Alerts {
  readonly code: number;
  readonly error?: string;
  readonly data: { readonly alerts: readonly { readonly alert_id: string; readonly severity: string }[] };
}
interface Results {
  readonly data: { readonly results: readonly { check: string; level: string; detail: string; time: string }[] };
}

it('keeps 1000 alerts, 1000 results of checks and 100 trades; one more drops the oldest (proves: STO-11, HLT-13, LIF-17)', async () => {
  const checks = await health(1_001);
  const ask = await serve({ alerts: alerts(1_001).view, health: checks });
  const { data: history } = await ask<Alerts>('/api/v1/alerts/history');
  expect(history.alerts.map(({ alert_id: id }) => id)).toEqual(
    Array.from({ length: 1_000 }, (_, i) => `a${1_001 - i}`),
  );
  const { data: results } = await ask<Results>('/api/v1/health/history');
  expect(results.results.map(({ detail }) => Number(detail))).toEqual(
    Array.from({ length: 1_000 }, (_, i) => 1_001 - i),
  );
  checks.close();
  const tracker = new TradeTracker({ initialEquity: PRESET.initial_equity, window: PRESET.rolling_window });
  for (let i = 1; i <= 101; i++) {
    const timeNanos = BigInt(i) * 1_000_000_000n;
    tracker.record({ timeNanos, profit: i === 1 ? 1_000 : -1 });
    expect(tracker.metrics(timeNanos).windowTrades).toBe(Math.min(i, 100));
  }
  // The only win was the first trade.
  expect(tracker.metrics(101_000_000_000n).winRate.value).toBe(0);
});

it('filters alerts by severity, and cuts the answer where that is asked for (proves: LIF-16, API-24)', async () => {
  const checks = await health(1);
  const ask = await serve({ alerts: alerts(9).view, health: checks });
  const { data } = await ask<Alerts>('/api/v1/alerts/history?severity=CRITICAL');
  expect(data.alerts.map(({ alert_id: id, severity }) => [id, severity])).toEqual([
    ['a8', 'critical'],
    ['a5', 'critical'],
    ['a2', 'critical'],
  ]);
  expect((await ask<Alerts>('/api/v1/alerts/history?severity=emergency')).data.alerts).toEqual([]);
  expect((await ask<Alerts>('/api/v1/alerts/history?limit=2')).data.alerts.map(({ alert_id: id }) => id)).toEqual([
    'a9',
    'a8',
  ]);
  expect(await ask<Alerts>('/api/v1/alerts/history?limit=some')).toMatchObject({
    code: 400,
    error: expect.stringContaining('"some" is not a count') as unknown,
  });
  checks.close();
});

it('tells results of one check, newest first', async () => {
  const checks = await health(3);
  const ask = await serve({ alerts: alerts(0).view, health: checks });
  const { data } = await ask<Results>('/api/v1/health/history?check=store&limit=2');
  expect(data.results).toEqual([
    expect.objectContaining({ check: 'store', level: 'DEGRADED', detail: '3' }),
    expect.objectContaining({ check: 'store', level: 'HEALTHY', detail: '2' }),
  ]);
  expect((await ask<Results>('/api/v1/health/history?check=nats')).data.results).toEqual([]);
  checks.close();
});
