/**
 * Acknowledges each message, for servers, streams and rights that leave no other way. What failed is handed back and comes
 * again; what is in flight when the server repeats it is answered with "in progress" and not passed on twice.
 */
import {
  type Acknowledgement,
  type AcknowledgementOptions,
  ANSWER,
  type IncomingDelivery,
  REPEATED,
} from './acknowledgement.ts';

/** A message that could not be stored is tried again after this. */
const FAILED_RETRY_MS = 1_000;
const LATER = new TextEncoder().encode(`-NAK {"delay": ${FAILED_RETRY_MS * 1_000_000}}`);

interface Entry {
  /** The newest delivery is the one to answer. */
  reply: string;
  readonly bytes: number;
}

export class ExplicitAcknowledgement implements Acknowledgement {
  readonly #options: AcknowledgementOptions;
  /** By log sequence, which is the ticket. */
  readonly #entries = new Map<number, Entry>();
  #stored: string[] = [];
  #highest: number;
  #consumerSequence: number;
  /** Nothing was lost since the delivery of `#highest`. */
  #unbroken = true;
  #scheduled = false;
  inFlightBytes = 0;
  readonly settledThrough: number;
  after = 0;

  constructor(options: AcknowledgementOptions) {
    this.#options = options;
    this.settledThrough = options.settledThrough;
    this.#highest = options.delivered.streamSequence;
    this.#consumerSequence = options.delivered.consumerSequence;
  }

  get inFlight(): number {
    return this.#entries.size;
  }

  take(delivery: IncomingDelivery, reply: string, bytes: number): number {
    const { streamSequence, consumerSequence, timesDelivered } = delivery;
    if (consumerSequence !== this.#consumerSequence + 1) this.#unbroken = false;
    this.#consumerSequence = consumerSequence;
    const entry = this.#entries.get(streamSequence);
    if (entry !== undefined) {
      entry.reply = reply;
      this.#options.answer(reply, ANSWER.inProgress);
      return REPEATED;
    }
    // NATS 2.9 steps back when it could not hand over a repeat, and then calls it a first delivery.
    const first = timesDelivered === 1 && streamSequence > this.#highest;
    this.after = first && this.#unbroken ? this.#highest : streamSequence - 1;
    if (streamSequence > this.#highest) {
      this.#highest = streamSequence;
      this.#unbroken = true;
    }
    this.#entries.set(streamSequence, { reply, bytes });
    this.inFlightBytes += bytes;
    return streamSequence;
  }

  settle(ticket: number, outcome: 'stored' | 'failed'): void {
    const entry = this.#entries.get(ticket);
    if (entry === undefined) return;
    this.#entries.delete(ticket);
    this.inFlightBytes -= entry.bytes;
    if (outcome === 'stored') this.#stored.push(entry.reply);
    else this.#options.answer(entry.reply, LATER);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#tell());
  }

  #tell(): void {
    this.#scheduled = false;
    const stored = this.#stored;
    this.#stored = [];
    for (const reply of stored) this.#options.answer(reply, ANSWER.stored);
    this.#options.onSettled();
  }

  /** What was not heard is delivered again and answered then. */
  repeat(): void {
    return;
  }

  handBack(): void {
    for (const { reply } of this.#entries.values()) this.#options.answer(reply, ANSWER.again);
    this.#entries.clear();
    this.inFlightBytes = 0;
  }
}
