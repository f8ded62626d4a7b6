/**
 * Samples of one message, held back until the whole message is known to be good. Columns that grow to the largest
 * message so far (its size is bounded, so they are) and are used again: nothing is allocated per sample.
 */
import type { LabelPair } from '@tapewatch/core';
import type { SampleSink } from '../ports.ts';

const FIRST_ROWS = 1_024;

export class HeldSamples {
  #rows = 0;
  #refs = new Int32Array(FIRST_ROWS);
  #seconds = new Float64Array(FIRST_ROWS);
  #nanos = new Float64Array(FIRST_ROWS);
  #values = new Float64Array(FIRST_ROWS);
  /** Rows that are exemplars, too; few messages have any. */
  #exemplars: { readonly row: number; readonly labels: readonly LabelPair[] }[] = [];

  get rows(): number {
    return this.#rows;
  }

  clear(): void {
    this.#rows = 0;
    if (this.#exemplars.length > 0) this.#exemplars = [];
  }

  add(ref: number, seconds: number, nanos: number, value: number): void {
    const row = this.#rows++;
    if (row === this.#refs.length) this.#grow();
    this.#refs[row] = ref;
    this.#seconds[row] = seconds;
    this.#nanos[row] = nanos;
    this.#values[row] = value;
  }

  /** Of the sample added last. */
  addExemplar(labels: readonly LabelPair[]): void {
    this.#exemplars.push({ row: this.#rows - 1, labels });
  }

  /** Hands everything to the sink and is empty again. */
  release(sink: SampleSink): void {
    const rows = this.#rows;
    this.#rows = 0;
    for (let row = 0; row < rows; row++) {
      sink.number(
        this.#refs[row] as number,
        this.#seconds[row] as number,
        this.#nanos[row] as number,
        this.#values[row] as number,
      );
    }
    for (const { row, labels } of this.#exemplars) {
      sink.exemplar(this.#refs[row] as number, {
        seconds: this.#seconds[row] as number,
        nanos: this.#nanos[row] as number,
        value: this.#values[row] as number,
        labels,
      });
    }
    if (this.#exemplars.length > 0) this.#exemplars = [];
  }

  #grow(): void {
    const rows = this.#refs.length * 2;
    const refs = new Int32Array(rows);
    refs.set(this.#refs);
    this.#refs = refs;
    this.#seconds = grown(this.#seconds, rows);
    this.#nanos = grown(this.#nanos, rows);
    this.#values = grown(this.#values, rows);
  }
}

function grown(column: Float64Array, rows: number): Float64Array<ArrayBuffer> {
  const copy = new Float64Array(rows);
  copy.set(column);
  return copy;
}
