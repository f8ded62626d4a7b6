/** The store port: what becomes durable together, and how it is read. */
import type {
  BookColumns,
  BookRequest,
  EncodedHistogram,
  EventRow,
  EventTable,
  ExecutionKind,
  ExponentialHistogram,
  FeedGap,
  FillColumns,
  Labels,
  Matcher,
  QuotedBook,
  SelectRequest,
  SeriesData,
  SeriesDefinition,
} from '@tapewatch/core';
import type { EventBatch } from './event-batch.ts';
import type { EventExporter } from './event-export.ts';

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
  /** Further events, as columns: at most one batch a table, whose rows come after those of `events`. */
  readonly eventBatches?: readonly EventBatch[];
  readonly transitions: readonly TransitionRow[];
  /**
   * Messages of durable logs that are contained in this batch or an earlier one: `log` is `<log>@<from>`, `sequence`
   * the end of that range. Kept by `log`, the larger sequence wins.
   */
  readonly positions: readonly { readonly log: string; readonly sequence: number }[];
}

/** A backup that was made and verified. */
export interface BackupResult {
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
  /** In its database file, all tables together. */
  readonly rows: number;
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
  /**
   * True where samples that came late made it; read in order, behind rows of the same stamp, such rows say what the state
   * would have been. Absent: decided at its time. Those alone say which alerts are open.
   */
  readonly revised?: boolean;
}

/** What a restart needs. */
export interface Recovery {
  readonly series: readonly SeriesDefinition[];
  readonly positions: readonly { log: string; sequence: number }[];
  readonly sealed: readonly { stream: string; untilNanos: bigint }[];
  /** Latest transition per (group, rule, labels) that is not a revised one, where its `to` is not `inactive`. */
  readonly openAlerts: readonly TransitionRow[];
}

export interface RawSlice {
  readonly seriesId: number;
  readonly timeNanos: bigint;
  /** NaN where a histogram or a staleness marker stands. */
  readonly value: number;
  readonly histogram?: EncodedHistogram;
  /** The series ends here; said apart because a number does not keep the marker's bits. */
  readonly stale?: true;
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
  readonly agent?: readonly string[];
  readonly service?: readonly string[];
  /** Of fills: `bust` and `amend` find the corrections. */
  readonly execution?: readonly ExecutionKind[];
  readonly orderIds?: readonly string[];
  readonly traceIds?: readonly string[];
  readonly correlationIds?: readonly string[];
  readonly limit?: number;
  /** Default: ascending by time. */
  readonly newestFirst?: boolean;
}

export type EventRowByTable = { [T in EventTable]: Extract<EventRow, { table: T }> };

/** Column predicate for reading event rows; equality on the listed columns. */
export interface StoreReader {
  /**
   * Series that match and have samples in the range. Gauges and counters: raw samples, or the last value of each
   * window when `resolutionMs` allows a level. Distributions: cumulative histograms, one point per sealed window,
   * stamped with the window's end; the cumulation starts at the series' first sample ever, so a point's histogram holds
   * everything before its stamp (exclusive) that is still retained.
   */
  select(request: SelectRequest, signal?: AbortSignal): Promise<SeriesData[]>;
  /** Whether a request that was just answered was answered from memory. Absent: never. */
  isInMemory?(request: Pick<SelectRequest, 'startMs'>): boolean;
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
  ): Promise<(QuotedBook | null)[]>;
  /** As `quotesBefore`, in columns. Absent or undefined where not offered: then the rows tell. */
  books?(request: BookRequest, signal?: AbortSignal): Promise<BookColumns | undefined>;
  transitions(filter: { startNanos: bigint; endNanos: bigint; limit: number }): Promise<TransitionRow[]>;
  /**
   * What a quantile over many series needs, without their histograms. From sealed windows; absent where not offered.
   * Undefined where it cannot be had exactly or better otherwise: some of the series are no distributions, the windows that
   * are kept do not meet the steps, or memory holds the series.
   */
  mergedHistograms?(request: MergeRequest, signal?: AbortSignal): Promise<MergedHistograms[] | undefined>;
  /**
   * Fills in columns, corrections applied, ascending by time, venue and id. Absent or undefined where not offered: then the
   * rows tell. `newestFirst` and `orderIds` do not count.
   */
  fillColumns?(filter: EventFilter, signal?: AbortSignal): Promise<FillColumns | undefined>;
  /**
   * Venue and symbol of fills that pass, in any order, and perhaps of some that corrections took away: so that something of
   * them can be read before the fills are. Absent or undefined where not offered.
   */
  tradedInstruments?(filter: EventFilter, signal?: AbortSignal): Promise<readonly TradedInstrument[] | undefined>;
  /**
   * Where quotes of feeds are lost, ascending by time: jumps of a sequence that counts messages. Null when there are too many
   * quotes to look through. Absent where not offered.
   */
  quoteGaps?(request: QuoteGapRequest, signal?: AbortSignal): Promise<FeedGap[] | null>;
  /** As `fillColumns`, with the arrival of each fill's order. Absent or undefined where not offered: then the rows tell. */
  fillArrivals?(filter: EventFilter, signal?: AbortSignal): Promise<FillArrivals | undefined>;
  /** The mids of instruments at many steps. Absent or undefined where not offered: then `quotesBefore` tells. */
  marks?(request: MarkRequest, signal?: AbortSignal): Promise<Float64Array | undefined>;
  /**
   * Which traces to read where a range has more than `rows` allows. Undefined where all of them may be read; absent where not
   * offered: then the newest rows tell.
   */
  traceSample?(request: TraceSampleRequest, signal?: AbortSignal): Promise<TraceSample | undefined>;
}

