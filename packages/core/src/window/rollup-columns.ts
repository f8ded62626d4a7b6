/**
 * Windows and histograms as columns: one typed array a field, so that thousands of windows are sealed, sent to another
 * thread and written without an object for each. Lists lie end to end, those of row i between its offset and the next.
 */
import { ExponentialHistogram, type EncodedHistogram } from '../histogram/exponential-histogram.ts';

/** Raw samples. A stamp is whole seconds since the epoch and the nanoseconds within the second. */
export interface RawColumns {
  readonly seriesIds: Uint32Array;
  readonly seconds: Uint32Array;
  readonly nanos: Uint32Array;
  readonly values: Float64Array;
}

/** Sealed windows (or additive parts of windows) of gauges and counters, ascending by start, then by series. */
export interface ValueWindows {
  readonly seriesIds: Uint32Array;
  readonly startSeconds: Uint32Array;
  /** All samples; sum, smallest and largest are of the finite ones. */
  readonly counts: Float64Array;
  readonly sums: Float64Array;
  readonly mins: Float64Array;
  readonly maxs: Float64Array;
  readonly firsts: Float64Array;
  /** Nanoseconds from the window's start. */
  readonly firstOffsets: Float64Array;
  readonly lasts: Float64Array;
  readonly lastOffsets: Float64Array;
  /** Counters: increases from sample to sample, a fall counts as a reset to zero; else 0. */
  readonly increases: Float64Array;
  /** 1: the window had been sealed before; this part came late. */
  readonly revised: Uint8Array;
}

export interface BucketLists {
  readonly offsets: Uint32Array;
  readonly indexes: Int32Array;
  readonly counts: Float64Array;
}

export interface HistogramColumns {
  readonly counts: Float64Array;
  readonly sums: Float64Array;
  readonly mins: Float64Array;
  readonly maxs: Float64Array;
  readonly scales: Int8Array;
  readonly zeroThresholds: Float64Array;
  readonly zeroCounts: Float64Array;
  readonly nanCounts: Float64Array;
  readonly positiveInfinityCounts: Float64Array;
  readonly negativeInfinityCounts: Float64Array;
  readonly positive: BucketLists;
  readonly negative: BucketLists;
  /** Empty for exponential buckets. */
  readonly customBounds: { readonly offsets: Uint32Array; readonly values: Float64Array };
}

/** Sealed windows (or additive parts of windows) of distributions, ascending by start, then by series. */
export interface DistributionWindows {
  readonly seriesIds: Uint32Array;
  readonly startSeconds: Uint32Array;
  readonly revised: Uint8Array;
  readonly histograms: HistogramColumns;
}

/** The histogram of a row in the form that `ExponentialHistogram.decode` takes. */
export function histogramAt(columns: HistogramColumns, row: number): EncodedHistogram {
  const { positive, negative, customBounds } = columns;
  const bounds = list(customBounds.values, customBounds.offsets, row);
  return {
    scale: columns.scales[row] as number,
    zeroThreshold: columns.zeroThresholds[row] as number,
    zeroCount: columns.zeroCounts[row] as number,
    positiveIndexes: list(positive.indexes, positive.offsets, row),
    positiveCounts: list(positive.counts, positive.offsets, row),
    negativeIndexes: list(negative.indexes, negative.offsets, row),
    negativeCounts: list(negative.counts, negative.offsets, row),
    count: columns.counts[row] as number,
    sum: columns.sums[row] as number,
    min: columns.mins[row] as number,
    max: columns.maxs[row] as number,
    nanCount: columns.nanCounts[row] as number,
    positiveInfinityCount: columns.positiveInfinityCounts[row] as number,
    negativeInfinityCount: columns.negativeInfinityCounts[row] as number,
    ...(bounds.length === 0 ? {} : { customBounds: bounds }),
  };
}

/** Adds a row's histogram to another one; without an object where both have the same buckets. */
export function mergeRow(target: ExponentialHistogram, columns: HistogramColumns, row: number): void {
  const { customBounds } = columns;
  const sameBuckets =
    target.customBounds === undefined &&
    target.scale === columns.scales[row] &&
    target.zeroThreshold === columns.zeroThresholds[row] &&
    customBounds.offsets[row] === customBounds.offsets[row + 1] &&
    target.positive.size + target.negative.size + rowBuckets(columns, row) <= target.maxBuckets;
  if (!sameBuckets) {
    target.merge(ExponentialHistogram.decode(histogramAt(columns, row)));
    return;
  }
  for (const side of ['positive', 'negative'] as const) {
    const { offsets, indexes, counts } = columns[side];
    const [from, to] = [offsets[row] as number, offsets[row + 1] as number];
    const buckets = target[side];
    if (to > from) buckets.reserve(indexes[from] as number, indexes[to - 1] as number);
    for (let i = from; i < to; i++) buckets.add(indexes[i] as number, counts[i] as number);
  }
  target.count += columns.counts[row] as number;
  target.sum += columns.sums[row] as number;
  target.min = Math.min(target.min, columns.mins[row] as number);
  target.max = Math.max(target.max, columns.maxs[row] as number);
  target.zeroCount += columns.zeroCounts[row] as number;
  target.nanCount += columns.nanCounts[row] as number;
  target.positiveInfinityCount += columns.positiveInfinityCounts[row] as number;
  target.negativeInfinityCount += columns.negativeInfinityCounts[row] as number;
}

/** An empty histogram of a row's shape: merging must not widen a threshold or coarsen a scale that nobody has. */
export function emptyLikeRow({ scales, zeroThresholds, customBounds }: HistogramColumns, row: number) {
  const bounds = list(customBounds.values, customBounds.offsets, row);
  return bounds.length > 0
    ? new ExponentialHistogram({ customBounds: bounds })
    : new ExponentialHistogram({ scale: scales[row] as number, zeroThreshold: zeroThresholds[row] as number });
}

