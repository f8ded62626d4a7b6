/**
 * Tells the change log what a batch touched: per metric the oldest stamp. Told when the batch is visible in memory and
 * again when it is durable, because an answer may come from either. One pass over the columns, no object per sample.
 */
import { msFromNanos } from '@tapewatch/core';
import type { Batch, ChangeSink, StampedColumns } from '../ports.ts';

export class BatchChanges {
  readonly #sink: ChangeSink;
  readonly #nameOf: (seriesId: number) => string | undefined;
  /** Series id to the number of its metric's name; 0 is not looked up yet. */
  #nameNumbers = new Uint32Array(1_024);
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [''];
  /** Oldest stamp of the present batch by number of the name, seconds and milliseconds in one. */
  #oldestMs = new Float64Array(64).fill(Infinity);

  constructor(sink: ChangeSink, nameOf: (seriesId: number) => string | undefined) {
    this.#sink = sink;
    this.#nameOf = nameOf;
  }

  note({ samples, windows, histograms }: Pick<Batch, 'samples' | 'windows' | 'histograms'>): void {
    const { seriesIds, timesNanos } = samples;
    // Halves of the 64-bit stamps: reading them as BigInt would cost an object each. Little-endian, as Arrow.
    const halves = new Int32Array(timesNanos.buffer, timesNanos.byteOffset, timesNanos.length * 2);
    for (let i = 0; i < seriesIds.length; i++) {
      const nanos = (halves[2 * i + 1] as number) * 4_294_967_296 + ((halves[2 * i] as number) >>> 0);
      this.#touch(seriesIds[i] as number, Math.floor(nanos / 1e6) - 1);
    }
    for (const { seriesId, startNanos } of windows) this.#touch(seriesId, msFromNanos(startNanos));
    for (const { seriesId, timeNanos } of histograms) this.#touch(seriesId, msFromNanos(timeNanos) - 1);
    this.#tell();
  }

  /** The same for columns whose stamps are seconds and nanoseconds. */
  noteColumns({ seriesIds, seconds, nanos }: Pick<StampedColumns, 'seriesIds' | 'seconds' | 'nanos'>): void {
    for (let i = 0; i < seriesIds.length; i++) {
      const ms = (seconds[i] as number) * 1_000 + (nanos[i] as number) / 1e6;
      this.#touch(seriesIds[i] as number, Math.floor(ms) - 1);
    }
    this.#tell();
  }

  #touch(seriesId: number, ms: number): void {
    const number = this.#nameNumbers[seriesId] || this.#lookUp(seriesId);
    if (ms < (this.#oldestMs[number] as number)) this.#oldestMs[number] = ms;
  }

  #lookUp(seriesId: number): number {
    const name = this.#nameOf(seriesId) ?? '';
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.#names.push(name) - 1;
      this.#numbers.set(name, number);
      if (number >= this.#oldestMs.length) this.#oldestMs = grown(this.#oldestMs, Float64Array, Infinity);
    }
    while (seriesId >= this.#nameNumbers.length) this.#nameNumbers = grown(this.#nameNumbers, Uint32Array, 0);
    this.#nameNumbers[seriesId] = number;
    return number;
  }

  #tell(): void {
    for (let number = 1; number < this.#names.length; number++) {
      const oldest = this.#oldestMs[number] as number;
      if (oldest === Infinity) continue;
      this.#sink.changed(this.#names[number] as string, oldest);
      this.#oldestMs[number] = Infinity;
    }
  }
}

function grown<T extends Float64Array | Uint32Array>(old: T, make: new (length: number) => T, empty: number): T {
  const larger = new make(old.length * 2);
  larger.fill(empty);
  larger.set(old);
  return larger;
}
