/**
 * The ports of the sidecar: what the application needs from the outside, one interface each. Adapters implement them,
 * each port has one contract suite, and adapters never import one another.
 */
import type {
  DeadLetter,
  EncodedHistogram,
  EventRow,
  EvaluationRange,
  EventTable,
  ExponentialHistogram,
  Fill,
  Labels,
  Matcher,
  MetricKind,
  OrderEvent,
  Quote,
  QueryResult,
  RuleGroupView,
  Sample,
  SelectRequest,
  SeriesData,
  SeriesDefinition,
  Table,
  TradingEvent,
} from '@tapewatch/core';

// --- Clock --------------------------------------------------------------------------------------------------------

export interface Clock {
  /** Integer nanoseconds since the epoch. */
  now(): bigint;
  /** Calls back every `intervalMs` until the returned function is called. */
  every(intervalMs: number, callback: () => void): () => void;
}

// --- Source -------------------------------------------------------------------------------------------------------

/** One message as it arrived. `settle` must be called exactly once. */
export interface Envelope {
  /** Name of the configured stream. */
  readonly stream: string;
  readonly subject: string;
  readonly payload: Uint8Array;
  /** From the `Content-Type` header; empty when absent. */
  readonly contentType: string;
  readonly receivedNanos: bigint;
  /**
   * Position in a durable log; absent for core NATS. `sequence` is the log's (JetStream stream sequence). The log holds
   * no message of this stream strictly between `after` and `sequence`: what stands there belongs to other subjects.
   */
  readonly position?: {
    readonly log: string;
    readonly sequence: number;
    readonly after: number;
  };
  /** `stored`: the last sample is durable. `failed`: deliver again. */
  settle(outcome: 'stored' | 'failed'): void;
}

export interface Source {
  /** Starts delivery; resolves when subscribed. Messages arrive by callback until `close`. */
  open(onEnvelope: (envelope: Envelope) => void): Promise<void>;
  /** Stops delivery and resolves when the connection is drained. Acknowledgements after it are still sent if possible. */
  close(): Promise<void>;
  /** For health and `/metrics`. */
  status(): SourceStatus;
}

export interface SourceStatus {
  readonly connected: boolean;
  /** `nats://host:port` of the server in use, without credentials. */
  readonly server: string;
  readonly detail: string;
}

// --- Codec --------------------------------------------------------------------------------------------------------

export interface DecodeContext {
  /** What the stream carries. */
  readonly payloadKind: 'metric' | 'order' | 'fill' | 'quote' | 'health';
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

/** Good items and problems side by side: one bad item of a batch loses only itself. */
export interface Decoded {
  readonly samples: readonly Sample[];
  readonly events: readonly TradingEvent[];
  readonly problems: readonly DecodeProblem[];
}

export interface Codec {
  readonly name: string;
  /** Never throws, whatever the bytes. */
  decode(payload: Uint8Array, context: DecodeContext): Decoded;
}

/**
 * Number that stands for a series inside the process: its id, always positive. What is not positive is a refusal (a
 * limit, a kind that contradicts): hand it to the sink with the sample, which counts it, and ask anew the next time.
 */
export type SeriesRef = number;

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
   * Optional until every sink can keep it.
   */
  stale?(ref: SeriesRef, seconds: number, nanos: number): void;
  /** A ready-made distribution over an interval (a delta) that ends at the stamp. The sink keeps the object. */
  histogram(ref: SeriesRef, seconds: number, nanos: number, histogram: ExponentialHistogram): void;
  event(event: TradingEvent): void;
  /** Tells an item apart that was not taken; the others of the message stay. */
  problem(problem: DecodeProblem): void;
}

/** A codec that writes into a sink: what every codec becomes; `Codec.decode` goes when the pipeline has changed over. */
export interface SinkCodec {
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
}

export interface IntakeRequest {
  /** Shown with dead letters, in place of a subject: `http:/api/v1/write`. */
  readonly subject: string;
  readonly payloadKind: DecodeContext['payloadKind'];
  readonly contentType: string;
  readonly payload: Uint8Array;
  /** Longest payload, after decompression. */
  readonly maxBytes: number;
}

// --- Store --------------------------------------------------------------------------------------------------------

/** Raw samples as columns. Stamps as in `SampleSink`: seconds since the epoch, nanoseconds within the second. */
export interface StampedColumns {
  readonly seriesIds: Uint32Array;
  readonly seconds: Uint32Array;
  readonly nanos: Uint32Array;
  readonly values: Float64Array;
}

/**
 * Everything that becomes durable together, in one transaction; samples are raw. Windows are the store's own affair: it keeps its ladder (1 s, 10 s, 1 min, 1 h) from the raw rows, inside the same transaction.
 */
