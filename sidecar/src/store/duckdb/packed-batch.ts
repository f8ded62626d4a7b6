/**
 * A batch in columns of typed arrays and plain objects: what can cross to the store's thread by transfer, and what the
 * appender reads without making rows. Histograms lie end to end, row i between its offset and the next one.
 */
import { Labels, type EncodedHistogram, type LabelPair, type SeriesDefinition } from '@tapewatch/core';
import type { Batch, SampleColumns, TransitionRow, WindowRow } from '../../ports.ts';

export const HISTOGRAM_SCALARS = [
  'scale',
  'zeroThreshold',
  'zeroCount',
  'count',
  'sum',
  'min',
  'max',
  'nanCount',
  'positiveInfinityCount',
  'negativeInfinityCount',
] as const satisfies readonly (keyof EncodedHistogram)[];

export interface BucketColumns {
  readonly offsets: Uint32Array;
  readonly indexes: Int32Array;
  readonly counts: Float64Array;
}

export interface HistogramColumns {
  /** 1 where a row has a histogram. */
  readonly present: Uint8Array;
  /** Row by row in the order of HISTOGRAM_SCALARS. */
  readonly scalars: Float64Array;
  readonly positive: BucketColumns;
  readonly negative: BucketColumns;
}

const WINDOW_NUMBERS = ['levelMs', 'count', 'sum', 'min', 'max', 'first', 'last', 'increase'] as const;
const WINDOW_STAMPS = ['startNanos', 'firstNanos', 'lastNanos'] as const;
type WindowNumber = (typeof WINDOW_NUMBERS)[number];
type WindowStamp = (typeof WINDOW_STAMPS)[number];

export interface WindowColumns {
  readonly seriesIds: Uint32Array;
  readonly numbers: Readonly<Record<WindowNumber, Float64Array>>;
  readonly stamps: Readonly<Record<WindowStamp, BigInt64Array>>;
  readonly histograms: HistogramColumns;
}

/** A series definition or transition whose labels are plain pairs. */
export type PlainSeries = Omit<SeriesDefinition, 'labels'> & { readonly pairs: readonly LabelPair[] };
export type PlainTransition = Omit<TransitionRow, 'labels'> & { readonly pairs: readonly LabelPair[] };

export interface PackedBatch {
  readonly series: readonly PlainSeries[];
  readonly samples: SampleColumns;
  readonly histograms: {
    readonly seriesIds: Uint32Array;
    readonly timesNanos: BigInt64Array;
    readonly histograms: HistogramColumns;
  };
  readonly windows: WindowColumns;
  readonly events: Batch['events'];
  readonly transitions: readonly PlainTransition[];
  readonly positions: Batch['positions'];
  readonly sealed: Batch['sealed'];
}

/** Copies, so that transferring the result takes nothing away from the owner of the batch. */
export function packBatch(batch: Batch): PackedBatch {
  const { samples, histograms, events, positions, sealed } = batch;
  return {
    series: batch.series.map(withPairs),
    samples: {
      seriesIds: samples.seriesIds.slice(),
      timesNanos: samples.timesNanos.slice(),
      values: samples.values.slice(),
    },
    histograms: {
      seriesIds: Uint32Array.from(histograms, ({ seriesId }) => seriesId),
      timesNanos: BigInt64Array.from(histograms, ({ timeNanos }) => timeNanos),
      histograms: packHistograms(histograms.map(({ histogram }) => histogram)),
    },
    windows: packWindows(batch.windows),
    events,
    transitions: batch.transitions.map(withPairs),
    positions,
    sealed,
  };
}

