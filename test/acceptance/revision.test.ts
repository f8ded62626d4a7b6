/**
 * Late data revise, and the revision is marked: an answer says which windows were revised, a recording rule's samples are
 * written again, and the history of alerts says what an alert would have been, without a notification.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { panelFrames, until } from './panel.ts';
import { startRunningApp, type RunningApp } from './running-app.ts';

const RULES = {
  groups: [
    {
      name: 'desk',
      interval: '1s',
      rules: [
        { alert: 'SlowVenue', expr: 'max by (venue) (latency_seconds) > 1', labels: { severity: 'CRITICAL' } },
        { record: 'desk:latency:max', expr: 'max(latency_seconds)' },
      ],
    },
  ],
};

let running: RunningApp;

beforeEach(async () => {
  running = await startRunningApp((folder) => {
    writeFileSync(join(folder, 'rules.yaml'), JSON.stringify(RULES));
    const revision = { delayMs: 100 };
    return {
      store: { kind: 'duckdb', path: join(folder, 'store.duckdb') },
      alerting: { ruleFiles: [join(folder, 'rules.yaml')], startDelayMs: 0, revision },
    };
  });
});
afterEach(() => running.stop());

function publish(value: number, timeMs: number): void {
  const sample = { name: 'latency_seconds', value, labels: { venue: 'XNAS' }, time: new Date(timeMs).toISOString() };
  running.publisher.publish('tw.metrics.gateway', JSON.stringify(sample));
}

interface Answer {
  readonly infos?: readonly string[];
  readonly data: { readonly result: readonly { readonly values: readonly (readonly [number, string])[] }[] };
}

async function ask(query: string, startMs: number, endMs: number): Promise<Answer> {
  const [start, end] = [startMs / 1_000, endMs / 1_000];
  const parameters = new URLSearchParams({ query, start: `${start}`, end: `${end}`, step: '1' });
  return (await (await fetch(`${running.app.httpAddress}/api/v1/query_range?${parameters}`)).json()) as Answer;
}

/** What was recorded, sample by sample. */
async function recorded(beganMs: number): Promise<number[]> {
  const { data } = await ask('desk:latency:max', beganMs, Date.now());
  return (data.result[0]?.values ?? []).map(([, value]) => Number(value));
}

async function history(): Promise<Record<string, unknown>[]> {
  const range = { fromEpochMS: Date.now() - 300_000, toEpochMS: Date.now() + 60_000 };
  const [table] = await panelFrames(running.grafana, { queryType: 'alerts', state: 'history' }, range);
  if (table === undefined) return [];
  return Array.from({ length: table.numRows }, (_, row) =>
    Object.fromEntries(
      ['from', 'to', 'revised', 'reason'].map((name) => [name, table.getChild(name)?.get(row) as unknown]),
    ),
  );
}

it('a late sample marks the windows, writes recorded samples again and adds revised changes of an alert', async () => {
  const beganMs = Date.now();
  publish(0.5, beganMs);
  // A step a second, all of them judged; the sample that comes then is behind the watermark.
  await until(async () => (await recorded(beganMs)).length >= 5);
  const nowMs = Date.now();
  publish(0.25, nowMs);
  await until(async () => (await recorded(beganMs)).at(-1) === 0.25);
  expect(await history()).toEqual([]);
  publish(5, beganMs + 500);
  await until(async () => (await history()).length === 2);
  const marked = { revised: true };
  expect(await history()).toEqual([
    { from: 'inactive', to: 'firing', ...marked, reason: 'revised by samples that came late: the condition held' },
    { from: 'firing', to: 'inactive', ...marked, reason: expect.stringMatching(/^revised by samples that came late/) },
  ]);
  await until(async () => (await recorded(beganMs)).includes(5));
  expect((await recorded(beganMs)).at(-1)).toBe(0.25);
  const { alerts } = (
    (await (await fetch(`${running.app.httpAddress}/api/v1/alerts`)).json()) as {
      data: { alerts: unknown[] };
    }
  ).data;
  expect(alerts).toEqual([]);

  publish(0.75, beganMs - 60_000);
  const revised =
    /^\d+ windows? of 10s between \S+Z and \S+Z (was|were) revised by samples that came late \(latency_seconds\)$/;
  await until(async () => {
    const { infos = [] } = await ask('latency_seconds', beganMs - 120_000, Date.now());
    return infos.some((info) => revised.test(info));
  });
  // A range without any says nothing.
  expect((await ask('latency_seconds', beganMs - 900_000, beganMs - 800_000)).infos ?? []).toEqual([]);
});
