/**
 * The way of an order from its own events: decision → sent → ack → fill. All stamps of order events are the publisher's, so
 * one clock made them; hops inside a gateway or a venue need spans. An order without its beginning or its end has no way.
 */
import type { Fill, OrderEvent } from '../model/event.ts';
import { hopsBetween, type Checkpoint, type HopTrace } from './hop-trace.ts';

/** Where the way ends: at the acknowledgement, or at the first execution. */
export type OrderEnd = 'ack' | 'fill';

/** Venue and order id; venues number their orders themselves. */
export function orderKey({ venue, orderId }: { readonly venue: string; readonly orderId: string }): string {
  return `${venue}\u0000${orderId}`;
}

/**
 * The order that each fill belongs to, by `orderKey`: the one of its venue and id, else (a routed order, which another venue
 * than its own filled) the earliest one with its id. Undefined where no step of such an order is among `orders`.
 */
export function orderOfFill(orders: readonly OrderEvent[]): (fill: Fill) => string | undefined {
  const keys = new Set(orders.map(orderKey));
  const earliest = new Map<string, OrderEvent>();
  for (const order of orders) {
    const known = earliest.get(order.orderId);
    if (known === undefined || order.timeNanos < known.timeNanos) earliest.set(order.orderId, order);
  }
  const byId = new Map(Array.from(earliest, ([id, order]) => [id, orderKey(order)]));
  return (fill) => (keys.has(orderKey(fill)) ? orderKey(fill) : byId.get(fill.orderId));
}

/** Ids of the result are `orderKey`s. Events in any order; a reject ends an order that waits for its ack. */
export function orderHops(orders: readonly OrderEvent[], fills: readonly Fill[], end: OrderEnd): HopTrace[] {
  const ways = new Map<string, Way>();
  const keyOf = orderOfFill(orders);
  for (const order of orders) {
    const way = wayOf(ways, orderKey(order));
    way.decision ??= order.decisionNanos;
    if (order.event === 'new') way.sent = order.sentNanos ?? order.timeNanos;
    else way.sent ??= order.sentNanos;
    if (order.event === 'ack' || order.event === 'reject') way.ack = earlier(way.ack, order.timeNanos);
    if (order.event === 'fill' || order.event === 'partial_fill') way.fill = earlier(way.fill, order.timeNanos);
  }
  for (const fill of fills) {
    const way = fill.execution === 'new' ? ways.get(keyOf(fill) ?? '') : undefined;
    if (way !== undefined) way.fill = earlier(way.fill, fill.timeNanos);
  }
  return [...ways]
    .map(([id, way]) => hopsBetween(id, checkpointsOf(way, end)))
    .filter((trace) => trace !== null)
    .sort((a, b) => (a.timeNanos < b.timeNanos ? -1 : a.timeNanos > b.timeNanos ? 1 : 0));
}

interface Way {
  decision: bigint | null;
  sent: bigint | null;
  ack: bigint | null;
  fill: bigint | null;
}

function wayOf(ways: Map<string, Way>, id: string): Way {
  let way = ways.get(id);
  if (way === undefined) ways.set(id, (way = { decision: null, sent: null, ack: null, fill: null }));
  return way;
}

function earlier(known: bigint | null, time: bigint): bigint {
  return known === null || time < known ? time : known;
}

/** None where the way has no beginning or no end. A fill that overtook its acknowledgement leaves the ack out. */
function checkpointsOf({ decision, sent, ack, fill }: Way, end: OrderEnd): Checkpoint[] {
  const last = end === 'ack' ? ack : fill;
  if (sent === null || last === null || last < sent) return [];
  const steps: readonly (readonly [string, bigint | null])[] = [
    ['decision', decision !== null && decision <= sent ? decision : null],
    ['sent', sent],
    ['ack', ack !== null && ack >= sent && ack <= last ? ack : null],
    ['fill', end === 'fill' ? fill : null],
  ];
  return steps.flatMap(([name, timeNanos]) => (timeNanos === null ? [] : [{ name, host: '', timeNanos }]));
}
