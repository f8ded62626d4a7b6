/**
 * Interns label sets: each gets a small integer id, once, for the life of the store. The limits here are the ones that
 * keep a broken publisher from filling the memory: series in all, and new series a second.
 */
import type { MetricKind, Labels, SeriesDefinition, SeriesKind } from '@tapewatch/core';

export interface SeriesLimits {
  readonly maxSeries: number;
  readonly maxNewPerSecond: number;
}

export type InternRefusal = 'series_limit' | 'series_rate_limit' | 'kind_conflict';

export class SeriesRegistry {
  readonly #byKey = new Map<string, SeriesDefinition>();
  readonly #byId = new Map<number, SeriesDefinition>();
  readonly #limits: SeriesLimits;
  #nextId = 1;
  #second = -1n;
  #newThisSecond = 0;
  #created: SeriesDefinition[] = [];

  constructor(limits: SeriesLimits, known: readonly SeriesDefinition[] = []) {
    this.#limits = limits;
    for (const definition of known) this.#keep(definition);
  }

  get size(): number {
    return this.#byKey.size;
  }

  byId(id: number): SeriesDefinition | undefined {
    return this.#byId.get(id);
  }

  all(): Iterable<SeriesDefinition> {
    return this.#byKey.values();
  }

  /** The series of a sample, created when new; or why it is refused. */
  intern(
    sample: { labels: Labels; kind: MetricKind; unit?: string; help?: string },
    stream: string,
    nowNanos: bigint,
  ): SeriesDefinition | InternRefusal {
    const kind = seriesKind(sample.kind);
    const known = this.#byKey.get(sample.labels.key);
    if (known !== undefined) return known.kind === kind ? known : 'kind_conflict';
    if (this.#byKey.size >= this.#limits.maxSeries) return 'series_limit';
    if (!this.#mayCreate(nowNanos)) return 'series_rate_limit';
    const { labels, unit = '', help = '' } = sample;
    const definition: SeriesDefinition = { id: this.#nextId, labels, kind, stream, unit, help };
    this.#keep(definition);
    this.#created.push(definition);
    return definition;
  }

  /** Series created since the last call: they must be stored with or before their first samples. */
  takeCreated(): SeriesDefinition[] {
    const created = this.#created;
    this.#created = [];
    return created;
  }

  #keep(definition: SeriesDefinition): void {
    this.#byKey.set(definition.labels.key, definition);
    this.#byId.set(definition.id, definition);
    this.#nextId = Math.max(this.#nextId, definition.id + 1);
  }

  #mayCreate(nowNanos: bigint): boolean {
    const second = nowNanos / 1_000_000_000n;
    if (second !== this.#second) {
      this.#second = second;
      this.#newThisSecond = 0;
    }
    return ++this.#newThisSecond <= this.#limits.maxNewPerSecond;
  }
}

function seriesKind(kind: MetricKind): SeriesKind {
  return kind === 'gauge' || kind === 'counter' ? kind : 'distribution';
}
