/**
 * One evaluation as a task that any thread can do, and its estimated cost. The unit is one number looked at; a histogram
 * counts as its usual buckets. Doing a task elsewhere costs about two units for each number handed over.
 */
import { evaluate, type MergedGroup, type Plan, PromqlError, type QueryResult, type SeriesData } from '@tapewatch/core';
import { compileCapturing } from './capturing-regex.ts';

export interface EvaluationTask {
  readonly plan: Plan;
  readonly data: readonly (readonly SeriesData[])[];
  /** Answers of the plan's `merges`. */
  readonly merged?: readonly (readonly MergedGroup[])[];
  /** Nodes of the expression. */
  readonly nodes: number;
  readonly maxSamples: number;
}

export interface EvaluationControl {
  readonly signal: AbortSignal;
  /** Throws when the evaluation is not wanted any more; also sees a time limit that passed while the thread was kept. */
  readonly check: () => void;
}

export interface Evaluator {
  evaluate(task: EvaluationTask, control: EvaluationControl): Promise<QueryResult>;
}

const UNITS_PER_HISTOGRAM = 100;
/** One that is read as what each point adds. */
const UNITS_PER_DELTA = 20;

export function costOf({ plan, data, nodes }: EvaluationTask): number {
  const { startMs, endMs, stepMs } = plan.range;
  const steps = stepMs === 0 ? 1 : Math.floor((endMs - startMs) / stepMs) + 1;
  let cost = 0;
  for (const series of data.flat()) {
    const weight = weightOf(series);
    cost += weight * (series.timesMs.length + steps * nodes);
  }
  return cost;
}

/** Asks for `histograms` last: reading it makes them. */
function weightOf(series: SeriesData): number {
  if (series.deltas !== undefined) return UNITS_PER_DELTA;
  return series.histograms === undefined ? 1 : UNITS_PER_HISTOGRAM;
}

export const localEvaluator: Evaluator = {
  async evaluate({ plan, data, merged = [], maxSamples }, { check }) {
    return evaluate(plan, data, { regex: compileCapturing, merged, maxSamples, checkCancelled: check });
  },
};

/** Cheap tasks on this thread at once, the others elsewhere; what was merged by the store is little, and stays here. */
export function tieredEvaluator(cheap: Evaluator, dear: Evaluator, dearFrom: number): Evaluator {
  const isCheap = (task: EvaluationTask): boolean => (task.merged ?? []).length > 0 || costOf(task) < dearFrom;
  return { evaluate: (task, control) => (isCheap(task) ? cheap : dear).evaluate(task, control) };
}

export function stopped(): PromqlError {
  return new PromqlError('cancelled', 'stopped');
}