function rowBuckets({ positive, negative }: HistogramColumns, row: number): number {
  const size = ({ offsets }: BucketLists): number => (offsets[row + 1] as number) - (offsets[row] as number);
  return size(positive) + size(negative);
}

export function histogramColumnsOf(rows: readonly EncodedHistogram[]): HistogramColumns {
  const column = (read: (row: EncodedHistogram) => number): Float64Array => Float64Array.from(rows, read);
  const bounds = rows.map(({ customBounds }) => customBounds ?? []);
  return {
    counts: column(({ count }) => count),
    sums: column(({ sum }) => sum),
    mins: column(({ min }) => min),
    maxs: column(({ max }) => max),
    scales: Int8Array.from(rows, ({ scale }) => scale),
    zeroThresholds: column(({ zeroThreshold }) => zeroThreshold),
    zeroCounts: column(({ zeroCount }) => zeroCount),
    nanCounts: column(({ nanCount }) => nanCount),
    positiveInfinityCounts: column(({ positiveInfinityCount }) => positiveInfinityCount),
    negativeInfinityCounts: column(({ negativeInfinityCount }) => negativeInfinityCount),
    positive: bucketLists(
      rows.map(({ positiveIndexes }) => positiveIndexes),
      rows.map(({ positiveCounts }) => positiveCounts),
    ),
    negative: bucketLists(
      rows.map(({ negativeIndexes }) => negativeIndexes),
      rows.map(({ negativeCounts }) => negativeCounts),
    ),
    customBounds: { offsets: offsetsOf(bounds), values: Float64Array.from(bounds.flat()) },
  };
}

export function concatValueWindows(parts: readonly ValueWindows[]): ValueWindows {
  return concatColumns(parts);
}

export function concatDistributionWindows(parts: readonly DistributionWindows[]): DistributionWindows {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const histograms = concatHistogramColumns(parts.map((part) => part.histograms));
  const rest = concatColumns(
    parts.map(({ seriesIds, startSeconds, revised }) => ({ seriesIds, startSeconds, revised })),
    { seriesIds: new Uint32Array(0), startSeconds: new Uint32Array(0), revised: new Uint8Array(0) },
  );
  return { ...rest, histograms };
}

export function concatHistogramColumns(parts: readonly HistogramColumns[]): HistogramColumns {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const sides = (side: 'positive' | 'negative'): BucketLists => ({
    offsets: concatOffsets(parts.map((part) => part[side].offsets)),
    indexes: concat(parts.map((part) => part[side].indexes)) ?? new Int32Array(0),
    counts: concat(parts.map((part) => part[side].counts)) ?? new Float64Array(0),
  });
  const scalars = concatColumns(parts.map(scalarsOf), scalarsOf(histogramColumnsOf([])));
  return {
    ...scalars,
    positive: sides('positive'),
    negative: sides('negative'),
    customBounds: {
      offsets: concatOffsets(parts.map(({ customBounds }) => customBounds.offsets)),
      values: concat(parts.map(({ customBounds }) => customBounds.values)) ?? new Float64Array(0),
    },
  };
}

function scalarsOf(columns: HistogramColumns): Omit<HistogramColumns, 'positive' | 'negative' | 'customBounds'> {
  const { positive: _, negative: __, customBounds: ___, ...scalars } = columns;
  return scalars;
}

type AnyColumn = Uint8Array | Int8Array | Uint32Array | Int32Array | Float64Array;

/** Records of equally named columns, one after the other; `empty` answers for no parts at all. */
function concatColumns<T extends object>(parts: readonly T[], empty?: T): T {
  const [first] = parts;
  if (first === undefined) return empty as T;
  if (parts.length === 1) return first;
  const names = Object.keys(first) as (keyof T & string)[];
  return Object.fromEntries(names.map((name) => [name, concat(parts.map((part) => part[name] as AnyColumn))])) as T;
}

function concat<T extends AnyColumn>(columns: readonly T[]): T | undefined {
  const [first] = columns;
  if (first === undefined) return undefined;
  const length = columns.reduce((sum, column) => sum + column.length, 0);
  const whole = new (first.constructor as new (length: number) => T)(length);
  let at = 0;
  for (const column of columns) {
    whole.set(column as never, at);
    at += column.length;
  }
  return whole;
}

function concatOffsets(parts: readonly Uint32Array[]): Uint32Array {
  const rows = parts.reduce((sum, offsets) => sum + offsets.length - 1, 0);
  const whole = new Uint32Array(rows + 1);
  let [row, base] = [0, 0];
  for (const offsets of parts) {
    for (let i = 1; i < offsets.length; i++) whole[++row] = base + (offsets[i] as number);
    base = whole[row] as number;
  }
  return whole;
}

function list(items: Int32Array | Float64Array, offsets: Uint32Array, row: number): number[] {
  return Array.from(items.subarray(offsets[row], offsets[row + 1]));
}

function bucketLists(indexes: readonly number[][], counts: readonly number[][]): BucketLists {
  return {
    offsets: offsetsOf(indexes),
    indexes: Int32Array.from(indexes.flat()),
    counts: Float64Array.from(counts.flat()),
  };
}

function offsetsOf(lists: readonly (readonly unknown[])[]): Uint32Array {
  const offsets = new Uint32Array(lists.length + 1);
  lists.forEach((items, i) => (offsets[i + 1] = (offsets[i] as number) + items.length));
  return offsets;
}
