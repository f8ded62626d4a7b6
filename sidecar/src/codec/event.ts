/**
 * One JSON order step, fill, quote, health result or business event to its row. Subject tokens fill the fields that the payload leaves
 * out; the schema sets the defaults.
 */
import {
  wireEvent,
  type WireFill,
  wireFill,
  type WireHealth,
  wireHealth,
  type WireOrder,
  wireOrder,
  type WireQuote,
  wireQuote,
} from '@tapewatch/contract';
import {
  type Fill,
  type HealthResult,
  type Nanos,
  nanos,
  type OrderEvent,
  type Quote,
  type TradingEvent,
} from '@tapewatch/core';
import type { DecodeContext } from '../ports.ts';
import { businessEventOf } from './business-event.ts';
import { Fault, shown } from './problem.ts';
import { schemaFault } from './schema-fault.ts';
import { parseWireTime } from './wire-time.ts';

export type EventKind = Exclude<DecodeContext['payloadKind'], 'metric'>;

/** Fields that a subject's token or a static label of the stream may fill. */
const FILLED_BY_LABELS: Readonly<Record<EventKind, readonly string[]>> = {
  order: ['venue', 'strategy', 'symbol', 'account'],
  fill: ['venue', 'strategy', 'symbol', 'account'],
  quote: ['venue', 'symbol'],
  health: ['component', 'instance'],
  event: ['service_name', 'event_type'],
};

export function decodeEvent(item: unknown, kind: EventKind, context: DecodeContext): TradingEvent | Fault {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    return new Fault('schema', `message: expected an object, got ${shown(item)}`);
  }
  const filled = withLabels(item as Record<string, unknown>, FILLED_BY_LABELS[kind], context.labels);
  switch (kind) {
    case 'order': {
      const parsed = wireOrder.safeParse(filled);
      return parsed.success ? orderOf(parsed.data, context) : schemaFault(parsed.error, filled);
    }
    case 'fill': {
      const parsed = wireFill.safeParse(filled);
      return parsed.success ? fillOf(parsed.data, context) : schemaFault(parsed.error, filled);
    }
    case 'quote': {
      const parsed = wireQuote.safeParse(filled);
      return parsed.success ? quoteOf(parsed.data, context) : schemaFault(parsed.error, filled);
    }
    case 'health': {
      const parsed = wireHealth.safeParse(filled);
      return parsed.success ? healthOf(parsed.data, context) : schemaFault(parsed.error, filled);
    }
    case 'event': {
      const parsed = wireEvent.safeParse(filled);
      return parsed.success ? businessEventOf(parsed.data, context) : schemaFault(parsed.error, filled);
    }
  }
}

function withLabels(
  item: Record<string, unknown>,
  fields: readonly string[],
  labels: Readonly<Record<string, string>>,
): Record<string, unknown> {
  let filled = item;
  for (const field of fields) {
    const label = labels[field];
    if (label === undefined || item[field] !== undefined) continue;
    if (filled === item) filled = { ...item };
    filled[field] = label;
  }
  return filled;
}

/** Parses the required time and an optional second one; the first fault wins. */
function timesOf(
  required: string | number,
  optional: string | number | undefined,
  { receivedNanos }: DecodeContext,
): [Nanos, Nanos | null] | Fault {
  const first = parseWireTime(required, receivedNanos);
  if (first instanceof Fault) return first;
  if (optional === undefined) return [first, null];
  const second = parseWireTime(optional, receivedNanos);
  return second instanceof Fault ? second : [first, second];
}

function orderOf(order: WireOrder, context: DecodeContext): OrderEvent | Fault {
  const times = timesOf(order.time, order.sent_time, context);
  if (times instanceof Fault) return times;
  return {
    table: 'orders',
    id: order.id,
    timeNanos: times[0],
    orderId: order.order_id,
    event: order.event,
    sentNanos: times[1],
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
    reason: order.reason,
  };
}

function fillOf(fill: WireFill, context: DecodeContext): Fill | Fault {
  const timeNanos = parseWireTime(fill.time, context.receivedNanos);
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
  };
}

function quoteOf(quote: WireQuote, context: DecodeContext): Quote | Fault {
  const times = timesOf(quote.time, quote.exchange_time, context);
  if (times instanceof Fault) return times;
  return {
    table: 'quotes',
    timeNanos: times[0],
    exchangeNanos: times[1],
    venue: quote.venue,
    symbol: quote.symbol,
    bid: quote.bid,
    bidSize: quote.bid_size,
    ask: quote.ask,
    askSize: quote.ask_size,
    sequence: quote.sequence === undefined ? null : BigInt(quote.sequence),
  };
}

function healthOf(health: WireHealth, { receivedNanos }: DecodeContext): HealthResult | Fault {
  const timeNanos = health.time === undefined ? nanos(receivedNanos) : parseWireTime(health.time, receivedNanos);
  if (timeNanos instanceof Fault) return timeNanos;
  const { component, instance, status, message } = health;
  return { table: 'health_results', timeNanos, component, instance, status, message };
}
