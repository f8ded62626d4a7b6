/** Stamps at which series ended (staleness markers), ascending. Few series have any, so they stand in a map. */

export class SeriesEnds {
  readonly #bySeries = new Map<number, number[]>();

  add(series: number, ms: number): void {
    const stamps = this.#bySeries.get(series);
    if (stamps === undefined) this.#bySeries.set(series, [ms]);
    else if (ms >= (stamps.at(-1) as number)) stamps.push(ms);
    else
      stamps.splice(
        stamps.findIndex((stamp) => stamp > ms),
        0,
        ms,
      );
  }

  has(series: number): boolean {
    return this.#bySeries.has(series);
  }

  /** Stamps with startMs <= stamp <= endMs; undefined when there are none. */
  within(series: number, startMs: number, endMs: number): number[] | undefined {
    const stamps = this.#bySeries.get(series)?.filter((stamp) => stamp >= startMs && stamp <= endMs);
    return stamps === undefined || stamps.length === 0 ? undefined : stamps;
  }

  dropBefore(ms: number): void {
    for (const [series, stamps] of this.#bySeries) {
      const kept = stamps.filter((stamp) => stamp >= ms);
      if (kept.length === 0) this.#bySeries.delete(series);
      else if (kept.length < stamps.length) this.#bySeries.set(series, kept);
    }
  }
}
