/**
 * One event of a message: bounds of time, repeats by id, its row, and the metrics that are derived of it. Numbers of derived series
 * are kept with their cells and asked for anew when a series has gone to rest, or when another stream's event meets it.
 */
import type { TradingEvent } from '@tapewatch/core';
import type { Envelope } from '../ports.ts';
import type { BatchBuilder } from './batch-builder.ts';
import type { DeadLetters } from './dead-letters.ts';
import { Deriver } from './derive.ts';
import type { DerivedCell } from './derived-cells.ts';
import type { MessageSink } from './message-sink.ts';
import { RecentEvents } from './recent-ids.ts';
import type { SeriesRegistry } from './series-registry.ts';
import { splitStamp } from './split-stamp.ts';
import type { StreamState } from './stream-state.ts';

const RECENT_IDS_GENERATION = 500_000;

export interface EventIntakeOptions {
  readonly registry: SeriesRegistry;
  readonly batch: BatchBuilder;
  readonly deadLetters: DeadLetters;
  readonly stateOf: (stream: string) => StreamState;
}

export class EventIntake {
  readonly #options: EventIntakeOptions;
  readonly #registry: SeriesRegistry;
  readonly deriver = new Deriver((cell, seconds, nanos, value) => this.#put(cell, seconds, nanos, value));
  /** A restart fills it again. */
  readonly recent = new RecentEvents(RECENT_IDS_GENERATION);
  readonly #stamp = { seconds: 0, nanos: 0 };
  #sink: MessageSink | undefined;
  #state: StreamState | undefined;

  constructor(options: EventIntakeOptions) {
    this.#options = options;
    this.#registry = options.registry;
  }

  add(event: TradingEvent, envelope: Envelope, sink: MessageSink): void {
    const { batch, deadLetters, stateOf } = this.#options;
    const state = stateOf(envelope.stream);
    splitStamp(event.timeNanos, this.#stamp);
    const refusal = state.refuseTime(this.#stamp.seconds);
    if (refusal === 'future') {
      const detail = `${event.table} stamped ${event.timeNanos} is outside the stream's bounds`;
      sink.rejected++;
      deadLetters.reject({ reason: refusal, detail, excerpt: envelope.payload }, envelope, envelope.stream);
      return;
    }
    if (!this.recent.add(event)) {
      state.duplicates++;
      return;
    }
    batch.addEvent(event);
    const [accepted, stored] = [sink.accepted + 1, state.stored + 1];
    // A row is worth keeping whenever it comes; a series cannot go back that far.
    if (refusal !== undefined) state.late++;
    else {
      this.#sink = sink;
      this.#state = state;
      this.deriver.derive(event, envelope.receivedNanos);
    }
    // Only what was published counts, not what was derived from it.
    sink.accepted = accepted;
    state.stored = stored;
  }

  #put(cell: DerivedCell, seconds: number, nanos: number, value: number): void {
    const sink = this.#sink as MessageSink;
    if (cell.ref <= 0 || cell.askedFor !== this.#state || this.#registry.isResting(cell.ref)) {
      const { kind, unit, help } = cell.metric;
      cell.ref = sink.series(cell.labels, kind, unit, help);
      cell.askedFor = this.#state;
    }
    sink.number(cell.ref, seconds, nanos, value);
  }
}
