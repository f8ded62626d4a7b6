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
import { businessEventOf, type MessageContext } from './business-event.ts';
import { bookOf, fxOf, quoteOf, tradeOf } from './market-event.ts';
import { fillOf, healthOf, orderOf } from './order-event.ts';
import { Fault, shown } from './problem.ts';
import { schemaFault } from './schema-fault.ts';
import { spanOf } from './span-event.ts';

export type EventKind = Exclude<DecodeContext['payloadKind'], 'metric'>;

/** How one kind is read. */
export interface EventReader {
  /** The fields that a subject's token or a static label of the stream may fill. */
  readonly labels: readonly string[];
  readonly schema: z.ZodType;
  /** The row of a message that the schema has passed. */
  readonly rowOf: (message: never, context: MessageContext) => TradingEvent | Fault;
  /** Of a message that is good field by field: whether it passes for certain what the schema asks of several fields at once. */
  readonly isPlain?: (message: Readonly<Record<string, unknown>>) => boolean;
}

/** By kind. */
export const EVENT_READERS: Readonly<Record<EventKind, EventReader>> = {
  order: reader(['venue', 'strategy', 'symbol', 'account'], wireOrder, orderOf),
  fill: { ...reader(['venue', 'strategy', 'symbol', 'account'], wireFill, fillOf), isPlain: isExecution },
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

export function decodeEvent(item: unknown, kind: EventKind, context: MessageContext): TradingEvent | Fault {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    return new Fault('schema', `message: expected an object, got ${shown(item)}`);
  }
  const { labels, schema, rowOf } = EVENT_READERS[kind];
  const filled = withLabels(item as Record<string, unknown>, labels, context.labels);
  const parsed = schema.safeParse(filled);
  return parsed.success ? rowOf(parsed.data as never, context) : schemaFault(parsed.error, filled);
}

function reader<S extends z.ZodType>(
  labels: readonly string[],
  schema: S,
  rowOf: (message: z.infer<S>, context: MessageContext) => TradingEvent | Fault,
): EventReader {
  return { labels, schema, rowOf };
}

/** No correction of one, which refers to another. */
function isExecution({ execution, refers_to, quantity }: Readonly<Record<string, unknown>>): boolean {
  return execution === 'new' && refers_to === '' && (quantity as number) > 0;
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