/** Traces whose root began in the range. */
export interface TraceSampleRequest {
  readonly startNanos: bigint;
  /** Exclusive. */
  readonly endNanos: bigint;
  /** Only traces whose root has this name; empty means all. */
  readonly operation: string;
  /** Only traces of orders that pass; empty lists pass all. */
  readonly orders: Readonly<Record<'strategy' | 'venue' | 'symbol' | 'account', readonly string[]>>;
  /** Where the tail begins that is wanted whole. */
  readonly quantile: number;
  /** About so many rows may be read for the answer. */
  readonly rows: number;
}

export interface TraceSample {
  /** Ascending. */
  readonly ids: readonly string[];
  /** How many traces each stands for; they sum to `traces`. */
  readonly weights: readonly number[];
  /** All there are. */
  readonly traces: number;
  /** Of the chosen ones, those of the tail. */
  readonly slow: number;
}

/** Gaps between two quotes of the range. */
export interface QuoteGapRequest {
  readonly feeds: readonly { readonly venue: string; readonly symbol: string }[];
  readonly startNanos: bigint;
  /** Exclusive. */
  readonly endNanos: bigint;
  readonly limit: number;
}

/** Orders by their first step, and which one each fill belongs to. */
export interface FillArrivals {
  /** In the order in which they are stored. Its `orders` are indexes into `mids`. */
  readonly fills: FillColumns;
  /** By order, as published; NaN leaves it to the quotes. */
  readonly mids: Float64Array;
  /** Orders that are left to the quotes: index, stamp of arrival, index into `feeds`. */
  readonly unpriced: Uint32Array;
  readonly stampsNanos: BigInt64Array;
  readonly feed: Uint32Array;
  readonly feeds: readonly { readonly venue: string; readonly symbol: string }[];
}

/** The mid of each instrument strictly before the end of the millisecond of each step; NaN where there is none. */
export interface TradedInstrument {
  readonly venue: string;
  readonly symbol: string;
}

export interface MarkRequest {
  readonly instruments: readonly TradedInstrument[];
  /** Whole milliseconds. */
  readonly startMs: number;
  readonly stepMs: number;
  /** Steps, the first one at `startMs`. The answer has as many values for each instrument, one after the other. */
  readonly count: number;
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

export interface StoreHealth {
  readonly ok: boolean;
  readonly detail: string;
  /** As of the last look that was answered. */
  readonly bytesOnDisk: number;
  /** What the engine holds, its cache included; 0 where there is none. As of the last look that was answered. */
  readonly memoryBytes: number;
}

export interface Store extends StoreReader, EventExporter {
  /** Opens or creates, migrates to the present schema, and yields what a restart needs. */
  open(): Promise<Recovery>;
  /** Durable when it resolves; all or nothing. Rows whose id is known already are dropped, and counted in the result. */
  append(batch: ColumnBatch): Promise<{ readonly duplicates: number }>;
  /** All windows of each distribution merged: the cumulative histograms of this moment. Slow; `ids`: of these only. */
  distributionTotals(ids?: readonly number[]): Promise<{ seriesId: number; histogram: EncodedHistogram }[]>;
  /** Raw samples of series that belong to `stream`, with stamps at or after `fromNanos`, ascending by stamp. */
  rawSince(stream: string, fromNanos: bigint): Promise<RawSlice[]>;
  /** Deletes what is older than its retention; returns rows removed. Aborted, it leaves the rest to the next call. */
  retain(nowNanos: bigint, signal?: AbortSignal): Promise<number>;
  /**
   * A consistent copy into a folder that is empty or not there yet, while rows come in, verified after it was made. Throws
   * `store.corrupt` when it is not good. Absent where nothing is kept.
   */
  backUp?(target: string): Promise<BackupResult>;
  health(): Promise<StoreHealth>;
  close(): Promise<void>;
}
