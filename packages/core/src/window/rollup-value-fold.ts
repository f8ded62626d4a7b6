/**
 * Windows of gauges and counters merged into wider ones: counts, sums and increases add up, extremes meet, first and last
 * are those of the earliest and latest stamp. O(rows), plus the sort of each window's series where they do not ascend.
 */
import { RollupBuckets } from './rollup-buckets.ts';
import { concatValueWindows, type ValueWindows } from './rollup-columns.ts';
import { NO_VALUE_WINDOWS, ValueBucket, windowsOf } from './rollup-value-bucket.ts';

/**
 * Merges the revised rows that begin before the stamp, seconds: parts that came late, for a wider level that has sealed
 * their time. Rows of equal stamps as they came: the later row tells the last value.
 */
export function foldLateValues(
  parts: ValueWindows,
  { widthSeconds, beforeSeconds }: { readonly widthSeconds: number; readonly beforeSeconds: number },
): ValueWindows {
  const buckets = new RollupBuckets({ widthSeconds, sealedUntilSeconds: 0, create: () => new ValueBucket() });
  for (let row = 0; row < parts.startSeconds.length; row++) {
    const narrow = parts.startSeconds[row] as number;
    if (parts.revised[row] === 0 || narrow >= beforeSeconds) continue;
    const start = narrow - (narrow % widthSeconds);
    buckets.at(start).merge(parts, { row, shift: (narrow - start) * 1e9 });
  }
  const folded = buckets.seal(Infinity).map(({ bucket, startSeconds }) => {
    return windowsOf(bucket, { startSeconds, revised: true });
  });
  return folded.length === 0 ? NO_VALUE_WINDOWS : concatValueWindows(folded);
}
