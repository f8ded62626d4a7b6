/**
 * A signed base-2 exponential histogram with fixed scale: the layout that OpenTelemetry exponential histograms and
 * Prometheus native histograms share. Merging adds buckets, so any split of the data, merged in any order, equals
 * ingesting the union. NaN and infinities never enter a bucket; they are counted aside and are not part of `count`.
 * Bucket counts are doubles, exact as integers up to 2^53; rates and averages of histograms may be fractional.
 */
import { BucketCounts } from './bucket-counts.ts';
import { bucketIndex, lowerBound, MAX_SCALE, MIN_SCALE, relativeErrorBound, upperBound } from './bucket-index.ts';
import { commonBounds, CUSTOM_SCALE, customIndex, rebucket } from './custom-bound.ts';

export const DEFAULT_SCALE = 7;
export const DEFAULT_MAX_BUCKETS = 4_096;
/** Prometheus's threshold for a histogram that came without one (OpenTelemetry compatibility specification). */
export const DEFAULT_ZERO_THRESHOLD = 1e-128;

export interface HistogramOptions {
  /** -4 to 8; buckets grow by 2^(2^-scale). */
  readonly scale?: number;
  /** Magnitudes up to this count as zero. */
  readonly zeroThreshold?: number;
  /** Populated buckets, both signs together, before the scale is lowered by one. */
  readonly maxBuckets?: number;
  /** Ascending finite upper bounds in place of exponential buckets; scale and zero threshold do not apply then. */
  readonly customBounds?: readonly number[];
}

/** Plain form for storage and transport; index lists ascend, counts stand beside them. */
export interface EncodedHistogram {
  scale: number;
  zeroThreshold: number;
  zeroCount: number;
  positiveIndexes: number[];
  positiveCounts: number[];
  negativeIndexes: number[];
  negativeCounts: number[];
  count: number;
  sum: number;
  /** Infinity and -Infinity when nothing finite was observed. */
  min: number;
  max: number;
  nanCount: number;
  positiveInfinityCount: number;
  negativeInfinityCount: number;
  /** Present for custom bounds (scale -53); indexes then count the bounds from 0. */
  customBounds?: number[];
}

/** One populated bucket; `lower` < values <= `upper` for positive buckets, mirrored for negative ones. */
export interface Bucket {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
}

/**
 * What is known of a cumulative histogram's past: `reset` just before it, `not_reset`, or neither. A `gauge` is no
 * cumulative histogram, such as a rate. Not part of the encoded form.
 */
export type CounterReset = 'unknown' | 'reset' | 'not_reset' | 'gauge';

export class ExponentialHistogram {
  readonly maxBuckets: number;
  /** Index to count, for positive values. */
  readonly positive: BucketCounts;
  /** Index of the magnitude to count, for negative values. */
  readonly negative: BucketCounts;
  zeroCount = 0;
  count = 0;
  sum = 0;
  min = Infinity;
  max = -Infinity;
  nanCount = 0;
  positiveInfinityCount = 0;
  negativeInfinityCount = 0;
  counterReset: CounterReset = 'unknown';
  #scale: number;
  #zeroThreshold: number;
  #customBounds: readonly number[] | undefined;

  constructor(options: HistogramOptions = {}, sides?: { positive: BucketCounts; negative: BucketCounts }) {
    this.positive = sides?.positive ?? new BucketCounts();
    this.negative = sides?.negative ?? new BucketCounts();
    this.#customBounds = options.customBounds;
    const custom = options.customBounds !== undefined;
    const scale = custom ? CUSTOM_SCALE : (options.scale ?? DEFAULT_SCALE);
    if (!custom && (!Number.isInteger(scale) || scale < MIN_SCALE || scale > MAX_SCALE)) {
      throw new RangeError(`histogram scale ${scale} is not an integer from ${MIN_SCALE} to ${MAX_SCALE}`);
    }
    this.#scale = scale;
    this.#zeroThreshold = custom ? 0 : (options.zeroThreshold ?? DEFAULT_ZERO_THRESHOLD);
    this.maxBuckets = options.maxBuckets ?? DEFAULT_MAX_BUCKETS;
  }

  get scale(): number {
    return this.#scale;
  }

  get zeroThreshold(): number {
    return this.#zeroThreshold;
  }

