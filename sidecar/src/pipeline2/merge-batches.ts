/** Several batches as one, so that a durable commit, whose price hardly depends on its size, holds more of them. */
import type { ColumnBatch, StampedColumns } from '../ports.ts';

export function mergeBatches(batches: readonly ColumnBatch[]): ColumnBatch {
  const [only] = batches;
  if (batches.length === 1 && only !== undefined) return only;
  return {
    series: batches.flatMap(({ series }) => series),
    samples: mergeColumns(batches.map(({ samples }) => samples)),
    histograms: batches.flatMap(({ histograms }) => histograms),
    events: batches.flatMap(({ events }) => events),
    transitions: batches.flatMap(({ transitions }) => transitions),
    positions: latest(batches.flatMap(({ positions }) => positions)),
  };
}

function mergeColumns(columns: readonly StampedColumns[]): StampedColumns {
  const rows = columns.reduce((sum, { values }) => sum + values.length, 0);
  const merged = {
    seriesIds: new Uint32Array(rows),
    seconds: new Uint32Array(rows),
    nanos: new Uint32Array(rows),
    values: new Float64Array(rows),
  };
  let at = 0;
  for (const { seriesIds, seconds, nanos, values } of columns) {
    merged.seriesIds.set(seriesIds, at);
    merged.seconds.set(seconds, at);
    merged.nanos.set(nanos, at);
    merged.values.set(values, at);
    at += values.length;
  }
  return merged;
}

/** Positions of a log only grow, so the last one of a name is the largest. */
function latest(positions: ColumnBatch['positions']): ColumnBatch['positions'] {
  return [...new Map(positions.map((position) => [position.log, position])).values()];
}
