/**
 * Samples of many series as two columns, one behind the other: what a selector reads costs two arrays, however many
 * series it finds, and moves to another thread as two buffers.
 */

const INITIAL_SAMPLES = 4_096;

export class SampleColumns {
  times = new Float64Array(INITIAL_SAMPLES);
  values = new Float64Array(INITIAL_SAMPLES);
  length = 0;

  /** Room for so many more samples. */
  reserve(samples: number): void {
    const needed = this.length + samples;
    if (needed <= this.times.length) return;
    const room = Math.max(needed, this.times.length * 2);
    this.times = grown(this.times, room, this.length);
    this.values = grown(this.values, room, this.length);
  }

  /** Turns the samples from `from` on around. */
  reverseFrom(from: number): void {
    this.times.subarray(from, this.length).reverse();
    this.values.subarray(from, this.length).reverse();
  }

  /** Views of samples `from` to `to`; taken once everything is read, since growing makes other arrays. */
  between(from: number, to: number): { readonly timesMs: Float64Array; readonly values: Float64Array } {
    return { timesMs: this.times.subarray(from, to), values: this.values.subarray(from, to) };
  }
}

function grown(column: Float64Array, room: number, length: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(room);
  larger.set(column.subarray(0, length));
  return larger;
}
