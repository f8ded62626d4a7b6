/** Functions of native histograms: each histogram of a column measured by a number, floats left out, the name dropped. */
import type { ExponentialHistogram } from '../../histogram/exponential-histogram.ts';
import { isEmpty, joinEqual, newColumn, put, type Column, type Value } from '../vector.ts';
import type { CallContext } from './definition.ts';

export function measureNative(
  column: Column,
  measure: (histogram: ExponentialHistogram, step: number, name: string) => number,
): Column {
  const name = column.labels.metricName;
  const result = newColumn(column.labels.withoutMetricName(), column.values.length);
  column.histograms?.forEach((histogram, step) => {
    if (histogram !== undefined && column.present[step] === 1) put(result, step, measure(histogram, step, name));
  });
  return result;
}

/** The columns that hold a sample, those with equal labels joined. */
export function finish(context: CallContext, columns: readonly Column[]): Value {
  return {
    type: 'vector',
    columns: joinEqual(
      columns.filter((column) => !isEmpty(column)),
      context.call,
    ),
  };
}
