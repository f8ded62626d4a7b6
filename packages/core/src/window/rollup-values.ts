/**
 * Windows of gauges and counters from raw samples: count, sum, extremes, first and last by stamp, and the increase of
 * counters. A row's nine numbers lie side by side, so that a sample touches one or two cache lines.
 * The increase joins a sample with the newest one of its series before it; a sample that comes out of order adds none,
 * because its neighbours are joined already (exact unless a reset hides between them). NaN joins nothing.
 */
import { RollupBuckets } from './rollup-buckets.ts';
import { concatValueWindows, type RawColumns, type ValueWindows } from './rollup-columns.ts';
import {
  COUNT,
  FIRST,
  FIRST_OFFSET,
  INCREASE,
  LAST,
  LAST_OFFSET,
  MAX,
  MIN,
  NO_VALUE_WINDOWS,
  SUM,
  ValueBucket,
  windowsOf,
} from './rollup-value-bucket.ts';

export interface RollupOptions {
  readonly widthSeconds: number;
  /** Windows that end at or before it were emitted in an earlier life. */
  readonly sealedUntilSeconds?: number;
}

/** Kind of a series by id, as a byte. */
export const KIND_CODES = { gauge: 0, counter: 1, distribution: 2 } as const;
export type KindCodes = Uint8Array;

export class ValueRollup {
  readonly #buckets: RollupBuckets<ValueBucket>;
  /** Newest value of each counter and its stamp, by series id; a stamp of 0 means none. */
  #previous = new Float64Array(0);
  #previousSeconds = new Uint32Array(0);
  #previousNanos = new Uint32Array(0);

  constructor({ widthSeconds, sealedUntilSeconds = 0 }: RollupOptions) {
    this.#buckets = new RollupBuckets({ widthSeconds, sealedUntilSeconds, create: () => new ValueBucket() });
  }

  get sealedUntilSeconds(): number {
    return this.#buckets.sealedUntilSeconds;
  }

  /** Takes in the gauges and counters among the samples. O(1) each. */
  add({ seriesIds, seconds, nanos, values }: RawColumns, kinds: KindCodes): void {
    const { widthSeconds } = this.#buckets;
    if (this.#previous.length < kinds.length) this.#makeRoom(kinds.length);
    for (let i = 0; i < seriesIds.length; i++) {
      const id = seriesIds[i] as number;
      const kind = kinds[id] as number;
      if (kind === KIND_CODES.distribution) continue;
      const [second, nano, value] = [seconds[i] as number, nanos[i] as number, values[i] as number];
      if (value !== value && isStaleMarker(values, i)) continue;
      const start = second - (second % widthSeconds);
      const bucket = this.#buckets.at(start);
      const at = bucket.at(id);
      const { numbers } = bucket;
      const offset = (second - start) * 1e9 + nano;
      (numbers[at + COUNT] as number)++;
      if (offset < (numbers[at + FIRST_OFFSET] as number)) {
        numbers[at + FIRST] = value;
        numbers[at + FIRST_OFFSET] = offset;
      }
      if (offset >= (numbers[at + LAST_OFFSET] as number)) {
        numbers[at + LAST] = value;
        numbers[at + LAST_OFFSET] = offset;
      }
      if (kind === KIND_CODES.counter) (numbers[at + INCREASE] as number) += this.#increase(id, second, nano, value);
      // NaN and infinities would spoil the sum for good; they stay visible in first and last.
      if (value - value !== 0) continue;
      (numbers[at + SUM] as number) += value;
      if (value < (numbers[at + MIN] as number)) numbers[at + MIN] = value;
      if (value > (numbers[at + MAX] as number)) numbers[at + MAX] = value;
    }
  }

  /** Tells where counters stood before a restart, so that their first increase is counted. */
  continueFrom({ seriesIds, seconds, nanos, values }: RawColumns): void {
    for (let i = 0; i < seriesIds.length; i++) {
      const id = seriesIds[i] as number;
      if (id >= this.#previous.length) this.#makeRoom(id + 1);
      this.#increase(id, seconds[i] as number, nanos[i] as number, values[i] as number);
    }
  }

  /** The windows that end at or before the stamp, and parts for those that had been sealed before. */
  seal(untilSeconds: number): ValueWindows {
    const parts = this.#buckets.seal(untilSeconds).map((due) => windowsOf(due.bucket, due));
    return parts.length === 0 ? NO_VALUE_WINDOWS : concatValueWindows(parts);
  }

  #increase(id: number, second: number, nano: number, value: number): number {
    const before = this.#previousSeconds[id] as number;
    if (second < before || (second === before && nano < (this.#previousNanos[id] as number))) return 0;
    const previous = this.#previous[id] as number;
    this.#previous[id] = value;
    this.#previousSeconds[id] = second;
    this.#previousNanos[id] = nano;
    if (before === 0 || previous - previous !== 0 || value - value !== 0) return 0;
    return value >= previous ? value - previous : value;
  }

  #makeRoom(length: number): void {
    const room = Math.max(length, this.#previous.length * 2);
    const [values, seconds, nanos] = [new Float64Array(room), new Uint32Array(room), new Uint32Array(room)];
    values.set(this.#previous);
    seconds.set(this.#previousSeconds);
    nanos.set(this.#previousNanos);
    [this.#previous, this.#previousSeconds, this.#previousNanos] = [values, seconds, nanos];
  }
}

/** Prometheus's staleness marker, the NaN with the bits 0x7ff0000000000002, ends a series and is no value of it. */
function isStaleMarker({ buffer, byteOffset }: Float64Array, index: number): boolean {
  const bits = new Uint32Array(buffer, byteOffset + index * 8, 2);
  return (bits[0] === 2 && bits[1] === 0x7ff00000) || (bits[1] === 2 && bits[0] === 0x7ff00000);
}
