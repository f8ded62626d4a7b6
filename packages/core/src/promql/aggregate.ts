/**
 * Aggregations over groups of series: one sample per group and time (`sum`, `quantile`, ...), a sample per distinct value
 * (`count_values`), or a choice of the group's own series (`topk` and its like, in rank.ts). Histograms are summed and
 * averaged exactly; aggregations of floats pass them over and say so. Source: Prometheus, promql/engine.go.
 */
import { averageHistograms, sumHistograms } from '../histogram/arithmetic.ts';
import type { ExponentialHistogram } from '../histogram/exponential-histogram.ts';
import { formatHistogram } from '../histogram/format.ts';
import { type Labels, METRIC_NAME } from '../model/labels.ts';
import { AVERAGING, percentileAdvice, QUANTILE_LABEL } from './advice.ts';
import type { Annotations } from './annotation.ts';
import type { Aggregate, Aggregation } from './ast.ts';
import { PromqlError } from './error.ts';
import { canCombine } from './function/range.ts';
import { CompensatedMean, CompensatedSum } from './kahan.ts';
import { formatFloat, isValidLabelName, quote } from './literal.ts';
import { quantileOf, quantileOutOfRange } from './order-statistic.ts';
import { choose } from './rank.ts';
import { reduceFloats } from './reduce-floats.ts';
import { signatureOf } from './signature.ts';
import { type Column, isEmpty, joinEqual, newColumn, put, sampleAt, type Value } from './vector.ts';

export interface AggregateInput {
  readonly value: Value;
  readonly param: Value | undefined;
  readonly steps: number;
  readonly annotations: Annotations;
}

export interface Group<Member = Column> {
  readonly labels: Labels;
  readonly members: Member[];
}

export function aggregate(expr: Aggregate, input: AggregateInput): Value {
  if (input.value.type !== 'vector') throw new PromqlError('parse', 'aggregation needs an instant vector', expr);
  const groups = groupsOf(expr, input.value.columns);
  adviseOnMembers(expr, input.value.columns, input.annotations);
  return { type: 'vector', columns: aggregateGroups(expr, groups, input) };
}

/** Warns of members that are percentiles by their labels. */
export function adviseOnMembers(expr: Aggregate, members: readonly Labelled[], annotations: Annotations): void {
  if (!AVERAGING.has(expr.operation) || !members.some(isSummaryQuantile)) return;
  const message = percentileAdvice(expr.operation, `series with the label ${QUANTILE_LABEL}`);
  annotations.advise('warning', message, expr);
}

interface Labelled {
  readonly labels: Labels;
}

/** A series of a summary: its `quantile` label is a number. A share such as `sum(x{quantile=""})` has none. */
function isSummaryQuantile({ labels }: Labelled): boolean {
  const text = labels.get(QUANTILE_LABEL);
  return text !== '' && Number(text) >= 0 && Number(text) <= 1;
}

function aggregateGroups(expr: Aggregate, groups: readonly Group[], input: AggregateInput): Column[] {
  switch (expr.operation) {
    case 'topk':
    case 'bottomk':
    case 'limitk':
    case 'limit_ratio':
      return choose(expr, groups, { ...input, param: paramOf(expr, input) });
    case 'count_values':
      return countValues(expr, groups, input);
    default:
      return reduceGroups(expr, groups, input);
  }
}

function paramOf(expr: Aggregate, { param }: AggregateInput): Float64Array {
  if (param?.type !== 'scalar') throw new PromqlError('parse', `${expr.operation} needs a scalar parameter`, expr);
  return param.values;
}

/** The members by the labels that the aggregation leaves; the metric's name is never one of those that `without` leaves. */
export function groupsOf<Member extends Labelled>(
  { grouping, without }: Pick<Aggregate, 'grouping' | 'without'>,
  columns: readonly Member[],
): Group<Member>[] {
  const groups = new Map<string, Group<Member>>();
  const dropped = [...grouping, METRIC_NAME];
  const keyOf = signatureOf(grouping, without ? 'without' : 'only');
  for (const column of columns) {
    const key = keyOf(column.labels);
    let group = groups.get(key);
    if (group === undefined) {
      const labels = without ? column.labels.without(dropped) : column.labels.only(grouping);
      group = { labels, members: [] };
      groups.set(key, group);
    }
    group.members.push(column);
  }
  return [...groups.values()];
}

interface Members {
  readonly floats: number[];
  readonly histograms: ExponentialHistogram[];
}

interface Reduction {
  readonly expr: Aggregate;
  readonly annotations: Annotations;
  readonly param: number;
}

type Reducer = (members: Members, reduction: Reduction) => number | ExponentialHistogram | undefined;