  get #layout(): HistogramOptions {
    const { maxBuckets } = this;
    return this.#customBounds === undefined
      ? { maxBuckets, scale: this.#scale, zeroThreshold: this.#zeroThreshold }
      : { maxBuckets, customBounds: this.#customBounds };
  }

  /** Undefined for exponential buckets. All counts stand in `positive` then, also those of negative values. */
  get customBounds(): readonly number[] | undefined {
    return this.#customBounds;
  }

  /** Any quantile is within this share of the exact one (same rank), relative; custom bounds promise nothing. */
  get relativeErrorBound(): number {
    return this.#customBounds === undefined ? relativeErrorBound(this.#scale) : Infinity;
  }

  /** Adds one measurement with a positive weight. */
  observe(value: number, weight = 1): void {
    if (Number.isNaN(value)) this.nanCount += weight;
    else if (value === Infinity) this.positiveInfinityCount += weight;
    else if (value === -Infinity) this.negativeInfinityCount += weight;
    else this.#observeFinite(value, weight);
  }

  /** Adds many measurements; the room for their buckets is made once. */
  observeAll(values: readonly number[]): void {
    let [low, high] = [Infinity, 0];
    for (const value of values) {
      const magnitude = Math.abs(value);
      if (!(magnitude > this.#zeroThreshold) || magnitude === Infinity) continue;
      if (magnitude < low) low = magnitude;
      if (magnitude > high) high = magnitude;
    }
    if (high > 0 && this.#customBounds === undefined) {
      const [from, to] = [bucketIndex(low, this.#scale), bucketIndex(high, this.#scale)];
      if (values.some((value) => value > 0)) this.positive.reserve(from, to);
      if (values.some((value) => value < 0)) this.negative.reserve(from, to);
    }
    for (const value of values) this.observe(value);
  }

  #observeFinite(value: number, weight: number): void {
    this.count += weight;
    this.sum += value * weight;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    if (this.#customBounds !== undefined) {
      this.positive.add(customIndex(value, this.#customBounds), weight);
      return;
    }
    const magnitude = Math.abs(value);
    if (magnitude <= this.#zeroThreshold) {
      this.zeroCount += weight;
      return;
    }
    (value > 0 ? this.positive : this.negative).add(bucketIndex(magnitude, this.#scale), weight);
    this.#keepWithinLimit();
  }

  /**
   * Adds another histogram into this one. Different scales meet at the coarser one; different zero thresholds at the
   * larger one, widened to the bound of a populated bucket that it would cut (OpenTelemetry data model, merging).
   * Custom bounds meet at those that both have; they cannot be merged with exponential buckets (RangeError).
   */
  merge(other: ExponentialHistogram): this {
    this.#combine(other, 1);
    this.min = Math.min(this.min, other.min);
    this.max = Math.max(this.max, other.max);
    return this;
  }

  /** Takes another histogram's counts and sum away; smallest and largest observation are unknown afterwards. */
  subtract(other: ExponentialHistogram): this {
    this.#combine(other, -1);
    this.min = Infinity;
    this.max = -Infinity;
    return this;
  }

  #combine(other: ExponentialHistogram, factor: 1 | -1): void {
    if ((this.#customBounds === undefined) !== (other.#customBounds === undefined)) {
      throw new RangeError('a histogram with custom bounds cannot be merged with one of exponential buckets');
    }
    const source = other.#alignedWith(this);
    this.downscale(source.#scale);
    this.positive.addAll(source.positive, factor);
    this.negative.addAll(source.negative, factor);
    this.zeroCount += source.zeroCount * factor;
    if (this.#zeroThreshold !== source.#zeroThreshold) {
      this.#widenZero(Math.max(this.#zeroThreshold, source.#zeroThreshold));
    }
    this.count += source.count * factor;
    this.sum += source.sum * factor;
    this.nanCount += source.nanCount * factor;
    this.positiveInfinityCount += source.positiveInfinityCount * factor;
    this.negativeInfinityCount += source.negativeInfinityCount * factor;
    this.#keepWithinLimit();
  }

  /** Itself, or a copy at the resolution that both can have; `target` is brought to the same custom bounds. */
  #alignedWith(target: ExponentialHistogram): ExponentialHistogram {
    if (this.#customBounds !== undefined && target.#customBounds !== undefined) {
      const bounds = commonBounds(target.#customBounds, this.#customBounds);
      target.#rebound(bounds);
      return this.#customBounds.length === bounds.length ? this : this.clone().#rebound(bounds);
    }
    return this.#scale > target.#scale ? this.clone().downscale(target.#scale) : this;
  }

  #rebound(bounds: readonly number[]): this {
    if (this.#customBounds === undefined || this.#customBounds.length === bounds.length) return this;
    const moved = rebucket(this.positive, this.#customBounds, bounds);
    this.positive.clear();
    for (const [index, count] of moved) this.positive.set(index, count);
    this.#customBounds = bounds;
    return this;
  }

  /** Halves the resolution until `scale`; a no-op when it is not coarser than the present one. */
  downscale(scale: number): this {
    const steps = this.#scale - scale;
    if (steps <= 0) return this;
    for (const side of [this.positive, this.negative]) {
      const entries = [...side];
      side.clear();
      for (const [index, count] of entries) side.add(index >> steps, count);
    }
    this.#scale = scale;
    return this;
  }

  #widenZero(threshold: number): void {
    let widened = threshold;
    for (const side of [this.positive, this.negative]) {
      for (const index of side.keys()) {
        if (lowerBound(index, this.#scale) < threshold) widened = Math.max(widened, upperBound(index, this.#scale));
      }
    }
    for (const side of [this.positive, this.negative]) {
      for (const [index, count] of [...side]) {
        if (upperBound(index, this.#scale) > widened) continue;
        this.zeroCount += count;
        side.delete(index);
      }
    }
    this.#zeroThreshold = widened;
  }

  #keepWithinLimit(): void {
    while (this.positive.size + this.negative.size > this.maxBuckets && this.#scale > MIN_SCALE) {
      this.downscale(this.#scale - 1);
    }
  }

  clone(): ExponentialHistogram {
    return this.#copy({ positive: this.positive.clone(), negative: this.negative.clone() }, (count) => count);
  }

  /** A copy with every count and the sum passed through a linear function, such as a division by seconds. */
  map(linear: (value: number) => number): ExponentialHistogram {
    return this.#copy({ positive: this.positive.mapped(linear), negative: this.negative.mapped(linear) }, linear);
  }

  #copy(
    sides: { positive: BucketCounts; negative: BucketCounts },
    linear: (value: number) => number,
  ): ExponentialHistogram {
    const copy = new ExponentialHistogram(this.#layout, sides);
    copy.zeroCount = linear(this.zeroCount);
    copy.count = linear(this.count);
    copy.sum = linear(this.sum);
    copy.min = this.min;
    copy.max = this.max;
    copy.nanCount = linear(this.nanCount);
    copy.positiveInfinityCount = linear(this.positiveInfinityCount);
    copy.negativeInfinityCount = linear(this.negativeInfinityCount);
    copy.counterReset = this.counterReset;
    return copy;
  }

  /** Populated buckets from the most negative value to the most positive one. */
  *buckets(): Generator<Bucket> {
    for (const [index, count] of [...this.negative].reverse())
      yield { ...this.boundsOutsideZero('negative', index), count };
    if (this.zeroCount !== 0) yield { lower: -this.#zeroThreshold, upper: this.#zeroThreshold, count: this.zeroCount };
    for (const [index, count] of this.positive) yield { ...this.boundsOutsideZero('positive', index), count };
  }

  /** Bounds of one bucket without the part that the zero bucket covers: no observation of it lies there. */
  boundsOutsideZero(side: 'positive' | 'negative', index: number): { lower: number; upper: number } {
    const bounds = this.boundsOf(side, index);
    if (this.#customBounds !== undefined) return bounds;
    if (side === 'positive') bounds.lower = Math.max(bounds.lower, this.#zeroThreshold);
    else bounds.upper = Math.min(bounds.upper, -this.#zeroThreshold);
    return bounds;
  }

  /** Bounds of one bucket. */
  boundsOf(side: 'positive' | 'negative', index: number): { lower: number; upper: number } {
    const bounds = this.#customBounds;
    if (bounds !== undefined) return { lower: bounds[index - 1] ?? -Infinity, upper: bounds[index] ?? Infinity };
    const [lower, upper] = [lowerBound(index, this.#scale), upperBound(index, this.#scale)];
    return side === 'positive' ? { lower, upper } : { lower: -upper, upper: -lower };
  }

  encode(): EncodedHistogram {
    const [positive, negative] = [this.positive.lists(), this.negative.lists()];
    return {
      scale: this.#scale,
      zeroThreshold: this.#zeroThreshold,
      zeroCount: this.zeroCount,
      positiveIndexes: positive.indexes,
      positiveCounts: positive.counts,
      negativeIndexes: negative.indexes,
      negativeCounts: negative.counts,
      count: this.count,
      sum: this.sum,
      min: this.min,
      max: this.max,
      nanCount: this.nanCount,
      positiveInfinityCount: this.positiveInfinityCount,
      negativeInfinityCount: this.negativeInfinityCount,
      ...(this.#customBounds === undefined ? {} : { customBounds: [...this.#customBounds] }),
    };
  }

  static decode(encoded: EncodedHistogram): ExponentialHistogram {
    const { scale, zeroThreshold, customBounds } = encoded;
    const histogram = new ExponentialHistogram({
      scale,
      zeroThreshold,
      ...(customBounds === undefined ? {} : { customBounds }),
    });
    histogram.positive.fill(encoded.positiveIndexes, encoded.positiveCounts);
    histogram.negative.fill(encoded.negativeIndexes, encoded.negativeCounts);
    const { zeroCount, count, sum, min, max, nanCount, positiveInfinityCount, negativeInfinityCount } = encoded;
    return Object.assign(histogram, {
      zeroCount,
      count,
      sum,
      min,
      max,
      nanCount,
      positiveInfinityCount,
      negativeInfinityCount,
    });
  }
}
