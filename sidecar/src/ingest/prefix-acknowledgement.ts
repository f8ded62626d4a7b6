/**
 * Acknowledges everything up to a message. That would cover a delivery that got lost on the way too, so it rests on the
 * consumer's counter: deliveries are taken only while it has no gap, and what is acknowledged is the unbroken run of
 * settled messages from the start. After a gap or a failure nothing more is acknowledged; the feed begins a new consumer
 * behind `settledThrough`.
 */
import {
  type Acknowledgement,
  type AcknowledgementOptions,
  ANSWER,
  GAP,
  type IncomingDelivery,
  REPEATED,
} from './acknowledgement.ts';

/** Settled entries at the front are cut off once there are this many, and as many as the rest: a quiet feed keeps few. */
const COMPACT_MIN = 64;

type Outcome = 'stored' | 'failed';

export class PrefixAcknowledgement implements Acknowledgement {
  readonly #options: AcknowledgementOptions;
  // Entries in the order of delivery, in parallel; `#head` is the first that is not settled, `#base` the ticket of index 0.
  #sequences: number[] = [];
  #replies: string[] = [];
  #bytes: number[] = [];
  #outcomes: (Outcome | undefined)[] = [];
  #head = 0;
  #base = 0;
  #consumerSequence: number;
  #highest: number;
  #broken = false;
  #told = '';
  #untold = '';
  #scheduled = false;
  inFlight = 0;
  inFlightBytes = 0;
  settledThrough: number;
  after = 0;

  constructor(options: AcknowledgementOptions) {
    this.#options = options;
    this.#consumerSequence = options.delivered.consumerSequence;
    this.#highest = Math.max(options.settledThrough, options.delivered.streamSequence);
    this.settledThrough = this.#highest;
  }

  take({ streamSequence, consumerSequence }: IncomingDelivery, reply: string, bytes: number): number {
    if (this.#broken || consumerSequence !== this.#consumerSequence + 1) {
      this.#broken = true;
      return GAP;
    }
    this.#consumerSequence = consumerSequence;
    if (streamSequence <= this.#highest) {
      // The server repeats what it believes unacknowledged: it may not have heard of it.
      if (streamSequence <= this.settledThrough) this.repeat();
      return REPEATED;
    }
    this.after = this.#highest;
    this.#highest = streamSequence;
    this.inFlight++;
    this.inFlightBytes += bytes;
    this.#replies.push(reply);
    this.#bytes.push(bytes);
    this.#outcomes.push(undefined);
    return this.#base + this.#sequences.push(streamSequence) - 1;
  }

  settle(ticket: number, outcome: 'stored' | 'failed'): void {
    const index = ticket - this.#base;
    if (index < this.#head || this.#outcomes[index] !== undefined) return;
    this.inFlight--;
    this.inFlightBytes -= this.#bytes[index] as number;
    this.#outcomes[index] = outcome;
    if (outcome === 'stored') {
      if (index === this.#head) this.#advance();
    } else if (!this.#broken) {
      this.#broken = true;
      this.#options.onFailed();
    }
    this.#schedule();
  }

  #advance(): void {
    let head = this.#head;
    while (this.#outcomes[head] === 'stored') head++;
    this.#untold = this.#replies[head - 1] as string;
    this.settledThrough = this.#sequences[head - 1] as number;
    this.#head = head;
    if (head >= COMPACT_MIN && head * 2 >= this.#sequences.length) this.#compact();
  }

  #compact(): void {
    this.#sequences = this.#sequences.slice(this.#head);
    this.#replies = this.#replies.slice(this.#head);
    this.#bytes = this.#bytes.slice(this.#head);
    this.#outcomes = this.#outcomes.slice(this.#head);
    this.#base += this.#head;
    this.#head = 0;
  }

  repeat(): void {
    if (this.#untold === '') this.#untold = this.#told;
    if (this.#untold !== '') this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#tell());
  }

  #tell(): void {
    this.#scheduled = false;
    if (this.#untold !== '') {
      this.#told = this.#untold;
      this.#untold = '';
      this.#options.answer(this.#told, ANSWER.stored);
    }
    this.#options.onSettled();
  }

  /** Nothing to say: the next consumer begins behind what is settled. */
  handBack(): void {
    this.#broken = true;
  }
}
