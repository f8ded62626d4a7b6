/**
 * A ready-made histogram of the wire (OpenTelemetry data model, ExponentialHistogram) to ours. Both number buckets the
 * same way, so indexes carry over; a scale above ours is merged down by a shift, which is exact for the counts.
 */
import type { WireHistogram } from '@tapewatch/contract';
import { ExponentialHistogram, lowerBound, MAX_SCALE, MIN_SCALE, upperBound } from '@tapewatch/core';
import { Fault } from './problem.ts';

type WireBuckets = NonNullable<WireHistogram['positive']>;

export function histogramFromWire(wire: WireHistogram): ExponentialHistogram | Fault {
  const shift = Math.max(0, wire.scale - MAX_SCALE);
  const histogram = new ExponentialHistogram({
    scale: wire.scale - shift,
    ...(wire.zero_threshold === undefined ? {} : { zeroThreshold: wire.zero_threshold }),
  });
  for (const [side, buckets] of [
    ['positive', wire.positive],
    ['negative', wire.negative],
  ] as const) {
    const fault = buckets === undefined ? undefined : fill(histogram, side, { buckets, shift });
    if (fault !== undefined) return fault;
  }
  histogram.zeroCount = wire.zero_count ?? 0;
  histogram.count += histogram.zeroCount;
  histogram.sum = wire.sum;
  setExtremes(histogram, wire);
  while (histogram.positive.size + histogram.negative.size > histogram.maxBuckets && histogram.scale > MIN_SCALE) {
    histogram.downscale(histogram.scale - 1);
  }
  return histogram;
}

function fill(
  histogram: ExponentialHistogram,
  side: 'positive' | 'negative',
  { buckets, shift }: { buckets: WireBuckets; shift: number },
): Fault | undefined {
  const counts = histogram[side];
  for (const [position, count] of buckets.bucket_counts.entries()) {
    if (count === 0) continue;
    const index = Math.floor((buckets.offset + position) / 2 ** shift);
    // The lowest bucket may reach below the smallest double, the highest above the largest one; none may lie outside.
    if (!(upperBound(index, histogram.scale) > 0 && lowerBound(index, histogram.scale) < Infinity)) {
      return new Fault(
        'schema',
        `histogram.${side}: bucket ${buckets.offset + position} lies outside the range of a double`,
      );
    }
    counts.set(index, (counts.get(index) ?? 0) + count);
    histogram.count += count;
  }
  return undefined;
}

/** Extremes that the publisher left out are the bounds of the outermost populated buckets. */
function setExtremes(histogram: ExponentialHistogram, wire: WireHistogram): void {
  if (histogram.count === 0) return;
  let [min, max] = [Infinity, -Infinity];
  if (wire.min === undefined || wire.max === undefined) {
    for (const { lower, upper } of histogram.buckets()) [min, max] = [Math.min(min, lower), Math.max(max, upper)];
  }
  histogram.min = wire.min ?? min;
  histogram.max = Math.min(wire.max ?? max, Number.MAX_VALUE);
}
