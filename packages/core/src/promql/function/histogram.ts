/**
 * What a distribution says: quantiles, count, sum, average, spread, fraction. Native histograms are samples; classic
 * ones are series with the label `le`. Quantiles of native histograms lie within 2^(2^-scale) - 1 of the exact value.
 */
import { MIN_OBSERVATIONS_BEYOND, observationsBeyond } from '../../histogram/certainty.ts';
import type { ExponentialHistogram } from '../../histogram/exponential-histogram.ts';
import { fraction, quantile, unbucketed } from '../../histogram/quantile.ts';
import type { Labels } from '../../model/labels.ts';
import { CompensatedSum } from '../kahan.ts';
import { PromqlError, type TextSpan } from '../error.ts';
import { isValidLabelName, openMetricsFloat, quote } from '../literal.ts';
import { observationsPerCount } from '../observation.ts';
import { quantileOutOfRange } from '../order-statistic.ts';
import { newColumn, put, sampleAt, type Column, type Value } from '../vector.ts';
import { argumentAt, scalarArgument, stringArgument, vectorArgument } from './arguments.ts';
import { classicFraction, classicQuantile, type ClassicBucket } from './classic-bucket.ts';
import type { CallContext, FunctionArgument, FunctionDefinition } from './definition.ts';
import { finish, measureNative } from './native.ts';

const BUCKET_LABEL = 'le';
const vectorArg: FunctionArgument = { name: 'v', type: 'vector' };

export const histogramFunctions: readonly FunctionDefinition[] = [
  ofHistogram('histogram_count', 'Number of observations of a native histogram.', ({ count }) => count),
  ofHistogram('histogram_sum', 'Sum of observations of a native histogram.', ({ sum }) => sum),
  ofHistogram('histogram_avg', 'Arithmetic mean of a native histogram.', ({ sum, count }) => sum / count),
  ofHistogram('histogram_stdvar', 'Estimated population variance of a native histogram.', variance),
  ofHistogram('histogram_stddev', 'Estimated population standard deviation of a native histogram.', (histogram) =>
    Math.sqrt(variance(histogram)),
  ),
  {
    name: 'histogram_quantile',
    doc: 'The q-quantile (0 <= q <= 1) of native or classic histograms; the error bound is that of the buckets.',
    args: [{ name: 'q', type: 'scalar' }, vectorArg],
    returns: 'vector',
    evaluate: histogramQuantile,
  },
  {
    name: 'histogram_quantiles',
    doc: 'Several quantiles at once, each under the given label with its q as the value.',
    args: [vectorArg, { name: 'label', type: 'string' }, { name: 'q', type: 'scalar', variadic: true }],
    returns: 'vector',
    evaluate: histogramQuantiles,
  },
  {
    name: 'histogram_fraction',
    doc: 'Share of observations between two values, interpolated inside buckets.',
    args: [{ name: 'lower', type: 'scalar' }, { name: 'upper', type: 'scalar' }, vectorArg],
    returns: 'vector',
    evaluate: histogramFraction,
  },
];

function ofHistogram(
  name: string,
  doc: string,
  measure: (histogram: ExponentialHistogram) => number,
): FunctionDefinition {
  return {
    name,
    doc,
    args: [vectorArg],
    returns: 'vector',
    evaluate(context) {
      const native = (histogram: ExponentialHistogram): number => measure(histogram);
      const columns = vectorArgument(context, 0).map((column) => measureNative(column, native));
      return finish(context, columns);
    },
  };
}

/** Buckets stand at their geometric mean (the zero bucket at 0), those of custom bounds at the arithmetic one. */
function variance(histogram: ExponentialHistogram): number {
  const mean = histogram.sum / histogram.count;
  const custom = histogram.customBounds !== undefined;
  const sum = new CompensatedSum();
  for (const { lower, upper, count } of histogram.buckets()) {
    const spansZero = lower <= 0 && upper >= 0;
    const geometric = spansZero ? 0 : Math.sign(upper) * Math.sqrt(lower * upper);
    const middle = custom ? (lower + upper) / 2 : geometric;
    sum.add(count * (middle - mean) ** 2);
  }
  return sum.value / histogram.count;
}

function histogramQuantile(context: CallContext): Value {
  const columns = quantileColumns(context, { q: scalarArgument(context, 0), qAt: 0, vectorAt: 1 });
  return finish(context, columns);
}

function histogramQuantiles(context: CallContext): Value {
  const label = stringArgument(context, 1);
  if (!isValidLabelName(label)) {
    throw new PromqlError('execution', `invalid label name ${quote(label)}`, argumentAt(context, 1));
  }
  const columns = context.call.args.slice(2).flatMap((_, i) => {
    const q = scalarArgument(context, i + 2);
    return quantileColumns(context, { q, qAt: i + 2, vectorAt: 0 }).flatMap((column) => labelled(column, label, q));
  });
  return finish(context, columns);
}

/** The column under the label of its quantile; a quantile that changes over time makes several of it. */
function labelled(column: Column, label: string, q: Float64Array): Column[] {
  return [...new Set(q)].map((value) => {
    const result = newColumn(column.labels.with(label, openMetricsFloat(value)), q.length);
    for (let step = 0; step < q.length; step++)
      if (Object.is(q[step], value)) put(result, step, sampleAt(column, step));
    return result;
  });
}

interface QuantileArguments {
  readonly q: Float64Array;
  readonly qAt: number;
  readonly vectorAt: number;
}

