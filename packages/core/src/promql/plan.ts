/**
 * What a query will read: one request per selector, with the span of time that its windows need. The span follows
 * lookback, ranges, `offset`, `@` and the grids of enclosing subqueries. All windows are left-open (Prometheus 3), so
 * the first millisecond read is one after the open end.
 */
import type { Matcher } from '../model/matcher.ts';
import type { AskedAggregates, EvenWindows, SelectRequest, WindowAggregate } from '../model/series.ts';
import { type Aggregate, type Call, type Expr, type VectorSelector, withoutParens } from './ast.ts';
import type { FunctionDefinition } from './function/definition.ts';
import { builtinFunctions, type FunctionRegistry } from './function/registry.ts';
import { gridOf, offsetMs, pinnedMs, positiveMs, requireRange, subqueryGrid } from './grid.ts';
import { plannedMerge, type PlannedMerge } from './merged-rate.ts';
import { referenceOf } from './reference.ts';
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
  /** Plans reads of merged distributions where an aggregation allows it; their series are not read then. */
  readonly merge?: boolean;
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
  /** What to fetch merged, by aggregation; `evaluate` takes the answers in this order. */
  readonly merges: ReadonlyMap<Aggregate, PlannedMerge>;
  /** Selectors that no one wrote: what functions such as `info` read beside their arguments. */
  readonly companions: ReadonlyMap<Call, VectorSelector>;
}

/** Throws `PromqlError` when the range or a duration makes no sense. */
export function plan(expr: Expr, range: EvaluationRange, options: PlanOptions = {}): Plan {
  requireRange(range);
  const planner = new Planner(range, options);
  planner.visit(expr, gridOf(range));
  return {
    text: options.text ?? '',
    expr,
    range,
    functions: planner.functions,
    lookbackMs: planner.lookbackMs,
    subqueryStepMs: planner.subqueryStepMs,
    selects: planner.selects,
    indexes: planner.indexes,
    merges: planner.merges,
    companions: planner.companions,
  };
}

/**
 * Spacing of stored points that a window needs: a divisor of both window and step meets the ends of every window, which is
 * all that a rate reads; where the two have none that is short enough, so many points that their distance does not matter.
 */
function windowResolutionMs(rangeMs: number, stepMs: number): number {
  const shared = greatestDivisor(rangeMs, stepMs);
  return stepMs > 0 && shared * MIN_POINTS_PER_WINDOW <= rangeMs ? shared : Math.floor(rangeMs / POINTS_PER_WINDOW);
}

