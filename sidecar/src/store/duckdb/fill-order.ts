/**
 * Puts fills in order of time without a sort: they are stored nearly so, and what came late is moved to its place by
 * insertion, which costs one step for each row that it passes. Stamps are compared by halves of 32 bits, not as bigints.
 */
import { halvesOf } from './stamp-halves.ts';

/** Steps a row, beyond which the engine sorts faster. */
const MAX_STEPS_PER_ROW = 8;

export interface TimeOrder {
  /** Places in the columns, by ascending stamp; of equal stamps as they lie there. Undefined: all are in order already. */
  readonly order: Uint32Array | undefined;
  /** Where in that order runs of equal stamps begin, and where they end. */
  readonly ties: readonly (readonly [from: number, to: number])[];
}

/** Undefined where too much is out of order. */
export function timeOrder(stamps: BigInt64Array): TimeOrder | undefined {
  const { low, high } = halvesOf(stamps);
  const rows = stamps.length;
  const before = (a: number, b: number): boolean => {
    const [highA, highB] = [high[a * 2 + 1] as number, high[b * 2 + 1] as number];
    return highA < highB || (highA === highB && (low[a * 2] as number) < (low[b * 2] as number));
  };
  let order: Uint32Array | undefined;
  let steps = 0;
  for (let row = 1; row < rows; row++) {
    if (!before(row, order === undefined ? row - 1 : (order[row - 1] as number))) continue;
    order ??= Uint32Array.from({ length: rows }, (_, at) => at);
    let at = row;
    for (; at > 0 && before(row, order[at - 1] as number); at--) order[at] = order[at - 1] as number;
    order[at] = row;
    steps += row - at;
    if (steps > rows * MAX_STEPS_PER_ROW) return undefined;
  }
  return { order, ties: tiesOf(stamps, order) };
}

function tiesOf(stamps: BigInt64Array, order: Uint32Array | undefined): [number, number][] {
  const { low, high } = halvesOf(stamps);
  const ties: [number, number][] = [];
  let from = 0;
  for (let at = 1; at <= stamps.length; at++) {
    if (at < stamps.length) {
      const [a, b] = order === undefined ? [from, at] : [order[from] as number, order[at] as number];
      if (low[a * 2] === low[b * 2] && high[a * 2 + 1] === high[b * 2 + 1]) continue;
    }
    if (at - from > 1) ties.push([from, at]);
    from = at;
  }
  return ties;
}
