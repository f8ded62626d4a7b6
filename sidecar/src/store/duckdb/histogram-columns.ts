/** The histogram columns of windows, raw histograms and checkpoints: writing packed ones, reading rows back. */
import { DOUBLE, INTEGER, TINYINT, type DuckDBListValue, type DuckDBValue } from '@duckdb/node-api';
import type { BucketLists, EncodedHistogram, HistogramColumns } from '@tapewatch/core';
import type { PackedColumn } from './vector-append.ts';

/** In the order of the schema. */
export const HISTOGRAM_NAMES = [
  ...['count', 'sum', 'min', 'max', 'scale', 'zero_threshold', 'zero_count'],
  ...['nan_count', 'positive_infinity_count', 'negative_infinity_count'],
  ...['positive_indexes', 'positive_counts', 'negative_indexes', 'negative_counts', 'custom_bounds'],
] as const;

export const HISTOGRAM_SQL = HISTOGRAM_NAMES.join(', ');

export function histogramColumns(columns: HistogramColumns): PackedColumn[] {
  const { positive, negative, customBounds } = columns;
  const double = (items: Float64Array): PackedColumn => ({ type: DOUBLE, items });
  const lists = ({ offsets, indexes, counts }: BucketLists): PackedColumn[] => [
    { type: INTEGER, items: indexes, offsets },
    { type: DOUBLE, items: counts, offsets },
  ];
  return [
    ...[double(columns.counts), double(columns.sums), double(columns.mins), double(columns.maxs)],
    { type: TINYINT, items: columns.scales },
    ...[double(columns.zeroThresholds), double(columns.zeroCounts), double(columns.nanCounts)],
    ...[double(columns.positiveInfinityCounts), double(columns.negativeInfinityCounts)],
    ...lists(positive),
    ...lists(negative),
    { type: DOUBLE, items: customBounds.values, offsets: customBounds.offsets },
  ];
}

/** From values in the order of HISTOGRAM_NAMES. */
export function histogramFrom(values: readonly DuckDBValue[]): EncodedHistogram {
  const number = (at: number) => values[at] as number;
  const list = (at: number) => [...(values[at] as DuckDBListValue).items] as number[];
  const customBounds = list(14);
  return {
    count: number(0),
    sum: number(1),
    min: number(2),
    max: number(3),
    scale: number(4),
    zeroThreshold: number(5),
    zeroCount: number(6),
    nanCount: number(7),
    positiveInfinityCount: number(8),
    negativeInfinityCount: number(9),
    positiveIndexes: list(10),
    positiveCounts: list(11),
    negativeIndexes: list(12),
    negativeCounts: list(13),
    ...(customBounds.length === 0 ? {} : { customBounds }),
  };
}
