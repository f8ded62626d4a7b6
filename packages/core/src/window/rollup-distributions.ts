/**
 * Windows of distributions from raw observations and ready-made histograms. An observation costs one row of eight
 * numbers and one entry in a log; its bucket lists come into being when the window is sealed. Ready-made histograms keep
 * their own shape (scale, zero threshold, custom bounds): each shape is a part of its own, and parts add up when read.
 * Law: any split of the data over rollups, in any order, adds up to the histogram of the union, bucket by bucket.
 */
import { createBucketIndex } from '../histogram/bucket-index.ts';
import {
  DEFAULT_SCALE,
  DEFAULT_ZERO_THRESHOLD,
  ExponentialHistogram,
  type EncodedHistogram,
} from '../histogram/exponential-histogram.ts';
import { RollupBins } from './rollup-bins.ts';
import { RollupBuckets, type DueBucket } from './rollup-buckets.ts';
import {
  concatDistributionWindows,
  concatHistogramColumns,
  histogramColumnsOf,
  type DistributionWindows,
  type HistogramColumns,
  type RawColumns,
} from './rollup-columns.ts';
import { RollupRows } from './rollup-rows.ts';
import { KIND_CODES, type KindCodes, type RollupOptions } from './rollup-values.ts';

const FIELDS = 8;
const [COUNT, SUM, MIN, MAX, ZERO, NAN, POSITIVE_INFINITY, NEGATIVE_INFINITY] = [0, 1, 2, 3, 4, 5, 6, 7] as const;

class DistributionBucket {
  readonly rows = new RollupRows();
  readonly positive: RollupBins;
  readonly negative = new RollupBins();
  readonly readyMade = new Map<string, { seriesId: number; histogram: ExponentialHistogram }>();
  numbers = new Float64Array(8 * FIELDS);

  constructor(expected: number) {
    this.positive = new RollupBins(expected);
  }

  rowOf(id: number): number {
    const { rows } = this;
    const before = rows.size;
    const row = rows.rowOf(id);
    if (rows.size > before) this.#clear(row * FIELDS);
    return row;
  }

  addReadyMade(seriesId: number, histogram: ExponentialHistogram): void {
    const { scale, zeroThreshold, customBounds } = histogram;
    const key = `${seriesId}/${scale}/${zeroThreshold}/${customBounds?.join() ?? ''}`;
    const known = this.readyMade.get(key);
    if (known === undefined) this.readyMade.set(key, { seriesId, histogram: histogram.clone() });
    else known.histogram.merge(histogram);
  }

  #clear(at: number): void {
    if (at >= this.numbers.length) {
      const grown = new Float64Array(this.numbers.length * 2);
      grown.set(this.numbers);
      this.numbers = grown;
    }
    this.numbers[at + MIN] = Infinity;
    this.numbers[at + MAX] = -Infinity;
  }
}

export class DistributionRollup {
  readonly #scale: number;
  readonly #indexOf: (magnitude: number) => number;
  readonly #buckets: RollupBuckets<DistributionBucket>;
  /** Observations of the last window that was sealed: the next one will be as large. */
  #expected = 16;

