/**
 * Arithmetic on histograms as PromQL needs it: sums, differences, comparison, and whether a cumulative histogram was
 * reset between two samples. None of them changes its operands. Different scales meet at the coarser one.
 * Source: Prometheus, native histogram specification, "PromQL" (arithmetic) and "Counter reset considerations".
 */
import { sameBounds } from './custom-bound.ts';
import { type CounterReset, ExponentialHistogram } from './exponential-histogram.ts';

/** How two histograms fit together: alike in kind and bounds, brought to common custom bounds, or not at all. */
export function fitOf(a: ExponentialHistogram, b: ExponentialHistogram): 'same' | 'reconciled' | 'incompatible' {
  if (a.customBounds === undefined && b.customBounds === undefined) return 'same';
  if (a.customBounds === undefined || b.customBounds === undefined) return 'incompatible';
  return sameBounds(a.customBounds, b.customBounds) ? 'same' : 'reconciled';
}

export function addHistograms(a: ExponentialHistogram, b: ExponentialHistogram): ExponentialHistogram {
  const result = a.clone().merge(b);
  result.counterReset = combinedHint(a.counterReset, b.counterReset);
  return result;
}

/** What is known of the past of a combination: what both agree on; a gauge makes all of it a gauge. */
function combinedHint(a: CounterReset, b: CounterReset): CounterReset {
  if (a === b) return a;
  return a === 'gauge' || b === 'gauge' ? 'gauge' : 'unknown';
}

/** Whether some are said to follow a reset and others not to: then nothing can be said of the combination. */
export function resetsCollide(histograms: readonly ExponentialHistogram[]): boolean {
  const hints = histograms.map(({ counterReset }) => counterReset);
  return hints.includes('reset') && hints.includes('not_reset');
}

/** The sum of at least one histogram; count and sum of observations are added with compensation. */
export function sumHistograms(histograms: readonly ExponentialHistogram[]): ExponentialHistogram {
  const [first, ...rest] = histograms;
  if (first === undefined) throw new RangeError('sum of no histograms');
  const result = first.clone();
  for (const histogram of rest) result.merge(histogram);
  if (rest.length === 0) return result;
  result.counterReset = histograms.map(({ counterReset }) => counterReset).reduce(combinedHint);
  result.count = compensatedTotal(histograms, ({ count }) => count);
  result.sum = compensatedTotal(histograms, ({ sum }) => sum);
  return result;
}

/** The mean of at least one histogram. Where the sum would overflow, each is divided before it is added. */
export function averageHistograms(histograms: readonly ExponentialHistogram[]): ExponentialHistogram {
  const { length } = histograms;
  const sum = sumHistograms(histograms);
  if (Number.isFinite(sum.count) && Number.isFinite(sum.sum)) return divideHistogram(sum, length);
  return sumHistograms(histograms.map((histogram) => divideHistogram(histogram, length)));
}

/** Neumaier's compensated addition. */
function compensatedTotal(
  histograms: readonly ExponentialHistogram[],
  of: (histogram: ExponentialHistogram) => number,
): number {
  let [total, compensation] = [0, 0];
  for (const histogram of histograms) {
    const value = of(histogram);
    const next = total + value;
    compensation += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return Number.isFinite(total) ? total + compensation : total;
}

/** a - b, bucket by bucket. Smallest and largest observation are unknown afterwards. */
export function subtractHistograms(a: ExponentialHistogram, b: ExponentialHistogram): ExponentialHistogram {
  const result = a.clone().subtract(b);
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
  if (divisor === 0) {
    // Nothing is known of where the observations lie.
    result.positive.clear();
    result.negative.clear();
  }
  if (divisor < 0) result.counterReset = 'gauge';
  return result;
}

/** Equal in scale, zero bucket, count, sum and every populated bucket. */
export function histogramsEqual(a: ExponentialHistogram, b: ExponentialHistogram): boolean {
  return (
    a.scale === b.scale &&
    fitOf(a, b) === 'same' &&
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
  const fit = fitOf(previous, current);
  if (current.count < previous.count || fit === 'incompatible') return true;
  if (fit === 'reconciled') {
    const [before, after] = [aligned(previous, current), aligned(current, previous)];
    return after.positive.isBelow(before.positive);
  }
  if (current.scale > previous.scale || current.zeroThreshold < previous.zeroThreshold) return true;
  const before = aligned(previous, current);
  // The new zero bucket would cut a populated bucket of the old one: its count cannot be told.
  if (before.zeroThreshold !== current.zeroThreshold) return true;
  return (
    current.zeroCount < before.zeroCount ||
    current.positive.isBelow(before.positive) ||
    current.negative.isBelow(before.negative)
  );
}

/** The histogram in the layout that it would get by merging with `other`; itself when nothing changes. */
function aligned(histogram: ExponentialHistogram, other: ExponentialHistogram): ExponentialHistogram {
  const { scale, zeroThreshold, customBounds } = other;
  if (customBounds !== undefined) return histogram.clone().merge(new ExponentialHistogram({ customBounds }));
  if (scale === histogram.scale && zeroThreshold === histogram.zeroThreshold) return histogram;
  return histogram.clone().merge(new ExponentialHistogram({ scale, zeroThreshold }));
}
