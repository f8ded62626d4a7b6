/**
 * Collects what becomes durable together. What is new is shown to the head as views, many times before a commit takes
 * all of it. Columns grow by doubling and are handed over as exact-size typed arrays, so that they can be transferred to
 * the store's thread. Their room is kept, except what only a slow commit needed: it would stay for good.
 */
import type { ExponentialHistogram, EventRow, SeriesDefinition, TradingEvent } from '@tapewatch/core';
import { BATCHED_TABLES, type ColumnBatch, type Envelope, type TransitionRow } from '../ports.ts';
import { putStaleMarker } from '../stale-marker.ts';
import { hasRoomToSpare, INITIAL_ROWS } from './column-room.ts';
import { EventColumns } from './event-columns.ts';

export class BatchBuilder {
  #seriesIds = new Uint32Array(INITIAL_ROWS);
  #seconds = new Uint32Array(INITIAL_ROWS);
  #nanos = new Uint32Array(INITIAL_ROWS);
  #values = new Float64Array(INITIAL_ROWS);
  #rows = 0;
  #histograms: ColumnBatch['histograms'][number][] = [];
  #events: EventRow[] = [];
  readonly #eventColumns = new Map<string, EventColumns>(
    BATCHED_TABLES.map((table) => [table, new EventColumns(table)]),
  );
  #batchedEvents = 0;
  #transitions: TransitionRow[] = [];
  #positions = new Map<string, number>();
  #series: SeriesDefinition[] = [];
  #shownRows = 0;
  #shownHistograms = 0;
  /** To be settled when the batch is durable. */
  envelopes: Envelope[] = [];

  get rows(): number {
    return this.#rows + this.#eventRows + this.#histograms.length;
  }

  /** As rows and as columns. */
  get #eventRows(): number {
    return this.#events.length + this.#batchedEvents;
  }

  get isEmpty(): boolean {
    const others = this.#transitions.length + this.envelopes.length + this.#series.length;
    return this.rows === 0 && others === 0;
  }

  /** A publisher waits for its acknowledgement, or queries for rows that only the store can answer with. */
  get isAwaited(): boolean {
    return this.envelopes.length + this.#eventRows + this.#transitions.length > 0;
  }

  addSample(seriesId: number, seconds: number, nanos: number, value: number): void {
    const row = this.#rows;
    if (row === this.room) this.#resize(this.room * 2);
    this.#seriesIds[row] = seriesId;
    this.#seconds[row] = seconds;
    this.#nanos[row] = nanos;
    this.#values[row] = value;
    this.#rows = row + 1;
  }

  /** The series ends at the stamp: a sample whose value is the staleness marker. */
  addStale(seriesId: number, seconds: number, nanos: number): void {
    this.addSample(seriesId, seconds, nanos, NaN);
    putStaleMarker(this.#values, this.#rows - 1);
  }

  addHistogram(seriesId: number, seconds: number, nanos: number, histogram: ExponentialHistogram): void {
    this.#histograms.push({ seriesId, seconds, nanos, histogram: histogram.encode() });
  }

  addEvent(event: EventRow): void {
    const columns = this.#eventColumns.get(event.table);
    if (columns === undefined) this.#events.push(event);
    else {
      columns.add(event as TradingEvent);
      this.#batchedEvents++;
    }
  }

  addTransitions(rows: readonly TransitionRow[]): void {
    this.#transitions.push(...rows);
  }

  /** `range`: messages of a durable log up to `to`, in one unbroken stretch from `from`. */
  addPosition(log: string, { from, to }: { from: number; to: number }): void {
    const key = `${log}@${from}`;
    this.#positions.set(key, Math.max(to, this.#positions.get(key) ?? 0));
  }

  addSeries(definitions: readonly SeriesDefinition[]): void {
    this.#series.push(...definitions);
  }

  /** Rows that came since the last call, as views that are valid until the next row; undefined when there are none. */
  unseen(): Pick<ColumnBatch, 'samples' | 'histograms'> | undefined {
    const [from, to] = [this.#shownRows, this.#rows];
    const histograms = this.#histograms.slice(this.#shownHistograms);
    if (from === to && histograms.length === 0) return undefined;
    this.#shownRows = to;
    this.#shownHistograms = this.#histograms.length;
    const samples = {
      seriesIds: this.#seriesIds.subarray(from, to),
      seconds: this.#seconds.subarray(from, to),
      nanos: this.#nanos.subarray(from, to),
      values: this.#values.subarray(from, to),
    };
    return { samples, histograms };
  }

  /** Rows that fit into the columns as they are. */
  get room(): number {
    return this.#seriesIds.length;
  }

  /** Hands everything over and is empty again. */
  take(): { batch: ColumnBatch; rows: number; envelopes: Envelope[] } {
    const { rows, envelopes } = this;
    const batch: ColumnBatch = {
      series: this.#series,
      samples: {
        seriesIds: this.#seriesIds.slice(0, this.#rows),
        seconds: this.#seconds.slice(0, this.#rows),
        nanos: this.#nanos.slice(0, this.#rows),
        values: this.#values.slice(0, this.#rows),
      },
      histograms: this.#histograms,
      events: this.#events,
      eventBatches: [...this.#eventColumns.values()].flatMap((columns) => (columns.rows === 0 ? [] : [columns.take()])),
      transitions: this.#transitions,
      positions: [...this.#positions].map(([log, sequence]) => ({ log, sequence })),
    };
    if (hasRoomToSpare(this.room, this.#rows)) this.#resize(this.room / 2);
    this.#rows = 0;
    this.#shownRows = 0;
    this.#shownHistograms = 0;
    this.#series = [];
    this.#histograms = [];
    this.#events = [];
    this.#batchedEvents = 0;
    this.#transitions = [];
    this.#positions = new Map();
    this.envelopes = [];
    return { batch, rows, envelopes };
  }

  /** To `room` rows, which hold all that are here. */
  #resize(room: number): void {
    const resized = <T extends Uint32Array | Float64Array>(from: T, to: T): T => {
      to.set(from.subarray(0, this.#rows));
      return to;
    };
    this.#seriesIds = resized(this.#seriesIds, new Uint32Array(room));
    this.#seconds = resized(this.#seconds, new Uint32Array(room));
    this.#nanos = resized(this.#nanos, new Uint32Array(room));
    this.#values = resized(this.#values, new Float64Array(room));
  }
}
