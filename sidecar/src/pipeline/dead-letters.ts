/**
 * What becomes of items that are not taken: each is counted by its reason, and the first ones between two advances are
 * kept as dead letters, so that a flood is told of and cannot fill the disk.
 */
import type { DecodeProblem, Envelope, Telemetry } from '../ports.ts';
import type { BatchBuilder } from './batch-builder.ts';

/** Dead letters between two advances; past it they are only counted. */
const MAX_PER_ADVANCE = 100;
const EXCERPT_BYTES = 1_024;

export class DeadLetters {
  readonly #telemetry: Telemetry;
  readonly #batch: BatchBuilder;
  #kept = 0;

  constructor(telemetry: Telemetry, batch: BatchBuilder) {
    this.#telemetry = telemetry;
    this.#batch = batch;
  }

  /** There is room again. */
  advance(): void {
    this.#kept = 0;
  }

  /** `envelope` is undefined for samples that the sidecar itself produced: these are counted only. */
  reject(
    { reason, detail, excerpt, items = 1, countOnly }: DecodeProblem,
    envelope: Envelope | undefined,
    stream: string,
  ): void {
    this.#telemetry.dropped(stream, reason, items);
    if (envelope === undefined || countOnly === true || this.#kept >= MAX_PER_ADVANCE) return;
    this.#kept++;
    this.#telemetry.deadLetters(stream, reason, 1);
    this.#batch.addEvent({
      table: 'dead_letters',
      timeNanos: envelope.receivedNanos as never,
      stream,
      subject: envelope.subject,
      reason,
      detail,
      // A copy: that of a Buffer would be a view, and keep all of it.
      payload: Uint8Array.prototype.slice.call(excerpt, 0, EXCERPT_BYTES),
    });
  }
}
