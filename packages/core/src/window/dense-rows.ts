/**
 * Sums of histogram rows of one layout, as one array: zero, NaN and infinite observations first, then the buckets of
 * both signs. Adding a row touches the cells of its buckets only, whatever stands in the others, and as long as counts are
 * integers a row that is taken away again leaves nothing behind.
 */
import { BucketCounts, MAX_DENSE_CELLS } from '../histogram/bucket-counts.ts';
import { ExponentialHistogram } from '../histogram/exponential-histogram.ts';
import type { BucketLists, HistogramColumns } from './rollup-columns.ts';

const [ZERO, NAN, UP, DOWN, BUCKETS] = [0, 1, 2, 3, 4];

export interface RowList {
  readonly columns: HistogramColumns;
  readonly rows: Uint32Array;
}

/** Where each bucket of some rows stands; undefined cells are not needed by any of them. */
export class DenseLayout {
  readonly cells: number;
  readonly scale: number;
  readonly zeroThreshold: number;
  /** Whether every count is an integer. */
  readonly integral: boolean;
  /** Added to a bucket's index to find its cell. */
  readonly #negativeShift: number;
  readonly #positiveShift: number;
  readonly #positiveFrom: number;

  private constructor(first: HistogramColumns, row: number, spans: { negative: Span; positive: Span }) {
    const { negative, positive } = spans;
    this.scale = first.scales[row] as number;
    this.zeroThreshold = first.zeroThresholds[row] as number;
    this.integral = negative.integral && positive.integral;
    this.#negativeShift = BUCKETS - negative.low;
    this.#positiveFrom = BUCKETS + lengthOf(negative);
    this.#positiveShift = this.#positiveFrom - positive.low;
    this.cells = this.#positiveFrom + lengthOf(positive);
  }

  /** Undefined where the rows have several layouts, or buckets too far apart for an array. */
  static of(lists: readonly RowList[]): DenseLayout | undefined {
    const first = lists.find(({ rows }) => rows.length > 0);
    if (first === undefined) return undefined;
    const row = first.rows[0] as number;
    const [scale, threshold] = [first.columns.scales[row], first.columns.zeroThresholds[row]];
    const [negative, positive] = [newSpan(), newSpan()];
    for (const { columns, rows } of lists) {
      const { scales, zeroThresholds, customBounds } = columns;
      for (const at of rows) {
        if (scales[at] !== scale || zeroThresholds[at] !== threshold) return undefined;
        if (customBounds.offsets[at] !== customBounds.offsets[at + 1]) return undefined;
        widen(negative, columns.negative, at);
        widen(positive, columns.positive, at);
      }
    }
    if (lengthOf(negative) > MAX_DENSE_CELLS || lengthOf(positive) > MAX_DENSE_CELLS) return undefined;
    return new DenseLayout(first.columns, row, { negative, positive });
  }

  /** Adds rows `from` to `to` (exclusive) of the list, times a weight. */
  add(cells: Float64Array, { columns, rows }: RowList, [from, to]: readonly [number, number], weight: number): void {
    const { negative, positive, zeroCounts, nanCounts, positiveInfinityCounts, negativeInfinityCounts } = columns;
    for (let i = from; i < to; i++) {
      const row = rows[i] as number;
      cells[ZERO] = (cells[ZERO] as number) + (zeroCounts[row] as number) * weight;
      cells[NAN] = (cells[NAN] as number) + (nanCounts[row] as number) * weight;
      cells[UP] = (cells[UP] as number) + (positiveInfinityCounts[row] as number) * weight;
      cells[DOWN] = (cells[DOWN] as number) + (negativeInfinityCounts[row] as number) * weight;
      addSide(cells, positive, row, { shift: this.#positiveShift, weight });
      addSide(cells, negative, row, { shift: this.#negativeShift, weight });
    }
  }

  /** The cells as a histogram, each times a factor; without smallest and largest value, as any change has none. */
  histogram(cells: Float64Array, factor: number, { count, sum }: { count: number; sum: number }): ExponentialHistogram {
    const layout = { scale: this.scale, zeroThreshold: this.zeroThreshold };
    const histogram = new ExponentialHistogram(layout, {
      negative: BucketCounts.ofCells(
        BUCKETS - this.#negativeShift,
        cells.subarray(BUCKETS, this.#positiveFrom),
        factor,
      ),
      positive: BucketCounts.ofCells(
        this.#positiveFrom - this.#positiveShift,
        cells.subarray(this.#positiveFrom),
        factor,
      ),
    });
    histogram.count = count;
    histogram.sum = sum;
    histogram.zeroCount = (cells[ZERO] as number) * factor;
    histogram.nanCount = (cells[NAN] as number) * factor;
    histogram.positiveInfinityCount = (cells[UP] as number) * factor;
    histogram.negativeInfinityCount = (cells[DOWN] as number) * factor;
    histogram.counterReset = 'gauge';
    // Merging keeps the number of buckets within its limit.
    if (histogram.positive.size + histogram.negative.size > histogram.maxBuckets) {
      histogram.merge(new ExponentialHistogram(layout));
    }
    return histogram;
  }
}

interface Span {
  low: number;
  high: number;
  integral: boolean;
}

function newSpan(): Span {
  return { low: Infinity, high: -Infinity, integral: true };
}

function lengthOf({ low, high }: Span): number {
  return low > high ? 0 : high - low + 1;
}

function widen(span: Span, { offsets, indexes, counts }: BucketLists, row: number): void {
  const [from, to] = [offsets[row] as number, offsets[row + 1] as number];
  if (from === to) return;
  const [low, high] = [indexes[from] as number, indexes[to - 1] as number];
  if (low < span.low) span.low = low;
  if (high > span.high) span.high = high;
  for (let i = from; i < to; i++) {
    const count = counts[i] as number;
    if (count !== Math.floor(count)) span.integral = false;
  }
}

function addSide(
  cells: Float64Array,
  { offsets, indexes, counts }: BucketLists,
  row: number,
  { shift, weight }: { shift: number; weight: number },
): void {
  const to = offsets[row + 1] as number;
  for (let i = offsets[row] as number; i < to; i++) {
    const cell = (indexes[i] as number) + shift;
    cells[cell] = (cells[cell] as number) + (counts[i] as number) * weight;
  }
}
