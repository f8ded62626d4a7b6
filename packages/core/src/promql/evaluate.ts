/**
 * Evaluates a plan over the series that were fetched for it. Pure and synchronous: the caller fetches, sets the limits
 * and says when to stop. Every node is evaluated once over the whole grid of times, column by column.
 */
import { scaleHistogram } from '../histogram/arithmetic.ts';
import type { ExponentialHistogram } from '../histogram/exponential-histogram.ts';
import { Labels } from '../model/labels.ts';
import type { SeriesData } from '../model/series.ts';
import { adviseOn } from './advice.ts';
import { adviseOnMembers, aggregate } from './aggregate.ts';
import { Annotations } from './annotation.ts';
import { type Aggregate, type Call, type Expr, type Subquery, type VectorSelector, withoutParens } from './ast.ts';
import { binary } from './binary.ts';
import { PromqlError } from './error.ts';
import type { CallContext, CapturingRegexCompiler, FunctionDefinition } from './function/definition.ts';
import { labelOrder } from './function/sort.ts';
import { fusedExpr, fusedRate } from './fused-rate.ts';
import { gridOf, offsetMs, pinnedMs, positiveMs, subqueryGrid } from './grid.ts';
import { mergedColumns, type MergedGroup } from './merged-rate.ts';
import type { Plan } from './plan.ts';
import type { MatrixSeries, Point, QueryResult, VectorSample } from './result.ts';
import { keepsName, selectInstant, type SelectionReads } from './select.ts';
import { extendedPoints, smoothInstant } from './smooth.ts';
import { type Column, type Grid, isEmpty, joinEqual, sampleAt, timeAt, type Value } from './vector.ts';
import { type Ranges, rangeSeries, type RangeSeries } from './window.ts';

/** Samples one query may look at, as in Prometheus (`--query.max-samples`). */
export const DEFAULT_MAX_SAMPLES = 50_000_000;

const SAMPLES_PER_CHECK = 8_192;

export interface EvaluateOptions {
  /** For `label_replace`; patterns are matched against the whole text. */
  readonly regex: CapturingRegexCompiler;
  readonly maxSamples?: number;
  /** Series that one selector may find. Without it there is no limit but that of the samples. */
  readonly maxSeries?: number;
  /** Whether to say more than Prometheus does: percentiles that are averaged, quantiles of too few observations. */
  readonly advice?: boolean;
  /** Answers of the plan's `merges`, in their order. */
  readonly merged?: readonly (readonly MergedGroup[])[];
  /** False evaluates step by step what could be done in one pass; answers differ in rounding only. */
  readonly fuse?: boolean;
  /** Called once per node and once per `SAMPLES_PER_CHECK` samples; throws to stop the evaluation. */
  readonly checkCancelled?: () => void;
}

/** `data[i]` answers `plan.selects[i]`. Throws `PromqlError` (`execution`, `limit`) or what `checkCancelled` throws. */
export function evaluate(plan: Plan, data: readonly (readonly SeriesData[])[], options: EvaluateOptions): QueryResult {
  return new Evaluation(plan, data, options).run();
}

class Evaluation {
  readonly #plan: Plan;
  readonly #data: readonly (readonly SeriesData[])[];
  readonly #options: EvaluateOptions;
  readonly #annotations: Annotations;
  readonly #sorted = new Map<number, readonly SeriesData[]>();
  readonly #rangeSeries = new Map<number, readonly RangeSeries[]>();
  #samples = 0;
  #sinceCheck = 0;

  constructor(plan: Plan, data: readonly (readonly SeriesData[])[], options: EvaluateOptions) {
    this.#plan = plan;
    this.#data = data;
    this.#options = options;
    this.#annotations = new Annotations(plan.text, { advice: options.advice ?? true });
  }

