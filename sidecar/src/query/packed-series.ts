/**
 * Series between threads: columns that pass by transfer instead of objects that are cloned one by one. A histogram is a
 * row of a fixed number of figures and its buckets in two common columns.
 */
import {
  ExponentialHistogram,
  Labels,
  type CounterReset,
  type LabelPair,
  type MatrixSeries,
  type Point,
  type SeriesData,
  type WindowAggregate,
  type WindowColumns,
} from '@tapewatch/core';

export interface PackedSeries {
  readonly pairs: readonly LabelPair[];
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
  readonly startTimesMs?: Float64Array;
  readonly ranks?: Uint32Array;
  readonly windows?: PackedWindows;
  readonly staleMs?: readonly number[];
  readonly histograms?: PackedHistograms;
}

type PackedWindows = { readonly [A in WindowAggregate]?: Float64Array };

export interface PackedHistograms {
  /** 1 where a point is a histogram. */
  readonly present: Uint8Array;
  /** FIGURES numbers for each histogram. */
  readonly figures: Float64Array;
  /** Bucket indexes of all of them, positive before negative, and their counts. */
  readonly indexes: Int32Array;
  readonly counts: Float64Array;
  /** Custom bounds in use, each once; a figure names one by its place, counted from 1. */
  readonly bounds: readonly (readonly number[])[];
}

const FIGURES = 14;
const RESETS: readonly CounterReset[] = ['unknown', 'reset', 'not_reset', 'gauge'];

export function packSeries(series: SeriesData): PackedSeries {
  const { labels, timesMs, values } = series;
  const { histograms, staleMs, startTimesMs, ranks, windows } = series;
  return {
    pairs: labels.pairs,
    timesMs: new Float64Array(timesMs),
    values: new Float64Array(values),
    ...(startTimesMs === undefined ? {} : { startTimesMs: new Float64Array(startTimesMs) }),
    ...(ranks === undefined ? {} : { ranks: Uint32Array.from(ranks) }),
    ...(windows === undefined ? {} : { windows: packWindows(windows) }),
    ...(staleMs === undefined ? {} : { staleMs }),
    ...(histograms === undefined ? {} : { histograms: packHistograms(histograms) }),
  };
}

export function unpackSeries(packed: PackedSeries): SeriesData {
  const { pairs, timesMs, values, startTimesMs, staleMs, histograms, ranks, windows } = packed;
  return {
    labels: Labels.from(pairs),
    timesMs,
    values,
    ...(ranks === undefined ? {} : { ranks }),
    ...(windows === undefined ? {} : { windows }),
    ...(startTimesMs === undefined ? {} : { startTimesMs }),
    ...(staleMs === undefined ? {} : { staleMs }),
    ...(histograms === undefined ? {} : { histograms: unpackHistograms(histograms) }),
  };
}

function packWindows(windows: WindowColumns): PackedWindows {
  return Object.fromEntries(Object.entries(windows).map(([name, column]) => [name, new Float64Array(column)]));
}

export function packMatrix({ labels, points }: MatrixSeries): PackedSeries {
  const histograms = points.map(({ histogram }) => histogram);
  return {
    pairs: labels.pairs,
    timesMs: Float64Array.from(points, ({ timeMs }) => timeMs),
    values: Float64Array.from(points, ({ value }) => value),
    ...(histograms.some((histogram) => histogram !== undefined) ? { histograms: packHistograms(histograms) } : {}),
  };
}

export function unpackMatrix({ pairs, timesMs, values, histograms }: PackedSeries): MatrixSeries {
  const unpacked = histograms === undefined ? [] : unpackHistograms(histograms);
  const points: Point[] = new Array<Point>(timesMs.length);
  for (let i = 0; i < points.length; i++) {
    const [timeMs, value, histogram] = [timesMs[i] as number, values[i] as number, unpacked[i]];
    points[i] = histogram === undefined ? { timeMs, value } : { timeMs, value, histogram };
  }
  return { labels: Labels.from(pairs), points };
}

