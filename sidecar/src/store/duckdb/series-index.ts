/**
 * The interned series in memory, and for each a few stamps at which it surely has a sample: the earliest and the latest
 * that this process has seen, and one about a minute before the latest. They answer "has samples in this range" for
 * nearly every live dashboard without a scan; only series without a stamp in the range are looked up.
 */
import { compileMatchers, msFromNanos, type Matcher, type SeriesDefinition } from '@tapewatch/core';
import { compileRegex } from '../../regex.ts';

const STEP_MS = 60_000;

interface IndexedSeries {
  readonly definition: SeriesDefinition;
  firstMs: number;
  stepMs: number;
  lastMs: number;
}

export class SeriesIndex {
  readonly #byId = new Map<number, IndexedSeries>();

  get size(): number {
    return this.#byId.size;
  }

  has(id: number): boolean {
    return this.#byId.has(id);
  }

  add(definition: SeriesDefinition): void {
    if (this.#byId.has(definition.id)) return;
    this.#byId.set(definition.id, { definition, firstMs: Infinity, stepMs: -Infinity, lastMs: -Infinity });
  }

  /** Notes samples that are durable. */
  observe(ids: Uint32Array, timesNanos: BigInt64Array): void {
    for (let i = 0; i < ids.length; i++) {
      const series = this.#byId.get(ids[i] as number);
      if (series === undefined) continue;
      const ms = msFromNanos(timesNanos[i] as bigint);
      if (ms < series.firstMs) series.firstMs = ms;
      if (ms <= series.lastMs) continue;
      if (series.lastMs - series.stepMs > STEP_MS) series.stepMs = series.lastMs;
      series.lastMs = ms;
    }
  }

  /** Forgets stamps whose samples retention may have taken. */
  forgetBefore(ms: number): void {
    for (const series of this.#byId.values()) {
      if (series.firstMs < ms) series.firstMs = Infinity;
      if (series.stepMs < ms) series.stepMs = -Infinity;
      if (series.lastMs < ms) series.lastMs = -Infinity;
    }
  }

  /** Series that match any of the lists, ascending by id; no lists match all. */
  matching(matcherLists: readonly (readonly Matcher[])[]): SeriesDefinition[] {
    const tests = matcherLists.map((matchers) => compileMatchers(matchers, compileRegex));
    const matching: SeriesDefinition[] = [];
    for (const { definition } of this.#byId.values()) {
      if (tests.length === 0 || tests.some((test) => test(definition.labels))) matching.push(definition);
    }
    return matching.sort((a, b) => a.id - b.id);
  }

  ofStream(stream: string): SeriesDefinition[] {
    return this.matching([]).filter((definition) => definition.stream === stream);
  }

  /** True when a sample surely lies in the range; false means unknown. */
  hasWithin(id: number, startMs: number, endMs: number): boolean {
    const series = this.#byId.get(id);
    if (series === undefined) return false;
    const { firstMs, stepMs, lastMs } = series;
    return [firstMs, stepMs, lastMs].some((ms) => Number.isFinite(ms) && ms >= startMs && ms <= endMs);
  }
}
