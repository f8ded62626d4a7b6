/**
 * Spans to their rows: plain objects (`wireSpan`) and those of OTLP meet here, so that both have the same bounds. A
 * span that ends before it began is refused: one clock made both stamps.
 */
import { SPAN_ATTRIBUTES_MAX, type WireSpan } from '@tapewatch/contract';
import type { Span } from '@tapewatch/core';
import type { DecodeContext } from '../ports.ts';
import { exceedsBytes, LABEL_NAME_MAX_BYTES, LABEL_VALUE_MAX_BYTES } from './limit.ts';
import { Fault, shown } from './problem.ts';
import { parseWireTimes } from './wire-time.ts';

/** Where publishers put what joins a span to other things; the first that is there counts. */
const CORRELATING = ['correlation_id', 'correlation.id', 'order.id', 'order_id'] as const;

export function spanOf(span: WireSpan, { receivedNanos }: DecodeContext): Span | Fault {
  const times = parseWireTimes(receivedNanos, span.start_time, span.end_time);
  if (times instanceof Fault) return times;
  const [timeNanos, endNanos = timeNanos] = times;
  const entries = Object.entries(span.attributes).map(([key, value]) => [key, String(value)] as const);
  const attributes = Object.fromEntries(entries);
  const traceId = span.trace_id.toLowerCase();
  const row: Span = {
    table: 'spans',
    timeNanos,
    endNanos,
    traceId,
    spanId: span.span_id.toLowerCase(),
    parentSpanId: span.parent_span_id.toLowerCase(),
    name: span.name,
    kind: span.kind,
    service: span.service,
    host: span.host,
    status: span.status,
    statusMessage: span.status_message,
    attributes,
    correlationId: correlationOf(String(span.correlation_id), attributes, traceId),
  };
  return spanFault(row) ?? row;
}

/** What is wrong with the stamps or attributes of a row. */
export function spanFault({ attributes, name, timeNanos, endNanos }: Span): Fault | undefined {
  if (endNanos < timeNanos) {
    return new Fault('time', `span ${shown(name)}: ends ${timeNanos - endNanos} ns before it begins`);
  }
  const entries = Object.entries(attributes);
  if (entries.length > SPAN_ATTRIBUTES_MAX) {
    const text = `span ${shown(name)}: at most ${SPAN_ATTRIBUTES_MAX} attributes, got ${entries.length}`;
    return new Fault('label_limit', text);
  }
  const tooLong = entries.find(
    ([key, value]) => exceedsBytes(key, LABEL_NAME_MAX_BYTES) || exceedsBytes(value, LABEL_VALUE_MAX_BYTES),
  );
  if (tooLong !== undefined) {
    const limits = `at most ${LABEL_NAME_MAX_BYTES} bytes of name and ${LABEL_VALUE_MAX_BYTES} of value`;
    return new Fault('label_limit', `span ${shown(name)}: attribute ${shown(tooLong[0])} is too long; ${limits}`);
  }
  return undefined;
}

/** What the publisher says, else what its attributes do, else the trace. */
export function correlationOf(said: string, attributes: Readonly<Record<string, string>>, traceId: string): string {
  if (said !== '') return said;
  const key = CORRELATING.find((name) => Object.hasOwn(attributes, name) && attributes[name] !== '');
  return key === undefined ? traceId : (attributes[key] as string);
}
