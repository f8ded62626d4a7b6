/** Whose trace an order's steps hang in. */
import { tapewatchQuery } from '@tapewatch/contract';
import type { Fill, OrderEvent, Span } from '@tapewatch/core';
import { ENVELOPE, ns, QUIET_DESK, SPAN } from './testing/latency-desk.ts';
import { rowReader } from './row-reader.fixture.ts';
import { runTrace } from './trace-query.ts';

const ORDER = QUIET_DESK.find((row): row is OrderEvent => row.table === 'orders') as OrderEvent;
const RANGE = { ...ENVELOPE, startMs: 0 };

function span(part: Partial<Span>): Span {
  const rest = { parentSpanId: '', name: 'n', kind: 'internal', service: 's', host: 'h' } as const;
  return { ...SPAN, ...rest, traceId: 't', spanId: 'a', timeNanos: ns(1), endNanos: ns(2), ...part };
}

/** Ids of the traces of all rows. The reader passes rows by their order ids only, so spans are those of the query. */
async function tracesOf(order: OrderEvent, found: Span): Promise<Set<unknown>> {
  const query = tapewatchQuery.parse({ queryType: 'trace', orderId: order.orderId, traceId: found.traceId });
  if (query.queryType !== 'trace') throw new Error('no trace query');
  const [table] = await runTrace(query, RANGE, rowReader([order, found]).reader);
  return new Set<unknown>([...(table?.fields.find(({ name }) => name === 'traceID')?.values ?? [])]);
}

it('is that of a span with its correlation id', async () => {
  const order = { ...ORDER, correlationId: 'c' };
  expect(await tracesOf(order, span({ correlationId: 'c' }))).toEqual(new Set(['t']));
});

it('is none of a span that names nothing, where the order names nothing either', async () => {
  const order = { ...ORDER, correlationId: '' };
  expect(await tracesOf(order, span({ correlationId: '' }))).toEqual(new Set(['t', order.orderId]));
});

it('holds the fills of a routed order, which another venue than its own made', async () => {
  const fill = QUIET_DESK.find((row): row is Fill => row.table === 'fills' && row.orderId === ORDER.orderId) as Fill;
  const steps = QUIET_DESK.filter((row) => row.table === 'orders' && row.orderId === ORDER.orderId);
  const query = tapewatchQuery.parse({ queryType: 'trace', orderId: ORDER.orderId });
  if (query.queryType !== 'trace') throw new Error('no trace query');
  const [table] = await runTrace(query, RANGE, rowReader([...steps, { ...fill, venue: 'ELSEWHERE' }]).reader);
  const names = table?.fields.find(({ name }) => name === 'operationName')?.values;
  expect([...(names ?? [])]).toEqual(['buy 1 S', 'sent → ack', 'ack → fill']);
});
