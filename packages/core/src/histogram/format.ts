/** A histogram as text, in the notation of Prometheus's messages: `{count:3, sum:2.5, (0.5,1]:1, (1,2]:2}`. */
import type { Bucket, ExponentialHistogram } from './exponential-histogram.ts';

export function formatHistogram(histogram: ExponentialHistogram): string {
  const buckets = [...histogram.buckets()].map(formatBucket);
  return `{${[`count:${histogram.count}`, `sum:${histogram.sum}`, ...buckets].join(', ')}}`;
}

function formatBucket({ lower, upper, count }: Bucket): string {
  if (lower < 0 && upper > 0) return `[${lower},${upper}]:${count}`;
  return upper <= 0 ? `[${lower},${upper}):${count}` : `(${lower},${upper}]:${count}`;
}
