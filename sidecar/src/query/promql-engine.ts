/**
 * PromQL over a store: parse, plan, share, read all selectors at once, evaluate. The evaluation itself is core's and
 * pure; here are the limits (points, samples, time, queries at once), cancelling, what callers share (identical questions
 * at one time, steps that still hold), which thread evaluates, and the translation of errors.
 */
import {
  DEFAULT_LOOKBACK_MS,
  DEFAULT_MAX_SAMPLES,
  DEFAULT_SUBQUERY_STEP_MS,
  type EvaluationRange,
  type Expr,
  located,
  parse,
  plan,
  type Plan,
  PromqlError,
} from '@tapewatch/core';
import { type ErrorCode, TapewatchError } from '../errors.ts';
import type { MergedHistograms, PromqlEngine, PromqlOptions, QueryLine, StoreReader, Telemetry } from '../ports.ts';
import { AnswerCache } from './answer-cache.ts';
import { type Answer, CachedEvaluation, type Evaluated, identityOf, type Question } from './cached-evaluation.ts';
import { ChangeLog } from './change-log.ts';
import { Deadline, raceAbort } from './deadline.ts';
import { type Evaluator, localEvaluator } from './evaluation-task.ts';
import { factsOf } from './expression-facts.ts';
import { MAX_POINTS_PER_SERIES } from './limit.ts';
import { QuerySlots } from './query-slots.ts';
import { describeRead, levelInfos, refuseTooMuch } from './read-facts.ts';
import type { RevisionLog } from './revision-log.ts';
import { SharedFlights } from './shared-flights.ts';

export interface PromqlEngineOptions {
  readonly telemetry?: Pick<Telemetry, 'level' | 'queryCached'>;
  readonly lookbackMs?: number;
  readonly subqueryStepMs?: number;
  readonly maxPointsPerSeries?: number;
  /** Samples that one query may fetch, and may look at. */
  readonly maxSamples?: number;
  readonly maxSeries?: number;
  /** From the call to the answer, waiting for a slot included. */
  readonly timeoutMs?: number;
  /** The line of queries; without one, a line of its own with these bounds. */
  readonly line?: QueryLine;
  readonly maxConcurrent?: number;
  readonly maxWaiting?: number;
  /** What changed in the data. Without it no answer is kept. */
  readonly changes?: ChangeLog;
  /** What late samples revised. Without it answers do not say so. */
  readonly revisions?: Pick<RevisionLog, 'infos'>;
  /** 0 keeps no answers. */
  readonly cacheTtlMs?: number;
  readonly cacheBytes?: number;
  readonly evaluator?: Evaluator;
}

export const DEFAULT_TIMEOUT_MS = 30_000;
export const DEFAULT_MAX_CONCURRENT = 50;
export const DEFAULT_MAX_WAITING = 1_000;
export const DEFAULT_CACHE_TTL_MS = 300_000;
export const DEFAULT_CACHE_BYTES = 64 * 1_048_576;
/** As VictoriaMetrics's `-search.maxUniqueTimeseries`. */
export const DEFAULT_MAX_SERIES = 300_000;

const CODES: Readonly<Record<PromqlError['kind'], ErrorCode>> = {
  parse: 'query.parse',
  execution: 'query.execution',
  limit: 'query.limit',
  cancelled: 'query.cancelled',
};

export function createPromqlEngine(reader: StoreReader, options: PromqlEngineOptions = {}): PromqlEngine {
  return new Engine(reader, options);
}

class Engine implements PromqlEngine {
  readonly #reader: StoreReader;
  readonly #options: PromqlEngineOptions;
  readonly #line: QueryLine;
  readonly #flights = new SharedFlights<Answer>();
  readonly #cached: CachedEvaluation;
  readonly #evaluator: Evaluator;

