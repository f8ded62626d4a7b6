/**
 * Interns label sets: each gets a small integer id, once, for the life of the store. What the hot path asks of a series
 * stands in typed arrays by id. A series that is silent for long is *resting*: only its key and its id are left, it counts
 * for no limit, and the first sample wakes it under its old id. Neither does one that only the store knows of, until its
 * first sample since the start: after a restart there is room for new ones at once. The limits here are the ones that keep a broken publisher
 * from filling the memory: series that are awake, new series a second, and series of one stream. Reaching one refuses new
 * series; a known one is never refused, whoever fills the room.
 */
import { KIND_CODES, Labels, type MetricKind, type SeriesDefinition, type SeriesKind } from '@tapewatch/core';
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

/** A series rests after it was silent in this many sweeps. */
export const SWEEPS_UNTIL_REST = 4;
/** Values of `recency`: the sweeps that are left, and one for the sweep that comes right after a sample. */
export const HEARD = SWEEPS_UNTIL_REST + 1;
const LAST_SWEEP = 1;
const RESTING = 0;
/**
 * Resting series for each one that may be awake; past it there is no room for new ones. About 300 bytes each. As known
 * series always wake, it also bounds how many can ever be awake.
 */
const MAX_RESTING_SHARE = 16;

export class SeriesRegistry {
  /** Of resting series only the id. */
  readonly #byKey = new Map<string, SeriesDefinition | number>();
  /** Of resting series only the key. */
  readonly #byId: (SeriesDefinition | string | undefined)[] = [];
  #awake = 0;
  /** 1 for series that came from the store and have not spoken since, by id; and how many there are. */
  #unheard = new Uint8Array(INITIAL_SERIES);
  #unheardCount = 0;
  readonly #limits: SeriesLimits;
  readonly #perStream = new Map<string, number>();
  readonly #nameNumbers = new Map<string, number>();
  /** Metric names by number. */
  readonly names: string[] = [];
  /** The first series of each name, by number of the name: what a metric is, when all of its series rest. */
  readonly #examples: SeriesDefinition[] = [];
  /** Names of streams that series came with, by number; those that are configured no more share a number. */
  readonly #streamNames: string[] = [];
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
  /** HEARD since a sample came, by series id; less with each sweep, see `sweep`. Whoever sees less calls `hear`. */
  recency = new Uint8Array(INITIAL_SERIES);
  #kinds = new Uint8Array(INITIAL_SERIES);
  #layouts = new Uint8Array(INITIAL_SERIES);
  readonly #streamNumber: (stream: string) => number;
  #nextId = 1;
  /** Where the present sweep goes on. */
  #sweepFrom = 1;
  #second = -1;
  #newThisSecond = 0;
  #created: SeriesDefinition[] = [];
  #woken: SeriesDefinition[] = [];
  readonly #suspect = new LabelSuspect();

  constructor(
    limits: SeriesLimits,
    known: readonly SeriesDefinition[] = [],
    streamNumber: (stream: string) => number = () => 0,
  ) {
    this.#limits = limits;
    this.#streamNumber = streamNumber;
    for (const definition of known) {
      this.#keep(definition);
      this.#unheard[definition.id] = 1;
      this.#unheardCount++;
      // Less than HEARD, so that its first sample is told.
      this.recency[definition.id] = SWEEPS_UNTIL_REST;
    }
  }

  /** Series that are awake. */
  get size(): number {
    return this.#awake;
  }

  get resting(): number {
    return this.#byKey.size - this.#awake;
  }

  /** Undefined for series that rest. */
  byId(id: number): SeriesDefinition | undefined {
    const found = this.#byId[id];
    return typeof found === 'string' ? undefined : found;
  }

  isResting(id: number): boolean {
    return this.recency[id] === RESTING;
  }

