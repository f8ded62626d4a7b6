/**
 * A distribution as selectors present it, made only as far as it is looked at: a base, rows that add to it in order of
 * time, and points that each hold the base and all rows up to theirs. The difference of two points is the sum of the rows
 * between them, O(their buckets), whatever had been counted before. All rows and the base have one layout.
 */
import type { BucketCounts } from '../histogram/bucket-counts.ts';
import type { HistogramDeltas } from '../histogram/deltas.ts';
import type { ExponentialHistogram } from '../histogram/exponential-histogram.ts';
import type { Labels } from '../model/labels.ts';
import type { SeriesData } from '../model/series.ts';
import { emptyLikeRow, mergeRow, type BucketLists, type HistogramColumns } from './rollup-columns.ts';

export interface CumulativeRows {
  readonly columns: HistogramColumns;
  /** Rows of `columns`, ascending in time. */
  readonly rows: Uint32Array;
  /** For each point, how many of `rows` it holds; ascending. */
  readonly ends: Uint32Array;
  /** Observations before the first row. */
  readonly baseCount: number;
}

export class CumulativeHistograms implements HistogramDeltas {
  readonly source: CumulativeRows;
  readonly #base: () => ExponentialHistogram | undefined;
  readonly #counts: Float64Array;
  #points: readonly ExponentialHistogram[] | undefined;

  /** `base`: everything before the first row, made when it is first needed; the caller keeps it as it was. */
  constructor(source: CumulativeRows, base: () => ExponentialHistogram | undefined) {
    this.source = source;
    this.#base = base;
    const { columns, rows, ends, baseCount } = source;
    this.#counts = new Float64Array(ends.length);
    let [count, row] = [baseCount, 0];
    for (let point = 0; point < ends.length; point++) {
      for (; row < (ends[point] as number); row++) count += columns.counts[rows[row] as number] as number;
      this.#counts[point] = count;
    }
  }

  get base(): ExponentialHistogram | undefined {
    return this.#base();
  }

  get relativeErrorBound(): number {
    return emptyLikeRow(this.source.columns, this.source.rows[0] as number).relativeErrorBound;
  }

  countAt(point: number): number {
    return point < 0 ? this.source.baseCount : (this.#counts[point] as number);
  }

  /** How many rows a point holds. */
  rowsUpTo(point: number): number {
    return point < 0 ? 0 : (this.source.ends[point] as number);
  }

  between(from: number, to: number, factor = 1): ExponentialHistogram {
    const { columns, rows } = this.source;
    const sum = emptyLikeRow(columns, rows[0] as number);
    const added = rows.subarray(this.rowsUpTo(from), this.rowsUpTo(to));
    reserve(sum.positive, columns.positive, added);
    reserve(sum.negative, columns.negative, added);
    for (const row of added) mergeRow(sum, columns, row);
    sum.min = Infinity;
    sum.max = -Infinity;
    if (factor !== 1) scale(sum, factor);
    return sum;
  }

  /** The cumulative histograms of all points. O(points x buckets) when first asked. */
  points(): readonly ExponentialHistogram[] {
    if (this.#points !== undefined) return this.#points;
    const { columns, rows, ends } = this.source;
    const running = this.#base()?.clone() ?? emptyLikeRow(columns, rows[0] as number);
    const points: ExponentialHistogram[] = [];
    let row = 0;
    for (const end of ends) {
      for (; row < end; row++) mergeRow(running, columns, rows[row] as number);
      points.push(running.clone());
    }
    return (this.#points = points);
  }
}

/** Room for the buckets of all rows at once: growing row by row would copy as often. */
function reserve(side: BucketCounts, { offsets, indexes }: BucketLists, rows: Uint32Array): void {
  let [low, high] = [Infinity, -Infinity];
  for (const row of rows) {
    const [from, to] = [offsets[row] as number, offsets[row + 1] as number];
    if (from === to) continue;
    low = Math.min(low, indexes[from] as number);
    high = Math.max(high, indexes[to - 1] as number);
  }
  if (low <= high) side.reserve(low, high);
}

/** As `ExponentialHistogram.map` with a product, in place. */
function scale(histogram: ExponentialHistogram, factor: number): void {
  histogram.positive.scale(factor);
  histogram.negative.scale(factor);
  histogram.zeroCount *= factor;
  histogram.count *= factor;
  histogram.sum *= factor;
  histogram.nanCount *= factor;
  histogram.positiveInfinityCount *= factor;
  histogram.negativeInfinityCount *= factor;
}

/**
 * Series data whose histograms are made when somebody reads them. Where layouts differ they are made at once, without
 * deltas: what a rate has to say of such windows depends on every point.
 */
export function distributionData(
  head: { readonly labels: Labels; readonly levelsMs: readonly number[] },
  timesMs: ArrayLike<number>,
  cumulative: CumulativeHistograms,
): SeriesData {
  if (timesMs.length === 0 || !hasOneLayout(cumulative)) {
    const values = new Array<number>(timesMs.length).fill(NaN);
    return { ...head, timesMs, values, histograms: timesMs.length === 0 ? [] : cumulative.points() };
  }
  return {
    ...head,
    timesMs,
    get values() {
      return new Array<number>(timesMs.length).fill(NaN);
    },
    deltas: cumulative,
    get histograms() {
      return cumulative.points();
    },
  };
}

function hasOneLayout({ source }: CumulativeHistograms): boolean {
  const { columns, rows } = source;
  const { scales, zeroThresholds, customBounds } = columns;
  const first = rows[0] as number;
  for (const row of rows) {
    if (scales[row] !== scales[first] || zeroThresholds[row] !== zeroThresholds[first]) return false;
    if (customBounds.offsets[row] !== customBounds.offsets[row + 1]) return false;
  }
  return true;
}

/**
 * Which points to make: of those that fall between two steps of the asked resolution, counted back from the end of the
 * range, only the last. A cumulative point is exact at its own stamp whatever is left out before it.
 */
export function thinnedEnds(
  timesMs: ArrayLike<number>,
  stepOf: (timeMs: number) => number,
): { readonly timesMs: number[]; readonly ends: Uint32Array } {
  const kept: number[] = [];
  const ends = new Uint32Array(timesMs.length);
  let next = timesMs.length === 0 ? 0 : stepOf(timesMs[0] as number);
  for (let i = 0; i < timesMs.length; i++) {
    const step = next;
    next = i + 1 < timesMs.length ? stepOf(timesMs[i + 1] as number) : NaN;
    if (step === next) continue;
    ends[kept.length] = i + 1;
    kept.push(timesMs[i] as number);
  }
  return { timesMs: kept, ends: ends.slice(0, kept.length) };
}
