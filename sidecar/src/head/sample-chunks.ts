/**
 * Raw samples of gauges and counters in memory, 12 bytes each: per series a chain of fixed chunks in shared slabs of typed
 * arrays, so that a million series cost neither a million objects nor a garbage collector that walks them. A sample in
 * order is appended in constant time; a late one goes into place, which splits a full chunk. Stamps are milliseconds.
 */
import type { EdgeColumns } from './edge-columns.ts';
import { SampleColumns } from './sample-columns.ts';

const CHUNK = 32;
const SLAB_SHIFT = 12;
const SLAB_CHUNKS = 1 << SLAB_SHIFT;
const SLAB_MASK = SLAB_CHUNKS - 1;
const NONE = -1;
/** Offsets within a chunk are 32-bit milliseconds, half of them in either direction: a split must fit again. */
const MAX_OFFSET_MS = 2 ** 30 - 1;
const INITIAL_SERIES = 1_024;
/** Chunk data and the tables about it. */
export const BYTES_PER_CHUNK = CHUNK * 12 + 8 + 1 + 1 + 4 + 4;

export class SampleChunks {
  readonly #offsets: Int32Array[] = [];
  readonly #values: Float64Array[] = [];
  #base = new Float64Array(0);
  #count = new Uint8Array(0);
  /** 0 where no sample is less than the one before it, in this chunk or at the end of the one before, and the base is the first stamp. */
  #uneven = new Uint8Array(0);
  #next = new Int32Array(0);
  #previous = new Int32Array(0);
  #first = new Int32Array(INITIAL_SERIES).fill(NONE);
  #last = new Int32Array(INITIAL_SERIES).fill(NONE);
  readonly #scratch = new SampleColumns();
  #free: number[] = [];
  #allocated = 0;

