/**
 * A span as the analysis of latency reads it: OpenTelemetry's, with the host that stamped it. The stored row of the table
 * `spans` has these fields and more. Offsets inside of a tree are whole nanoseconds since its origin, exact in a double
 * for 104 days.
 */

/** OpenTelemetry's kinds, lower-case. A kind that nobody stated is `internal`, as the specification has it. */
export const SPAN_KINDS = ['internal', 'server', 'client', 'producer', 'consumer'] as const;
export type SpanKind = (typeof SPAN_KINDS)[number];

export interface TraceSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly service: string;
  /** Whose clock stamped it; empty when unknown, and then its clock is never corrected. */
  readonly host: string;
  readonly kind: SpanKind;
  readonly startNanos: bigint;
  readonly endNanos: bigint;
}

/** A span in its tree. `start` and `end` may be shifted by a correction of clocks; `span` keeps what was sent. */
export interface SpanNode {
  readonly span: TraceSpan;
  /** Nanoseconds since the tree's origin. */
  start: number;
  end: number;
  parent: SpanNode | null;
  /** Ascending by start, then by end, then by id. */
  readonly children: SpanNode[];
}
