/** The way of one order as spans: a root from sending to the venue's answer, and one child for each hop, one after the other. */
import type { HopNanos } from './latency.ts';
import type { SpanItem, Stamper } from './message.ts';
import type { Random } from './random.ts';
import { HOPS, type Hop } from './universe.ts';

/** Which service works on which machine. */
const PLACES: Readonly<Record<Hop, { readonly service: string; readonly host: string }>> = {
  strategy: { service: 'strategy', host: 'desk-1' },
  risk: { service: 'risk', host: 'desk-1' },
  gateway: { service: 'gateway', host: 'gateway-1' },
  venue: { service: 'venue-session', host: 'gateway-1' },
};

export interface TracedOrder {
  readonly id: string;
  readonly venue: string;
  readonly strategy: string;
  readonly symbol: string;
  readonly wasRejected: boolean;
}

export interface TraceContext {
  readonly hops: HopNanos;
  /** When the answer came, nanoseconds since the run began. */
  readonly atNanos: number;
  readonly stamper: Stamper;
  readonly random: Random;
}

/** The same order has the same ids in every run with its id. */
export function traceOf(order: TracedOrder, { hops, atNanos, stamper, random }: TraceContext): SpanItem[] {
  const ids = random.fork(order.id);
  const traceId = hex(ids, 32);
  const root = hex(ids, 16);
  const total = HOPS.reduce((sum, hop) => sum + hops[hop], 0);
  const { venue, strategy, symbol } = order;
  const attributes = { 'order.id': order.id, venue, strategy, symbol };
  const common = { trace_id: traceId, attributes, status: order.wasRejected ? ('error' as const) : ('ok' as const) };
  const spans: SpanItem[] = [
    {
      ...{ ...common, span_id: root, name: 'order', kind: 'internal' as const, service: 'desk', host: 'desk-1' },
      ...{ start_time: stamper.stamp(atNanos, total), end_time: stamper.stamp(atNanos) },
    },
  ];
  let left = total;
  for (const hop of HOPS) {
    const start = stamper.stamp(atNanos, left);
    left -= hops[hop];
    spans.push({
      ...{ ...common, span_id: hex(ids, 16), parent_span_id: root, name: hop, ...PLACES[hop] },
      kind: hop === 'venue' ? 'client' : 'internal',
      ...{ start_time: start, end_time: stamper.stamp(atNanos, left) },
    });
  }
  return spans;
}

/** Never all zeros: the first digit is not. */
function hex(random: Random, digits: number): string {
  const first = (1 + random.integer(15)).toString(16);
  return first + Array.from({ length: digits - 1 }, () => random.integer(16).toString(16)).join('');
}
