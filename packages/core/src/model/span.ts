/** A span of a trace as OpenTelemetry defines it: one piece of work, with a beginning, an end and what it was part of. */
import type { Nanos } from './time.ts';

export const SPAN_KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
export type SpanKind = (typeof SPAN_KINDS)[number];

export const SPAN_STATUSES = ['unset', 'ok', 'error'] as const;
export type SpanStatus = (typeof SPAN_STATUSES)[number];

/** Duplicates are dropped by (stamp, trace, span). */
export interface Span {
  readonly table: 'spans';
  /** When it began. */
  readonly timeNanos: Nanos;
  /** On the same clock as its beginning: that of `host`. */
  readonly endNanos: Nanos;
  /** 32 and 16 hexadecimal digits, lower case. */
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the root of its trace. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: SpanKind;
  /** `service.name` and `host.name` of the resource; may be empty. */
  readonly service: string;
  readonly host: string;
  readonly status: SpanStatus;
  readonly statusMessage: string;
  /** The span's attributes and its resource's, as text; the span's win. */
  readonly attributes: Readonly<Record<string, string>>;
  /** The order (`order.id`, `order_id`) or whatever `correlation_id` names; else the trace. */
  readonly correlationId: string;
}
