/** Rows of one event table in ascending order of stamp (equal stamps in order of arrival), without repeated ids. */
import { identityOf, type EventRow } from '@tapewatch/core';
import type { EventFilter } from '../../ports.ts';
import { passesFilter } from '../event-filter.ts';

export class EventList<Row extends EventRow> {
  #rows: Row[] = [];
  readonly #identities = new Set<string>();

  /** False when the row's id is known already. */
  add(row: Row): boolean {
    const identity = identityOf(row);
    if (identity !== undefined) {
      if (this.#identities.has(identity)) return false;
      this.#identities.add(identity);
    }
    let at = this.#rows.length;
    while (at > 0 && (this.#rows[at - 1] as Row).timeNanos > row.timeNanos) at--;
    this.#rows.splice(at, 0, row);
    return true;
  }

  read(filter: EventFilter): Row[] {
    const rows = this.#rows.filter((row) => passesFilter(row, filter));
    if (filter.newestFirst === true) rows.reverse();
    return rows.slice(0, filter.limit ?? rows.length);
  }

  /** The last row strictly before the stamp that passes. O(rows behind the answer). */
  lastBefore(timeNanos: bigint, passes: (row: Row) => boolean): Row | undefined {
    for (let at = this.#firstAtOrAfter(timeNanos) - 1; at >= 0; at--) {
      const row = this.#rows[at] as Row;
      if (passes(row)) return row;
    }
    return undefined;
  }

  dropBefore(timeNanos: bigint): number {
    const count = this.#firstAtOrAfter(timeNanos);
    for (const row of this.#rows.slice(0, count)) {
      const identity = identityOf(row);
      if (identity !== undefined) this.#identities.delete(identity);
    }
    this.#rows = this.#rows.slice(count);
    return count;
  }

  #firstAtOrAfter(timeNanos: bigint): number {
    let [low, high] = [0, this.#rows.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#rows[middle] as Row).timeNanos < timeNanos) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
