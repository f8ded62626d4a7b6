/** Order steps, executions and their corrections, and health results to their rows. */
import type { WireFill, WireHealth, WireOrder } from '@tapewatch/contract';
import { type Fill, type HealthResult, nanos, type OrderEvent } from '@tapewatch/core';
import type { DecodeContext } from '../ports.ts';
import { Fault } from './problem.ts';
import { parseWireTime, parseWireTimes } from './wire-time.ts';

export function orderOf(order: WireOrder, { receivedNanos }: DecodeContext): OrderEvent | Fault {
  const times = parseWireTimes(receivedNanos, order.time, order.sent_time, order.decision_time);
  if (times instanceof Fault) return times;
  const [timeNanos, sentNanos = null, decisionNanos = null] = times;
  return {
    table: 'orders',
    id: order.id,
    timeNanos,
    orderId: order.order_id,
    event: order.event,
    sentNanos,
    venue: order.venue,
    symbol: order.symbol,
    strategy: order.strategy,
    account: order.account,
    side: order.side,
    orderType: order.order_type,
    quantity: order.quantity,
    price: order.price,
    filledQuantity: order.filled_quantity,
    arrivalMid: order.arrival_mid,
    decisionNanos,
    decisionMid: order.decision_mid,
    reason: order.reason,
    correlationId: String(order.correlation_id),
  };
}

export function fillOf(fill: WireFill, { receivedNanos }: DecodeContext): Fill | Fault {
  const timeNanos = parseWireTime(fill.time, receivedNanos);
  if (timeNanos instanceof Fault) return timeNanos;
  return {
    table: 'fills',
    id: fill.id,
    timeNanos,
    orderId: fill.order_id,
    venue: fill.venue,
    symbol: fill.symbol,
    strategy: fill.strategy,
    account: fill.account,
    side: fill.side,
    quantity: fill.quantity,
    price: fill.price,
    currency: fill.currency,
    fee: fill.fee,
    feeCurrency: fill.fee_currency ?? fill.currency,
    liquidity: fill.liquidity,
    execution: fill.execution,
    refersTo: fill.refers_to,
  };
}

export function healthOf(health: WireHealth, { receivedNanos }: DecodeContext): HealthResult | Fault {
  const timeNanos = health.time === undefined ? nanos(receivedNanos) : parseWireTime(health.time, receivedNanos);
  if (timeNanos instanceof Fault) return timeNanos;
  const { component, instance, status, message } = health;
  return { table: 'health_results', timeNanos, component, instance, status, message };
}
