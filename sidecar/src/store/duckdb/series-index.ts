/**
 * The interned series in memory, and for each a few stamps at which it surely has a sample: the earliest and the latest
 * that this process has seen, and one about a minute before the latest. They answer "has samples in this range" for
 * nearly every live dashboard without a scan; only series without a stamp in the range are looked up.
 * Of series that are silent for long only a text is kept, a fifth of the objects' size; queries that reach back to their
 * time read it.
 */
import {
  compileMatchers,
  KIND_CODES,
  Labels,
  METRIC_NAME,
  type KindCodes,
  type Matcher,
  type SeriesDefinition,
  type SeriesKind,
} from '@tapewatch/core';
import { compileRegex } from '../../regex.ts';

const STEP_MS = 60_000;

const INITIAL_IDS = 1_024;
/** Series that go to rest, or wake, in one turn of the writer: some 50 ms. The others are next, a minute later. */
const MAX_MOVED_AT_ONCE = 20_000;
const KINDS = Object.keys(KIND_CODES) as SeriesKind[];
/** The widest window of the ladder: a sample may be read by the end of the window that it is in. */
const WIDEST_WINDOW_MS = 3_600_000;
/** How far ahead of the clock a stamp may be: the bound of `pipeline.maxFutureMs`. */
const MAX_FUTURE_MS = 86_400_000;

export class SeriesIndex {
  /** Those awake by metric name and id: nearly every selector names its metric. */
  readonly #awake = new Map<string, Map<number, SeriesDefinition>>();
  #awakeCount = 0;
  /** Series that rest, as texts. */
  readonly #resting = new Map<number, string>();
  #distributions = 0;
  #firstRestMs = Infinity;
  /** By id, as bytes and numbers, because every sample passes here. */
  #kinds = new Uint8Array(INITIAL_IDS);
  #known = new Uint8Array(INITIAL_IDS);
  #firstMs = new Float64Array(INITIAL_IDS).fill(Infinity);
  #stepMs = new Float64Array(INITIAL_IDS).fill(-Infinity);
  #lastMs = new Float64Array(INITIAL_IDS).fill(-Infinity);
  /** Of series that rest: no sample that was stored until then is later. */
  #endMs = new Float64Array(INITIAL_IDS);

  get size(): number {
    return this.#awakeCount + this.#resting.size;
  }

  /** How many distributions there are. */
  get distributions(): number {
    return this.#distributions;
  }

  /** Kind by id, see KIND_CODES; as long as the largest id needs. */
  get kinds(): KindCodes {
    return this.#kinds;
  }

  /** Kinds with those of series that are yet to be added. */
  kindsWith(series: readonly Pick<SeriesDefinition, 'id' | 'kind'>[]): KindCodes {
    for (const { id, kind } of series) {
      if (id >= this.#kinds.length) this.#makeRoom(id + 1);
      this.#kinds[id] = KIND_CODES[kind];
    }
    return this.#kinds;
  }

  has(id: number): boolean {
    return this.#known[id] === 1;
  }

  /** The first of the ids that is neither known nor among the added ones; undefined when there is none. */
  firstUnknown(ids: Uint32Array, added: ReadonlySet<number>): number | undefined {
    const known = this.#known;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] as number;
      if (known[id] !== 1 && !added.has(id)) return id;
    }
    return undefined;
  }

  add(definition: SeriesDefinition): void {
    const { id, kind } = definition;
    if (this.has(id)) return;
    this.#wake(definition);
    if (id >= this.#kinds.length) this.#makeRoom(id + 1);
    this.#kinds[id] = KIND_CODES[kind];
    this.#known[id] = 1;
    if (kind === 'distribution') this.#distributions++;
  }

  /** Notes samples that are durable. */
  observe(ids: Uint32Array, seconds: Uint32Array, nanos: Uint32Array): void {
    const [first, step, last] = [this.#firstMs, this.#stepMs, this.#lastMs];
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] as number;
      const ms = (seconds[i] as number) * 1_000 + Math.floor((nanos[i] as number) / 1e6);
      if (ms < (first[id] as number)) first[id] = ms;
      const before = last[id] as number;
      if (ms <= before) continue;
      if (before - (step[id] as number) > STEP_MS) step[id] = before;
      last[id] = ms;
    }
  }

