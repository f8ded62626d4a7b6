/**
 * `sum` of `rate` or `increase` over an `anchored` window, from distributions that a store has merged already. An anchored
 * change of a distribution is what was observed in the window, without extrapolation: so merged counts of steps that make
 * up the windows exactly are the answer.
 */
import { scaleHistogram } from '../histogram/arithmetic.ts';
import type { ExponentialHistogram } from '../histogram/exponential-histogram.ts';
import type { Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { Aggregate } from './ast.ts';
import { fusedExpr } from './fused-rate.ts';
import { offsetMs, positiveMs } from './grid.ts';
import type { EvaluationRange } from './result.ts';
import { type Column, type Grid, isEmpty, newColumn, put } from './vector.ts';

/** Steps finer than this are not on any store's grid. */
const GRID_MS = 1_000;
/** Steps that are merged for one query, empty ones included. */
const MAX_MERGED_STEPS = 50_000;

/** What to fetch: counts of all matching distributions by step, the first step ending at `startMs`. */
export interface PlannedMerge {
  readonly matchers: readonly Matcher[];
  readonly by: readonly string[];
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
  readonly rangeMs: number;
  readonly shiftMs: number;
  readonly perSecond: boolean;
}

/** One group of the answer, ascending in time; steps without observations are absent. */
export interface MergedGroup {
  readonly labels: Labels;
  readonly timesMs: readonly number[];
  readonly histograms: readonly ExponentialHistogram[];
}

/** Undefined where the aggregation has another form, or windows that do not stand on a grid. */
export function plannedMerge(expr: Aggregate, grid: Grid, range: EvaluationRange): PlannedMerge | undefined {
  const parts = fusedExpr(expr);
  if (parts === undefined || expr.operation !== 'sum' || expr.without || grid.steps < 1) return undefined;
  const { selector, range: duration } = parts.matrix;
  if (selector.extension !== 'anchored' || selector.at !== undefined) return undefined;
  const rangeMs = positiveMs(duration, range, parts.matrix);
  const shiftMs = offsetMs(selector.offset, range);
  const stepMs = greatestDivisor(rangeMs, grid.steps === 1 ? rangeMs : grid.stepMs);
  const firstMs = grid.startMs - shiftMs;
  const endMs = firstMs + (grid.steps - 1) * grid.stepMs;
  const startMs = firstMs - rangeMs + stepMs;
  if (stepMs % GRID_MS !== 0 || firstMs % GRID_MS !== 0 || (endMs - startMs) / stepMs > MAX_MERGED_STEPS)
    return undefined;
  const { matchers } = selector;
  return { matchers, by: expr.grouping, startMs, endMs, stepMs, rangeMs, shiftMs, perSecond: parts.kind.perSecond };
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

export function mergedColumns(merge: PlannedMerge, groups: readonly MergedGroup[], grid: Grid): Column[] {
  return groups.map((group) => columnOf(merge, group, grid)).filter((column) => !isEmpty(column));
}

function columnOf({ rangeMs, shiftMs, perSecond }: PlannedMerge, group: MergedGroup, grid: Grid): Column {
  const { labels, timesMs, histograms } = group;
  const column = newColumn(labels, grid.steps);
  let from = 0;
  for (let step = 0; step < grid.steps; step++) {
    const endMs = grid.startMs + step * grid.stepMs - shiftMs;
    while (from < timesMs.length && (timesMs[from] as number) <= endMs - rangeMs) from++;
    let sum: ExponentialHistogram | undefined;
    for (let i = from; i < timesMs.length && (timesMs[i] as number) <= endMs; i++) {
      const next = histograms[i] as ExponentialHistogram;
      if (sum === undefined) sum = next.clone();
      else sum.merge(next);
    }
    if (sum === undefined) continue;
    const change = perSecond ? scaleHistogram(sum, 1_000 / rangeMs) : sum;
    change.min = Infinity;
    change.max = -Infinity;
    change.counterReset = 'gauge';
    put(column, step, change);
  }
  return column;
}