  constructor(reader: StoreReader, options: PromqlEngineOptions) {
    const { maxConcurrent = DEFAULT_MAX_CONCURRENT, maxWaiting = DEFAULT_MAX_WAITING, telemetry } = options;
    this.#reader = reader;
    this.#options = options;
    this.#line = options.line ?? new QuerySlots({ maxConcurrent, maxWaiting });
    this.#evaluator = options.evaluator ?? localEvaluator;
    const ttlMs = options.changes === undefined ? 0 : (options.cacheTtlMs ?? DEFAULT_CACHE_TTL_MS);
    const maxBytes = options.cacheBytes ?? DEFAULT_CACHE_BYTES;
    const cache = new AnswerCache({ maxBytes, ttlMs, now: () => performance.now() });
    this.#cached = new CachedEvaluation(cache, options.changes ?? new ChangeLog());
    telemetry?.level('queries_running', 'PromQL queries being answered.', () => this.#flights.size);
    telemetry?.level('query_cache_bytes', 'Answers kept, estimated.', () => cache.bytes);
    telemetry?.level('query_cache_answers', 'Answers kept.', () => cache.size);
  }

  async query(
    expr: string,
    range: EvaluationRange,
    signal?: AbortSignal,
    asked: PromqlOptions = {},
  ): ReturnType<PromqlEngine['query']> {
    const started = performance.now();
    const limitMs = this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const deadline = new Deadline(Math.min(limitMs, asked.timeoutMs ?? limitMs), signal);
    try {
      const parsed = parseCached(expr);
      const planned = this.#plan(parsed, range, { text: expr, asked });
      const facts = factsOf(parsed, range, planned.lookbackMs);
      const scope = JSON.stringify([asked.tenant ?? '', planned.lookbackMs]);
      const question: Question = { facts, range, scope, selects: planned.selects };
      const answer = await this.#share(question, { parsed, text: expr, asked }, deadline);
      const { result, cache, series, samples, levelsMs, errorBound } = answer;
      const bound = errorBound === undefined ? {} : { errorBound };
      const seconds = (performance.now() - started) / 1000;
      const revised = this.#options.revisions?.infos(facts.names, planned.selects) ?? [];
      const infos = [...result.infos, ...levelInfos(answer, planned.selects), ...revised];
      return { ...result, infos, stats: { series, samples, levelsMs, ...bound, cache, seconds } };
    } catch (error) {
      throw translated(error, expr, deadline);
    } finally {
      deadline.clear();
    }
  }

  /** Joins an identical question that is being answered, if nothing it reads has changed since; else asks itself. */
  async #share(question: Question, asked: Asked, deadline: Deadline): Promise<Answer> {
    const { telemetry } = this.#options;
    let own = false;
    const work: Parameters<SharedFlights<Answer>['join']>[1] = async ({ signal, joinWhile }) => {
      own = true;
      await this.#cached.settled(question, signal);
      return this.#line.run(async () => {
        joinWhile(this.#cached.unchanged(question));
        return this.#cached.answer(question, (range) => this.#evaluate(asked, range, signal));
      }, signal);
    };
    const answer = await this.#flights.join(identityOf(question), work, deadline.signal);
    telemetry?.queryCached?.(own ? answer.cache : 'merged');
    return answer;
  }

  async #evaluate({ parsed, text, asked }: Asked, range: EvaluationRange, upstream: AbortSignal): Promise<Evaluated> {
    const { timeoutMs = DEFAULT_TIMEOUT_MS, maxSamples = DEFAULT_MAX_SAMPLES } = this.#options;
    const deadline = new Deadline(timeoutMs, upstream);
    try {
      const { signal } = deadline;
      const { planned, merged } = await this.#merged({ parsed, text, asked }, range, signal);
      const reads = planned.selects.map((request) => this.#reader.select(request, signal));
      const data = await raceAbort(Promise.all(reads), signal);
      const inMemory =
        merged.length === 0 && planned.selects.every((request) => this.#reader.isInMemory?.(request) === true);
      refuseTooMuch(data, { maxSamples, maxSeries: this.#options.maxSeries ?? DEFAULT_MAX_SERIES });
      const { nodes } = factsOf(parsed, range);
      const control = { signal, check: () => deadline.check() };
      const work = this.#evaluator.evaluate({ plan: planned, data, merged, nodes, maxSamples }, control);
      return { ...describeRead(planned.selects, data, merged), inMemory, result: await raceAbort(work, signal) };
    } finally {
      deadline.clear();
    }
  }

  /** A plan whose merged reads the store has answered; without any when it cannot answer one of them. */
  async #merged({ parsed, text, asked }: Asked, range: EvaluationRange, signal: AbortSignal): Promise<MergedPlan> {
    const general = { planned: this.#plan(parsed, range, { text, asked }), merged: [] };
    if (this.#reader.mergedHistograms === undefined) return general;
    const planned = this.#plan(parsed, range, { text, asked, merge: true });
    const reads = [...planned.merges.values()].map((request) => this.#reader.mergedHistograms?.(request, signal));
    const merged = await raceAbort(Promise.all(reads), signal);
    const answered = merged.filter((groups) => groups !== undefined);
    return answered.length === 0 || answered.length < merged.length ? general : { planned, merged: answered };
  }

  /** Throws before anything is read when the query cannot be answered anyway. */
  #plan(parsed: Expr, range: EvaluationRange, { text, asked, merge = false }: PlanInput): Plan {
    const points = range.stepMs > 0 ? Math.floor((range.endMs - range.startMs) / range.stepMs) + 1 : 1;
    const maxPoints = this.#options.maxPointsPerSeries ?? MAX_POINTS_PER_SERIES;
    if (points > maxPoints) {
      const message = `the query asks for ${points} points per series, the limit is ${maxPoints}; take a larger step or a shorter range`;
      throw new TapewatchError('query.limit', message, { details: { points, maxPoints } });
    }
    return plan(parsed, range, {
      text,
      merge,
      lookbackMs: asked.lookbackMs ?? this.#options.lookbackMs ?? DEFAULT_LOOKBACK_MS,
      subqueryStepMs: this.#options.subqueryStepMs ?? DEFAULT_SUBQUERY_STEP_MS,
    });
  }
}

interface MergedPlan {
  readonly planned: Plan;
  /** Answers of the plan's `merges`. */
  readonly merged: readonly MergedHistograms[][];
}

interface PlanInput {
  readonly text: string;
  readonly asked: PromqlOptions;
  readonly merge?: boolean;
}

interface Asked {
  readonly parsed: Expr;
  readonly text: string;
  readonly asked: PromqlOptions;
}

/** Parsed queries kept, oldest dropped first: rules and dashboards ask the same ones over and over. */
const MAX_PARSED = 1_000;
const parsedTexts = new Map<string, Expr>();

function parseCached(expr: string): Expr {
  const known = parsedTexts.get(expr);
  if (known !== undefined) return known;
  const fresh = parse(expr);
  if (parsedTexts.size >= MAX_PARSED) parsedTexts.delete(parsedTexts.keys().next().value as string);
  parsedTexts.set(expr, fresh);
  return fresh;
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
  const { kind, from, to } = error;
  return new TapewatchError(CODES[kind], located(expr, error), { cause: error, details: { from, to } });
}
