/**
 * Rows of one series side by side, in the order in which they came: the engine reads the other columns only where the
 * column of series has a match, and finds none in most of its vectors. A counting sort, O(rows + span of the ids).
 */
import type { RawColumns } from '@tapewatch/core';

/** Numbers of the rows, series by series; those of one series keep their order. */
export function orderBySeries(seriesIds: Uint32Array): Uint32Array {
  const order = new Uint32Array(seriesIds.length);
  if (seriesIds.length === 0) return order;
  let [lowest, highest] = [Infinity, 0];
  for (const id of seriesIds) {
    if (id < lowest) lowest = id;
    if (id > highest) highest = id;
  }
  // At first how many rows each series has, one place further on; then where its next row goes.
  const places = new Uint32Array(highest - lowest + 2);
  for (const id of seriesIds) places[id - lowest + 1]!++;
  for (let i = 1; i < places.length; i++) places[i]! += places[i - 1] as number;
  for (let row = 0; row < seriesIds.length; row++) order[places[(seriesIds[row] as number) - lowest]!++] = row;
  return order;
}

export function sortedBySeries({ seriesIds, seconds, nanos, values }: RawColumns): RawColumns {
  const order = orderBySeries(seriesIds);
  return {
    seriesIds: taken(seriesIds, order, new Uint32Array(order.length)),
    seconds: taken(seconds, order, new Uint32Array(order.length)),
    nanos: taken(nanos, order, new Uint32Array(order.length)),
    values: taken(values, order, new Float64Array(order.length)),
  };
}

function taken<T extends Uint32Array | Float64Array>(from: T, order: Uint32Array, to: T): T {
  for (let i = 0; i < order.length; i++) to[i] = from[order[i] as number] as number;
  return to;
}
