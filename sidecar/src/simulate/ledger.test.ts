import { Ledger } from './ledger.ts';
import { ledgerLine } from './ledger-format.ts';
import type { DeskMessage, OrderItem } from './model/message.ts';

function collect(): { lines: string[]; ledger: Ledger } {
  const lines: string[] = [];
  const sink = { write: (line: string) => void lines.push(line), close: () => Promise.resolve() };
  return { lines, ledger: new Ledger(sink) };
}

const base = { atNanos: 0, id: '' };
const step = (event: OrderItem['event'], time: string): DeskMessage => ({
  ...{ ...base, kind: 'order', subject: 'tw.orders.X.s' },
  items: [
    {
      id: event,
      time,
      sent_time: '1000',
      order_id: 'o',
      event,
      venue: 'X',
      symbol: 'A',
      strategy: 's',
      side: 'buy',
      quantity: 1,
    },
  ],
});

it('keeps counts, sums and the values of order latencies, and announces a series once', async () => {
  const { lines, ledger } = collect();
  const metric: DeskMessage = {
    ...{ ...base, kind: 'metric', subject: 'tw.metrics.x' },
    items: [{ name: 'depth', value: 2, labels: { venue: 'X' } }],
  };
  ledger.record(metric, 1);
  ledger.record(metric, 2);
  for (const message of [step('new', '1000'), step('ack', '501000'), step('fill', '900000')]) ledger.record(message, 3);
  ledger.flush(10);
  ledger.record(step('reject', '2001000'), 11);
  await ledger.close({ startedMs: 0, endedMs: 12, unacknowledged: 0 });
  const documents = lines.map((line) => ledgerLine.parse(JSON.parse(line)));
  const announced = documents.flatMap((document) => ('series' in document ? [document] : []));
  expect(announced.map(({ kind, name, labels }) => [kind, name, labels['event'] ?? ''])).toEqual([
    ['gauge', 'depth', ''],
    ['event', 'order_events_total', 'new'],
    ['event', 'order_events_total', 'ack'],
    ['latency', 'order_ack_seconds', ''],
    ['event', 'order_events_total', 'fill'],
    ['event', 'order_events_total', 'reject'],
  ]);
  const added = documents.flatMap((document) => ('add' in document ? [document] : []));
  expect(added[0]?.add).toContainEqual([0, 2, 4]);
  expect(added.map(({ values }) => values)).toEqual([[[3, [0.0005]]], [[3, [0.002]]]]);
  expect(documents.at(-1)).toEqual({
    summary: { startedMs: 0, endedMs: 12, unacknowledged: 0, published: 6, messages: 6 },
  });
});

it('notes when the probe left', () => {
  const { lines, ledger } = collect();
  const probe = (value: number): DeskMessage => ({
    ...{ ...base, kind: 'metric', subject: 'tw.metrics.demo.probe' },
    items: [{ name: 'demo_probe', type: 'gauge', value }],
  });
  ledger.record(probe(0), 100);
  ledger.record(probe(1), 200);
  expect(lines.filter((line) => line.includes('publishedMs'))).toEqual(['{"probe":{"publishedMs":200}}\n']);
});
