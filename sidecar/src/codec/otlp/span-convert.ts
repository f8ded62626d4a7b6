/**
 * OTLP spans to rows. What identifies the service and the machine comes from the resource; its other attributes join the
 * span's, which win. One bad span loses only itself.
 */
import { SPAN_ATTRIBUTES_MAX, wireSpan } from '@tapewatch/contract';
import { SPAN_KINDS, SPAN_STATUSES, type Span } from '@tapewatch/core';
import type { DecodeContext, SampleSink } from '../../ports.ts';
import { Fault, type ProblemList, shown } from '../problem.ts';
import { schemaFault } from '../schema-fault.ts';
import { correlationOf, spanFault } from '../span-event.ts';
import { parseWireTimes } from '../wire-time.ts';
import type { Attributes, OtlpResourceSpans, OtlpSpan } from './model.ts';
import { isNoTime, nanosText } from './place.ts';

/** What OTLP has in common with a plain span; its stamps and attributes have encodings of their own. */
const common = wireSpan.pick({
  trace_id: true,
  span_id: true,
  parent_span_id: true,
  name: true,
  service: true,
  host: true,
  status_message: true,
});

/** Names and values of a resource's attributes; each of its spans is stored with all of them. */
const RESOURCE_MAX_BYTES = 16_384;
const TRACE_ID = /^(?!0+$)[0-9a-f]{32}$/i;
const SPAN_ID = /^(?!0+$)[0-9a-f]{16}$/i;

export interface SpanOutlet {
  readonly context: DecodeContext;
  readonly sink: SampleSink;
  readonly problems: ProblemList;
}

export function putSpans(resources: readonly OtlpResourceSpans[], { context, sink, problems }: SpanOutlet): void {
  for (const { attributes, spans } of resources) {
    const shared = resourceFault(attributes);
    for (const span of spans) {
      const row = shared ?? idFault(span) ?? rowOf(span, attributes, context);
      if (row instanceof Fault) problems.add(row, `${span.traceId} ${span.spanId} ${span.name}`.slice(0, 900));
      else sink.event(row);
    }
  }
}

/** Once a resource: a small message may hold many attributes and many spans that would each take them over. */
function resourceFault(attributes: Attributes): Fault | undefined {
  const { size } = new Set(attributes.map(([key]) => key));
  if (size > SPAN_ATTRIBUTES_MAX) {
    return new Fault('label_limit', `resource of spans: at most ${SPAN_ATTRIBUTES_MAX} attributes, got ${size}`);
  }
  const bytes = attributes.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  if (bytes <= RESOURCE_MAX_BYTES) return undefined;
  return new Fault(
    'label_limit',
    `resource of spans: attributes of at most ${RESOURCE_MAX_BYTES} bytes, got ${bytes}; each span is stored with them`,
  );
}

/** In the schema's words, for a hundredth of its time: a message may hold half a million spans that are empty. */
function idFault({ traceId, spanId }: OtlpSpan): Fault | undefined {
  const wrong = (field: string, digits: number, seen: string): Fault =>
    new Fault('schema', `${field}: must be ${digits} hexadecimal digits, not all of them zero, got ${shown(seen)}`);
  if (!TRACE_ID.test(traceId)) return wrong('trace_id', 32, traceId);
  return SPAN_ID.test(spanId) ? undefined : wrong('span_id', 16, spanId);
}

function rowOf(span: OtlpSpan, resource: Attributes, { receivedNanos, labels }: DecodeContext): Span | Fault {
  const attributes = Object.fromEntries([...resource, ...span.attributes]);
  const of = (key: string, label: string): string => attributes[key] ?? labels[label] ?? '';
  const fields = {
    trace_id: span.traceId,
    span_id: span.spanId,
    // All zeros is none, as for the ids of exemplars.
    parent_span_id: /^0*$/.test(span.parentSpanId) ? '' : span.parentSpanId,
    name: span.name,
    service: of('service.name', 'service'),
    host: of('host.name', 'host'),
    status_message: span.statusMessage,
  };
  const parsed = common.safeParse(fields);
  if (!parsed.success) return schemaFault(parsed.error, fields);
  if (isNoTime(span.start) || isNoTime(span.end)) {
    return new Fault('time', `span ${shown(span.name)}: start and end are required`);
  }
  const times = parseWireTimes(receivedNanos, nanosText(span.start), nanosText(span.end));
  if (times instanceof Fault) return times;
  const [timeNanos, endNanos = timeNanos] = times;
  const { data } = parsed;
  const traceId = data.trace_id.toLowerCase();
  const row: Span = {
    table: 'spans',
    timeNanos,
    endNanos,
    traceId,
    spanId: data.span_id.toLowerCase(),
    parentSpanId: data.parent_span_id.toLowerCase(),
    name: data.name,
    kind: SPAN_KINDS[span.kind] ?? 'unspecified',
    service: data.service,
    host: data.host,
    status: SPAN_STATUSES[span.status] ?? 'unset',
    statusMessage: data.status_message,
    attributes,
    correlationId: correlationOf('', attributes, traceId),
  };
  return spanFault(row) ?? row;
}