/** The widest grid on which all of these windows begin and end. */
function commonDivisor({ firstMs, stepMs, steps, rangeMs }: EvenWindows): number {
  return greatestDivisor(greatestDivisor(Math.abs(firstMs), rangeMs), steps > 1 ? stepMs : 0);
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

interface Reading {
  readonly rangeMs: number;
  readonly resolutionMs: number;
  readonly newestOfStep?: true;
  readonly edges?: boolean;
  readonly aggregates?: readonly WindowAggregate[];
}

/** What the function around a range selector needs. */
type FunctionNeeds = Pick<FunctionDefinition, 'reads' | 'aggregates'>;

class Planner {
  readonly functions: FunctionRegistry;
  readonly lookbackMs: number;
  readonly subqueryStepMs: number;
  readonly selects: SelectRequest[] = [];
  readonly indexes = new Map<VectorSelector, number>();
  readonly merges = new Map<Aggregate, PlannedMerge>();
  readonly companions = new Map<Call, VectorSelector>();
  readonly #range: EvaluationRange;
  readonly #merge: boolean;
  readonly #known = new Map<string, number>();

  constructor(range: EvaluationRange, options: PlanOptions) {
    this.#range = range;
    this.#merge = options.merge ?? false;
    this.functions = options.functions ?? builtinFunctions;
    this.lookbackMs = options.lookbackMs ?? DEFAULT_LOOKBACK_MS;
    this.subqueryStepMs = options.subqueryStepMs ?? DEFAULT_SUBQUERY_STEP_MS;
  }

  /** `needs`: of the function around it; without one, every sample. */
  visit(expr: Expr, grid: Grid, needs: FunctionNeeds = {}): void {
    switch (expr.kind) {
      case 'selector':
        return this.#select(expr, grid, { rangeMs: this.lookbackMs, resolutionMs: grid.stepMs, newestOfStep: true });
      case 'matrix': {
        const rangeMs = positiveMs(expr.range, this.#range, expr);
        const { reads = 'raw', aggregates } = needs;
        const everySample = reads === 'raw';
        const resolutionMs = everySample ? 0 : windowResolutionMs(rangeMs, grid.stepMs);
        const reach = expr.selector.extension === undefined ? 0 : this.lookbackMs;
        const asked = everySample && aggregates !== undefined ? { aggregates } : { edges: reads === 'edges' };
        return this.#select(expr.selector, grid, { rangeMs: rangeMs + reach, resolutionMs, ...asked });
      }
      case 'subquery': {
        const inner = subqueryGrid(expr, { grid, range: this.#range, defaultStepMs: this.subqueryStepMs });
        return this.visit(expr.expr, inner);
      }
      case 'call': {
        const definition = this.functions.get(expr.name);
        expr.args.forEach((arg, i) => {
          if (definition?.args[i]?.labelsOnly === true) return;
          this.visit(withoutParens(arg), grid, definition);
        });
        if (definition?.companion !== undefined) this.#companion(expr, definition.companion(expr), grid);
        return;
      }
      case 'binary':
        this.visit(expr.left, grid);
        return this.visit(expr.right, grid);
      case 'aggregate':
        if (this.#isMerged(expr, grid)) return;
        if (expr.param !== undefined) this.visit(expr.param, grid);
        return this.visit(expr.expr, grid);
      case 'unary':
      case 'paren':
        return this.visit(expr.expr, grid, needs);
      default:
        return;
    }
  }

  #isMerged(expr: Aggregate, grid: Grid): boolean {
    const merge = this.#merge ? plannedMerge(expr, grid, this.#range) : undefined;
    if (merge !== undefined) this.merges.set(expr, merge);
    return merge !== undefined;
  }

  /** What a function reads beside its arguments, at the time that its first argument speaks of. */
  #companion(call: Call, matchers: readonly Matcher[], grid: Grid): void {
    const reference = referenceOf(call.args[0] ?? call, this.functions, this.#range);
    const at = reference.pinnedMs === undefined ? {} : { at: { kind: 'time', ms: reference.pinnedMs } as const };
    const offset = { kind: 'ms', ms: reference.offsetMs } as const;
    const selector: VectorSelector = { kind: 'selector', matchers, offset, ...at, from: call.from, to: call.to };
    this.companions.set(call, selector);
    this.visit(selector, grid);
  }

  #select(selector: VectorSelector, grid: Grid, reading: Reading): void {
    const { rangeMs, resolutionMs, newestOfStep, edges = false, aggregates } = reading;
    const pinned = pinnedMs(selector.at, this.#range);
    const shift = offsetMs(selector.offset, this.#range);
    const firstMs = (pinned ?? grid.startMs) - shift;
    const steps = pinned === undefined ? Math.max(1, grid.steps) : 1;
    const { stepMs } = grid;
    const lastMs = firstMs + (steps - 1) * stepMs;
    const edgesOf: EvenWindows = { firstMs, stepMs, steps, rangeMs };
    const { extension } = selector;
    const request: SelectRequest = {
      matchers: selector.matchers,
      startMs: firstMs - rangeMs + 1,
      endMs: extension === 'smoothed' ? lastMs + this.lookbackMs : lastMs,
      // What is interpolated, or taken from before the window, is a stored sample.
      resolutionMs: extension === undefined ? resolutionMs : 0,
      ...(extension === undefined && newestOfStep === true ? { newestOfStep } : {}),
      ...(extension === undefined && newestOfStep === true && rangeMs < resolutionMs ? { lookbackMs: rangeMs } : {}),
      ...(extension === undefined && edges ? { edgesOf } : {}),
    };
    const asked = extension === undefined ? aggregates : undefined;
    const meetsMs = asked === undefined ? 0 : commonDivisor(edgesOf);
    const index = this.#indexOf(request, asked === undefined ? undefined : { names: asked, meetsMs });
    this.indexes.set(selector, index);
  }

  /** Functions that ask different things of the same windows share a read. */
  #indexOf(request: SelectRequest, aggregates: AskedAggregates | undefined): number {
    const key = JSON.stringify([request, aggregates?.meetsMs]);
    const index = this.#known.get(key) ?? this.selects.push(request) - 1;
    this.#known.set(key, index);
    if (aggregates !== undefined) {
      const names = [...new Set([...(this.selects[index]?.aggregates?.names ?? []), ...aggregates.names])].sort();
      this.selects[index] = { ...request, aggregates: { ...aggregates, names } };
    }
    return index;
  }
}
