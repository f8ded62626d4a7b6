/**
 * Collects what becomes durable together. Columns grow by doubling and are handed over as exact-size typed arrays, so
 * that they can be transferred to the store's thread.
 */
import type { ExponentialHistogram, EventRow, SeriesDefinition, WindowPart } from '@tapewatch/core';
import type { Batch, Envelope, TransitionRow, WindowRow } from '../ports.ts';

const INITIAL_ROWS = 1_024;

export class BatchBuilder {
  #seriesIds = new Uint32Array(INITIAL_ROWS);
  #times = new BigInt64Array(INITIAL_ROWS);
  #values = new Float64Array(INITIAL_ROWS);
  #rows = 0;
  #histograms: Batch['histograms'][number][] = [];
  #events: EventRow[] = [];
  #transitions: TransitionRow[] = [];
  readonly #positions = new Map<string, number>();
  /** To be settled when the batch is durable. */
  readonly envelopes: Envelope[] = [];

  readonly storedByStream = new Map<string, number>();

  /** Counts an item of a stream that will be durable with this batch. */
  countStored(stream: string): void {
    this.storedByStream.set(stream, (this.storedByStream.get(stream) ?? 0) + 1);
  }

  get rows(): number {
    return this.#rows + this.#events.length + this.#histograms.length;
  }

  get isEmpty(): boolean {
    return this.rows === 0 && this.#transitions.length === 0 && this.envelopes.length === 0;
  }

  addSample(seriesId: number, timeNanos: bigint, value: number): void {
    if (this.#rows === this.#seriesIds.length) this.#grow();
    this.#seriesIds[this.#rows] = seriesId;
    this.#times[this.#rows] = timeNanos;
    this.#values[this.#rows] = value;
    this.#rows++;
  }

  addHistogram(seriesId: number, timeNanos: bigint, histogram: ExponentialHistogram): void {
    this.#histograms.push({ seriesId, timeNanos, histogram: histogram.encode() });
  }

  addEvent(event: EventRow): void {
    this.#events.push(event);
  }

  addTransitions(rows: readonly TransitionRow[]): void {
    this.#transitions.push(...rows);
  }

  addPosition(log: string, range: { from: number; to: number }): void {
    this.#positions.set(`${log}@${range.from}`, range.to);
  }

  /** The batch; the builder must not be used afterwards. */
  build(series: readonly SeriesDefinition[], parts: readonly WindowPart[], sealed: Batch['sealed']): Batch {
    return {
      series,
      samples: {
        seriesIds: this.#seriesIds.slice(0, this.#rows),
        timesNanos: this.#times.slice(0, this.#rows),
        values: this.#values.slice(0, this.#rows),
      },
      histograms: this.#histograms,
      windows: parts.map(windowRow),
      events: this.#events,
      transitions: this.#transitions,
      positions: [...this.#positions].map(([log, sequence]) => ({ log, sequence })),
      sealed,
    };
  }

  #grow(): void {
    const length = this.#seriesIds.length * 2;
    const seriesIds = new Uint32Array(length);
    const times = new BigInt64Array(length);
    const values = new Float64Array(length);
    seriesIds.set(this.#seriesIds);
    times.set(this.#times);
    values.set(this.#values);
    this.#seriesIds = seriesIds;
    this.#times = times;
    this.#values = values;
  }
}

function windowRow(part: WindowPart): WindowRow {
  const { seriesId, levelMs, startNanos, count, sum, min, max, first, firstNanos, last, lastNanos, increase } = part;
  const row = { seriesId, levelMs, startNanos, count, sum, min, max, first, firstNanos, last, lastNanos, increase };
  const { histogram } = part;
  return histogram === undefined ? row : { ...row, histogram: histogram.encode() };
}
