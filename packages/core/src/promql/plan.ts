/**
 * What a query will read: one request per selector, with the span of time that its windows need. The span follows
 * lookback, ranges, `offset`, `@` and the grids of enclosing subqueries. All windows are left-open (Prometheus 3), so
 * the first millisecond read is one after the open end.
 */
import type { SelectRequest } from '../model/series.ts';
import {
  withoutParens,
  durationMs,
  type At,
  type Duration,
  type Expr,
  type Subquery,
  type VectorSelector,
} from './ast.ts';
import { PromqlError } from './error.ts';
import { builtinFunctions, type FunctionRegistry } from './function/registry.ts';
import type { EvaluationRange } from './result.ts';
import type { Grid } from './vector.ts';

export const DEFAULT_LOOKBACK_MS = 300_000;
/** Step of a subquery that names none: Prometheus's default evaluation interval. */
export const DEFAULT_SUBQUERY_STEP_MS = 60_000;
/** A window of this many stored points still shows the shape of a counter; decides the coarsest level read. */
const POINTS_PER_WINDOW = 30;
/** Fewest points a window that is met at both ends may hold; Prometheus's own advice for scraped counters. */
const MIN_POINTS_PER_WINDOW = 4;

export interface PlanOptions {
  /** The query text, for positions in messages. */
  readonly text?: string;
  readonly functions?: FunctionRegistry;
  readonly lookbackMs?: number;
  readonly subqueryStepMs?: number;
}

export interface Plan {
  readonly text: string;
  readonly expr: Expr;
  readonly range: EvaluationRange;
  readonly functions: FunctionRegistry;
  readonly lookbackMs: number;
  readonly subqueryStepMs: number;
  /** What to fetch; `evaluate` takes the answers in this order. */
  readonly selects: readonly SelectRequest[];
  /** Index into `selects` of each selector of the expression. */
  readonly indexes: ReadonlyMap<VectorSelector, number>;
}

/** Throws `PromqlError` when the range or a duration makes no sense. */
export function plan(expr: Expr, range: EvaluationRange, options: PlanOptions = {}): Plan {
  requireRange(range);
  const planner = new Planner(range, options);
  planner.visit(expr, gridOf(range), undefined);
  return {
    text: options.text ?? '',
    expr,
    range,
    functions: planner.functions,
    lookbackMs: planner.lookbackMs,
    subqueryStepMs: planner.subqueryStepMs,
    selects: planner.selects,
    indexes: planner.indexes,
  };
}

function requireRange({ startMs, endMs, stepMs }: EvaluationRange): void {
  if (![startMs, endMs, stepMs].every(Number.isFinite) || endMs < startMs || stepMs < 0) {
    throw new PromqlError('parse', `bad evaluation range: start ${startMs}, end ${endMs}, step ${stepMs} milliseconds`);
  }
  if (stepMs === 0 && startMs !== endMs) {
    throw new PromqlError('parse', 'zero query resolution step; give a positive step or an instant');
  }
}

export function gridOf({ startMs, endMs, stepMs }: EvaluationRange): Grid {
  return { startMs, stepMs, steps: stepMs === 0 ? 1 : Math.floor((endMs - startMs) / stepMs) + 1 };
}

/** The stamp that `@` pins, undefined without one. */
export function pinnedMs(at: At | undefined, range: EvaluationRange): number | undefined {
  if (at === undefined) return undefined;
  return at.kind === 'time' ? at.ms : at.kind === 'start' ? range.startMs : range.endMs;
}

export function offsetMs(offset: Duration | undefined, range: EvaluationRange): number {
  return offset === undefined ? 0 : durationMs(offset, range);
}

/** A duration that must be positive, such as a range. */
export function positiveMs(duration: Duration, range: EvaluationRange, expr: Expr): number {
  const ms = durationMs(duration, range);
  if (ms > 0) return ms;
  throw new PromqlError('parse', `duration must be greater than 0, got ${ms} ms`, expr);
}

