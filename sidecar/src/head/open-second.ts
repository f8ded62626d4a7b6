/**
 * The observations of one second, of all distributions of a stream, before the watermark passes. Each is one entry of a
 * log (row, bucket key); sealing sorts the log by row and counts equal keys, which is far cheaper than keeping a histogram
 * for each series and second. No object per observation or series.
 */
import { ExponentialHistogram } from '@tapewatch/core';
import { addKey } from './bucket-key.ts';

const INITIAL_ROWS = 256;
const INITIAL_LOG = 1_024;
/** Widest span of keys that is counted in an array; a wider one is sorted. */
const MAX_SPAN = 4_096;
const counters = new Uint32Array(MAX_SPAN);
/** Scratch of the sort; one thread, one sort at a time. */
let sorted = new Int32Array(INITIAL_LOG);

/** Takes sealed windows: keys ascend, `counts[i]` belongs to `keys[i]`, both valid in [0, length) during the call only. */
export interface SealedSink {
  window(series: number, second: number, packed: PackedKeys, sum: number): void;
  /** A window that holds ready-made histograms, merged, and the observations beside them. */
  merged(series: number, second: number, histogram: ExponentialHistogram): void;
}

export interface PackedKeys {
  keys: Int32Array;
  counts: Uint32Array;
  length: number;
}

const packed: PackedKeys = { keys: new Int32Array(INITIAL_LOG), counts: new Uint32Array(INITIAL_LOG), length: 0 };

export class OpenSecond {
  second = 0;
  /** Row number + 1 by series; 0 for none. */
  #rowOf = new Uint32Array(INITIAL_ROWS);
  #series = new Uint32Array(INITIAL_ROWS);
  #sums = new Float64Array(INITIAL_ROWS);
  #entries = new Uint32Array(INITIAL_ROWS);
  #rows = 0;
  #logRows = new Uint32Array(INITIAL_LOG);
  #logKeys = new Int32Array(INITIAL_LOG);
  #logged = 0;
  readonly #ready = new Map<number, ExponentialHistogram>();

  get isEmpty(): boolean {
    return this.#rows === 0;
  }

  /** `key`: what the value counts as, see `createBucketKey`. */
  observe(series: number, value: number, key: number): void {
    const row = this.#row(series);
    if (this.#logged === this.#logKeys.length) this.#growLog();
    this.#logRows[this.#logged] = row;
    this.#logKeys[this.#logged++] = key;
    this.#entries[row]!++;
    // NaN and infinities would spoil the sum for good; they are counted aside.
    if (value - value === 0) this.#sums[row]! += value;
  }

  /** The caller sees to it that a series has one layout: custom bounds or exponential buckets. */
  add(series: number, histogram: ExponentialHistogram): void {
    const row = this.#row(series);
    const known = this.#ready.get(row);
    if (known === undefined) this.#ready.set(row, histogram.clone());
    else known.merge(histogram);
  }

  holds(series: number): boolean {
    return series < this.#rowOf.length && this.#rowOf[series] !== 0;
  }

  /** Hands every window over, in the order in which series came first, and is empty again. */
  seal(sink: SealedSink, scale: number): void {
    const starts = this.#sortByRow();
    for (let row = 0; row < this.#rows; row++) {
      const series = this.#series[row] as number;
      const to = starts[row] as number;
      const from = to - (this.#entries[row] as number);
      const ready = this.#ready.get(row);
      pack(sorted, from, to);
      if (ready === undefined) sink.window(series, this.second, packed, this.#sums[row] as number);
      else sink.merged(series, this.second, this.#withObservations(ready, row, scale));
      this.#rowOf[series] = 0;
    }
    this.#rows = 0;
    this.#logged = 0;
    this.#ready.clear();
  }

  #withObservations(ready: ExponentialHistogram, row: number, scale: number): ExponentialHistogram {
    if (packed.length === 0) return ready;
    const observed = new ExponentialHistogram({ scale });
    addPacked(observed, packed, { sum: this.#sums[row] as number, sign: 1 });
    return ready.merge(observed);
  }

  #row(series: number): number {
    if (series >= this.#rowOf.length) this.#rowOf = copied(this.#rowOf, new Uint32Array(roomFor(series + 1)));
    const known = this.#rowOf[series] as number;
    if (known !== 0) return known - 1;
    const row = this.#rows++;
    if (row === this.#series.length) this.#growRows();
    this.#rowOf[series] = row + 1;
    this.#series[row] = series;
    this.#sums[row] = 0;
    this.#entries[row] = 0;
    return row;
  }

  /** Counting sort of the log's keys into `sorted`; returns the end of each row there. */
  #sortByRow(): Uint32Array {
    const ends = new Uint32Array(this.#rows);
    for (let row = 1; row < this.#rows; row++) {
      ends[row] = (ends[row - 1] as number) + (this.#entries[row - 1] as number);
    }
    if (sorted.length < this.#logged) sorted = new Int32Array(roomFor(this.#logged));
    for (let i = 0; i < this.#logged; i++) sorted[ends[this.#logRows[i] as number]!++] = this.#logKeys[i] as number;
    return ends;
  }

  #growRows(): void {
    const room = this.#series.length * 2;
    this.#series = copied(this.#series, new Uint32Array(room));
    this.#sums = copied(this.#sums, new Float64Array(room));
    this.#entries = copied(this.#entries, new Uint32Array(room));
  }

  #growLog(): void {
    const room = this.#logKeys.length * 2;
    this.#logRows = copied(this.#logRows, new Uint32Array(room));
    this.#logKeys = copied(this.#logKeys, new Int32Array(room));
  }
}

/** Equal keys of [from, to) to counts, ascending, into `packed`. */
function pack(keys: Int32Array, from: number, to: number): void {
  packed.length = 0;
  if (from === to) return;
  if (packed.keys.length < to - from) {
    packed.keys = new Int32Array(roomFor(to - from));
    packed.counts = new Uint32Array(packed.keys.length);
  }
  let [low, high] = [keys[from] as number, keys[from] as number];
  for (let i = from + 1; i < to; i++) {
    const key = keys[i] as number;
    if (key < low) low = key;
    else if (key > high) high = key;
  }
  if (high - low < MAX_SPAN) packSpan(keys, { from, to }, low, high);
  else packSorted(keys.subarray(from, to).sort());
}

function packSpan(keys: Int32Array, { from, to }: { from: number; to: number }, low: number, high: number): void {
  for (let i = from; i < to; i++) counters[(keys[i] as number) - low]!++;
  for (let cell = 0; cell <= high - low; cell++) {
    const count = counters[cell] as number;
    if (count === 0) continue;
    packed.keys[packed.length] = low + cell;
    packed.counts[packed.length++] = count;
    counters[cell] = 0;
  }
}

function packSorted(keys: Int32Array): void {
  for (const key of keys) {
    if (packed.length > 0 && packed.keys[packed.length - 1] === key) packed.counts[packed.length - 1]!++;
    else {
      packed.keys[packed.length] = key;
      packed.counts[packed.length++] = 1;
    }
  }
}

/** Adds a packed window to a histogram of the same scale, or takes it away again. */
export function addPacked(
  histogram: ExponentialHistogram,
  { keys, counts, length }: PackedKeys,
  { sum, sign }: { sum: number; sign: 1 | -1 },
): void {
  for (let i = 0; i < length; i++) addKey(histogram, keys[i] as number, sign * (counts[i] as number));
  histogram.sum += sign * sum;
}

function roomFor(length: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(length, INITIAL_ROWS)));
}

function copied<T extends Uint32Array | Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