export interface ColumnBatch {
  readonly series: readonly SeriesDefinition[];
  readonly samples: StampedColumns;
  /** Ready-made histograms: deltas that end at a stamp. */
  readonly histograms: readonly {
    readonly seriesId: number;
    readonly seconds: number;
    readonly nanos: number;
    readonly histogram: EncodedHistogram;
  }[];
  readonly events: readonly EventRow[];
  readonly transitions: readonly TransitionRow[];
  /**
   * Messages of durable logs that are contained in this batch or an earlier one: `log` is `<log>@<from>`, `sequence`
   * the end of that range. Kept by `log`, the larger sequence wins.
   */
  readonly positions: readonly { readonly log: string; readonly sequence: number }[];
}

/** A change of an alert's state, with the reason. */
export interface TransitionRow {
  readonly timeNanos: bigint;
  readonly rule: string;
  readonly group: string;
  readonly labels: Labels;
  /** `inactive`, `pending`, `firing` or `keep_firing` (fires on although its condition no longer holds). */
  readonly from: string;
  readonly to: string;
  /** Why, in one sentence. */
  readonly reason: string;
  readonly value: number;
  readonly activeAtNanos: bigint;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What a restart needs. */
export interface Recovery {
  readonly series: readonly SeriesDefinition[];
  readonly positions: readonly { log: string; sequence: number }[];
  readonly sealed: readonly { stream: string; untilNanos: bigint }[];
  /** Latest transition per (group, rule, labels), where its `to` is not `inactive`. */
  readonly openAlerts: readonly TransitionRow[];
}

export interface RawSlice {
  readonly seriesId: number;
  readonly timeNanos: bigint;
  readonly value: number;
  readonly histogram?: EncodedHistogram;
}

export interface EventFilter {
  readonly startNanos: bigint;
  /** Exclusive. */
  readonly endNanos: bigint;
  /** Empty means all. */
  readonly strategy?: readonly string[];
  readonly venue?: readonly string[];
  readonly symbol?: readonly string[];
  readonly account?: readonly string[];
  readonly orderIds?: readonly string[];
  readonly limit?: number;
  /** Default: ascending by time. */
  readonly newestFirst?: boolean;
}

export interface EventRowByTable {
  orders: OrderEvent;
  fills: Fill;
  quotes: Quote;
  health_results: Extract<EventRow, { table: 'health_results' }>;
  dead_letters: DeadLetter;
}

/** Column predicate for reading event rows; equality on the listed columns. */
export interface StoreReader {
  /**
   * Series that match and have samples in the range. Gauges and counters: raw samples, or the last value of each
   * window when `resolutionMs` allows a level. Distributions: cumulative histograms, one point per sealed window,
   * stamped with the window's end; the cumulation starts at the series' first sample ever, so a point's histogram holds
   * everything before its stamp (exclusive) that is still retained.
   */
  select(request: SelectRequest, signal?: AbortSignal): Promise<SeriesData[]>;
  /** Label sets that match any of the matcher lists and have samples in the range; an empty list matches all. */
  series(
    matcherLists: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
    signal?: AbortSignal,
  ): Promise<SeriesDefinition[]>;
  events<T extends EventTable>(table: T, filter: EventFilter, signal?: AbortSignal): Promise<EventRowByTable[T][]>;
  /** The last quote strictly before each stamp; null where there is none. Same order as asked. */
  quotesBefore(
    asked: readonly { venue: string; symbol: string; timeNanos: bigint }[],
    signal?: AbortSignal,
  ): Promise<(Quote | null)[]>;
  transitions(filter: { startNanos: bigint; endNanos: bigint; limit: number }): Promise<TransitionRow[]>;
  /** What a quantile over many series needs, without their histograms. From sealed windows; absent where not offered. */
  mergedHistograms?(request: MergeRequest, signal?: AbortSignal): Promise<MergedHistograms[]>;
}

/** Distributions of the series that match, merged by labels and step. */
export interface MergeRequest {
  readonly matchers: readonly Matcher[];
  /** Labels that stay apart; none merge everything. */
  readonly by: readonly string[];
  /** End of the first step; milliseconds on the grid of whole seconds, as is the step. */
  readonly startMs: number;
  /** End of the last step, inclusive. */
  readonly endMs: number;
  readonly stepMs: number;
}

/** One group: what was observed in each step (its start exclusive, its end, the stamp, inclusive). Empty steps are absent. */
export interface MergedHistograms {
  readonly labels: Labels;
  readonly timesMs: readonly number[];
  readonly histograms: readonly ExponentialHistogram[];
  readonly levelsMs: readonly number[];
}

export interface Store extends StoreReader {
  /** Opens or creates, migrates to the present schema, and yields what a restart needs. */
  open(): Promise<Recovery>;
  /** Durable when it resolves; all or nothing. Rows whose id is known already are dropped, and counted in the result. */
  append(batch: ColumnBatch): Promise<{ readonly duplicates: number }>;
  /** All windows of each distribution merged: the cumulative histograms of this moment. Slow; for a restart. */
  distributionTotals(): Promise<{ seriesId: number; histogram: EncodedHistogram }[]>;
  /** Raw samples of series that belong to `stream`, with stamps at or after `fromNanos`, ascending by stamp. */
  rawSince(stream: string, fromNanos: bigint): Promise<RawSlice[]>;
  /** Deletes what is older than its retention; returns rows removed. */
  retain(nowNanos: bigint): Promise<number>;
  health(): Promise<{ ok: boolean; detail: string; bytesOnDisk: number }>;
  close(): Promise<void>;
}

// --- Channel ------------------------------------------------------------------------------------------------------

export interface Notification {
  /** Same for a repeat of the same delivery: receivers can drop it. */
  readonly idempotencyKey: string;
  /** Identity of the group: its route's path and its group labels. */
  readonly groupKey: string;
  readonly receiver: string;
  readonly status: 'firing' | 'resolved';
  readonly groupLabels: Readonly<Record<string, string>>;
  readonly commonLabels: Readonly<Record<string, string>>;
  readonly commonAnnotations: Readonly<Record<string, string>>;
  readonly alerts: readonly NotifiedAlert[];
}

export interface NotifiedAlert {
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAtNanos: bigint;
  /** Null while firing. */
  readonly endsAtNanos: bigint | null;
  readonly value: number;
  readonly fingerprint: string;
}

/** The one question a channel answers: sent, or failed and worth another try? Retries live outside. */
export type Receipt =
  | { readonly sent: true; readonly detail: string }
  | {
      readonly sent: false;
      readonly retryable: boolean;
      readonly detail: string;
      /** The receiver's own wish (`Retry-After`). */
      readonly retryAfterMs?: number;
    };

export interface Channel {
  readonly kind: string;
  send(notification: Notification, signal: AbortSignal): Promise<Receipt>;
}

// --- Inner seams (application services that several adapters use) ---------------------------------------------------

/** What a caller may ask of one evaluation; all have the engine's defaults. */
export interface PromqlOptions {
  /** How far back an instant selector looks. */
  readonly lookbackMs?: number;
  /** Shorter than the engine's own limit, which holds in any case. */
  readonly timeoutMs?: number;
  /** Answers are never shared or cached across tenants. */
  readonly tenant?: string;
}

/** How an answer came about; for notices and for Prometheus's `stats` parameter. */
export interface PromqlStats {
  readonly series: number;
  readonly samples: number;
  /** Widths in milliseconds of the stored levels that answered, ascending; 0 is raw. */
  readonly levelsMs: readonly number[];
  /** Largest relative error of a quantile of the histograms read; undefined when none were. */
  readonly errorBound?: number;
  readonly cache: 'hit' | 'extended' | 'miss';
  readonly seconds: number;
}

/** Evaluates PromQL over the head and the store. Errors: `TapewatchError` with codes `query.*`. */
export interface PromqlEngine {
  /** An instant query when `range.stepMs` is 0. */
  query(
    expr: string,
    range: EvaluationRange,
    signal?: AbortSignal,
    options?: PromqlOptions,
  ): Promise<QueryResult & { readonly stats?: PromqlStats }>;
}

/** One thing that was measured, behind a point of a distribution. Labels name it: `order_id`, `symbol`, ... */
export interface Exemplar {
  readonly timeMs: number;
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ExemplarSeries {
  readonly labels: Labels;
  /** Ascending in time. */
  readonly exemplars: readonly Exemplar[];
}

/** Finds the orders behind the latencies that an expression reads. Both ends of the span inclusive. */
export type FindExemplars = (
  expr: string,
  span: { readonly startMs: number; readonly endMs: number },
  signal?: AbortSignal,
) => Promise<readonly ExemplarSeries[]>;

/** The one bounded line in which everything that reads waits for its turn. */
export interface QueryLine {
  readonly waiting: number;
  /** Runs `work` in its turn; an abort leaves the line. Throws `query.limit` when the line is full. */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

/**
 * Must be told whenever what `StoreReader.select` answers has changed, after the change: by new samples, by late ones,
 * by windows that became visible; in memory and, once durable, on disk. Cached answers rely on it.
 */
export interface ChangeSink {
  /** `oldestMs`: the oldest stamp of the metric whose answer may differ now. */
  changed(name: string, oldestMs: number): void;
}

/** What surrounds a Grafana query document: ends inclusive, in milliseconds. */
export interface QueryEnvelope {
  readonly startMs: number;
  readonly endMs: number;
  readonly intervalMs: number;
  readonly maxDataPoints: number;
  /** True when a Grafana alert rule asks: nothing may be cut silently. */
  readonly fromAlert: boolean;
}

/** Answers a query document of the contract (promql, slippage, pnl, alerts, events) with tables. */
export interface QueryService {
  run(query: unknown, envelope: QueryEnvelope, signal?: AbortSignal): Promise<Table[]>;
  /**
   * The same query with defaults filled in, macros expanded and its ends on the step grid (`intervalMs` is the step):
   * what a live channel repeats. Running the result yields what running the original yields.
   */
  resolve(query: unknown, envelope: QueryEnvelope): { readonly query: unknown; readonly envelope: QueryEnvelope };
}

/** What the alerting application shows of itself. */
export interface AlertingView {
  groups(): readonly RuleGroupView[];
  transitions(filter: { startNanos: bigint; endNanos: bigint; limit: number }): Promise<TransitionRow[]>;
}

/** A scraped target and how its last scrape went. */
export interface TargetHealth {
  readonly job: string;
  readonly url: string;
  /** What its samples get. */
  readonly labels: Readonly<Record<string, string>>;
  readonly discoveredLabels: Readonly<Record<string, string>>;
  readonly health: 'up' | 'down' | 'unknown';
  /** Empty when the last scrape succeeded. */
  readonly lastError: string;
  /** 0 before the first scrape. */
  readonly lastScrapeNanos: bigint;
  readonly lastScrapeSeconds: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** What the scraper shows of itself. */
export interface TargetsView {
  active(): readonly TargetHealth[];
  /** Targets that relabelling dropped; `count` includes those that are not listed. */
  dropped(): {
    readonly targets: readonly { readonly job: string; readonly discoveredLabels: Readonly<Record<string, string>> }[];
    readonly countByJob: Readonly<Record<string, number>>;
  };
  /** Names of the jobs. */
  jobs(): readonly string[];
}

/** Fires whenever sealed data advanced, at most every 100 ms. */
export interface Progress {
  /** Returns an unsubscribe function. `changedNames`: metric names with new samples since the last call. */
  onAdvance(listener: (changedNames: ReadonlySet<string>) => void): () => void;
}

// --- Telemetry ----------------------------------------------------------------------------------------------------

/** What the parts count of themselves; `telemetry/` keeps it and `/metrics` shows it. Reasons are short and bounded. */
export interface Telemetry {
  received(stream: string, messages: number, bytes: number): void;
  stored(stream: string, items: number): void;
  dropped(stream: string, reason: string, items: number): void;
  duplicates(stream: string, items: number): void;
  late(stream: string, items: number): void;
  deadLetters(stream: string, reason: string, items: number): void;
  /** Age of the newest message when it was taken in. */
  ingestLag(stream: string, seconds: number): void;
  /**
   * The smallest "received minus stamped" of a source lately: its clock is at most so far behind ours, and ahead where
   * this is negative.
   */
  clockOffset?(source: string, seconds: number): void;
  /** Age of a sample, by its own stamp, when queries can see it: of the first and the last of each group. */
  visible?(seconds: number): void;
  storeAppended(seconds: number, outcome: 'ok' | 'failed'): void;
  queried(origin: string, seconds: number, outcome: 'ok' | 'failed'): void;
  /** How a PromQL answer came about: from the cache, from it and new steps, from scratch, or with another caller. */
  queryCached?(outcome: 'hit' | 'extended' | 'miss' | 'merged'): void;
  ruleEvaluated(group: string, seconds: number, outcome: 'ok' | 'failed'): void;
  notified(receiver: string, outcome: 'sent' | 'failed' | 'retried' | 'held'): void;
  /** A level that is read when asked for, such as a queue's depth; the name gets the prefix `tapewatch_`. */
  level(name: string, help: string, read: () => number): void;
}

/** What the sidecar's own loops tell of themselves. */
export interface LoopTelemetry {
  started(loop: string, intervalSeconds: number): void;
  /** `skipped`: the run before was not done yet. */
  ran(loop: string, seconds: number, outcome: 'ok' | 'failed' | 'skipped'): void;
  /** 0: healthy, 1: degraded, 2: critical. */
  health(check: string, level: number): void;
}

/** Structured logging, the subset of pino that the parts use: fields first, then the sentence. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
