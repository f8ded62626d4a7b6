/**
 * Windows of gauges and counters merged into wider ones: counts, sums and increases add up, extremes meet, first and last
 * are those of the earliest and latest stamp. O(rows), plus the sort of each window's series where they do not ascend.
 */
import { RollupBuckets } from './rollup-buckets.ts';
import { concatValueWindows, type ValueWindows } from './rollup-columns.ts';
import {
  COUNT,
  FIRST,
  FIRST_OFFSET,
  INCREASE,
  LAST,
  LAST_OFFSET,
  MAX,
  MIN,
  NO_VALUE_WINDOWS,
  SUM,
  ValueBucket,
  windowsOf,
} from './rollup-value-bucket.ts';

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
    const bucket = buckets.at(start);
    merge(bucket, parts, { row, shift: (narrow - start) * 1e9 });
  }
  const folded = buckets.seal(Infinity).map(({ bucket, startSeconds }) => {
    return windowsOf(bucket, { startSeconds, revised: true });
  });
  return folded.length === 0 ? NO_VALUE_WINDOWS : concatValueWindows(folded);
}

/** `shift`: nanoseconds from the start of the wider window to that of the row's. */
function merge(bucket: ValueBucket, parts: ValueWindows, { row, shift }: { row: number; shift: number }): void {
  const at = bucket.at(parts.seriesIds[row] as number);
  const { numbers } = bucket;
  (numbers[at + COUNT] as number) += parts.counts[row] as number;
  (numbers[at + SUM] as number) += parts.sums[row] as number;
  (numbers[at + INCREASE] as number) += parts.increases[row] as number;
  const [min, max] = [parts.mins[row] as number, parts.maxs[row] as number];
  if (min < (numbers[at + MIN] as number)) numbers[at + MIN] = min;
  if (max > (numbers[at + MAX] as number)) numbers[at + MAX] = max;
  const firstOffset = shift + (parts.firstOffsets[row] as number);
  if (firstOffset < (numbers[at + FIRST_OFFSET] as number)) {
    numbers[at + FIRST] = parts.firsts[row] as number;
    numbers[at + FIRST_OFFSET] = firstOffset;
  }
  const lastOffset = shift + (parts.lastOffsets[row] as number);
  if (lastOffset >= (numbers[at + LAST_OFFSET] as number)) {
    numbers[at + LAST] = parts.lasts[row] as number;
    numbers[at + LAST_OFFSET] = lastOffset;
  }
}
