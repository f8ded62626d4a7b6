/**
 * What a distribution says: quantiles, count, sum, average, spread, fraction. Native histograms are samples; classic
 * ones are series with the label `le`. Quantiles of native histograms lie within 2^(2^-scale) - 1 of the exact value.
 */
import type { ExponentialHistogram } from '../../histogram/exponential-histogram.ts';
import { fraction, quantile } from '../../histogram/quantile.ts';
import { type Labels, METRIC_NAME } from '../../model/labels.ts';
import { quantileOutOfRange } from '../order-statistic.ts';
import { isEmpty, joinEqual, newColumn, put, type Column, type Value } from '../vector.ts';
import { argumentAt, scalarArgument, vectorArgument } from './arguments.ts';
import { classicFraction, classicQuantile, type ClassicBucket } from './classic-bucket.ts';
import type { CallContext, FunctionArgument, FunctionDefinition } from './definition.ts';

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

function measureNative(column: Column, measure: (histogram: ExponentialHistogram, step: number) => number): Column {
  const result = newColumn(column.labels.withoutMetricName(), column.values.length);
  column.histograms?.forEach((histogram, step) => {
    if (histogram !== undefined && column.present[step] === 1) put(result, step, measure(histogram, step));
  });
  return result;
}

function finish(context: CallContext, columns: readonly Column[]): Value {
  return {
    type: 'vector',
    columns: joinEqual(
      columns.filter((column) => !isEmpty(column)),
      context.call,
    ),
  };
}

/** Buckets stand at their geometric mean (the zero bucket at 0). */
function variance(histogram: ExponentialHistogram): number {
  const mean = histogram.sum / histogram.count;
  let sum = 0;
  for (const { lower, upper, count } of histogram.buckets()) {
    const middle = lower <= 0 && upper >= 0 ? 0 : Math.sign(upper) * Math.sqrt(lower * upper);
    sum += count * (middle - mean) ** 2;
  }
  return sum / histogram.count;
}

function histogramQuantile(context: CallContext): Value {
  const q = scalarArgument(context, 0);
  for (const value of q) {
    const message = quantileOutOfRange(value);
    if (message !== undefined) context.annotations.warn(message, argumentAt(context, 0));
  }
  return nativeAndClassic(context, vectorArgument(context, 1), {
    native: (histogram, step) => quantile(q[step] as number, histogram),
    classic: (buckets, step, name) => {
      const { value, forced } = classicQuantile(q[step] as number, buckets);
      if (forced) {
        const message = `input to histogram_quantile needed to be fixed for monotonicity (see docs) for metric name "${name}"`;
        context.annotations.info(message, argumentAt(context, 1));
      }
      return value;
    },
  });
}

function histogramFraction(context: CallContext): Value {
  const [lower, upper] = [scalarArgument(context, 0), scalarArgument(context, 1)];
  return nativeAndClassic(context, vectorArgument(context, 2), {
    native: (histogram, step) => fraction(lower[step] as number, upper[step] as number, histogram),
    classic: (buckets, step) => classicFraction(lower[step] as number, upper[step] as number, buckets),
  });
}

interface Measures {
  readonly native: (histogram: ExponentialHistogram, step: number) => number;
  readonly classic: (buckets: readonly ClassicBucket[], step: number, name: string) => number;
}

interface ClassicGroup {
  readonly labels: Labels;
  readonly name: string;
  readonly bounds: { upper: number; column: Column }[];
}

function nativeAndClassic(context: CallContext, columns: readonly Column[], measures: Measures): Value {
  const steps = context.grid.steps;
  const results = columns.map((column) => measureNative(column, measures.native));
  const natives = new Map(results.map((column) => [column.labels.key, column]));
  for (const { labels, name, bounds } of classicGroups(context, columns)) {
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
        context.annotations.warn(message, context.call.args.at(-1) ?? context.call);
        continue;
      }
      put(result, step, measures.classic(buckets, step, name));
    }
    results.push(result);
  }
  return finish(context, results);
}

function classicGroups(context: CallContext, columns: readonly Column[]): Iterable<ClassicGroup> {
  const groups = new Map<string, ClassicGroup>();
  for (const column of columns) {
    if (column.histograms !== undefined && !hasFloats(column)) continue;
    const text = column.labels.get(BUCKET_LABEL);
    const upper = parseBound(text);
    if (upper === undefined) {
      const message = `bucket label "${BUCKET_LABEL}" is missing or has a malformed value of ${JSON.stringify(text)} for metric name "${column.labels.metricName}"`;
      context.annotations.warn(message, context.call.args.at(-1) ?? context.call);
      continue;
    }
    const labels = column.labels.without([BUCKET_LABEL, METRIC_NAME]);
    const group = groups.get(labels.key) ?? { labels, name: column.labels.metricName, bounds: [] };
    groups.set(labels.key, group);
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
