/**
 * PromQL over a store: parse, plan, read all selectors at once, evaluate. The evaluation itself is core's and pure; here
 * are the limits (points, samples, time, queries at once), cancelling, and the translation of errors.
 */
import {
  DEFAULT_LOOKBACK_MS,
  DEFAULT_MAX_SAMPLES,
  DEFAULT_SUBQUERY_STEP_MS,
  evaluate,
  type EvaluationRange,
  type Expr,
  parse,
  plan,
  type Plan,
  PromqlError,
  type QueryResult,
  type SeriesData,
} from '@tapewatch/core';
import { type ErrorCode, TapewatchError } from '../errors.ts';
import type { PromqlEngine, StoreReader, Telemetry } from '../ports.ts';
import { compileCapturing } from './capturing-regex.ts';
import { MAX_POINTS_PER_SERIES } from './limit.ts';
import { QuerySlots } from './query-slots.ts';

export interface PromqlEngineOptions {
  readonly telemetry?: Pick<Telemetry, 'level'>;
  readonly lookbackMs?: number;
  readonly subqueryStepMs?: number;
  readonly maxPointsPerSeries?: number;
  /** Samples that one query may fetch, and may look at. */
  readonly maxSamples?: number;
  /** From the call to the answer, waiting for a slot included. */
  readonly timeoutMs?: number;
  readonly maxConcurrent?: number;
  readonly maxWaiting?: number;
}

export const DEFAULT_TIMEOUT_MS = 30_000;
export const DEFAULT_MAX_CONCURRENT = 50;
export const DEFAULT_MAX_WAITING = 1_000;

const CODES: Readonly<Record<PromqlError['kind'], ErrorCode>> = {
  parse: 'query.parse',
  execution: 'query.execution',
  limit: 'query.limit',
  cancelled: 'query.cancelled',
};

export function createPromqlEngine(reader: StoreReader, options: PromqlEngineOptions = {}): PromqlEngine {
  const maxConcurrent = options.maxConcurrent ?? DEFAULT_MAX_CONCURRENT;
  const slots = new QuerySlots({ maxConcurrent, maxWaiting: options.maxWaiting ?? DEFAULT_MAX_WAITING });
  options.telemetry?.level('queries_running', 'PromQL queries being answered.', () => slots.running);
  options.telemetry?.level('queries_waiting', 'PromQL queries waiting for a slot.', () => slots.waiting);
  return {
    async query(expr, range, signal) {
      const deadline = new Deadline(options.timeoutMs ?? DEFAULT_TIMEOUT_MS, signal);
      try {
        const planned = planQuery(expr, range, options);
        return await slots.run(() => answer(reader, planned, { deadline, options }), deadline.signal);
      } catch (error) {
        throw translated(error, expr, deadline);
      } finally {
        deadline.clear();
      }
    },
  };
}

/** Parsed queries kept, oldest dropped first: rules and dashboards ask the same ones over and over. */
const MAX_PARSED = 1_000;
const parsed = new Map<string, Expr>();

function parseCached(expr: string): Expr {
  const known = parsed.get(expr);
  if (known !== undefined) return known;
  const fresh = parse(expr);
  if (parsed.size >= MAX_PARSED) parsed.delete(parsed.keys().next().value as string);
  parsed.set(expr, fresh);
  return fresh;
}

/** Throws before anything is read when the query cannot be answered anyway. */
function planQuery(expr: string, range: EvaluationRange, options: PromqlEngineOptions): Plan {
  const points = range.stepMs > 0 ? Math.floor((range.endMs - range.startMs) / range.stepMs) + 1 : 1;
  const maxPoints = options.maxPointsPerSeries ?? MAX_POINTS_PER_SERIES;
  if (points > maxPoints) {
    const message = `the query asks for ${points} points per series, the limit is ${maxPoints}; take a larger step or a shorter range`;
    throw new TapewatchError('query.limit', message, { details: { points, maxPoints } });
  }
  return plan(parseCached(expr), range, {
    text: expr,
    lookbackMs: options.lookbackMs ?? DEFAULT_LOOKBACK_MS,
    subqueryStepMs: options.subqueryStepMs ?? DEFAULT_SUBQUERY_STEP_MS,
  });
}