/** Evaluation times of a subquery: multiples of its step after the open end of its first window. */
export function subqueryGrid(
  subquery: Subquery,
  { grid, range, defaultStepMs }: { grid: Grid; range: EvaluationRange; defaultStepMs: number },
): Grid {
  const stepMs = subquery.step === undefined ? defaultStepMs : positiveMs(subquery.step, range, subquery);
  const rangeMs = positiveMs(subquery.range, range, subquery);
  const pinned = pinnedMs(subquery.at, range);
  const shift = offsetMs(subquery.offset, range);
  const first = (pinned ?? grid.startMs) - shift - rangeMs;
  const last = (pinned ?? grid.startMs + (grid.steps - 1) * grid.stepMs) - shift;
  const startMs = (Math.floor(first / stepMs) + 1) * stepMs;
  return { startMs, stepMs, steps: Math.max(0, Math.floor((last - startMs) / stepMs) + 1) };
}

/**
 * Spacing of stored points that a window needs: a divisor of both window and step meets the ends of every window, which is
 * all that a rate reads; where the two have none that is short enough, so many points that their distance does not matter.
 */
function windowResolutionMs(rangeMs: number, stepMs: number): number {
  const shared = greatestDivisor(rangeMs, stepMs);
  return stepMs > 0 && shared * MIN_POINTS_PER_WINDOW <= rangeMs ? shared : Math.floor(rangeMs / POINTS_PER_WINDOW);
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

class Planner {
  readonly functions: FunctionRegistry;
  readonly lookbackMs: number;
  readonly subqueryStepMs: number;
  readonly selects: SelectRequest[] = [];
  readonly indexes = new Map<VectorSelector, number>();
  readonly #range: EvaluationRange;
  readonly #known = new Map<string, number>();

  constructor(range: EvaluationRange, options: PlanOptions) {
    this.#range = range;
    this.functions = options.functions ?? builtinFunctions;
    this.lookbackMs = options.lookbackMs ?? DEFAULT_LOOKBACK_MS;
    this.subqueryStepMs = options.subqueryStepMs ?? DEFAULT_SUBQUERY_STEP_MS;
  }

  /** `reads`: what the function around a range selector needs. */
  visit(expr: Expr, grid: Grid, reads: 'raw' | 'windows' | undefined): void {
    switch (expr.kind) {
      case 'selector':
        return this.#select(expr, grid, { rangeMs: this.lookbackMs, resolutionMs: grid.stepMs });
      case 'matrix': {
        const rangeMs = positiveMs(expr.range, this.#range, expr);
        const resolutionMs = reads === 'windows' ? windowResolutionMs(rangeMs, grid.stepMs) : 0;
        const reach = expr.selector.extension === undefined ? 0 : this.lookbackMs;
        return this.#select(expr.selector, grid, { rangeMs: rangeMs + reach, resolutionMs });
      }
      case 'subquery': {
        const inner = subqueryGrid(expr, { grid, range: this.#range, defaultStepMs: this.subqueryStepMs });
        return this.visit(expr.expr, inner, undefined);
      }
      case 'call': {
        const definition = this.functions.get(expr.name);
        expr.args.forEach((arg) => this.visit(withoutParens(arg), grid, definition?.reads ?? 'raw'));
        return;
      }
      case 'binary':
        this.visit(expr.left, grid, undefined);
        return this.visit(expr.right, grid, undefined);
      case 'aggregate':
        if (expr.param !== undefined) this.visit(expr.param, grid, undefined);
        return this.visit(expr.expr, grid, undefined);
      case 'unary':
      case 'paren':
        return this.visit(expr.expr, grid, reads);
      default:
        return;
    }
  }

  #select(
    selector: VectorSelector,
    grid: Grid,
    { rangeMs, resolutionMs }: { rangeMs: number; resolutionMs: number },
  ): void {
    const pinned = pinnedMs(selector.at, this.#range);
    const shift = offsetMs(selector.offset, this.#range);
    const firstMs = (pinned ?? grid.startMs) - shift;
    const lastMs = (pinned ?? grid.startMs + Math.max(0, grid.steps - 1) * grid.stepMs) - shift;
    const { extension } = selector;
    const request: SelectRequest = {
      matchers: selector.matchers,
      startMs: firstMs - rangeMs + 1,
      endMs: extension === 'smoothed' ? lastMs + this.lookbackMs : lastMs,
      // What is interpolated, or taken from before the window, is a stored sample.
      resolutionMs: extension === undefined ? resolutionMs : 0,
    };
    const key = JSON.stringify(request);
    const index = this.#known.get(key) ?? this.selects.push(request) - 1;
    this.#known.set(key, index);
    this.indexes.set(selector, index);
  }
}