function quantileColumns(context: CallContext, { q, qAt, vectorAt }: QuantileArguments): Column[] {
  for (const value of new Set(q)) {
    const message = quantileOutOfRange(value);
    if (message !== undefined) context.annotations.warn(message, argumentAt(context, qAt));
  }
  const span = argumentAt(context, vectorAt);
  const info = (message: string, name: string): void => {
    context.annotations.info(`input to histogram_quantile ${message}${forMetric(name)}`, span);
  };
  const perCount = observationsPerCount(span, context.query);
  const thinnest = { q: NaN, observations: Infinity };
  const columns = nativeAndClassic(context, vectorArgument(context, vectorAt), {
    span,
    native: (histogram, step, name) => {
      const at = q[step] as number;
      const observations = histogram.count * (perCount ?? Infinity);
      if (at > 0 && at < 1 && observations > 0 && observationsBeyond(at, observations) < MIN_OBSERVATIONS_BEYOND) {
        if (observations < thinnest.observations) Object.assign(thinnest, { q: at, observations });
      }
      const value = quantile(at, histogram);
      if (at >= 0 && at <= 1 && unbucketed(histogram) > 0) {
        info(`has NaN observations, result is ${Number.isNaN(value) ? 'NaN' : 'skewed higher'}`, name);
      }
      return value;
    },
    classic: (buckets, step, name) => {
      const { value, forced } = classicQuantile(q[step] as number, buckets);
      if (forced) info('needed to be fixed for monotonicity (see docs)', name);
      return value;
    },
  });
  if (thinnest.observations < Infinity) context.annotations.advise('info', tooFew(thinnest), span);
  return columns;
}

/** Said once a query, of the smallest group. */
function tooFew({ q, observations }: { q: number; observations: number }): string {
  const needed = Math.ceil(MIN_OBSERVATIONS_BEYOND / Math.min(q, 1 - q));
  const found = observations < 10 ? observations.toFixed(1) : Math.round(observations);
  return `quantile ${q} of too few observations: it needs ${needed}, the smallest histogram has ${found}; widen the range, merge more series or take a lower quantile`;
}

function forMetric(name: string): string {
  return name === '' ? '' : ` for metric name "${name}"`;
}

function histogramFraction(context: CallContext): Value {
  const [lower, upper] = [scalarArgument(context, 0), scalarArgument(context, 1)];
  const span = argumentAt(context, 2);
  const columns = nativeAndClassic(context, vectorArgument(context, 2), {
    span,
    native: (histogram, step, name) => {
      if (unbucketed(histogram) > 0) {
        const message = `input to histogram_fraction has NaN observations, which are excluded from all fractions${forMetric(name)}`;
        context.annotations.info(message, span);
      }
      return fraction(lower[step] as number, upper[step] as number, histogram);
    },
    classic: (buckets, step) => classicFraction(lower[step] as number, upper[step] as number, buckets),
  });
  return finish(context, columns);
}

interface Measures {
  /** Where the vector stands in the query. */
  readonly span: TextSpan;
  readonly native: (histogram: ExponentialHistogram, step: number, name: string) => number;
  readonly classic: (buckets: readonly ClassicBucket[], step: number, name: string) => number;
}

interface ClassicGroup {
  readonly labels: Labels;
  readonly name: string;
  readonly bounds: { upper: number; column: Column }[];
}

function nativeAndClassic(context: CallContext, columns: readonly Column[], measures: Measures): Column[] {
  const steps = context.grid.steps;
  const results = columns.map((column) => measureNative(column, measures.native));
  const natives = new Map(results.map((column) => [column.labels.key, column]));
  for (const { labels, name, bounds } of classicGroups(context, columns, measures.span)) {
    const native = natives.get(labels.key);
    const result = newColumn(labels, steps);
    for (let step = 0; step < steps; step++) {
      const buckets = bounds
        .filter(({ column }) => column.present[step] === 1 && column.histograms?.[step] === undefined)
        .map(({ upper, column }) => ({ upper, count: column.values[step] as number }));
      if (buckets.length === 0) continue;
      if (native?.present[step] === 1) {
        native.present[step] = 0;
        const message = `vector contains a mix of classic and native histograms for metric name "${name}"`;
        context.annotations.warn(message, measures.span);
        continue;
      }
      put(result, step, measures.classic(buckets, step, name));
    }
    results.push(result);
  }
  return results;
}

function classicGroups(context: CallContext, columns: readonly Column[], span: TextSpan): Iterable<ClassicGroup> {
  const groups = new Map<string, ClassicGroup>();
  for (const column of columns) {
    if (column.histograms !== undefined && !hasFloats(column)) continue;
    const text = column.labels.get(BUCKET_LABEL);
    const upper = parseBound(text);
    if (upper === undefined) {
      const message = `bucket label "${BUCKET_LABEL}" is missing or has a malformed value of ${JSON.stringify(text)} for metric name "${column.labels.metricName}"`;
      context.annotations.warn(message, span);
      continue;
    }
    const named = column.labels.without([BUCKET_LABEL]);
    const labels = named.withoutMetricName();
    const group = groups.get(named.key) ?? { labels, name: column.labels.metricName, bounds: [] };
    groups.set(named.key, group);
    group.bounds.push({ upper, column });
  }
  return groups.values();
}

function hasFloats({ present, histograms }: Column): boolean {
  return present.some((there, step) => there === 1 && histograms?.[step] === undefined);
}

function parseBound(text: string): number | undefined {
  if (/^\+?inf$/i.test(text)) return Infinity;
  if (text.trim() === '' || Number.isNaN(Number(text))) return undefined;
  return Number(text);
}
