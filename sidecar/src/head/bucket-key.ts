/**
 * One 32-bit key for whatever an observation can be counted as: a bucket of either sign, the zero bucket, or one of the
 * values that enter no bucket. So a window of observations is a list of keys with counts. Bucket indexes of doubles at
 * scale 8 span 2^20, so the ranges of both signs stay apart.
 */
import { createBucketIndex, DEFAULT_ZERO_THRESHOLD, type ExponentialHistogram } from '@tapewatch/core';

const NEGATIVE = 1 << 24;
const ZERO = 1 << 26;
const NAN = ZERO + 1;
const POSITIVE_INFINITY = ZERO + 2;
const NEGATIVE_INFINITY = ZERO + 3;
/** Smallest distance between the ranges: no index reaches it. */
const HALF = 1 << 23;

/** The key of a value, for one scale. */
export function createBucketKey(scale: number): (value: number) => number {
  const indexOf = createBucketIndex(scale);
  return (value) => {
    if (value > DEFAULT_ZERO_THRESHOLD) return value === Infinity ? POSITIVE_INFINITY : indexOf(value);
    if (value >= -DEFAULT_ZERO_THRESHOLD) return ZERO;
    if (Number.isNaN(value)) return NAN;
    return value === -Infinity ? NEGATIVE_INFINITY : NEGATIVE + indexOf(-value);
  };
}

/** Adds `count` (which may be negative: exact, since counts are integers) to what the key stands for; not to the sum. */
export function addKey(histogram: ExponentialHistogram, key: number, count: number): void {
  if (key >= ZERO) {
    if (key === ZERO) histogram.zeroCount += count;
    else if (key === NAN) histogram.nanCount += count;
    else if (key === POSITIVE_INFINITY) histogram.positiveInfinityCount += count;
    else histogram.negativeInfinityCount += count;
    if (key !== ZERO) return;
  } else if (key >= HALF) histogram.negative.add(key - NEGATIVE, count);
  else histogram.positive.add(key, count);
  histogram.count += count;
}

/** Whether the key is the index of a bucket of positive values. */
export function isPositiveBucket(key: number): boolean {
  return key < HALF;
}

/** What keys of one window stand for, beside buckets. */
export interface KeyTotals {
  count: number;
  zero: number;
  nan: number;
  positiveInfinity: number;
  negativeInfinity: number;
}

/** Adds to the totals; the bucket of a key that stands for one. */
export function splitKey(
  key: number,
  count: number,
  totals: KeyTotals,
): { readonly index: number; readonly negative: boolean } | undefined {
  if (key > ZERO) {
    if (key === NAN) totals.nan += count;
    else if (key === POSITIVE_INFINITY) totals.positiveInfinity += count;
    else totals.negativeInfinity += count;
    return undefined;
  }
  totals.count += count;
  if (key === ZERO) {
    totals.zero += count;
    return undefined;
  }
  return key >= HALF ? { index: key - NEGATIVE, negative: true } : { index: key, negative: false };
}
