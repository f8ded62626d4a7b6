/**
 * OTLP as both encodings yield it, without what is not used: opentelemetry-proto 1.x, `metrics/v1/metrics.proto` and
 * `trace/v1/trace.proto`.
 */

/** An attribute's value in text; nested ones as JSON. */
export type Attributes = readonly (readonly [key: string, value: string])[];

/** Nanoseconds since 1970 as the encoding has them: text or number of JSON, or the halves of 64 bits. */
export type OtlpTime = string | number | { readonly high: number; readonly low: number };

export interface OtlpBuckets {
  offset: number;
  bucketCounts: number[];
}

export interface OtlpExemplar {
  attributes: Attributes;
  time: OtlpTime;
  value: number | undefined;
  /** Hexadecimal; empty when there is none. */
  traceId: string;
  spanId: string;
}

export interface OtlpPoint {
  attributes: Attributes;
  time: OtlpTime;
  start: OtlpTime;
  flags: number;
  /** Of a gauge or sum. */
  value?: number;
  count: number;
  sum?: number;
  min?: number;
  max?: number;
  bucketCounts: number[];
  explicitBounds: number[];
  scale: number;
  zeroCount: number;
  zeroThreshold?: number;
  positive?: OtlpBuckets;
  negative?: OtlpBuckets;
  quantiles: { quantile: number; value: number }[];
  /** Absent in most points. */
  exemplars?: OtlpExemplar[];
}

export type OtlpKind = 'gauge' | 'sum' | 'histogram' | 'exponential' | 'summary';

export interface OtlpMetric {
  name: string;
  description: string;
  unit: string;
  kind: OtlpKind | undefined;
  /** 1 delta, 2 cumulative. */
  temporality: number;
  monotonic: boolean;
  points: OtlpPoint[];
}

export interface OtlpResource {
  attributes: Attributes;
  metrics: OtlpMetric[];
}

export function emptyPoint(): OtlpPoint {
  return {
    attributes: [],
    time: 0,
    start: 0,
    flags: 0,
    count: 0,
    bucketCounts: [],
    explicitBounds: [],
    scale: 0,
    zeroCount: 0,
    quantiles: [],
  };
}

export function emptyExemplar(): OtlpExemplar {
  return { attributes: [], time: 0, value: undefined, traceId: '', spanId: '' };
}

export function emptyMetric(): OtlpMetric {
  return { name: '', description: '', unit: '', kind: undefined, temporality: 0, monotonic: false, points: [] };
}

export interface OtlpSpan {
  /** Hexadecimal. */
  traceId: string;
  spanId: string;
  /** Empty when there is none. */
  parentSpanId: string;
  name: string;
  /** Number of the enumeration `SpanKind`. */
  kind: number;
  start: OtlpTime;
  end: OtlpTime;
  attributes: Attributes;
  /** Number of the enumeration `StatusCode`. */
  status: number;
  statusMessage: string;
}

export interface OtlpResourceSpans {
  readonly attributes: Attributes;
  readonly spans: readonly OtlpSpan[];
}

/** One literal: spans come in great numbers, and objects that are put together step by step cost several times as much. */
export function emptySpan(): OtlpSpan {
  return {
    traceId: '',
    spanId: '',
    parentSpanId: '',
    name: '',
    kind: 0,
    start: 0,
    end: 0,
    attributes: [],
    status: 0,
    statusMessage: '',
  };
}
