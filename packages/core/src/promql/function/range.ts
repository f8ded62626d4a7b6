/** Builds functions of a range vector from a function of one window: `rate`, `avg_over_time` and their like. */
import { fitOf, resetsCollide } from '../../histogram/arithmetic.ts';
import type { ExponentialHistogram } from '../../histogram/exponential-histogram.ts';
import type { Labels } from '../../model/labels.ts';
import type { WindowAggregate } from '../../model/series.ts';
import type { Extension } from '../ast.ts';
import { isEmpty, joinEqual, newColumn, put, timeAt, type Column, type Value } from '../vector.ts';
import { eachWindow, floatCount, histogramCount, type RangeSeries, type Window } from '../window.ts';
import { argumentAt, scalarArgument } from './arguments.ts';
import type { CallContext, FunctionArgument, FunctionDefinition, FunctionReads } from './definition.ts';

export type WindowResult = number | ExponentialHistogram | undefined;

export interface WindowContext {
  readonly call: CallContext;
  readonly rangeMs: number;
  readonly extension: Extension | undefined;
  /** The series that a function last said something about, so that it is said once. */
  noted: RangeSeries | undefined;
  /** Name of the series at hand, for messages. */
  metricName(window: Window): string;
  warn(message: string): void;
  info(message: string): void;
}

export interface RangeFunction {
  readonly name: string;
  readonly doc: string;
  /** Scalars after the range vector; those in `before` stand in front of it. */
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  readonly keepsName?: boolean;
  readonly reads?: FunctionReads;
  readonly aggregates?: readonly WindowAggregate[];
  /** The selector modifiers that the function can deal with. */
  readonly extends?: readonly Extension[];
  over(window: Window, scalars: readonly number[], context: WindowContext): WindowResult;
}

export function rangeFunction(definition: RangeFunction): FunctionDefinition {
  const { before = [], after = [] } = definition;
  const scalar = (name: string): FunctionArgument => ({ name, type: 'scalar' });
  const matrixAt = before.length;
  return {
    name: definition.name,
    doc: definition.doc,
    returns: 'vector',
    ...(definition.reads === undefined ? {} : { reads: definition.reads }),
    ...(definition.aggregates === undefined ? {} : { aggregates: definition.aggregates }),
    ...(definition.extends === undefined ? {} : { extends: definition.extends }),
    args: [...before.map(scalar), { name: 'v', type: 'matrix' }, ...after.map(scalar)],
    evaluate(call) {
      const positions = [...before.map((_, i) => i), ...after.map((_, i) => matrixAt + 1 + i)];
      const scalars = positions.map((position) => scalarArgument(call, position));
      return evaluateWindows(definition, call, { matrixAt, scalars });
    },
  };
}

function evaluateWindows(
  definition: RangeFunction,
  call: CallContext,
  { matrixAt, scalars }: { matrixAt: number; scalars: readonly Float64Array[] },
): Value {
  const matrix = argumentAt(call, matrixAt);
  const ranges = call.ranges(matrix);
  const context: WindowContext = {
    call,
    rangeMs: ranges.rangeMs,
    extension: ranges.extension?.kind,
    noted: undefined,
    metricName: (window) => window.series.labels.metricName,
    warn: (message) => call.annotations.warn(message, matrix),
    info: (message) => call.annotations.info(message, matrix),
  };
  const columns: Column[] = [];
  const evalMs = (step: number): number => timeAt(call.grid, step);
  const arguments_: number[] = scalars.map(() => 0);
  for (const series of ranges.series) {
    const column = newColumn(outputLabels(series.labels, definition), call.grid.steps);
    eachWindow(series, { ranges, evalMs, steps: call.grid.steps }, (window, step) => {
      for (let i = 0; i < scalars.length; i++) arguments_[i] = (scalars[i] as Float64Array)[step] as number;
      put(column, step, definition.over(window, arguments_, context));
    });
    if (!isEmpty(column)) columns.push(column);
  }
  return { type: 'vector', columns: joinEqual(columns, call.call) };
}

function outputLabels(labels: Labels, { keepsName = false }: RangeFunction): Labels {
  return keepsName ? labels : labels.withoutMetricName();
}

/** For functions of floats only: undefined without floats, and an info when histograms were passed over. */
export function floatsOnly(
  compute: (window: Window, scalars: readonly number[], context: WindowContext) => WindowResult,
): RangeFunction['over'] {
  return (window, scalars, context) => {
    if (floatCount(window) === 0) return undefined;
    if (histogramCount(window) > 0) context.info(ignoredHistograms(context.metricName(window)));
    return compute(window, scalars, context);
  };
}

export function ignoredHistograms(metricName: string): string {
  return `ignored histograms in a range containing both floats and histograms for metric name "${metricName}"`;
}

export function mixedFloatsAndHistograms(metricName: string): string {
  return `encountered a mix of histograms and floats for metric name "${metricName}"`;
}

/** Whether histograms can be combined; warns when not, and says when custom bounds are brought together. */
export function canCombine(
  histograms: readonly ExponentialHistogram[],
  operation: 'addition' | 'subtraction' | 'aggregation',
  { metricName, warn, info }: { metricName: string; warn(message: string): void; info(message: string): void },
): boolean {
  const first = histograms[0] as ExponentialHistogram;
  let reconciled = false;
  for (const histogram of histograms) {
    const fit = fitOf(first, histogram);
    if (fit === 'incompatible') {
      warn(mixedSchemas(metricName));
      return false;
    }
    if (fit === 'reconciled') reconciled = true;
  }
  if (reconciled) info(`mismatched custom buckets were reconciled during ${operation}`);
  if (operation === 'aggregation' && resetsCollide(histograms)) {
    warn('conflicting counter resets during histogram aggregation');
  }
  return true;
}

export function mixedSchemas(metricName: string): string {
  const kinds = 'vector contains a mix of histograms with exponential and custom buckets schemas';
  return `${kinds} for metric name "${metricName}"`;
}
