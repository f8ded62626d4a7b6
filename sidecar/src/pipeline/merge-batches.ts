/** Several batches as one, so that a durable commit, whose price hardly depends on its size, holds more of them. */
import type { Batch } from '../ports.ts';

export function mergeBatches(batches: readonly Batch[]): Batch {
  const [only] = batches;
  if (batches.length === 1 && only !== undefined) return only;
  const rows = batches.reduce((sum, { samples }) => sum + samples.seriesIds.length, 0);
  const seriesIds = new Uint32Array(rows);
  const timesNanos = new BigInt64Array(rows);
  const values = new Float64Array(rows);
  let at = 0;
  for (const { samples } of batches) {
    seriesIds.set(samples.seriesIds, at);
    timesNanos.set(samples.timesNanos, at);
    values.set(samples.values, at);
    at += samples.seriesIds.length;
  }
  return {
    series: batches.flatMap(({ series }) => series),
    samples: { seriesIds, timesNanos, values },
    histograms: batches.flatMap(({ histograms }) => histograms),
    windows: batches.flatMap(({ windows }) => windows),
    events: batches.flatMap(({ events }) => events),
    transitions: batches.flatMap(({ transitions }) => transitions),
    positions: lastOf(
      batches.flatMap(({ positions }) => positions),
      ({ log }) => log,
    ),
    sealed: lastOf(
      batches.flatMap(({ sealed }) => sealed),
      ({ stream }) => stream,
    ),
  };
}

/** Marks only grow, so the last one of a name is the largest. */
function lastOf<T>(marks: readonly T[], nameOf: (mark: T) => string): T[] {
  return [...new Map(marks.map((mark) => [nameOf(mark), mark])).values()];
}
