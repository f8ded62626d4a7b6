import type { LedgerContent, LedgerTotal } from './ledger-reader.ts';
import { judge, type Answers, type Stored } from './verdict.ts';

const total = (name: string, kind: LedgerTotal['kind'], count: number, sum: number): LedgerTotal => ({
  ...{ name, kind, count, sum, labels: { venue: 'X' } },
});

const ledger: LedgerContent = {
  totals: [
    total('depth', 'gauge', 10, 55),
    total('order_events_total', 'event', 5, 5),
    total('order_ack_seconds', 'latency', 4, 0.01),
  ],
  latencies: [0.001, 0.002, 0.003, 0.004],
  probeMs: 1_000,
  summary: { startedMs: 0, endedMs: 1, published: 15, messages: 15, unacknowledged: 0 },
};

const about = { bound: 0.0054, grafana: false };
const EXACT: Record<number, number> = { 0.5: 0.003, 0.99: 0.004, 0.999: 0.004 };

function answers(change: Partial<Answers> & { stored?: (total: LedgerTotal) => Stored | undefined } = {}): Answers {
  return {
    stored: ({ kind, count, sum }) => (kind === 'event' ? { count } : { count, sum }),
    quantile: (q) => (EXACT[q] ?? NaN) * 1.004,
    webhookMs: 1_250,
    ...change,
  };
}

it('passes when everything is there', () => {
  const { report, problems } = judge(ledger, answers(), about);
  expect(problems).toEqual([]);
  expect(report).toMatchObject({ published: 15, stored: 15, lost: 0, alertMs: 250, grafana: false });
  expect(Object.keys(report)).toEqual(['published', 'stored', 'lost', 'quantiles', 'alertMs', 'grafana']);
  expect(report.quantiles.map(({ q, exact }) => [q, exact])).toEqual([
    [0.5, 0.003],
    [0.99, 0.004],
    [0.999, 0.004],
  ]);
});

it('counts what is missing, series by series: a surplus elsewhere does not make up for it', () => {
  const stored = ({ name, count, sum }: LedgerTotal): Stored => ({
    count: name === 'depth' ? count - 3 : count + 3,
    sum,
  });
  const { report, problems } = judge(ledger, answers({ stored }), about);
  expect(report).toMatchObject({ stored: 15, lost: 3 });
  expect(problems).toEqual(
    expect.arrayContaining([
      'depth{"venue":"X"}: 10 published, 7 stored',
      'order_events_total{"venue":"X"}: 8 stored, only 5 published',
      '3 of 15 samples and events were lost',
    ]),
  );
});

it.each<[string, Partial<Answers>, RegExp]>([
  [
    'a series the sidecar does not know',
    { stored: ({ kind, count, sum }) => (kind === 'gauge' ? undefined : { count, sum }) },
    /unknown/,
  ],
  ['other values than published', { stored: ({ count, sum }) => ({ count, sum: sum * 1.0001 }) }, /add up to/],
  ['a percentile outside its bound', { quantile: (q) => (EXACT[q] ?? NaN) * (q === 0.999 ? 1.006 : 1) }, /p99\.9/],
  ['no percentile at all', { quantile: () => NaN }, /p50/],
  ['an alert that never came', { webhookMs: null }, /never received/],
  ['an alert that took a second', { webhookMs: 2_000 }, /took 1000 ms/],
  ['an alert before its cause', { webhookMs: 900 }, /clocks/],
])('fails on %s', (_, change, problem) => {
  expect(judge(ledger, answers(change), about).problems.join('\n')).toMatch(problem);
});

it.each<[string, Partial<LedgerContent>, RegExp]>([
  ['has no summary', { summary: null }, /did not end in order/],
  ['lacks lines', { totals: ledger.totals.slice(1) }, /torn/],
  [
    'holds nothing',
    { totals: [], summary: { startedMs: 0, endedMs: 1, published: 0, messages: 0, unacknowledged: 0 } },
    /nothing/,
  ],
  [
    'knows of messages that NATS never took',
    { summary: { startedMs: 0, endedMs: 1, published: 15, messages: 15, unacknowledged: 2 } },
    /2 durable/,
  ],
])('fails on a ledger that %s', (_, change, problem) => {
  expect(judge({ ...ledger, ...change }, answers(), about).problems.join('\n')).toMatch(problem);
});
