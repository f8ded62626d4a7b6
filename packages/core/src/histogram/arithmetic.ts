/**
 * Arithmetic on histograms as PromQL needs it: sums, differences, comparison, and whether a cumulative histogram was
 * reset between two samples. None of them changes its operands. Different scales meet at the coarser one.
 * Source: Prometheus, native histogram specification, "PromQL" (arithmetic) and "Counter reset considerations".
 */
import { ExponentialHistogram } from './exponential-histogram.ts';

export function addHistograms(a: ExponentialHistogram, b: ExponentialHistogram): ExponentialHistogram {
  const result = compact(a.clone().merge(b));
  result.counterReset = a.counterReset === 'gauge' || b.counterReset === 'gauge' ? 'gauge' : 'unknown';
  return result;
}

/** a - b, bucket by bucket. Smallest and largest observation are unknown afterwards. */
export function subtractHistograms(a: ExponentialHistogram, b: ExponentialHistogram): ExponentialHistogram {
  const result = compact(a.clone().merge(scaleHistogram(b, -1)));
  result.min = Infinity;
  result.max = -Infinity;
  result.counterReset = 'gauge';
  return result;
}

export function scaleHistogram(histogram: ExponentialHistogram, factor: number): ExponentialHistogram {
  const result = histogram.map((count) => count * factor);
  if (factor < 0) result.counterReset = 'gauge';
  return result;
}

export function divideHistogram(histogram: ExponentialHistogram, divisor: number): ExponentialHistogram {
  const result = histogram.map((count) => count / divisor);
  if (divisor < 0) result.counterReset = 'gauge';
  return result;
}

/** Equal in scale, zero bucket, count, sum and every populated bucket. */
export function histogramsEqual(a: ExponentialHistogram, b: ExponentialHistogram): boolean {
  return (
    a.scale === b.scale &&
    a.zeroThreshold === b.zeroThreshold &&
    a.zeroCount === b.zeroCount &&
    a.count === b.count &&
    Object.is(a.sum, b.sum) &&
    sameBuckets(a.positive, b.positive) &&
    sameBuckets(a.negative, b.negative)
  );
}

function sameBuckets(a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): boolean {
  for (const [index, count] of a) if ((b.get(index) ?? 0) !== count) return false;
  for (const [index, count] of b) if (!a.has(index) && count !== 0) return false;
  return true;
}

/** True when `current` cannot be a later state of the same cumulative histogram: any count went down. */
export function wasReset(previous: ExponentialHistogram, current: ExponentialHistogram): boolean {
  if (current.counterReset === 'reset') return true;
  if (current.counterReset === 'not_reset') return false;
  if (current.count < previous.count) return true;
  if (current.scale > previous.scale || current.zeroThreshold < previous.zeroThreshold) return true;
  const aligned =
    current.scale === previous.scale && current.zeroThreshold === previous.zeroThreshold
      ? previous
      : previous
          .clone()
          .merge(new ExponentialHistogram({ scale: current.scale, zeroThreshold: current.zeroThreshold }));
  // The new zero bucket would cut a populated bucket of the old one: its count cannot be told.
  if (aligned.zeroThreshold !== current.zeroThreshold) return true;
  return (
    current.zeroCount < aligned.zeroCount ||
    anyDecreased(aligned.positive, current.positive) ||
    anyDecreased(aligned.negative, current.negative)
  );
}

function anyDecreased(before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>): boolean {
  for (const [index, count] of before) if ((after.get(index) ?? 0) < count) return true;
  return false;
}

function compact(histogram: ExponentialHistogram): ExponentialHistogram {
  for (const side of [histogram.positive, histogram.negative]) {
    for (const [index, count] of side) if (count === 0) side.delete(index);
  }
  return histogram;
}
