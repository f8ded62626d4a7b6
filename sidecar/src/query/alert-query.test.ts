/** What is said where a history of alerts has more rows than a query returns. */
import { Labels, nanos } from '@tapewatch/core';
import type { AlertingView, TransitionRow } from '../ports.ts';
import { runAlerts } from './alert-query.ts';
import { MAX_ROWS, rowsOf } from './limit.ts';

const ENVELOPE = { startMs: 0, endMs: 60_000, intervalMs: 1_000, maxDataPoints: 100, fromAlert: false };
const ROW = {
  ...{ timeNanos: nanos(1_000_000_000n), group: 'g', rule: 'r', labels: Labels.from([]), annotations: {} },
  ...{ from: 'inactive', to: 'firing', reason: '', value: 1 },
} as unknown as TransitionRow;

function viewOf(rows: number): AlertingView {
  const all = new Array<TransitionRow>(rows).fill(ROW);
  return { groups: () => [], transitions: ({ limit }) => Promise.resolve(all.slice(0, limit)) };
}

it('tells when a history was cut, and where', async () => {
  const query = { queryType: 'alerts', state: 'history' } as const;
  const [whole] = await runAlerts(query, ENVELOPE, viewOf(3));
  expect([whole && rowsOf(whole), whole?.notices]).toEqual([3, []]);
  const [cut] = await runAlerts(query, ENVELOPE, viewOf(MAX_ROWS + 1));
  expect(cut && rowsOf(cut)).toBe(MAX_ROWS);
  expect(cut?.notices).toEqual([
    { severity: 'warning', text: expect.stringContaining('until 1970-01-01T00:00:01') as unknown },
  ]);
});
