/**
 * Raw samples of one series in ascending order of stamp, in growing typed arrays. A sample in order is appended; a late
 * one is moved into place behind those with the same stamp. Dropping from the front is amortised.
 */
import { msFromNanos } from '@tapewatch/core';
import { putStaleMarker } from '../../stale-marker.ts';

const INITIAL_CAPACITY = 16;

export class SampleRun {
  #nanos = new BigInt64Array(INITIAL_CAPACITY);
  #ms = new Float64Array(INITIAL_CAPACITY);
  #values = new Float64Array(INITIAL_CAPACITY);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  /** `value` undefined: the series ends here. */
  add(timeNanos: bigint, value: number | undefined): void {
    if (this.#end === this.#nanos.length) this.#makeRoom();
    let at = this.#end++;
    if (at > this.#start && timeNanos < (this.#nanos[at - 1] as bigint)) {
      const place = this.#firstAfter(timeNanos, at);
      for (const column of [this.#nanos, this.#ms, this.#values]) column.copyWithin(place + 1, place, at);
      at = place;
    }
    this.#nanos[at] = timeNanos;
    this.#ms[at] = msFromNanos(timeNanos);
    if (value === undefined) putStaleMarker(this.#values, at);
    else this.#values[at] = value;
  }

  /** Samples with from <= stamp < to. */
  range(from: bigint, to: bigint): { timesNanos: BigInt64Array; timesMs: Float64Array; values: Float64Array } {
    const first = this.#firstAfter(from - 1n, this.#end);
    const last = Math.max(first, this.#firstAfter(to - 1n, this.#end));
    return {
      timesNanos: this.#nanos.subarray(first, last),
      timesMs: this.#ms.subarray(first, last),
      values: this.#values.subarray(first, last),
    };
  }

  /** Removes samples before the stamp; returns how many. */
  dropBefore(timeNanos: bigint): number {
    const first = this.#firstAfter(timeNanos - 1n, this.#end);
    const dropped = first - this.#start;
    this.#start = first;
    return dropped;
  }

  #firstAfter(timeNanos: bigint, end: number): number {
    let [low, high] = [this.#start, end];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#nanos[middle] as bigint) <= timeNanos) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #makeRoom(): void {
    // Reclaim the dropped front when it is half of the room, else double.
    const capacity = this.#start * 2 >= this.#nanos.length ? this.#nanos.length : this.#nanos.length * 2;
    const [nanos, ms, values] = [new BigInt64Array(capacity), new Float64Array(capacity), new Float64Array(capacity)];
    nanos.set(this.#nanos.subarray(this.#start, this.#end));
    ms.set(this.#ms.subarray(this.#start, this.#end));
    values.set(this.#values.subarray(this.#start, this.#end));
    [this.#nanos, this.#ms, this.#values] = [nanos, ms, values];
    this.#end -= this.#start;
    this.#start = 0;
  }
}
