/**
 * One JSON object to its row: an order step, a fill, a quote and so on, by the kind that the stream carries. Subject tokens
 * fill the fields that the payload leaves out; the schema sets the defaults.
 */
import {
  wireBook,
  wireCash,
  wireEvent,
  wireExchange,
  wireFill,
  wireFx,
  wireHealth,
  wireOrder,
  wirePosition,
  wireQuote,
  wireSignal,
  wireSpan,
  wireTrade,
} from '@tapewatch/contract';
import type { TradingEvent } from '@tapewatch/core';
import type { z } from 'zod';
import type { DecodeContext } from '../ports.ts';
import { cashOf, exchangeOf, positionOf, signalOf } from './account-event.ts';
import { businessEventOf } from './business-event.ts';
import { bookOf, fxOf, quoteOf, tradeOf } from './market-event.ts';
import { fillOf, healthOf, orderOf } from './order-event.ts';
import { Fault, shown } from './problem.ts';
import { schemaFault } from './schema-fault.ts';
import { spanOf } from './span-event.ts';

export type EventKind = Exclude<DecodeContext['payloadKind'], 'metric'>;

type Reader = (item: Record<string, unknown>, context: DecodeContext) => TradingEvent | Fault;

/** By kind: the fields that a subject's token or a static label of the stream may fill, the schema, and what makes the row. */
const READERS: Readonly<Record<EventKind, Reader>> = {
  order: reader(['venue', 'strategy', 'symbol', 'account'], wireOrder, orderOf),
  fill: reader(['venue', 'strategy', 'symbol', 'account'], wireFill, fillOf),
  quote: reader(['venue', 'symbol'], wireQuote, quoteOf),
  trade: reader(['venue', 'symbol'], wireTrade, tradeOf),
  book: reader(['venue', 'symbol'], wireBook, bookOf),
  position: reader(['account', 'venue', 'strategy', 'symbol'], wirePosition, positionOf),
  signal: reader(['agent', 'strategy', 'symbol'], wireSignal, signalOf),
  cash: reader(['account', 'venue', 'currency'], wireCash, cashOf),
  fx: reader(['base', 'quote', 'source'], wireFx, fxOf),
  exchange: reader(['venue', 'api'], wireExchange, exchangeOf),
  span: reader(['service', 'host'], wireSpan, spanOf),
  health: reader(['component', 'instance'], wireHealth, healthOf),
  event: reader(['service_name', 'event_type'], wireEvent, businessEventOf),
};

export function decodeEvent(item: unknown, kind: EventKind, context: DecodeContext): TradingEvent | Fault {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    return new Fault('schema', `message: expected an object, got ${shown(item)}`);
  }
  return READERS[kind](item as Record<string, unknown>, context);
}

function reader<S extends z.ZodType>(
  fields: readonly string[],
  schema: S,
  rowOf: (message: z.infer<S>, context: DecodeContext) => TradingEvent | Fault,
): Reader {
  return (item, context) => {
    const filled = withLabels(item, fields, context.labels);
    const parsed = schema.safeParse(filled);
    return parsed.success ? rowOf(parsed.data, context) : schemaFault(parsed.error, filled);
  };
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
