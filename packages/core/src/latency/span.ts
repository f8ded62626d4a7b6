/**
 * A span as the analysis of latency reads it, with the host that stamped it, and its place in a tree. Offsets inside of a
 * tree are whole nanoseconds since its origin, exact in a double for 104 days.
 */
import type { Span } from '../model/span.ts';

/** `host` may be empty: then nothing is known of its clock, and it is never corrected. Stamps as in `Span`. */
export interface TraceSpan extends Pick<
  Span,
  'traceId' | 'spanId' | 'parentSpanId' | 'name' | 'service' | 'host' | 'kind'
> {
  readonly timeNanos: bigint;
  readonly endNanos: bigint;
}

/** `start` and `end` may be shifted by a correction of clocks; `span` keeps what was sent. */
export interface SpanNode {
  readonly span: TraceSpan;
  /** Nanoseconds since the tree's origin. */
  start: number;
  end: number;
  parent: SpanNode | null;
  /** Ascending by start, then by end, then by id. */
  readonly children: SpanNode[];
}
