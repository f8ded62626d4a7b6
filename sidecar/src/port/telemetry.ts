/** What the parts count and log of themselves. */

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
  /** What late samples led to: evaluations repeated, samples and changes of alerts that differ, revisions given up. */
  revised?(what: 'evaluation' | 'sample' | 'transition' | 'failed', items: number): void;
  notified(receiver: string, outcome: 'sent' | 'failed' | 'retried' | 'held'): void;
  /** Samples pushed to a time-series database, by its address. */
  forwarded?(target: string, outcome: 'sent' | 'dropped', samples: number): void;
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