function reduceGroups(expr: Aggregate, groups: readonly Group[], input: AggregateInput): Column[] {
  const reducer = REDUCERS[expr.operation];
  if (reducer === undefined) throw new PromqlError('parse', `unknown aggregation ${expr.operation}`, expr);
  const params = expr.operation === 'quantile' ? paramOf(expr, input) : undefined;
  const members: Members = { floats: [], histograms: [] };
  const results = groups.map((group) => {
    const fast = reduceFloats(expr.operation, group, input.steps);
    if (fast !== undefined) return fast;
    const result = newColumn(group.labels, input.steps);
    for (let step = 0; step < input.steps; step++) {
      gather(group, step, members);
      if (members.floats.length + members.histograms.length === 0) continue;
      const param = params === undefined ? NaN : (params[step] as number);
      put(result, step, reducer(members, { expr, annotations: input.annotations, param }));
    }
    return result;
  });
  return results.filter((column) => !isEmpty(column));
}

function gather({ members }: Group, step: number, into: Members): void {
  into.floats.length = 0;
  into.histograms.length = 0;
  for (const { present, values, histograms } of members) {
    if (present[step] === 0) continue;
    const histogram = histograms?.[step];
    if (histogram === undefined) into.floats.push(values[step] as number);
    else into.histograms.push(histogram);
  }
}

const REDUCERS: Partial<Record<Aggregation, Reducer>> = {
  sum: floatsOrHistograms((floats) => {
    const sum = new CompensatedSum();
    for (const value of floats) sum.add(value);
    return sum.value;
  }, sumHistograms),
  avg: floatsOrHistograms((floats) => {
    const mean = new CompensatedMean();
    for (const value of floats) mean.add(value);
    return mean.value;
  }, averageHistograms),
  count: ({ floats, histograms }) => floats.length + histograms.length,
  group: () => 1,
  min: floatsOnly((floats) => extreme(floats, (value, best) => value < best)),
  max: floatsOnly((floats) => extreme(floats, (value, best) => value > best)),
  stdvar: floatsOnly(variance),
  stddev: floatsOnly((floats) => Math.sqrt(variance(floats))),
  quantile: floatsOnly((floats, { param, annotations, expr }) => {
    const message = quantileOutOfRange(param);
    if (message !== undefined) annotations.warn(message, expr.param ?? expr);
    return quantileOf(param, floats);
  }),
};

function floatsOnly(reduce: (floats: readonly number[], reduction: Reduction) => number): Reducer {
  return ({ floats, histograms }, reduction) => {
    if (histograms.length > 0) {
      reduction.annotations.info(ignoredHistogram(reduction.expr), reduction.expr.expr);
    }
    return floats.length === 0 ? undefined : reduce(floats, reduction);
  };
}

function floatsOrHistograms(
  ofFloats: (floats: readonly number[]) => number,
  ofHistograms: (histograms: readonly ExponentialHistogram[]) => ExponentialHistogram,
): Reducer {
  return ({ floats, histograms }, { expr, annotations }) => {
    if (histograms.length === 0) return ofFloats(floats);
    if (floats.length === 0) {
      const warn = (message: string): void => annotations.warn(message, expr.expr);
      const info = (message: string): void => annotations.info(message, expr.expr);
      const fits = canCombine(histograms, 'aggregation', { metricName: '', warn, info });
      return fits ? ofHistograms(histograms) : undefined;
    }
    annotations.warn('encountered a mix of histograms and floats for aggregation', expr.expr);
    return undefined;
  };
}

export function ignoredHistogram({ operation }: Aggregate): string {
  return `ignored histogram in ${operation} aggregation`;
}

/** NaN only when all are NaN. */
function extreme(floats: readonly number[], better: (value: number, best: number) => boolean): number {
  return floats.reduce((best, value) => (Number.isNaN(best) || better(value, best) ? value : best));
}

/** Welford's recurrence; infinities make it NaN. */
function variance(floats: readonly number[]): number {
  let mean = floats[0] as number;
  let squares = Number.isFinite(mean) ? 0 : NaN;
  for (let i = 1; i < floats.length; i++) {
    const delta = (floats[i] as number) - mean;
    mean += delta / (i + 1);
    squares += delta * ((floats[i] as number) - mean);
  }
  return squares / floats.length;
}

function countValues(expr: Aggregate, groups: readonly Group[], { param, steps }: AggregateInput): Column[] {
  const label = param?.type === 'string' ? param.value : '';
  if (!isValidLabelName(label)) {
    throw new PromqlError('execution', `invalid label name ${quote(label)}`, expr.param ?? expr);
  }
  const results = new Map<string, Column>();
  for (const group of groups) {
    for (const member of group.members) {
      for (let step = 0; step < steps; step++) {
        const sample = sampleAt(member, step);
        if (sample === undefined) continue;
        const text = typeof sample === 'number' ? formatFloat(sample) : formatHistogram(sample);
        const labels = group.labels.with(label, text);
        const column = results.get(labels.key) ?? newColumn(labels, steps);
        results.set(labels.key, column);
        put(column, step, (column.values[step] as number) + 1);
      }
    }
  }
  return joinEqual([...results.values()], expr);
}
