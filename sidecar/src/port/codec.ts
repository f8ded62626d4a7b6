/** The codec port: bytes to items, written into a sink so that a sample costs no object. */
import type { PayloadKind } from '@tapewatch/contract';
import type { ExponentialHistogram, LabelPair, Labels, MetricKind, TradingEvent } from '@tapewatch/core';

export interface DecodeContext {
  /** What the stream carries. */
  readonly payloadKind: PayloadKind;
  /** Labels from the subject's tokens and the stream's static labels; the payload's own labels win. */
  readonly labels: Readonly<Record<string, string>>;
  readonly receivedNanos: bigint;
  /** Longest payload, after decompression; 1 MiB (NATS's own bound) unless the way in says otherwise. */
  readonly maxBytes?: number;
}

export interface DecodeProblem {
  /** Short and bounded, for a counter's label: `syntax`, `schema`, `time`, `too_large`, ... */
  readonly reason: string;
  /** Names the field, the value seen and what is expected. */
  readonly detail: string;
  /** The offending item's bytes or text, cut to a bound. */
  readonly excerpt: Uint8Array;
  /** How many items of the message this stands for, once its list of problems is full. Default 1. */
  readonly items?: number;
  /** Expected and harmless (a text field of line protocol): count it, but keep no dead letter. */
  readonly countOnly?: true;
}

/**
 * Number that stands for a series inside the process: its id, always positive. What is not positive is a refusal (a
 * limit, a kind that contradicts): hand it to the sink with the sample, which counts it, and ask anew the next time.
 */
export type SeriesRef = number;

/** One measurement behind a series, with a stamp as the sink has it. */
export interface SentExemplar {
  readonly seconds: number;
  readonly nanos: number;
  readonly value: number;
  readonly labels: readonly LabelPair[];
}

/**
 * Where decoded items go, one call each, so that a sample costs no object. A stamp is whole seconds since the epoch and
 * the nanoseconds within that second: two exact numbers in place of a BigInt.
 */
export interface SampleSink {
  /**
   * Interns a label set of a kind. Dear; a codec remembers positive answers by the bytes it saw, for the life of the
   * process (`Labels` itself is the place to start when the bytes are new).
   */
  series(labels: Labels, kind: MetricKind, unit?: string, help?: string): SeriesRef;
  /** A gauge's or counter's value, or one observation of a distribution. NaN and infinities are values. */
  number(ref: SeriesRef, seconds: number, nanos: number, value: number): void;
  /**
   * The series ends here (Prometheus's staleness marker): queries after the stamp see no sample of it until the next.
   */
  stale(ref: SeriesRef, seconds: number, nanos: number): void;
  /** A ready-made distribution over an interval (a delta) that ends at the stamp. The sink keeps the object. */
  histogram(ref: SeriesRef, seconds: number, nanos: number, histogram: ExponentialHistogram): void;
  /**
   * One measurement behind the series, with labels that lead to it (`trace_id`, `span_id`, ...). After the series' sample
   * where there is one. The sink copies what it keeps, refuses what is past its bounds and counts that.
   */
  exemplar(ref: SeriesRef, exemplar: SentExemplar): void;
  event(event: TradingEvent): void;
  /** Tells an item apart that was not taken; the others of the message stay. */
  problem(problem: DecodeProblem): void;
}

/** Good items and problems go side by side into the sink: one bad item of a batch loses only itself. */
export interface Codec {
  readonly name: string;
  /** Never throws, whatever the bytes. Items are in the sink when it returns. */
  decodeInto(payload: Uint8Array, context: DecodeContext, sink: SampleSink): void;
}

/** What became of a request that was submitted: counts of items, and why some were refused. */
export interface IntakeReceipt {
  readonly accepted: number;
  readonly rejected: number;
  /** Ready-made histograms among the accepted. */
  readonly histograms?: number;
  /** Exemplars that were kept; they are beside the accepted. */
  readonly exemplars?: number;
  /** The first few, with reason and detail; the rest is in `rejected` only. */
  readonly problems: readonly { readonly reason: string; readonly detail: string }[];
}

/** The way in for those who wait for an answer (HTTP): the pipeline's front door beside the sources. */
export interface Intake {
  /**
   * Takes a payload as if it had come by a source; the content type chooses the codec. Resolves when its last item is
   * durable. Throws `intake.busy` when the queue is full, `store.unavailable` when it cannot be made durable.
   */
  submit(request: IntakeRequest): Promise<IntakeReceipt>;
  /** Counts a payload that cannot be handed to any codec, and keeps its beginning as a dead letter. */
  refuse(request: RefusedRequest, problem: Pick<DecodeProblem, 'reason' | 'detail'>): void;
}

/** As it came: packed, perhaps. */
export type RefusedRequest = Omit<IntakeRequest, 'maxBytes'>;

export interface IntakeRequest {
  /** Shown with dead letters, in place of a subject: `http:/api/v1/write`. */
  readonly subject: string;
  readonly payloadKind: DecodeContext['payloadKind'];
  readonly contentType: string;
  readonly payload: Uint8Array;
  /** Longest payload, after decompression. */
  readonly maxBytes: number;
}
