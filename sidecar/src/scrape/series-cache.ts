/**
 * What one target's series are called: the text of a line to its series, so that a known line costs a look-up and its
 * value. Holds the series of the last page only: one that a page no longer has has ended.
 */
import type { Labels, LabelPair, MetricKind } from '@tapewatch/core';
import type { SeriesRef } from '../ports.ts';

export interface CachedSeries {
  /** Undefined: dropped by the rules. */
  readonly labels: Labels | undefined;
  readonly kind: MetricKind;
  readonly unit: string;
  readonly help: string;
  /** Not positive until the sink knows it. */
  ref: SeriesRef;
  /** The last page that had it. */
  page: number;
  /** A sample with a stamp of its own ends by its age, not by its absence. */
  hasStamp: boolean;
}

export class SeriesCache {
  readonly #byText = new Map<string, CachedSeries>();
  #page = 0;

  get size(): number {
    return this.#byText.size;
  }

  /** Number of the page that is being read. */
  get page(): number {
    return this.#page;
  }

  beginPage(): void {
    this.#page++;
  }

  get(text: string): CachedSeries | undefined {
    return this.#byText.get(text);
  }

  /** `text` may be a part of the page: a copy is kept, since a part would keep the whole page in memory. */
  add(text: string, series: CachedSeries): void {
    this.#byText.set(detached(text), series);
  }

  /** Removes and yields what the present page did not have. */
  takeEnded(): CachedSeries[] {
    const ended: CachedSeries[] = [];
    for (const [text, series] of this.#byText) {
      if (series.page === this.#page) continue;
      this.#byText.delete(text);
      ended.push(series);
    }
    return ended;
  }

  /** Removes and yields everything. */
  takeAll(): CachedSeries[] {
    const all = [...this.#byText.values()];
    this.#byText.clear();
    return all;
  }
}

/** V8 keeps a part of a string as a view of the whole; this is a string of its own. */
export function detached(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}

export function detachedPairs(pairs: readonly LabelPair[]): LabelPair[] {
  return pairs.map(([name, value]) => [detached(name), detached(value)]);
}
