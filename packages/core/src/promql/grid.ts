/** Evaluation times: the grid of a query and of its subqueries, and what `offset`, `@` and ranges say in milliseconds. */
import { type At, type Duration, durationMs, type Expr, type Subquery } from './ast.ts';
import { PromqlError } from './error.ts';
import type { EvaluationRange } from './result.ts';
import type { Grid } from './vector.ts';

export function requireRange({ startMs, endMs, stepMs }: EvaluationRange): void {
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
