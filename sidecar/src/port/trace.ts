/** Traces as their readers want them: spans with the steps of orders, and how to find them. */

export interface TraceTag {
  readonly key: string;
  readonly value: string | number;
}

export interface TraceLog {
  /** Milliseconds. */
  readonly timestamp: number;
  readonly fields: readonly TraceTag[];
}

/** A span, or a step of an order. Stamps are milliseconds with fractions, as Grafana's trace frames have them. */
export interface TraceRow {
  readonly traceID: string;
  readonly spanID: string;
  /** Empty for the first one of its trace. */
  readonly parentSpanID: string;
  readonly operationName: string;
  readonly serviceName: string;
  readonly kind: string;
  /** Of OpenTelemetry: 0 unset, 1 ok, 2 error. */
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly startTime: number;
  readonly duration: number;
  readonly serviceTags: readonly TraceTag[];
  readonly tags: readonly TraceTag[];
  readonly logs: readonly TraceLog[];
}

export interface NanosRange {
  readonly startNanos: bigint;
  /** Exclusive. */
  readonly endNanos: bigint;
}

/** A trace is found when one of its spans began in the range and has all of this. */
export interface TraceSearch extends NanosRange {
  readonly service: string;
  /** Empty: any. */
  readonly operation: string;
  /** Of the span; both ends inclusive. */
  readonly minDurationNanos: bigint;
  readonly maxDurationNanos: bigint;
  /** Attributes of the span by name, and `error`, `span.kind`, `otel.status_code`, `host.name`, `correlation_id`. */
  readonly tags: Readonly<Record<string, string>>;
  /** Most traces; the newest are taken. */
  readonly limit: number;
}

/** The rows of one trace, ascending by time. */
export type Trace = readonly TraceRow[];

export interface FoundTraces {
  /** Newest first. */
  readonly traces: readonly Trace[];
  /** What was cut, for people. */
  readonly notices: readonly string[];
}

export interface ServiceLink {
  readonly parent: string;
  readonly child: string;
  readonly calls: number;
}

/** Finds traces among the stored spans. Errors: `TapewatchError` with codes `query.*` and `store.*`. */
export interface TraceFinder {
  /** Ascending by name. */
  services(signal?: AbortSignal): Promise<readonly string[]>;
  /** What a service does, ascending by name. */
  operations(
    service: string,
    signal?: AbortSignal,
  ): Promise<readonly { readonly name: string; readonly kind: string }[]>;
  /** At most one, by the id of the trace, of an order, or of a correlation. */
  trace(id: string, range: NanosRange, signal?: AbortSignal): Promise<FoundTraces>;
  search(search: TraceSearch, signal?: AbortSignal): Promise<FoundTraces>;
  /** Which services called which, of the spans that began in the range. */
  links(range: NanosRange, signal?: AbortSignal): Promise<readonly ServiceLink[]>;
}
