/**
 * An open window of gauges and counters. A row's nine numbers lie side by side, so that a sample touches one or two cache
 * lines; they become columns when the window is sealed.
 */
import type { ValueWindows } from './rollup-columns.ts';
import { RollupRows } from './rollup-rows.ts';

const FIELDS = 9;
export const [COUNT, SUM, MIN, MAX, FIRST, FIRST_OFFSET, LAST, LAST_OFFSET, INCREASE] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8,
] as const;

export class ValueBucket {
  readonly rows = new RollupRows();
  numbers = new Float64Array(8 * FIELDS);

  /** Where the series' numbers begin. */
  at(id: number): number {
    const { rows } = this;
    const before = rows.size;
    const at = rows.rowOf(id) * FIELDS;
    if (rows.size > before) this.#clear(at);
    return at;
  }

  /** Takes in a row of narrower windows. `shift`: nanoseconds from this window's start to the row's. */
  merge(parts: ValueWindows, { row, shift }: { row: number; shift: number }): void {
    const at = this.at(parts.seriesIds[row] as number);
    const { numbers } = this;
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

  #clear(at: number): void {
    if (at >= this.numbers.length) {
      const grown = new Float64Array(this.numbers.length * 2);
      grown.set(this.numbers);
      this.numbers = grown;
    }
    this.numbers[at + MIN] = Infinity;
    this.numbers[at + MAX] = -Infinity;
    this.numbers[at + FIRST_OFFSET] = Infinity;
    this.numbers[at + LAST_OFFSET] = -Infinity;
  }
}

export function windowsOf(
  { rows, numbers }: ValueBucket,
  { startSeconds, revised }: { startSeconds: number; revised: boolean },
): ValueWindows {
  const order = rows.order();
  const column = (field: number): Float64Array => {
    const values = new Float64Array(order.length);
    for (let i = 0; i < order.length; i++) values[i] = numbers[(order[i] as number) * FIELDS + field] as number;
    return values;
  };
  const seriesIds = new Uint32Array(order.length);
  for (let i = 0; i < order.length; i++) seriesIds[i] = rows.ids[order[i] as number] as number;
  return {
    seriesIds,
    startSeconds: new Uint32Array(order.length).fill(startSeconds),
    counts: column(COUNT),
    sums: column(SUM),
    mins: column(MIN),
    maxs: column(MAX),
    firsts: column(FIRST),
    firstOffsets: column(FIRST_OFFSET),
    lasts: column(LAST),
    lastOffsets: column(LAST_OFFSET),
    increases: column(INCREASE),
    revised: new Uint8Array(order.length).fill(revised ? 1 : 0),
  };
}

export const NO_VALUE_WINDOWS = windowsOf(new ValueBucket(), { startSeconds: 0, revised: false });
