/**
 * Prometheus's native histograms (prompb `Histogram`) to ours: spans of buckets with deltas of whole counts or plain
 * fractional ones. Prometheus numbers a bucket by its upper bound, we by its lower one: one less. Schema -53 has custom
 * bounds, whose buckets are numbered alike. Source: OpenTelemetry specification, "Prometheus and OpenMetrics compatibility".
 */
import { ExponentialHistogram, lowerBound, MIN_SCALE, upperBound } from '@tapewatch/core';
import { Fault } from '../problem.ts';

export const HISTOGRAM_SPANS_MAX = 4_096;
export const HISTOGRAM_BUCKETS_MAX = 16_384;
const CUSTOM_BOUNDS_MAX = 1_024;
const SCHEMA_MAX = 8;
/** Prometheus's number for custom bounds. */
const CUSTOM_SCHEMA = -53;

export interface NativeHistogram {
  count: number;
  sum: number;
  schema: number;
  zeroThreshold: number;
  zeroCount: number;
  positive: NativeBuckets;
  negative: NativeBuckets;
  /** 0 unknown, 1 yes, 2 no, 3 gauge. */
  resetHint: number;
  customValues: number[];
}

export interface NativeBuckets {
  readonly spans: { offset: number; length: number }[];
  /** Whole counts, each as the difference to the one before. */
  readonly deltas: number[];
  /** Fractional counts, as they are. */
  readonly counts: number[];
}

export function emptyNative(): NativeHistogram {
  const buckets = (): NativeBuckets => ({ spans: [], deltas: [], counts: [] });
  return {
    count: 0,
    sum: 0,
    schema: 0,
    zeroThreshold: 0,
    zeroCount: 0,
    positive: buckets(),
    negative: buckets(),
    resetHint: 0,
    customValues: [],
  };
}

export function histogramOf(native: NativeHistogram): ExponentialHistogram | Fault {
  const { schema, customValues, zeroThreshold, zeroCount, sum } = native;
  const custom = schema === CUSTOM_SCHEMA;
  if (!custom && !(Number.isInteger(schema) && schema >= MIN_SCALE && schema <= SCHEMA_MAX)) {
    return new Fault(
      'schema',
      `native histogram: schema ${schema} is neither ${MIN_SCALE} to ${SCHEMA_MAX} nor ${CUSTOM_SCHEMA}`,
    );
  }
  if (custom && !areBounds(customValues)) {
    return new Fault(
      'schema',
      `native histogram: custom bounds must be at most ${CUSTOM_BOUNDS_MAX} ascending finite numbers`,
    );
  }
  if (!(zeroThreshold >= 0 && zeroThreshold < Infinity && zeroCount >= 0)) {
    return new Fault('schema', `native histogram: zero threshold ${zeroThreshold} or count ${zeroCount} is negative`);
  }
  const histogram = new ExponentialHistogram(
    custom ? { customBounds: customValues } : { scale: schema, ...(zeroThreshold > 0 ? { zeroThreshold } : {}) },
  );
  const fault = fill(histogram, 'positive', native.positive) ?? fill(histogram, 'negative', native.negative);
  if (fault !== undefined) return fault;
  histogram.zeroCount = custom ? 0 : zeroCount;
  histogram.count += histogram.zeroCount;
  // Observed infinities and NaN are counted in none of the buckets, and make the sum a number that adds to nothing.
  histogram.sum = Number.isFinite(sum) ? sum : 0;
  setExtremes(histogram);
  return histogram;
}

function fill(
  histogram: ExponentialHistogram,
  side: 'positive' | 'negative',
  buckets: NativeBuckets,
): Fault | undefined {
  const { spans, deltas, counts } = buckets;
  const values = counts.length > 0 ? counts : deltas;
  const isDelta = counts.length === 0;
  if (spans.length > HISTOGRAM_SPANS_MAX || values.length > HISTOGRAM_BUCKETS_MAX) {
    return new Fault(
      'too_large',
      `native histogram: more than ${HISTOGRAM_BUCKETS_MAX} buckets or ${HISTOGRAM_SPANS_MAX} spans`,
    );
  }
  const custom = histogram.customBounds !== undefined;
  let index = custom ? 0 : -1;
  let [read, count] = [0, 0];
  for (const [position, { offset, length }] of spans.entries()) {
    if (position > 0 && offset < 0)
      return new Fault('schema', `native histogram: span ${position} begins before the last one ends`);
    index += offset;
    if (read + length > values.length) break;
    for (let end = read + length; read < end; read++, index++) {
      count = isDelta ? count + (values[read] as number) : (values[read] as number);
      const fault = put(histogram, side, index, count);
      if (fault !== undefined) return fault;
    }
  }
  const spanned = spans.reduce((sum, { length }) => sum + length, 0);
  return spanned === values.length
    ? undefined
    : new Fault('schema', `native histogram: spans of ${spanned} buckets with ${values.length} counts`);
}

// An object for a bucket's number and count would be made for every bucket.
function put(
  histogram: ExponentialHistogram,
  side: 'positive' | 'negative',
  index: number,
  count: number,
): Fault | undefined {
  if (!(count >= 0 && count < Infinity))
    return new Fault('schema', `native histogram: bucket ${index} has the count ${count}`);
  if (count === 0) return undefined;
  const bounds = histogram.customBounds;
  const inside =
    bounds === undefined
      ? upperBound(index, histogram.scale) > 0 && lowerBound(index, histogram.scale) < Infinity
      : side === 'positive' && index >= 0 && index <= bounds.length;
  if (!inside)
    return new Fault(
      'schema',
      `native histogram: bucket ${index} lies outside the range of a double, or of its bounds`,
    );
  histogram[side].add(index, count);
  histogram.count += count;
  return undefined;
}

/** Prometheus tells no smallest and largest observation: the bounds of the outermost buckets stand in. */
function setExtremes(histogram: ExponentialHistogram): void {
  for (const { lower, upper } of histogram.buckets()) {
    histogram.min = Math.min(histogram.min, Math.max(lower, -Number.MAX_VALUE));
    histogram.max = Math.max(histogram.max, Math.min(upper, Number.MAX_VALUE));
  }
}

function areBounds(values: readonly number[]): boolean {
  return (
    values.length <= CUSTOM_BOUNDS_MAX &&
    values.every((value, index) => Number.isFinite(value) && value > (values[index - 1] ?? -Infinity))
  );
}
