/**
 * The interned series in memory, and for each a few stamps at which it surely has a sample: the earliest and the latest
 * that this process has seen, and one about a minute before the latest. They answer "has samples in this range" for
 * nearly every live dashboard without a scan; only series without a stamp in the range are looked up.
 */
import { compileMatchers, KIND_CODES, type KindCodes, type Matcher, type SeriesDefinition } from '@tapewatch/core';
import { compileRegex } from '../../regex.ts';

const STEP_MS = 60_000;

const INITIAL_IDS = 1_024;

export class SeriesIndex {
  readonly #byId = new Map<number, SeriesDefinition>();
  #distributions = 0;
  /** By id, as bytes and numbers, because every sample passes here. */
  #kinds = new Uint8Array(INITIAL_IDS);
  #known = new Uint8Array(INITIAL_IDS);
  #firstMs = new Float64Array(INITIAL_IDS).fill(Infinity);
  #stepMs = new Float64Array(INITIAL_IDS).fill(-Infinity);
  #lastMs = new Float64Array(INITIAL_IDS).fill(-Infinity);

  get size(): number {
    return this.#byId.size;
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
    return this.#byId.has(id);
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
    if (this.#byId.has(id)) return;
    this.#byId.set(id, definition);
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
    for (const id of this.#byId.keys()) {
      if ((this.#firstMs[id] as number) < ms) this.#firstMs[id] = Infinity;
      if ((this.#stepMs[id] as number) < ms) this.#stepMs[id] = -Infinity;
      if ((this.#lastMs[id] as number) < ms) this.#lastMs[id] = -Infinity;
    }
  }

  /** Series that match any of the lists, ascending by id; no lists match all. */
  matching(matcherLists: readonly (readonly Matcher[])[]): SeriesDefinition[] {
    const tests = matcherLists.map((matchers) => compileMatchers(matchers, compileRegex));
    const matching: SeriesDefinition[] = [];
    for (const definition of this.#byId.values()) {
      if (tests.length === 0 || tests.some((test) => test(definition.labels))) matching.push(definition);
    }
    return matching.sort((a, b) => a.id - b.id);
  }

  ofStream(stream: string): SeriesDefinition[] {
    return this.matching([]).filter((definition) => definition.stream === stream);
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
  }
}