  /** Forgets stamps whose samples retention may have taken. */
  forgetBefore(ms: number): void {
    for (let id = 0; id < this.#known.length; id++) {
      if ((this.#firstMs[id] as number) < ms) this.#firstMs[id] = Infinity;
      if ((this.#stepMs[id] as number) < ms) this.#stepMs[id] = -Infinity;
      if ((this.#lastMs[id] as number) < ms) this.#lastMs[id] = -Infinity;
    }
  }

  /** Series whose last durable sample is older than `afterMs` rest from now on; those that came back rest no more. */
  rest(nowMs: number, afterMs: number): void {
    // After a start nobody knows when the series of the file spoke last.
    this.#firstRestMs = Math.min(this.#firstRestMs, nowMs);
    const isSilent = (id: number): boolean => Math.max(this.#lastMs[id] as number, this.#firstRestMs) < nowMs - afterMs;
    let left = MAX_MOVED_AT_ONCE;
    for (const named of this.#awake.values()) {
      for (const [id, definition] of named) {
        if (!isSilent(id)) continue;
        if (left-- === 0) return;
        this.#endMs[id] = this.#latestMs(id, nowMs);
        this.#resting.set(id, textOf(definition));
        this.#sleep(definition);
      }
    }
    for (const [id, text] of this.#resting) {
      if (isSilent(id)) continue;
      if (left-- === 0) return;
      this.#wake(this.#definitionOf(id, text));
      this.#resting.delete(id);
    }
  }

  #wake(definition: SeriesDefinition): void {
    const name = definition.labels.get(METRIC_NAME);
    let named = this.#awake.get(name);
    if (named === undefined) this.#awake.set(name, (named = new Map()));
    named.set(definition.id, definition);
    this.#awakeCount++;
  }

  #sleep({ id, labels }: SeriesDefinition): void {
    const name = labels.get(METRIC_NAME);
    const named = this.#awake.get(name);
    named?.delete(id);
    if (named?.size === 0) this.#awake.delete(name);
    this.#awakeCount--;
  }

  /** Those awake that may match: where every list names its metric, only series of these names. */
  #candidates(matcherLists: readonly (readonly Matcher[])[]): Iterable<ReadonlyMap<number, SeriesDefinition>> {
    const names = new Set<string>();
    for (const matchers of matcherLists) {
      const named = matchers.find(({ name, operator }) => name === METRIC_NAME && operator === '=');
      if (named === undefined) return this.#awake.values();
      names.add(named.value);
    }
    return names.size === 0 ? this.#awake.values() : [...names].flatMap((name) => this.#awake.get(name) ?? []);
  }

  /** What this process has seen may have come late: until its start the file may have later samples, even of the future. */
  #latestMs(id: number, nowMs: number): number {
    const seen = this.#lastMs[id] as number;
    return seen === -Infinity ? nowMs + MAX_FUTURE_MS : Math.max(seen, this.#firstRestMs);
  }

  /**
   * Series that match any of the lists, ascending by id; no lists match all. Of those that rest, only such as may have
   * windows at or after `sinceMs`.
   */
  matching(matcherLists: readonly (readonly Matcher[])[], sinceMs = -Infinity): SeriesDefinition[] {
    const tests = matcherLists.map((matchers) => compileMatchers(matchers, compileRegex));
    const matching: SeriesDefinition[] = [];
    for (const named of this.#candidates(matcherLists)) {
      for (const definition of named.values()) {
        if (tests.length === 0 || tests.some((test) => test(definition.labels))) matching.push(definition);
      }
    }
    const hintLists = matcherLists.map(textsOfMatches);
    for (const [id, text] of this.#resting) {
      if (Math.max(this.#lastMs[id] as number, this.#endMs[id] as number) + WIDEST_WINDOW_MS < sinceMs) continue;
      if (hintLists.length > 0 && !hintLists.some((hints) => hints.every((hint) => text.includes(hint)))) continue;
      const definition = this.#definitionOf(id, text);
      if (tests.length === 0 || tests.some((test) => test(definition.labels))) matching.push(definition);
    }
    return matching.sort((a, b) => a.id - b.id);
  }

  idsOf(kind: SeriesKind): number[] {
    const ids: number[] = [];
    for (let id = 0; id < this.#known.length; id++)
      if (this.#known[id] === 1 && this.#kinds[id] === KIND_CODES[kind]) ids.push(id);
    return ids;
  }

  ofStream(stream: string): number[] {
    return this.matching([])
      .filter((definition) => definition.stream === stream)
      .map(({ id }) => id);
  }

  #definitionOf(id: number, text: string): SeriesDefinition {
    const [pairs, stream, unit, help] = JSON.parse(text) as RestingText;
    const kind = KINDS[this.#kinds[id] as number] as SeriesKind;
    return { id, labels: Labels.from(pairs), kind, stream, unit, help };
  }

  /** True when a sample surely lies in the range; false means unknown. */
  hasWithin(id: number, startMs: number, endMs: number): boolean {
    return [this.#firstMs[id], this.#stepMs[id], this.#lastMs[id]].some(
      (ms) => ms !== undefined && Number.isFinite(ms) && ms >= startMs && ms <= endMs,
    );
  }

  #makeRoom(length: number): void {
    const room = Math.max(length, this.#kinds.length * 2);
    const [kinds, known] = [new Uint8Array(room), new Uint8Array(room)];
    kinds.set(this.#kinds);
    known.set(this.#known);
    this.#kinds = kinds;
    this.#known = known;
    const grown = (column: Float64Array<ArrayBuffer>, empty: number): Float64Array<ArrayBuffer> => {
      const whole = new Float64Array(room).fill(empty);
      whole.set(column);
      return whole;
    };
    this.#firstMs = grown(this.#firstMs, Infinity);
    this.#stepMs = grown(this.#stepMs, -Infinity);
    this.#lastMs = grown(this.#lastMs, -Infinity);
    this.#endMs = grown(this.#endMs, 0);
  }
}

type RestingText = [pairs: [string, string][], stream: string, unit: string, help: string];

function textOf({ labels, stream, unit, help }: SeriesDefinition): string {
  return JSON.stringify([labels.pairs, stream, unit, help]);
}

/** What the text of every series that matches contains: looking for it is cheaper than reading the text. */
function textsOfMatches(matchers: readonly Matcher[]): string[] {
  return matchers
    .filter(({ operator, value }) => operator === '=' && value !== '')
    .map(({ name, value }) => JSON.stringify([name, value]));
}
