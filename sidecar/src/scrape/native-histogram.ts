/**
 * A native histogram of the exposition format as ours. Prometheus numbers its buckets from one higher: its bucket i ends
 * at 2^(i * 2^-schema), ours begins there, so ours is i - 1. Observations that no bucket holds are those of NaN.
 * What comes is cumulative and what is stored are increases: the first one of a series is the base of the others.
 */
import { ExponentialHistogram, MAX_SCALE, MIN_SCALE, subtractHistograms, wasReset } from '@tapewatch/core';
import { ExpositionError } from './exposition/exposition-error.ts';
import type { WireHistogram, WireMetric, WireSide } from './exposition/metric-family.ts';

/** As Prometheus decides it: anything that a classic histogram would not have. */
export function isNative({ zeroThreshold, zeroCount, zeroCountFloat, positive, negative }: WireHistogram): boolean {
  return (
    zeroThreshold > 0 || zeroCount > 0 || zeroCountFloat > 0 || positive.spans.length > 0 || negative.spans.length > 0
  );
}

/** Throws `ExpositionError` when the parts do not fit together. */
export function nativeHistogram(metric: WireMetric, wire: WireHistogram): ExponentialHistogram {
  const { schema, zeroThreshold } = wire;
  if (schema < MIN_SCALE || schema > MAX_SCALE) {
    throw new ExpositionError(`a native histogram has schema ${schema}; ${MIN_SCALE} to ${MAX_SCALE} are known`);
  }
  const histogram = new ExponentialHistogram({ scale: schema, zeroThreshold });
  const isFloat = wire.countFloat > 0;
  fill(histogram, 'positive', wire.positive);
  fill(histogram, 'negative', wire.negative);
  histogram.zeroCount = isFloat ? wire.zeroCountFloat : wire.zeroCount;
  histogram.count += histogram.zeroCount;
  histogram.sum = metric.sum;
  histogram.nanCount = Math.max(0, (isFloat ? wire.countFloat : metric.count) - histogram.count);
  // The true extremes are not told: the outermost bounds hold them.
  for (const { lower, upper } of histogram.buckets()) {
    histogram.min = Math.min(histogram.min, lower);
    histogram.max = Math.max(histogram.max, Math.min(upper, Number.MAX_VALUE));
  }
  while (histogram.positive.size + histogram.negative.size > histogram.maxBuckets && histogram.scale > MIN_SCALE) {
    histogram.downscale(histogram.scale - 1);
  }
  return histogram;
}

function fill(
  histogram: ExponentialHistogram,
  side: 'positive' | 'negative',
  { spans, deltas, counts }: WireSide,
): void {
  const listed = counts.length > 0 ? counts.length : deltas.length;
  const spanned = spans.reduce((sum, { length }) => sum + length, 0);
  if (listed !== spanned) {
    throw new ExpositionError(`a native histogram lists ${listed} ${side} buckets where its spans have ${spanned}`);
  }
  let [next, position, count] = [0, 0, 0];
  for (const { offset, length } of spans) {
    next += offset;
    for (const end = position + length; position < end; position++) {
      count = counts.length > 0 ? (counts[position] ?? 0) : count + (deltas[position] ?? 0);
      if (count < 0) throw new ExpositionError(`a native histogram has a ${side} bucket below zero`);
      if (count > 0) histogram[side].set(next - 1, count);
      histogram.count += count;
      next++;
    }
  }
}

/** What came since `previous`; undefined for the first of a series, and for one without anything new. */
export function increaseOf(
  previous: ExponentialHistogram | undefined,
  current: ExponentialHistogram,
): ExponentialHistogram | undefined {
  if (previous === undefined) return undefined;
  const increase = wasReset(previous, current) ? current.clone() : subtractHistograms(current, previous);
  if (increase.count + increase.nanCount === 0) return undefined;
  [increase.min, increase.max] = [Infinity, -Infinity];
  for (const { lower, upper } of increase.buckets()) {
    increase.min = Math.min(increase.min, lower);
    increase.max = Math.max(increase.max, Math.min(upper, Number.MAX_VALUE));
  }
  return increase;
}