async function answer(
  reader: StoreReader,
  planned: Plan,
  { deadline, options }: { deadline: Deadline; options: PromqlEngineOptions },
): Promise<QueryResult> {
  const maxSamples = options.maxSamples ?? DEFAULT_MAX_SAMPLES;
  const reads = planned.selects.map((request) => reader.select(request, deadline.signal));
  const data = await deadline.race(Promise.all(reads));
  refuseTooManySamples(data, maxSamples);
  return evaluate(planned, data, {
    regex: compileCapturing,
    maxSamples,
    checkCancelled: () => deadline.check(),
  });
}

function refuseTooManySamples(data: readonly (readonly SeriesData[])[], maxSamples: number): void {
  const fetched = data.flat().reduce((sum, { timesMs }) => sum + timesMs.length, 0);
  if (fetched <= maxSamples) return;
  const message = `the query reads ${fetched} samples, the limit is ${maxSamples}; narrow the selectors or the range`;
  throw new TapewatchError('query.limit', message, { details: { fetched, maxSamples } });
}

/** The caller's signal and the time limit as one. `check` sees the limit also while evaluation keeps the thread. */
class Deadline {
  readonly #controller = new AbortController();
  readonly #upstream: AbortSignal | undefined;
  readonly #endsAt: number;
  readonly #timer: NodeJS.Timeout;
  readonly timeoutMs: number;

  constructor(timeoutMs: number, upstream: AbortSignal | undefined) {
    this.timeoutMs = timeoutMs;
    this.#upstream = upstream;
    this.#endsAt = performance.now() + timeoutMs;
    this.#timer = setTimeout(this.#abort, timeoutMs);
    this.#timer.unref();
    upstream?.addEventListener('abort', this.#abort, { once: true });
    if (upstream?.aborted === true) this.#abort();
  }

  readonly #abort = (): void => this.#controller.abort();

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why the query ended early; undefined when it did not. */
  get reason(): 'query.timeout' | 'query.cancelled' | undefined {
    if (this.#upstream?.aborted === true) return 'query.cancelled';
    return this.signal.aborted || performance.now() >= this.#endsAt ? 'query.timeout' : undefined;
  }

  check(): void {
    if (this.reason !== undefined) throw new PromqlError('cancelled', 'stopped');
  }

  /** Gives up waiting when the signal fires, also when what is waited for does not heed it. */
  async race<T>(work: Promise<T>): Promise<T> {
    let leave: () => void = () => undefined;
    const aborted = new Promise<never>((_, reject) => {
      leave = () => reject(new PromqlError('cancelled', 'stopped'));
      this.signal.addEventListener('abort', leave, { once: true });
      if (this.signal.aborted) leave();
    });
    try {
      return await Promise.race([work, aborted]);
    } finally {
      this.signal.removeEventListener('abort', leave);
    }
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#upstream?.removeEventListener('abort', this.#abort);
  }
}

function translated(error: unknown, expr: string, deadline: Deadline): unknown {
  if (error instanceof TapewatchError) return error;
  const stopped = error instanceof PromqlError ? error.kind === 'cancelled' : deadline.signal.aborted;
  if (stopped) {
    const code = deadline.reason ?? 'query.cancelled';
    const why = code === 'query.timeout' ? `took longer than ${deadline.timeoutMs} ms` : 'was cancelled by its caller';
    const remedy = code === 'query.timeout' ? '; shorten the range, take a larger step or narrow the selectors' : '';
    return new TapewatchError(code, `query ${JSON.stringify(expr)} ${why}${remedy}`, { cause: error });
  }
  if (!(error instanceof PromqlError)) return error;
  const { kind, from, to, message } = error;
  return new TapewatchError(CODES[kind], message, { cause: error, details: { from, to } });
}