  constructor({ widthSeconds, sealedUntilSeconds = 0, scale = DEFAULT_SCALE }: RollupOptions & { scale?: number }) {
    this.#scale = scale;
    this.#indexOf = createBucketIndex(scale);
    const create = (): DistributionBucket => new DistributionBucket(this.#expected);
    this.#buckets = new RollupBuckets({ widthSeconds, sealedUntilSeconds, create });
  }

  get sealedUntilSeconds(): number {
    return this.#buckets.sealedUntilSeconds;
  }

  /** Takes in the observations of distributions among the samples. O(1) each. */
  add({ seriesIds, seconds, values }: RawColumns, kinds: KindCodes): void {
    const { widthSeconds } = this.#buckets;
    const indexOf = this.#indexOf;
    for (let i = 0; i < seriesIds.length; i++) {
      const id = seriesIds[i] as number;
      if (kinds[id] !== KIND_CODES.distribution) continue;
      const second = seconds[i] as number;
      const bucket = this.#buckets.at(second - (second % widthSeconds));
      const row = bucket.rowOf(id);
      const { numbers } = bucket;
      const at = row * FIELDS;
      const value = values[i] as number;
      if (value - value !== 0) {
        const field = value > 0 ? POSITIVE_INFINITY : value < 0 ? NEGATIVE_INFINITY : NAN;
        (numbers[at + field] as number)++;
        continue;
      }
      (numbers[at + COUNT] as number)++;
      (numbers[at + SUM] as number) += value;
      if (value < (numbers[at + MIN] as number)) numbers[at + MIN] = value;
      if (value > (numbers[at + MAX] as number)) numbers[at + MAX] = value;
      if (value > DEFAULT_ZERO_THRESHOLD) bucket.positive.add(row, indexOf(value));
      else if (value < -DEFAULT_ZERO_THRESHOLD) bucket.negative.add(row, indexOf(-value));
      else (numbers[at + ZERO] as number)++;
    }
  }

  /** Takes in a ready-made distribution over an interval that ends at the stamp. */
  addHistogram(seriesId: number, second: number, histogram: EncodedHistogram): void {
    const { widthSeconds } = this.#buckets;
    this.#buckets.at(second - (second % widthSeconds)).addReadyMade(seriesId, ExponentialHistogram.decode(histogram));
  }

  /** The windows that end at or before the stamp, and parts for those that had been sealed before. */
  seal(untilSeconds: number): DistributionWindows {
    const due = this.#buckets.seal(untilSeconds);
    for (const { bucket, revised } of due) if (!revised) this.#expected = Math.ceil(bucket.positive.size * 1.1);
    return concatDistributionWindows(due.map((item) => this.#windowsOf(item)));
  }

  #windowsOf({ startSeconds, bucket, revised }: DueBucket<DistributionBucket>): DistributionWindows {
    const order = bucket.rows.order();
    const readyMade = [...bucket.readyMade.values()];
    const rows = order.length + readyMade.length;
    const seriesIds = new Uint32Array(rows);
    for (let i = 0; i < order.length; i++) seriesIds[i] = bucket.rows.ids[order[i] as number] as number;
    readyMade.forEach(({ seriesId }, i) => (seriesIds[order.length + i] = seriesId));
    const observed = this.#observed(bucket, order);
    const ready = readyMade.map(({ histogram }) => histogram.encode());
    return {
      seriesIds,
      startSeconds: new Uint32Array(rows).fill(startSeconds),
      revised: new Uint8Array(rows).fill(revised ? 1 : 0),
      histograms: ready.length === 0 ? observed : concatHistogramColumns([observed, histogramColumnsOf(ready)]),
    };
  }

  #observed({ numbers, positive, negative }: DistributionBucket, order: Uint32Array): HistogramColumns {
    const rows = order.length;
    const column = (field: number): Float64Array => {
      const values = new Float64Array(rows);
      for (let i = 0; i < rows; i++) values[i] = numbers[(order[i] as number) * FIELDS + field] as number;
      return values;
    };
    const ranks = new Uint32Array(rows);
    for (let i = 0; i < rows; i++) ranks[order[i] as number] = i;
    return {
      counts: column(COUNT),
      sums: column(SUM),
      mins: column(MIN),
      maxs: column(MAX),
      scales: new Int8Array(rows).fill(this.#scale),
      zeroThresholds: new Float64Array(rows).fill(DEFAULT_ZERO_THRESHOLD),
      zeroCounts: column(ZERO),
      nanCounts: column(NAN),
      positiveInfinityCounts: column(POSITIVE_INFINITY),
      negativeInfinityCounts: column(NEGATIVE_INFINITY),
      positive: positive.lists(ranks),
      negative: negative.lists(ranks),
      customBounds: { offsets: new Uint32Array(rows + 1), values: new Float64Array(0) },
    };
  }
}
