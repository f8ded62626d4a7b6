/** Application services that several adapters use: PromQL, queries, alerting, targets, progress. */
import type { AlertRecord } from '@tapewatch/contract';
import type { EvaluationRange, Labels, QueryResult, RuleGroupView, Table } from '@tapewatch/core';
import type { TransitionRow } from './store.ts';

export type { AlertRecord };

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

/** One thing that was measured, behind a point of a series. Labels name it: `order_id`, `trace_id`, ... */
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

/** Exemplars that publishers sent, as far as memory reaches. */
export interface KeptExemplars {
  /** Of the series that match; both ends of the span inclusive. Series without any are left out. */
  select(matches: (labels: Labels) => boolean, span: { startMs: number; endMs: number }): readonly ExemplarSeries[];
}

/** Finds what is behind the series that an expression reads: orders, and exemplars that publishers sent. */
export type FindExemplars = (
  expr: string,
  span: { readonly startMs: number; readonly endMs: number },
  signal?: AbortSignal,
) => Promise<readonly ExemplarSeries[]>;

/** Looks for what is behind an alert with these labels; yields annotations for it. */
export type ExplainAlert = (
  labels: Labels,
  span: { readonly startMs: number; readonly endMs: number },
  signal?: AbortSignal,
) => Promise<Readonly<Record<string, string>>>;

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
  /** `oldestMs`: the oldest stamp of the metric whose answer may differ now, whatever is read. */
  changed(name: string, oldestMs: number): void;
  /** The same, but only of what is read from disk: memory showed it before. */
  stored(name: string, oldestMs: number): void;
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

/** The latest alerts in memory. */
export interface AlertHistoryView {
  /** Newest first; `severity` in any spelling. */
  history(filter: { readonly severity?: string | undefined; readonly limit: number }): readonly AlertRecord[];
}

/** Results of health checks in memory. */
export interface HealthHistory {
  /** Newest first. */
  history(): readonly {
    readonly name: string;
    readonly level: 'HEALTHY' | 'DEGRADED' | 'CRITICAL';
    readonly detail: string;
    readonly checkedNanos: bigint;
  }[];
}

export interface LatestBackup {
  /** It was made, read back and found to be what was written. */
  readonly verified: boolean;
  readonly timeNanos: bigint;
  /** What its verification found: broken files, lost rows, halves of commits. */
  readonly problems: number;
}

/** How backups went. */
export interface BackupView {
  /** Undefined before the first of this process. */
  latest(): LatestBackup | undefined;
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

/** What late samples of one metric touched since it was told last; milliseconds. */
export interface LateSpan {
  readonly name: string;
  /** Of the oldest and the newest of them, to the second. */
  readonly oldestMs: number;
  readonly newestMs: number;
  /** Beginnings of the sealed windows of 10 s that they revised, ascending. */
  readonly windowsMs: readonly number[];
}

/** Tells of samples that came behind their stream's watermark, after queries see them. */
export interface LateSource {
  /** Returns an unsubscribe function. */
  onLate(listener: (spans: readonly LateSpan[]) => void): () => void;
}

/** Fires whenever sealed data advanced, at most every 100 ms. */
export interface Progress {
  /** Returns an unsubscribe function. `changedNames`: metric names with new samples since the last call. */
  onAdvance(listener: (changedNames: ReadonlySet<string>) => void): () => void;
}