  run(): QueryResult {
    const { expr, range } = this.#plan;
    adviseOn(expr, this.#annotations);
    const grid = gridOf(range);
    const inner = withoutParens(expr);
    const instant = range.stepMs === 0;
    if (inner.kind === 'matrix' || inner.kind === 'subquery') {
      if (!instant) throw new PromqlError('parse', 'a range query cannot return a range vector; use a function', expr);
      return { type: 'matrix', series: this.#rawWindows(inner, grid), ...this.#notes() };
    }
    const value = this.#evaluate(expr, grid);
    if (value.type === 'string') {
      if (!instant) throw new PromqlError('parse', 'a range query cannot return a string', expr);
      return { type: 'string', timeMs: range.startMs, value: value.value, ...this.#notes() };
    }
    if (!instant) return { type: 'matrix', series: matrixOf(value, grid), ...this.#notes() };
    if (value.type === 'scalar') {
      return { type: 'scalar', timeMs: range.startMs, value: value.values[0] as number, ...this.#notes() };
    }
    const columns = joinEqual(
      value.columns.filter((column) => !isEmpty(column)),
      expr,
    );
    const samples = columns.map((column): VectorSample => ({ labels: column.labels, ...pointAt(column, 0, grid) }));
    return { type: 'vector', samples, ...this.#notes() };
  }

  #notes(): { warnings: string[]; infos: string[] } {
    return { warnings: this.#annotations.warnings, infos: this.#annotations.infos };
  }

  #touch(samples: number): void {
    const { maxSamples = DEFAULT_MAX_SAMPLES, checkCancelled } = this.#options;
    this.#samples += samples;
    this.#sinceCheck += samples;
    if (this.#samples > maxSamples) {
      const remedy = 'narrow the selectors, shorten the range or take a larger step';
      throw new PromqlError('limit', `query looks at more than ${maxSamples} samples; ${remedy}`, this.#plan.expr);
    }
    if (this.#sinceCheck < SAMPLES_PER_CHECK) return;
    this.#sinceCheck = 0;
    checkCancelled?.();
  }

  #evaluate(expr: Expr, grid: Grid): Value {
    this.#options.checkCancelled?.();
    switch (expr.kind) {
      case 'number':
        return { type: 'scalar', values: new Float64Array(grid.steps).fill(expr.value) };
      case 'string':
        return { type: 'string', value: expr.value };
      case 'paren':
        return this.#evaluate(expr.expr, grid);
      case 'selector':
        return this.#select(expr, grid, 'values');
      case 'unary':
        return this.#unary(expr, grid);
      case 'call':
        return this.#call(expr, grid);
      case 'aggregate': {
        const fused = this.#merged(expr, grid) ?? this.#fused(expr, grid);
        if (fused !== undefined) return fused;
        const param = expr.param === undefined ? undefined : this.#evaluate(expr.param, grid);
        const value = this.#evaluate(expr.expr, grid);
        return aggregate(expr, { value, param, steps: grid.steps, annotations: this.#annotations });
      }
      case 'binary': {
        const [left, right] = [this.#evaluate(expr.left, grid), this.#evaluate(expr.right, grid)];
        return binary(expr, { left, right, steps: grid.steps, annotations: this.#annotations });
      }
      case 'matrix':
      case 'subquery':
        throw new PromqlError('parse', 'a range vector is only allowed as an argument of a function', expr);
    }
  }

  #merged(expr: Aggregate, grid: Grid): Value | undefined {
    const merge = this.#plan.merges.get(expr);
    if (merge === undefined) return undefined;
    const groups = this.#options.merged?.[[...this.#plan.merges.keys()].indexOf(expr)] ?? [];
    this.#touch(groups.reduce((sum, { timesMs }) => sum + timesMs.length, 0));
    return { type: 'vector', columns: mergedColumns(merge, groups, grid) };
  }

  /** An aggregation of rates of distributions in one pass, where it has that form and its data allow it. */
  #fused(expr: Aggregate, grid: Grid): Value | undefined {
    const parts = fusedExpr(expr);
    if (parts === undefined || this.#options.fuse === false) return undefined;
    const ranges = this.#ranges(parts.matrix, grid, this.#plan.functions.get(parts.call.name));
    const check = (): void => this.#options.checkCancelled?.();
    const columns = fusedRate(expr, { kind: parts.kind, ranges, steps: grid.steps, check });
    if (columns === undefined) return undefined;
    adviseOnMembers(expr, ranges.series, this.#annotations);
    return { type: 'vector', columns };
  }

  /** Series of a selector in the order of their labels, so that answers do not depend on the store's order. */
  #dataOf(selector: VectorSelector): readonly SeriesData[] {
    const index = this.#plan.indexes.get(selector) ?? -1;
    const known = this.#sorted.get(index);
    if (known !== undefined) return known;
    const data = this.#data[index];
    if (data === undefined) {
      throw new PromqlError('execution', 'selector has no data: it is not part of the plan', selector);
    }
    const { maxSeries = Infinity } = this.#options;
    if (data.length > maxSeries) {
      const message = `selector finds ${data.length} series, the limit is ${maxSeries}; name more labels or aggregate in a rule`;
      throw new PromqlError('limit', message, selector);
    }
    const sorted = inOrder(data) ? data : [...data].sort((a, b) => labelOrder(a.labels, b.labels));
    this.#sorted.set(index, sorted);
    return sorted;
  }

  #select(selector: VectorSelector, grid: Grid, reads: SelectionReads): Value {
    const pinned = pinnedMs(selector.at, this.#plan.range);
    const shift = offsetMs(selector.offset, this.#plan.range);
    const timeMs = (step: number): number => (pinned ?? timeAt(grid, step)) - shift;
    const { lookbackMs } = this.#plan;
    if (selector.extension === 'smoothed' && reads === 'values') return this.#smooth(selector, grid, timeMs);
    const columns: Column[] = [];
    for (const series of this.#dataOf(selector)) {
      this.#touch(grid.steps);
      const column = selectInstant(series, { steps: grid.steps, timeMs, lookbackMs, reads });
      if (column !== undefined) columns.push(column);
    }
    return { type: 'vector', columns: keepsName(reads) ? columns : joinEqual(columns, selector) };
  }

  #smooth(selector: VectorSelector, grid: Grid, timeMs: (step: number) => number): Value {
    const { lookbackMs } = this.#plan;
    const columns = this.#seriesOf(selector).map((series) => {
      this.#touch(grid.steps);
      const note = {
        warn: (message: string): void => this.#annotations.warn(message, selector),
        info: (message: string): void => this.#annotations.info(message, selector),
      };
      return smoothInstant(series, { steps: grid.steps, timeMs, lookbackMs, note });
    });
    return { type: 'vector', columns: columns.filter((column) => !isEmpty(column)) };
  }

  #unary({ operator, expr }: Extract<Expr, { kind: 'unary' }>, grid: Grid): Value {
    const value = this.#evaluate(expr, grid);
    if (operator === '+' || value.type === 'string') return value;
    if (value.type === 'scalar') return { type: 'scalar', values: value.values.map((x) => -x) };
    const columns = value.columns.map((column): Column => ({
      labels: column.labels.withoutMetricName(),
      present: column.present,
      values: column.values.map((x) => -x),
      ...(column.histograms === undefined ? {} : { histograms: column.histograms.map(negated) }),
    }));
    return { type: 'vector', columns: joinEqual(columns, expr) };
  }

  #call(call: Call, grid: Grid): Value {
    const definition = this.#plan.functions.get(call.name);
    if (definition === undefined) throw new PromqlError('parse', `unknown function with name "${call.name}"`, call);
    const context: CallContext = {
      call,
      grid,
      query: this.#plan.range,
      annotations: this.#annotations,
      regex: this.#options.regex,
      evaluate: (expr) => this.#evaluate(expr, grid),
      ranges: (expr) => this.#ranges(expr, grid, definition),
      companion: () => {
        const selector = this.#plan.companions.get(call);
        const value = selector === undefined ? undefined : this.#select(selector, grid, 'named stamps');
        return value?.type === 'vector' ? value.columns : [];
      },
      sampleTimes: (expr, which) => {
        const inner = withoutParens(expr);
        return inner.kind === 'selector' ? this.#select(inner, grid, which) : undefined;
      },
    };
    return definition.evaluate(context);
  }

  #ranges(expr: Expr, grid: Grid, definition?: FunctionDefinition): Ranges {
    const inner = withoutParens(expr);
    if (inner.kind !== 'matrix' && inner.kind !== 'subquery') {
      throw new PromqlError('parse', 'expected a range vector', expr);
    }
    const { range } = this.#plan;
    const shifted = inner.kind === 'matrix' ? inner.selector : inner;
    const pinned = pinnedMs(shifted.at, range);
    const shift = offsetMs(shifted.offset, range);
    const extension = inner.kind === 'matrix' ? this.#extension(inner.selector, definition) : {};
    return {
      ...extension,
      series: inner.kind === 'matrix' ? this.#seriesOf(inner.selector) : this.#subquery(inner, grid),
      rangeMs: positiveMs(inner.range, range, inner),
      endMs: (step) => (pinned ?? timeAt(grid, step)) - shift,
      touch: (samples) => this.#touch(samples),
    };
  }

  #extension({ extension, ...span }: VectorSelector, definition?: FunctionDefinition): Pick<Ranges, 'extension'> {
    if (extension === undefined) return {};
    if (definition !== undefined && definition.extends?.includes(extension) !== true) {
      const able = [...this.#plan.functions.values()].filter((other) => other.extends?.includes(extension));
      const names = able
        .map(({ name }) => name)
        .sort()
        .join(', ');
      const message = `${extension} modifier can only be used with: ${names} - not with ${definition.name}`;
      throw new PromqlError('execution', message, span);
    }
    const { lookbackMs } = this.#plan;
    return { extension: { kind: extension, beforeMs: lookbackMs, afterMs: extension === 'smoothed' ? lookbackMs : 0 } };
  }

  #seriesOf(selector: VectorSelector): readonly RangeSeries[] {
    const index = this.#plan.indexes.get(selector) ?? -1;
    const known = this.#rangeSeries.get(index);
    if (known !== undefined) return known;
    const series = this.#dataOf(selector).map(rangeSeries);
    this.#rangeSeries.set(index, series);
    return series;
  }

  #subquery(subquery: Subquery, grid: Grid): RangeSeries[] {
    const { range, subqueryStepMs } = this.#plan;
    const inner = subqueryGrid(subquery, { grid, range, defaultStepMs: subqueryStepMs });
    this.#touch(inner.steps);
    const value = this.#evaluate(subquery.expr, inner);
    if (value.type !== 'vector') throw new PromqlError('parse', 'a subquery needs an instant vector', subquery);
    return value.columns.map((column) => seriesOfColumn(column, inner));
  }

  #rawWindows(expr: Extract<Expr, { kind: 'matrix' | 'subquery' }>, grid: Grid): MatrixSeries[] {
    const ranges = this.#ranges(expr, grid);
    const endMs = ranges.endMs(0);
    const startMs = endMs - ranges.rangeMs;
    const { extension } = ranges;
    const inWindow = ({ timeMs }: Point): boolean => timeMs > startMs && timeMs <= endMs;
    const pointsIn = (series: RangeSeries): readonly Point[] => {
      if (extension === undefined) return pointsOf(series).filter(inWindow);
      if (series.histograms.length === 0) return extendedPoints(series, { startMs, endMs, ...extension });
      const message = `${extension.kind} modifier is not supported with histograms; use it inside rate, increase or delta`;
      throw new PromqlError('execution', message, expr);
    };
    return ranges.series
      .map((series): MatrixSeries => ({ labels: series.labels, points: pointsIn(series) }))
      .filter(({ points }) => points.length > 0)
      .sort((a, b) => labelOrder(a.labels, b.labels));
  }
}

function negated(histogram: ExponentialHistogram | undefined): ExponentialHistogram | undefined {
  return histogram === undefined ? undefined : scaleHistogram(histogram, -1);
}

/** Stores answer in a stable order; what is in order need not be sorted for every query. */
function inOrder(data: readonly SeriesData[]): boolean {
  for (let i = 1; i < data.length; i++) {
    if (labelOrder((data[i - 1] as SeriesData).labels, (data[i] as SeriesData).labels) > 0) return false;
  }
  return true;
}

function seriesOfColumn(column: Column, grid: Grid): RangeSeries {
  const series = {
    labels: column.labels,
    floatTimes: [] as number[],
    floats: [] as number[],
    histogramTimes: [] as number[],
    histograms: [] as ExponentialHistogram[],
  };
  for (let step = 0; step < grid.steps; step++) {
    const sample = sampleAt(column, step);
    if (sample === undefined) continue;
    if (typeof sample === 'number') {
      series.floatTimes.push(timeAt(grid, step));
      series.floats.push(sample);
    } else {
      series.histogramTimes.push(timeAt(grid, step));
      series.histograms.push(resampled(sample));
    }
  }
  return series;
}

/** A subquery skips and repeats samples: what was known of a sample's past does not hold for its neighbours there. */
function resampled(histogram: ExponentialHistogram): ExponentialHistogram {
  if (histogram.counterReset === 'gauge' || histogram.counterReset === 'unknown') return histogram;
  const copy = histogram.clone();
  copy.counterReset = 'unknown';
  return copy;
}

function pointsOf({ floatTimes, floats, histogramTimes, histograms }: RangeSeries): Point[] {
  const points: Point[] = Array.from(floatTimes, (timeMs, i) => ({ timeMs, value: floats[i] as number }));
  for (let i = 0; i < histogramTimes.length; i++) {
    points.push({ timeMs: histogramTimes[i] as number, value: NaN, histogram: histograms[i] as ExponentialHistogram });
  }
  return points.sort((a, b) => a.timeMs - b.timeMs);
}

function pointAt(column: Column, step: number, grid: Grid): Point {
  const timeMs = timeAt(grid, step);
  const histogram = column.histograms?.[step];
  return histogram === undefined ? { timeMs, value: column.values[step] as number } : { timeMs, value: NaN, histogram };
}

function matrixOf(value: Exclude<Value, { type: 'string' }>, grid: Grid): MatrixSeries[] {
  if (value.type === 'scalar') {
    const points = Array.from(value.values, (x, step): Point => ({ timeMs: timeAt(grid, step), value: x }));
    return [{ labels: Labels.empty, points }];
  }
  const series: MatrixSeries[] = [];
  for (const column of joinEqual(value.columns, { from: 0, to: 0 })) {
    const points: Point[] = [];
    for (let step = 0; step < grid.steps; step++) {
      if (column.present[step] === 1) points.push(pointAt(column, step, grid));
    }
    if (points.length > 0) series.push({ labels: column.labels, points });
  }
  return series.sort((a, b) => labelOrder(a.labels, b.labels));
}
