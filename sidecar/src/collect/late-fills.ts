/**
 * Finds fills that came after their time had been read. Those of the last hour are remembered by id and looked for again in
 * each run, the newest ones first; a fill that comes later still is found at the next start.
 */
import { executionId, type Fill } from '@tapewatch/core';
import type { StoreReader } from '../ports.ts';

/** How late a fill may come. */
const LATE_NANOS = 3_600_000_000_000n;
/** Fills that one run looks at. */
const MAX_LOOKED_AT = 10_000;
/** Fills that are remembered; past it the look back begins anew where reading stands. */
const MAX_REMEMBERED = 200_000;

export class LateFills {
  readonly #seen = new Map<string, bigint>();
  /** Everything from here on was noted. */
  #fromNanos: bigint | undefined;

  /** A fill was read in order of time. */
  note(fill: Fill): void {
    if (this.#fromNanos !== undefined && fill.timeNanos >= this.#fromNanos) {
      this.#seen.set(executionId(fill), fill.timeNanos);
    }
  }

  /**
   * Before each run, which reads from `sinceNanos` to `endNanos`: whether there are fills before it that were not noted. They
   * are noted then.
   */
  async look(
    reader: Pick<StoreReader, 'events'>,
    { sinceNanos, endNanos }: { readonly sinceNanos: bigint; readonly endNanos: bigint },
  ): Promise<boolean> {
    this.#fromNanos ??= endNanos - LATE_NANOS;
    const oldest = sinceNanos - LATE_NANOS;
    for (const [id, timeNanos] of this.#seen) if (timeNanos < oldest) this.#seen.delete(id);
    if (this.#seen.size > MAX_REMEMBERED) {
      this.#seen.clear();
      this.#fromNanos = sinceNanos;
    }
    const startNanos = oldest > this.#fromNanos ? oldest : this.#fromNanos;
    if (startNanos >= sinceNanos) return false;
    const range = { startNanos, endNanos: sinceNanos, newestFirst: true, limit: MAX_LOOKED_AT };
    let isLate = false;
    for (const fill of await reader.events('fills', range)) {
      const id = executionId(fill);
      if (this.#seen.has(id)) continue;
      this.#seen.set(id, fill.timeNanos);
      isLate = true;
    }
    return isLate;
  }
}
