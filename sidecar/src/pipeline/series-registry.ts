/**
 * Interns label sets: each gets a small integer id, once, for the life of the store. What the hot path asks of a series
 * stands in typed arrays by id. The limits here are the ones that keep a broken publisher from filling the memory: series
 * in all, new series a second, and series of one stream.
 */
import type { Labels, MetricKind, SeriesDefinition, SeriesKind } from '@tapewatch/core';
import { LabelSuspect } from './label-suspect.ts';

export interface SeriesLimits {
  readonly maxSeries: number;
  readonly maxNewPerSecond: number;
  /** Series that one stream may create; the others are unharmed by it. Default: no limit of its own. */
  readonly maxSeriesPerStream?: number;
}

/** Why a label set gets no id; `SeriesRef` is minus the position in this list, minus one. */
export const INTERN_REFUSALS = ['series_limit', 'series_rate_limit', 'kind_conflict', 'stream_series_limit'] as const;
export type InternRefusal = (typeof INTERN_REFUSALS)[number];

/** Layouts of a distribution: buckets of an exponential scale, or the publisher's own bounds. They cannot be mixed. */
export type Layout = 'exponential' | 'custom';
const LAYOUT_CODES = { exponential: 1, custom: 2 } as const;

const INITIAL_SERIES = 1_024;

export class SeriesRegistry {
  readonly #byKey = new Map<string, SeriesDefinition>();
  readonly #byId: (SeriesDefinition | undefined)[] = [];
  readonly #limits: SeriesLimits;
  readonly #perStream = new Map<string, number>();
  readonly #nameNumbers = new Map<string, number>();
  /** Metric names by number. */
  readonly names: string[] = [];
  /** Number of the metric name, by series id. */
  nameOf = new Uint32Array(INITIAL_SERIES);
  /** Number of the owning stream, by series id. */
  streamOf = new Uint16Array(INITIAL_SERIES);
  /** Names of sources by number: the label `instance`, else `host`, else the stream. */
  readonly sources: string[] = [];
  readonly #sourceNumbers = new Map<string, number>();
  /** Number of the source, by series id. */
  sourceOf = new Uint32Array(INITIAL_SERIES);
  /** 1 for distributions, by series id. */
  isDistribution = new Uint8Array(INITIAL_SERIES);
  #layouts = new Uint8Array(INITIAL_SERIES);
  readonly #streamNumber: (stream: string) => number;
  #nextId = 1;
  #second = -1;
  #newThisSecond = 0;
  #created: SeriesDefinition[] = [];
  readonly #suspect = new LabelSuspect();

  constructor(
    limits: SeriesLimits,
    known: readonly SeriesDefinition[] = [],
    streamNumber: (stream: string) => number = () => 0,
  ) {
    this.#limits = limits;
    this.#streamNumber = streamNumber;
    for (const definition of known) this.#keep(definition);
  }

  get size(): number {
    return this.#byKey.size;
  }

  byId(id: number): SeriesDefinition | undefined {
    return this.#byId[id];
  }

  all(): Iterable<SeriesDefinition> {
    return this.#byKey.values();
  }

  /** The id of a label set, created when new; or a refusal: not positive, see `INTERN_REFUSALS`. */
  intern(
    series: { labels: Labels; kind: MetricKind; unit?: string | undefined; help?: string | undefined },
    stream: string,
    nowSeconds: number,
  ): number {
    const kind = seriesKind(series.kind);
    const known = this.#byKey.get(series.labels.key);
    if (known !== undefined) return known.kind === kind ? known.id : refusal('kind_conflict');
    if (this.#byKey.size >= this.#limits.maxSeries) return refusal('series_limit');
    if ((this.#perStream.get(stream) ?? 0) >= (this.#limits.maxSeriesPerStream ?? Infinity)) {
      return refusal('stream_series_limit');
    }
    if (!this.#mayCreate(Math.floor(nowSeconds))) return refusal('series_rate_limit');
    const { labels, unit = '', help = '' } = series;
    const definition: SeriesDefinition = { id: this.#nextId, labels, kind, stream, unit, help };
    this.#keep(definition);
    this.#created.push(definition);
    this.#suspect.created(definition);
    return definition.id;
  }

  /** False when the series already has buckets of the other layout; else the layout is its own from now on. */
  admitLayout(id: number, layout: Layout): boolean {
    const code = LAYOUT_CODES[layout];
    const known = this.#layouts[id];
    if (known === 0) this.#layouts[id] = code;
    return known === 0 || known === code;
  }

  /** Why there are too many series, for people: the label with the most values. */
  explain(nowSeconds: number): string {
    return this.#suspect.tell(Math.floor(nowSeconds));
  }

  /** Series created since the last call: they must be stored with or before their first samples. */
  takeCreated(): SeriesDefinition[] {
    const created = this.#created;
    if (created.length > 0) this.#created = [];
    return created;
  }

  #keep(definition: SeriesDefinition): void {
    const { id, labels, stream, kind } = definition;
    this.#byKey.set(labels.key, definition);
    this.#byId[id] = definition;
    this.#nextId = Math.max(this.#nextId, id + 1);
    this.#perStream.set(stream, (this.#perStream.get(stream) ?? 0) + 1);
    if (id >= this.nameOf.length) this.#makeRoomFor(id);
    this.nameOf[id] = numberIn(this.#nameNumbers, this.names, labels.metricName);
    const source = labels.get('instance') || labels.get('host') || stream;
    this.sourceOf[id] = numberIn(this.#sourceNumbers, this.sources, source);
    this.streamOf[id] = this.#streamNumber(stream);
    this.isDistribution[id] = kind === 'distribution' ? 1 : 0;
  }

  #makeRoomFor(id: number): void {
    const room = Math.max(id + 1, this.nameOf.length * 2);
    const grown = <T extends Uint8Array | Uint16Array | Uint32Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.nameOf = grown(this.nameOf, new Uint32Array(room));
    this.sourceOf = grown(this.sourceOf, new Uint32Array(room));
    this.streamOf = grown(this.streamOf, new Uint16Array(room));
    this.isDistribution = grown(this.isDistribution, new Uint8Array(room));
    this.#layouts = grown(this.#layouts, new Uint8Array(room));
  }

  #mayCreate(second: number): boolean {
    if (second !== this.#second) {
      this.#second = second;
      this.#newThisSecond = 0;
    }
    return ++this.#newThisSecond <= this.#limits.maxNewPerSecond;
  }
}

function refusal(reason: InternRefusal): number {
  return -1 - INTERN_REFUSALS.indexOf(reason);
}

/** The reason behind a reference that is not positive. */
export function refusalOf(ref: number): InternRefusal {
  return INTERN_REFUSALS[-1 - ref] ?? 'series_limit';
}

function seriesKind(kind: MetricKind): SeriesKind {
  return kind === 'gauge' || kind === 'counter' ? kind : 'distribution';
}

/** The number of a name in a list that grows. */
function numberIn(numbers: Map<string, number>, names: string[], name: string): number {
  const known = numbers.get(name);
  if (known !== undefined) return known;
  numbers.set(name, names.length);
  return names.push(name) - 1;
}
