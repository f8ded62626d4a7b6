/** Ways of orders from spans and from events: names, clocks, and what is left out. */
import { nanos } from '../model/time.ts';
import type { Fill, OrderEvent } from '../model/event.ts';
import { FeedLoad } from './feed-load.ts';
import { totalNanos } from './hop-trace.ts';
import { orderHops } from './order-hops.ts';
import { spanHops } from './span-hops.ts';
import type { TraceSpan } from './span.ts';

const MS = 1_000_000;

/** Client on h1 from 0 to 10 ms, server on h2 from 2 to 7 ms by h1's clock; h2 is ahead. */
function call(traceId: string, aheadMs: number, atMs = 0): TraceSpan[] {
  const span = (spanId: string, start: number, end: number): Pick<TraceSpan, 'spanId' | 'timeNanos' | 'endNanos'> => ({
    spanId,
    timeNanos: BigInt(Math.round((atMs + start) * MS)),
    endNanos: BigInt(Math.round((atMs + end) * MS)),
  });
  const client = { traceId, parentSpanId: '', name: 'send', service: 'strategy', host: 'h1', kind: 'client' } as const;
  const server = { traceId, parentSpanId: 'a', name: 'route', service: 'gateway', host: 'h2', kind: 'server' } as const;
  return [
    { ...client, ...span('a', 0, 10) },
    { ...server, ...span('b', 2 + aheadMs, 7 + aheadMs) },
  ];
}

it('splits a call into the way out, the work and the way back', () => {
  const { traces, offsets } = spanHops(call('t', 0));
  // One call alone cannot tell the way out from the way back: the offset is the middle of what is possible.
  expect(offsets).toEqual([
    expect.objectContaining({ client: 'h1', server: 'h2', offsetNanos: -MS / 2, errorNanos: 2.5 * MS }),
  ]);
  expect(traces[0]?.hops.map(({ name, nanos: length, from, to }) => [name, length / MS, from, to])).toEqual([
    ['h1 → h2', 2.5, 'h1', 'h2'],
    ['gateway: route', 5, 'h2', 'h2'],
    ['h2 → h1', 2.5, 'h2', 'h1'],
  ]);
});

it('finds the same hops whatever the clock of the server says, and sums to the root', () => {
  const usual = spanHops([...call('t', 0), ...call('u', 0, 100)]).traces;
  const ahead = spanHops([...call('t', 5_000), ...call('u', 5_000, 100)]).traces;
  expect(ahead.map(({ hops }) => hops)).toEqual(usual.map(({ hops }) => hops));
  for (const trace of ahead) expect(totalNanos(trace)).toBe(10 * MS);
});

it('leaves traces without their root out and counts them', () => {
  const headless = call('lost', 0).slice(1);
  expect(spanHops([...call('t', 0), ...headless])).toMatchObject({ incomplete: 1, traces: [{ id: 't' }] });
});

const ORDER: OrderEvent = {
  ...{ table: 'orders', id: '1', timeNanos: nanos(0n), orderId: 'o', event: 'new', sentNanos: nanos(5n), venue: 'V' },
  ...{ symbol: 'S', strategy: 's', account: '', side: 'buy', orderType: 'limit', quantity: 1, price: null },
  ...{
    filledQuantity: 0,
    arrivalMid: null,
    decisionNanos: nanos(1n),
    decisionMid: null,
    reason: '',
    correlationId: '',
  },
};

it('walks an order from its decision to its first fill, events in any order', () => {
  const events: OrderEvent[] = [
    { ...ORDER, id: '4', event: 'fill', timeNanos: nanos(30n) },
    { ...ORDER, id: '3', event: 'partial_fill', timeNanos: nanos(20n) },
    { ...ORDER, id: '2', event: 'ack', timeNanos: nanos(9n) },
    ORDER,
  ];
  const names = (end: 'ack' | 'fill') =>
    orderHops(events, [], end).map(({ hops }) => hops.map(({ name, nanos: length }) => [name, length]));
  expect(names('fill')).toEqual([
    [
      ['decision → sent', 4],
      ['sent → ack', 4],
      ['ack → fill', 11],
    ],
  ]);
  expect(names('ack')).toEqual([
    [
      ['decision → sent', 4],
      ['sent → ack', 4],
    ],
  ]);
});

it('has no way for an order that was never filled, and an end for one that was rejected', () => {
  const rejected = [ORDER, { ...ORDER, id: '2', event: 'reject', timeNanos: nanos(9n) } as const];
  expect(orderHops(rejected, [], 'fill')).toEqual([]);
  expect(orderHops(rejected, [], 'ack')).toHaveLength(1);
});

it('ends the way of a routed order at a fill of another venue, unless that venue has an order with its id', () => {
  const rest = { strategy: 's', account: '', side: 'buy', quantity: 1, price: 1, currency: 'USD', fee: 0 } as const;
  const more = { feeCurrency: 'USD', liquidity: '', execution: 'new', refersTo: '' } as const;
  const fillAt = (venue: string, nanosAt: bigint, orderId = 'o'): Fill => {
    return { table: 'fills', id: venue, timeNanos: nanos(nanosAt), orderId, venue, symbol: 'S', ...rest, ...more };
  };
  const lengths = (orders: readonly OrderEvent[], fills: readonly Fill[]) =>
    orderHops(orders, fills, 'fill').map((trace) => [trace.id, totalNanos(trace)]);
  const routed = { ...ORDER, venue: 'SMART', decisionNanos: null };
  expect(lengths([routed], [fillAt('ARCA', 25n)])).toEqual([['SMART\u0000o', 20]]);
  const other = { ...ORDER, id: '9', venue: 'ARCA', sentNanos: nanos(15n), decisionNanos: null };
  expect(lengths([routed, other], [fillAt('ARCA', 25n)])).toEqual([['ARCA\u0000o', 10]]);
  expect(lengths([routed], [fillAt('ARCA', 25n, 'unknown')])).toEqual([]);
});

it('closes windows of a feed as time goes on, with the delay above the fastest', () => {
  const load = new FeedLoad(250);
  const event = (timeMs: number, delayMs: number | null, trade = false) => ({ timeMs, delayMs, mid: 100, trade });
  expect(load.add(event(10, -1_270))).toEqual([]);
  expect(load.add(event(20, -1_260, true))).toEqual([]);
  expect(load.add(event(600, null))).toEqual([
    { endMs: 250, latencyMs: 0, messages: 2, trades: 1, realisedVariance: 0 },
    { endMs: 500, latencyMs: null, messages: 0, trades: 0, realisedVariance: 0 },
  ]);
});