/** The buffers of the fast columns, for the transfer list of a message. */
export function buffersOf({ samples, histograms, windows }: PackedBatch): ArrayBuffer[] {
  const lists = [histograms.histograms, windows.histograms].flatMap(({ present, scalars, positive, negative }) => [
    present,
    scalars,
    ...Object.values(positive),
    ...Object.values(negative),
  ]);
  const columns: (ArrayBufferView & { buffer: ArrayBufferLike })[] = [
    ...Object.values(samples),
    histograms.seriesIds,
    histograms.timesNanos,
    windows.seriesIds,
    ...Object.values(windows.numbers),
    ...Object.values(windows.stamps),
    ...lists,
  ];
  return columns.map(({ buffer }) => buffer as ArrayBuffer);
}

export function withPairs<T extends { readonly labels: Labels }>(
  row: T,
): Omit<T, 'labels'> & { pairs: readonly LabelPair[] } {
  const { labels, ...rest } = row;
  return { ...rest, pairs: labels.pairs };
}

export function withLabels<T extends { readonly pairs: readonly LabelPair[] }>(
  row: T,
): Omit<T, 'pairs'> & { labels: Labels } {
  const { pairs, ...rest } = row;
  return { ...rest, labels: Labels.from(pairs) };
}

/** The histogram of a row; the row must have one. */
export function encodedAt({ scalars, positive, negative }: HistogramColumns, row: number): EncodedHistogram {
  const named = HISTOGRAM_SCALARS.map((name, j) => [name, scalars[row * HISTOGRAM_SCALARS.length + j]]);
  const items = ({ offsets }: BucketColumns, column: Int32Array | Float64Array): number[] => [
    ...column.subarray(offsets[row], offsets[row + 1]),
  ];
  return {
    ...(Object.fromEntries(named) as Record<(typeof HISTOGRAM_SCALARS)[number], number>),
    positiveIndexes: items(positive, positive.indexes),
    positiveCounts: items(positive, positive.counts),
    negativeIndexes: items(negative, negative.indexes),
    negativeCounts: items(negative, negative.counts),
  };
}

function packWindows(rows: readonly WindowRow[]): WindowColumns {
  const numbers = WINDOW_NUMBERS.map((name) => [name, Float64Array.from(rows, (row) => row[name])]);
  const stamps = WINDOW_STAMPS.map((name) => [name, BigInt64Array.from(rows, (row) => row[name])]);
  return {
    seriesIds: Uint32Array.from(rows, ({ seriesId }) => seriesId),
    numbers: Object.fromEntries(numbers) as Record<WindowNumber, Float64Array>,
    stamps: Object.fromEntries(stamps) as Record<WindowStamp, BigInt64Array>,
    histograms: packHistograms(rows.map(({ histogram }) => histogram)),
  };
}

function packHistograms(rows: readonly (EncodedHistogram | undefined)[]): HistogramColumns {
  const scalars = new Float64Array(rows.length * HISTOGRAM_SCALARS.length);
  rows.forEach((row, i) => {
    if (row === undefined) return;
    HISTOGRAM_SCALARS.forEach((name, j) => (scalars[i * HISTOGRAM_SCALARS.length + j] = row[name]));
  });
  return {
    present: Uint8Array.from(rows, (row) => (row === undefined ? 0 : 1)),
    scalars,
    positive: packBuckets(rows, 'positiveIndexes', 'positiveCounts'),
    negative: packBuckets(rows, 'negativeIndexes', 'negativeCounts'),
  };
}

function packBuckets(
  rows: readonly (EncodedHistogram | undefined)[],
  indexes: 'positiveIndexes' | 'negativeIndexes',
  counts: 'positiveCounts' | 'negativeCounts',
): BucketColumns {
  const offsets = new Uint32Array(rows.length + 1);
  rows.forEach((row, i) => (offsets[i + 1] = (offsets[i] as number) + (row?.[indexes].length ?? 0)));
  const total = offsets[rows.length] as number;
  const packed = { offsets, indexes: new Int32Array(total), counts: new Float64Array(total) };
  rows.forEach((row, i) => {
    if (row === undefined) return;
    packed.indexes.set(row[indexes], offsets[i]);
    packed.counts.set(row[counts], offsets[i]);
  });
  return packed;
}
