/**
 * Rows of one series side by side, in the order in which they came: the engine reads the other columns only where the
 * column of series has a match, and finds none in most of its vectors. A counting sort, O(rows + span of the ids).
 */
import type { RawColumns } from '@tapewatch/core';
import { nanosOf } from './vector-append.ts';

export interface SortedRows {
  readonly seriesIds: Uint32Array;
  /** Nanoseconds since the epoch. */
  readonly stamps: BigInt64Array;
  readonly values: Float64Array;
}

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

/** Stamps are made before they are moved: rows that came together share their second, those of one series do not. */
export function sortedBySeries({ seriesIds, seconds, nanos, values }: RawColumns): SortedRows {
  const order = orderBySeries(seriesIds);
  return {
    seriesIds: taken(seriesIds, order),
    stamps: new BigInt64Array(takenWords(nanosOf(seconds, nanos), order)),
    values: new Float64Array(takenWords(values, order)),
  };
}

/** The rows with these numbers, in this order. */
export function takenRows({ seriesIds, seconds, nanos, values }: RawColumns, order: Uint32Array): RawColumns {
  return {
    seriesIds: taken(seriesIds, order),
    seconds: taken(seconds, order),
    nanos: taken(nanos, order),
    values: new Float64Array(takenWords(values, order)),
  };
}

function taken(from: Uint32Array, order: Uint32Array): Uint32Array {
  const to = new Uint32Array(order.length);
  for (let i = 0; i < order.length; i++) to[i] = from[order[i] as number] as number;
  return to;
}

/** 64-bit items by halves: the language may change a NaN's bits, of which a staleness marker consists, and makes objects of BigInts. */
function takenWords(from: Float64Array | BigInt64Array, order: Uint32Array): ArrayBuffer {
  const halves = new Uint32Array(from.buffer, from.byteOffset, from.length * 2);
  const to = new Uint32Array(order.length * 2);
  for (let i = 0; i < order.length; i++) {
    const row = order[i] as number;
    to[2 * i] = halves[2 * row] as number;
    to[2 * i + 1] = halves[2 * row + 1] as number;
  }
  return to.buffer;
}