  /** Those that are awake. */
  *all(): Iterable<SeriesDefinition> {
    for (const found of this.#byKey.values()) if (typeof found !== 'number') yield found;
  }

  /** One series of each metric that was ever seen. */
  examples(): Iterable<SeriesDefinition> {
    return this.#examples;
  }

  /** The id of a label set, created when new; or a refusal: not positive, see `INTERN_REFUSALS`. */
  intern(
    series: { labels: Labels; kind: MetricKind; unit?: string | undefined; help?: string | undefined },
    stream: string,
    nowSeconds: number,
  ): number {
    const kind = seriesKind(series.kind);
    const known = this.#byKey.get(series.labels.key);
    if (known !== undefined) {
      const id = typeof known === 'number' ? known : known.id;
      if (this.#kinds[id] !== KIND_CODES[kind]) return refusal('kind_conflict');
      // One that rests is woken by the next sample, whatever the room: limits are for new ones.
      return id;
    }
    const refused = this.#refuses(stream);
    if (refused !== undefined) return refused;
    if (!this.#mayCreate(Math.floor(nowSeconds))) return refusal('series_rate_limit');
    const { labels, unit = '', help = '' } = series;
    const definition: SeriesDefinition = { id: this.#nextId, labels, kind, stream, unit, help };
    this.#keep(definition);
    this.#count(stream, 1);
    this.#created.push(definition);
    this.#suspect.created(definition);
    return definition.id;
  }

  #refuses(stream: string): number | undefined {
    const { maxSeries, maxSeriesPerStream = Infinity } = this.#limits;
    const heard = this.#awake - this.#unheardCount;
    if (heard >= maxSeries || this.resting >= maxSeries * MAX_RESTING_SHARE) return refusal('series_limit');
    return (this.#perStream.get(stream) ?? 0) >= maxSeriesPerStream ? refusal('stream_series_limit') : undefined;
  }

  /** A sample of the series came: it is awake from now on. */
  hear(id: number): void {
    if (this.recency[id] === RESTING) this.#wake(id);
    else if (this.#unheard[id] === 1) {
      this.#clearUnheard(id);
      this.#count((this.#byId[id] as SeriesDefinition).stream, 1);
    }
    this.recency[id] = HEARD;
  }

  /**
   * Puts to rest what was silent in the last sweeps and is held by nobody, so many at once; returns the ids. To be called
   * again until `isSweeping` says no, and then at even intervals. O(ids), a byte each.
   */
  sweep(isHeld: (id: number) => boolean, max = Infinity): number[] {
    const rested: number[] = [];
    let id = this.#sweepFrom;
    for (; id < this.#nextId && rested.length < max; id++) {
      const left = this.recency[id] as number;
      if (left > LAST_SWEEP) this.recency[id] = left - 1;
      if (left === LAST_SWEEP && !isHeld(id)) {
        this.#rest(id);
        rested.push(id);
      }
    }
    this.#sweepFrom = id < this.#nextId ? id : 1;
    return rested;
  }

  /** True when the last sweep stopped before its end. */
  get isSweeping(): boolean {
    return this.#sweepFrom > 1;
  }

  /** Series that came back since the last call; the store has them. */
  takeWoken(): readonly SeriesDefinition[] {
    const woken = this.#woken;
    if (woken.length > 0) this.#woken = [];
    return woken;
  }

  #rest(id: number): void {
    const { labels, stream } = this.#byId[id] as SeriesDefinition;
    this.#byKey.set(labels.key, id);
    this.#byId[id] = labels.key;
    this.recency[id] = RESTING;
    this.#awake--;
    if (this.#unheard[id] === 1) this.#clearUnheard(id);
    else this.#count(stream, -1);
  }

  #clearUnheard(id: number): void {
    this.#unheard[id] = 0;
    this.#unheardCount--;
  }

  #count(stream: string, by: 1 | -1): void {
    this.#perStream.set(stream, (this.#perStream.get(stream) ?? 0) + by);
  }

  #wake(id: number): void {
    const key = this.#byId[id] as string;
    const { unit, help } = this.#examples[this.nameOf[id] as number] as SeriesDefinition;
    const labels = Labels.from(JSON.parse(key) as [string, string][]);
    const kind = KINDS[this.#kinds[id] as number] as SeriesKind;
    const stream = this.#streamNames[this.streamOf[id] as number] as string;
    const definition: SeriesDefinition = { id, labels, kind, stream, unit, help };
    this.#byKey.set(key, definition);
    this.#byId[id] = definition;
    this.#awake++;
    this.#count(stream, 1);
    this.#woken.push(definition);
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
    this.#awake++;
    if (id >= this.nameOf.length) this.#makeRoomFor(id);
    const name = numberIn(this.#nameNumbers, this.names, labels.metricName);
    this.nameOf[id] = name;
    this.#examples[name] ??= definition;
    this.recency[id] = HEARD;
    this.#kinds[id] = KIND_CODES[kind];
    const source = labels.get('instance') || labels.get('host') || stream;
    this.sourceOf[id] = numberIn(this.#sourceNumbers, this.sources, source);
    const number = this.#streamNumber(stream);
    this.streamOf[id] = number;
    this.#streamNames[number] ??= stream;
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
    this.recency = grown(this.recency, new Uint8Array(room));
    this.#kinds = grown(this.#kinds, new Uint8Array(room));
    this.#unheard = grown(this.#unheard, new Uint8Array(room));
  }

  #mayCreate(second: number): boolean {
    if (second !== this.#second) {
      this.#second = second;
      this.#newThisSecond = 0;
    }
    return ++this.#newThisSecond <= this.#limits.maxNewPerSecond;
  }
}

const KINDS = Object.keys(KIND_CODES) as SeriesKind[];

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
