import type { AlertObject } from '@tapewatch/contract';
import { AlertHistory } from './alert-history.ts';

const START_MS = Date.UTC(2026, 0, 7, 9);
const stampAt = (minute: number): string => new Date(START_MS + minute * 60_000).toISOString();

const alertAt = (id: string, minute: number, more: Partial<AlertObject> = {}): AlertObject => ({
  ...{ alert_id: id, timestamp: stampAt(minute), severity: 'warning', service: '', metric: 'm', current_value: 1 },
  ...{ threshold: 0, message: 'm', description: 'd', suggested_actions: [], runbook_url: '', escalation_policy: '' },
  ...{ correlation_id: 'c', status: 'firing', labels: {}, annotations: {}, ...more },
});

const listed = (history: AlertHistory, minute: number, filter: { severity?: string; limit?: number } = {}) =>
  history.list({ nowMs: START_MS + minute * 60_000, limit: Infinity, ...filter });

it('has firing and resolved as status, and the time in that state in minutes (proves: LIF-12)', () => {
  const history = new AlertHistory(10);
  history.take(alertAt('a', 0));
  history.take(alertAt('b', 1));
  expect(
    listed(history, 4).map(({ alert_id: id, status, duration_minutes: minutes }) => [id, status, minutes]),
  ).toEqual([
    ['b', 'firing', 3],
    ['a', 'firing', 4],
  ]);
  history.take(alertAt('a', 2.5, { status: 'resolved', current_value: 0 }));
  expect(listed(history, 60)[1]).toMatchObject({
    ...{ alert_id: 'a', status: 'resolved', duration_minutes: 2.5, timestamp: stampAt(0), resolved_at: stampAt(2.5) },
    // What it was when it began: that is what made it an alert.
    current_value: 1,
  });
});

it('keeps an alert once, however often it is told, and no end without a beginning', () => {
  const history = new AlertHistory(10);
  history.take(alertAt('a', 0));
  history.take(alertAt('a', 5));
  history.take(alertAt('gone', 6, { status: 'resolved' }));
  expect(listed(history, 10).map(({ alert_id: id, timestamp }) => [id, timestamp])).toEqual([['a', stampAt(0)]]);
});

it('answers for one severity, in any spelling, and no more than asked for', () => {
  const history = new AlertHistory(10);
  for (const [i, severity] of ['warning', 'critical', 'info', 'critical'].entries())
    history.take(alertAt(`a${i}`, i, { severity }));
  expect(listed(history, 9, { severity: 'CRITICAL' }).map(({ alert_id: id }) => id)).toEqual(['a3', 'a1']);
  expect(listed(history, 9, { severity: 'error' })).toEqual([]);
  expect(listed(history, 9, { limit: 1 }).map(({ alert_id: id }) => id)).toEqual(['a3']);
});

it('keeps nothing where nothing is to be kept', () => {
  const history = new AlertHistory(0);
  history.take(alertAt('a', 0));
  expect(listed(history, 1)).toEqual([]);
});
