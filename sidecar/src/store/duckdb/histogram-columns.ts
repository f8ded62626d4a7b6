/** The histogram columns of `windows` and `histogram_samples`: writing packed ones, reading rows back. */
import type { DuckDBListValue } from '@duckdb/node-api';
import { DOUBLE, INTEGER, LIST, listValue, TINYINT, type DuckDBValue } from '@duckdb/node-api';
import type { EncodedHistogram } from '@tapewatch/core';
import type { Column } from './columns.ts';
import { HISTOGRAM_SCALARS, type BucketColumns, type HistogramColumns } from './packed-batch.ts';

type Scalar = (typeof HISTOGRAM_SCALARS)[number];

/** In the order of the schema. */
export const HISTOGRAM_SQL = [
  ...['h_scale', 'h_zero_threshold', 'h_zero_count'],
  ...['h_positive_indexes', 'h_positive_counts', 'h_negative_indexes', 'h_negative_counts'],
  ...['h_count', 'h_sum', 'h_min', 'h_max'],
  ...['h_nan_count', 'h_positive_infinity_count', 'h_negative_infinity_count'],
].join(', ');

export function histogramColumns({ present, scalars, positive, negative }: HistogramColumns): Column[] {
  const scalar = (name: Scalar, type: Column['type'] = DOUBLE): Column => {
    const offset = HISTOGRAM_SCALARS.indexOf(name);
    const at = (row: number) => scalars[row * HISTOGRAM_SCALARS.length + offset] as number;
    return { type, at: (row) => (present[row] === 1 ? at(row) : null) };
  };
  const list = ({ offsets }: BucketColumns, items: Int32Array | Float64Array, type: Column['type']): Column => ({
    type: LIST(type),
    at: (row) => (present[row] === 1 ? listValue([...items.subarray(offsets[row], offsets[row + 1])]) : null),
  });
  return [
    ...[scalar('scale', TINYINT), scalar('zeroThreshold'), scalar('zeroCount')],
    ...[list(positive, positive.indexes, INTEGER), list(positive, positive.counts, DOUBLE)],
    ...[list(negative, negative.indexes, INTEGER), list(negative, negative.counts, DOUBLE)],
    ...[scalar('count'), scalar('sum'), scalar('min'), scalar('max')],
    ...[scalar('nanCount'), scalar('positiveInfinityCount'), scalar('negativeInfinityCount')],
  ];
}

/** From values in the order of HISTOGRAM_SQL. */
export function histogramFrom(values: readonly DuckDBValue[]): EncodedHistogram {
  const number = (at: number) => values[at] as number;
  const list = (at: number) => [...(values[at] as DuckDBListValue).items] as number[];
  return {
    scale: number(0),
    zeroThreshold: number(1),
    zeroCount: number(2),
    positiveIndexes: list(3),
    positiveCounts: list(4),
    negativeIndexes: list(5),
    negativeCounts: list(6),
    count: number(7),
    sum: number(8),
    min: number(9),
    max: number(10),
    nanCount: number(11),
    positiveInfinityCount: number(12),
    negativeInfinityCount: number(13),
  };
}
