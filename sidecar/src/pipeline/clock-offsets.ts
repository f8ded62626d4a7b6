/**
 * How far the clock of each source is from ours. One way cannot tell delay from offset, but the delay is never negative:
 * so the smallest "received minus stamped" of the last minutes is the most that the source's clock can be behind ours, and
 * where it is negative, the source's clock is ahead by at least that much. Kept in two generations, so the minimum
 * follows a clock that was set right.
 */

/** Sources that are told apart; further ones are not followed. */
export const MAX_SOURCES = 1_000;
const GENERATION_SECONDS = 60;

export class ClockOffsets {
  #young = new Float64Array(MAX_SOURCES).fill(Infinity);
  #old = new Float64Array(MAX_SOURCES).fill(Infinity);
  #turnedAt = 0;
  #toldAt = 0;

  /** `source`: its number, see `SeriesRegistry.sources`. */
  note(source: number, delaySeconds: number): void {
    if (delaySeconds < (this.#young[source] as number)) this.#young[source] = delaySeconds;
  }

  /** Calls back with every source that was heard of in the last one to two minutes; once a second, however often asked. */
  tell(nowSeconds: number, visit: (source: number, offsetSeconds: number) => void): void {
    if (Math.floor(nowSeconds) === this.#toldAt) return;
    this.#toldAt = Math.floor(nowSeconds);
    for (let source = 0; source < MAX_SOURCES; source++) {
      const offset = Math.min(this.#young[source] as number, this.#old[source] as number);
      if (offset !== Infinity) visit(source, offset);
    }
    if (nowSeconds - this.#turnedAt < GENERATION_SECONDS) return;
    this.#turnedAt = nowSeconds;
    [this.#old, this.#young] = [this.#young, this.#old.fill(Infinity)];
  }
}