/** What to list as transferred, each once; the sender must not use it any more. */
export function buffersOf(all: readonly PackedSeries[]): ArrayBuffer[] {
  const buffers = new Set<ArrayBufferLike>();
  for (const { timesMs, values, startTimesMs, ranks, windows, histograms } of all) {
    buffers.add(timesMs.buffer).add(values.buffer);
    if (startTimesMs !== undefined) buffers.add(startTimesMs.buffer);
    if (ranks !== undefined) buffers.add(ranks.buffer);
    for (const column of Object.values(windows ?? {})) buffers.add(column.buffer);
    if (histograms !== undefined) {
      const { present, figures, indexes, counts } = histograms;
      for (const column of [present, figures, indexes, counts]) buffers.add(column.buffer);
    }
  }
  return [...buffers] as ArrayBuffer[];
}

function packHistograms(histograms: readonly (ExponentialHistogram | undefined)[]): PackedHistograms {
  const held = histograms.filter((histogram) => histogram !== undefined);
  const buckets = held.reduce((sum, { positive, negative }) => sum + positive.size + negative.size, 0);
  const [indexes, counts] = [new Int32Array(buckets), new Float64Array(buckets)];
  const figures = new Float64Array(held.length * FIGURES);
  const bounds: (readonly number[])[] = [];
  let bucket = 0;
  held.forEach((histogram, row) => {
    for (const side of [histogram.positive, histogram.negative]) {
      for (const [index, count] of side) {
        indexes[bucket] = index;
        counts[bucket++] = count;
      }
    }
    figures.set(figuresOf(histogram, bounds), row * FIGURES);
  });
  const present = Uint8Array.from(histograms, (histogram) => Number(histogram !== undefined));
  return { present, figures, indexes, counts, bounds };
}

function figuresOf(histogram: ExponentialHistogram, bounds: (readonly number[])[]): number[] {
  const { customBounds, positive, negative } = histogram;
  let custom = 0;
  if (customBounds !== undefined) {
    custom = bounds.findIndex((known) => known === customBounds) + 1 || bounds.push(customBounds);
  }
  return [
    histogram.scale,
    histogram.zeroThreshold,
    histogram.zeroCount,
    positive.size,
    negative.size,
    histogram.count,
    histogram.sum,
    histogram.min,
    histogram.max,
    histogram.nanCount,
    histogram.positiveInfinityCount,
    histogram.negativeInfinityCount,
    RESETS.indexOf(histogram.counterReset),
    custom,
  ];
}

function unpackHistograms(packed: PackedHistograms): (ExponentialHistogram | undefined)[] {
  const { present, figures, indexes, counts, bounds } = packed;
  let [row, bucket] = [0, 0];
  return Array.from(present, (held) => {
    if (held === 0) return undefined;
    const at = (figure: number): number => figures[row * FIGURES + figure] as number;
    const [split, end] = [bucket + at(3), bucket + at(3) + at(4)];
    const customBounds = bounds[at(13) - 1];
    const histogram = ExponentialHistogram.decode({
      scale: at(0),
      zeroThreshold: at(1),
      zeroCount: at(2),
      positiveIndexes: Array.from(indexes.subarray(bucket, split)),
      positiveCounts: Array.from(counts.subarray(bucket, split)),
      negativeIndexes: Array.from(indexes.subarray(split, end)),
      negativeCounts: Array.from(counts.subarray(split, end)),
      count: at(5),
      sum: at(6),
      min: at(7),
      max: at(8),
      nanCount: at(9),
      positiveInfinityCount: at(10),
      negativeInfinityCount: at(11),
      ...(customBounds === undefined ? {} : { customBounds: [...customBounds] }),
    });
    histogram.counterReset = RESETS[at(12)] ?? 'unknown';
    bucket = end;
    row++;
    return histogram;
  });
}