  /** Memory that live chunks stand for. */
  get bytes(): number {
    return (this.#allocated - this.#free.length) * BYTES_PER_CHUNK;
  }

  append(series: number, ms: number, value: number): void {
    if (series >= this.#last.length) this.#makeRoomFor(series);
    const chunk = this.#last[series] as number;
    if (chunk === NONE) return this.#begin(series, ms, value);
    const count = this.#count[chunk] as number;
    const offsets = this.#offsets[chunk >> SLAB_SHIFT] as Int32Array;
    const at = (chunk & SLAB_MASK) * CHUNK;
    const offset = ms - (this.#base[chunk] as number);
    if (offset < (offsets[at + count - 1] as number)) return this.#insert(series, ms, value);
    if (count === CHUNK || offset > MAX_OFFSET_MS) return this.#begin(series, ms, value);
    offsets[at + count] = offset;
    const values = this.#values[chunk >> SLAB_SHIFT] as Float64Array;
    values[at + count] = value;
    if (!(value >= (values[at + count - 1] as number))) this.#uneven[chunk] = 1;
    this.#count[chunk] = count + 1;
  }

  /** Appends the samples with startMs <= stamp <= endMs to the columns. */
  read(series: number, { startMs, endMs }: { startMs: number; endMs: number }, into: SampleColumns): void {
    let chunk = this.#chunkFrom(series, startMs);
    for (; chunk !== NONE; chunk = this.#next[chunk] as number) {
      const offsets = this.#offsets[chunk >> SLAB_SHIFT] as Int32Array;
      const numbers = this.#values[chunk >> SLAB_SHIFT] as Float64Array;
      const base = this.#base[chunk] as number;
      let from = (chunk & SLAB_MASK) * CHUNK;
      let to = from + (this.#count[chunk] as number);
      while (from < to && base + (offsets[from] as number) < startMs) from++;
      const isLast = base + (offsets[to - 1] as number) > endMs;
      if (isLast) while (to > from && base + (offsets[to - 1] as number) > endMs) to--;
      into.reserve(CHUNK);
      const { times, values } = into;
      let at = into.length;
      for (let i = from; i < to; i++, at++) {
        times[at] = base + (offsets[i] as number);
        values[at] = numbers[i] as number;
      }
      into.length = at;
      if (isLast) return;
    }
  }

  /**
   * Appends the newest sample of each step that has one; steps are counted back from the end, their own ends inclusive.
   * A step of 0 means one step for the whole range.
   */
  readLast(
    series: number,
    { startMs, endMs, stepMs }: { startMs: number; endMs: number; stepMs: number },
    into: SampleColumns,
  ): void {
    const from = into.length;
    let boundary = endMs;
    let chunk = series < this.#last.length ? (this.#last[series] as number) : NONE;
    for (; chunk !== NONE; chunk = this.#previous[chunk] as number) {
      const offsets = this.#offsets[chunk >> SLAB_SHIFT] as Int32Array;
      const at = (chunk & SLAB_MASK) * CHUNK;
      const base = this.#base[chunk] as number;
      if (base + (offsets[at] as number) > boundary) continue;
      into.reserve(CHUNK);
      for (let i = at + (this.#count[chunk] as number) - 1; i >= at; i--) {
        const ms = base + (offsets[i] as number);
        if (ms > boundary) continue;
        if (ms < startMs) return into.reverseFrom(from);
        into.times[into.length] = ms;
        into.values[into.length++] = (this.#values[chunk >> SLAB_SHIFT] as Float64Array)[i] as number;
        if (stepMs <= 0) return;
        boundary = endMs - (Math.floor((endMs - ms) / stepMs) + 1) * stepMs;
      }
    }
    into.reverseFrom(from);
  }

  /** Shows the samples with startMs <= stamp <= endMs to the columns, but for chunks that hold nothing they would keep. */
  readEdges(series: number, { startMs, endMs }: { startMs: number; endMs: number }, into: EdgeColumns): void {
    into.begin();
    let chunk = this.#chunkFrom(series, startMs);
    let passed: number = NONE;
    for (let next: number; chunk !== NONE; chunk = next) {
      next = this.#next[chunk] as number;
      const count = this.#count[chunk] as number;
      const at = (chunk & SLAB_MASK) * CHUNK;
      const base = this.#base[chunk] as number;
      const nextMs = next === NONE ? Infinity : this.#firstMs(next);
      if (this.#uneven[chunk] === 0 && base >= startMs && nextMs <= endMs && into.passes(base, nextMs, count)) {
        passed = chunk;
        continue;
      }
      if (passed !== NONE) into.resume(this.#lastMs(passed), this.#lastValue(passed));
      passed = NONE;
      const offsets = this.#offsets[chunk >> SLAB_SHIFT] as Int32Array;
      const numbers = this.#values[chunk >> SLAB_SHIFT] as Float64Array;
      for (let i = at; i < at + count; i++) {
        const ms = base + (offsets[i] as number);
        if (ms < startMs) continue;
        if (ms > endMs) return into.end();
        into.visit(ms, numbers[i] as number);
      }
    }
    into.end();
  }

  hasWithin(series: number, startMs: number, endMs: number): boolean {
    this.#scratch.length = 0;
    this.readLast(series, { startMs, endMs, stepMs: 0 }, this.#scratch);
    return this.#scratch.length > 0;
  }

  /** True while any sample of the series is here. */
  holds(series: number): boolean {
    return series < this.#first.length && this.#first[series] !== NONE;
  }

  /** Frees chunks whose samples all lie before the stamp. */
  dropBefore(ms: number): void {
    for (let series = 0; series < this.#first.length; series++) {
      let chunk = this.#first[series] as number;
      while (chunk !== NONE && this.#lastMs(chunk) < ms) {
        const next = this.#next[chunk] as number;
        this.#free.push(chunk);
        this.#first[series] = chunk = next;
        if (next === NONE) this.#last[series] = NONE;
        else this.#previous[next] = NONE;
      }
    }
  }

  /** The earliest chunk that may hold a stamp at or after `ms`; most reads are near the end, so the search starts there. */
  #chunkFrom(series: number, ms: number): number {
    if (series >= this.#last.length) return NONE;
    let chunk = this.#last[series] as number;
    let found: number = NONE;
    // The last stamp is looked at only where the first one does not decide: it lies elsewhere in memory.
    while (chunk !== NONE && (this.#firstMs(chunk) >= ms || this.#lastMs(chunk) >= ms)) {
      found = chunk;
      chunk = this.#previous[chunk] as number;
    }
    return found;
  }

  #lastMs(chunk: number): number {
    const offsets = this.#offsets[chunk >> SLAB_SHIFT] as Int32Array;
    const at = (chunk & SLAB_MASK) * CHUNK + (this.#count[chunk] as number) - 1;
    return (this.#base[chunk] as number) + (offsets[at] as number);
  }

  #lastValue(chunk: number): number {
    const at = (chunk & SLAB_MASK) * CHUNK + (this.#count[chunk] as number) - 1;
    return (this.#values[chunk >> SLAB_SHIFT] as Float64Array)[at] as number;
  }

  #begin(series: number, ms: number, value: number, after = this.#last[series] as number): void {
    const chunk = this.#take(ms);
    this.#put(chunk, 0, ms, value);
    this.#count[chunk] = 1;
    if (after !== NONE && !(value >= this.#lastValue(after))) this.#uneven[chunk] = 1;
    this.#link(series, chunk, after);
  }

  /** A late sample: behind those with the same stamp. */
  #insert(series: number, ms: number, value: number): void {
    let chunk = this.#last[series] as number;
    while (this.#firstMs(chunk) > ms && this.#previous[chunk] !== NONE) chunk = this.#previous[chunk] as number;
    // So far from the chunk's base, it lies before or behind all of the chunk.
    if (Math.abs(ms - (this.#base[chunk] as number)) > MAX_OFFSET_MS) {
      return this.#begin(series, ms, value, ms < this.#firstMs(chunk) ? (this.#previous[chunk] as number) : chunk);
    }
    if (this.#count[chunk] === CHUNK) chunk = this.#split(series, chunk, ms);
    this.#uneven[chunk] = 1;
    const next = this.#next[chunk] as number;
    if (next !== NONE) this.#uneven[next] = 1;
    const at = (chunk & SLAB_MASK) * CHUNK;
    const offsets = this.#offsets[chunk >> SLAB_SHIFT] as Int32Array;
    const values = this.#values[chunk >> SLAB_SHIFT] as Float64Array;
    const offset = ms - (this.#base[chunk] as number);
    let place = at + (this.#count[chunk] as number);
    for (; place > at && (offsets[place - 1] as number) > offset; place--) {
      offsets[place] = offsets[place - 1] as number;
      values[place] = values[place - 1] as number;
    }
    offsets[place] = offset;
    values[place] = value;
    this.#count[chunk]!++;
  }

  /** Moves the upper half of a full chunk into a new one behind it; returns the half that the stamp belongs to. */
  #split(series: number, chunk: number, ms: number): number {
    const half = CHUNK / 2;
    const at = (chunk & SLAB_MASK) * CHUNK;
    const offsets = this.#offsets[chunk >> SLAB_SHIFT] as Int32Array;
    const values = this.#values[chunk >> SLAB_SHIFT] as Float64Array;
    const base = this.#base[chunk] as number;
    const upper = this.#take(base + (offsets[at + half] as number));
    for (let i = half; i < CHUNK; i++) {
      this.#put(upper, i - half, base + (offsets[at + i] as number), values[at + i] as number);
    }
    this.#count[chunk] = half;
    this.#count[upper] = CHUNK - half;
    this.#uneven[upper] = 1;
    this.#link(series, upper, chunk);
    return ms >= this.#firstMs(upper) ? upper : chunk;
  }

  #firstMs(chunk: number): number {
    if (this.#uneven[chunk] === 0) return this.#base[chunk] as number;
    return (
      (this.#base[chunk] as number) +
      ((this.#offsets[chunk >> SLAB_SHIFT] as Int32Array)[(chunk & SLAB_MASK) * CHUNK] as number)
    );
  }

  #put(chunk: number, i: number, ms: number, value: number): void {
    const at = (chunk & SLAB_MASK) * CHUNK + i;
    (this.#offsets[chunk >> SLAB_SHIFT] as Int32Array)[at] = ms - (this.#base[chunk] as number);
    (this.#values[chunk >> SLAB_SHIFT] as Float64Array)[at] = value;
  }

  /** Puts a chunk behind another one of the series, or at the front. */
  #link(series: number, chunk: number, after: number): void {
    const next = (after === NONE ? this.#first[series] : this.#next[after]) as number;
    if (next !== NONE) this.#uneven[next] = 1;
    this.#previous[chunk] = after;
    this.#next[chunk] = next;
    if (after === NONE) this.#first[series] = chunk;
    else this.#next[after] = chunk;
    if (next === NONE) this.#last[series] = chunk;
    else this.#previous[next] = chunk;
  }

  #take(baseMs: number): number {
    let chunk = this.#free.pop();
    if (chunk === undefined) {
      chunk = this.#allocated++;
      if (chunk >> SLAB_SHIFT === this.#offsets.length) this.#addSlab();
    }
    this.#base[chunk] = baseMs;
    this.#count[chunk] = 0;
    this.#uneven[chunk] = 0;
    return chunk;
  }

  #addSlab(): void {
    this.#offsets.push(new Int32Array(SLAB_CHUNKS * CHUNK));
    this.#values.push(new Float64Array(SLAB_CHUNKS * CHUNK));
    const chunks = this.#offsets.length * SLAB_CHUNKS;
    if (chunks <= this.#count.length) return;
    const room = Math.max(SLAB_CHUNKS, this.#count.length * 2);
    this.#base = grown(this.#base, new Float64Array(room));
    this.#count = grown(this.#count, new Uint8Array(room));
    this.#uneven = grown(this.#uneven, new Uint8Array(room));
    this.#next = grown(this.#next, new Int32Array(room));
    this.#previous = grown(this.#previous, new Int32Array(room));
  }

  #makeRoomFor(series: number): void {
    const before = this.#first.length;
    const room = Math.max(series + 1, before * 2);
    this.#first = grown(this.#first, new Int32Array(room)).fill(NONE, before);
    this.#last = grown(this.#last, new Int32Array(room)).fill(NONE, before);
  }
}

function grown<T extends Float64Array | Uint8Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
