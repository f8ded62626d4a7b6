/**
 * Which deliveries are settled, and how the server is told. Two ways behind one interface: `prefix` for consumers that
 * acknowledge everything up to a message (one acknowledgement a commit), `explicit` for those that want one each.
 * Told in a microtask, so that a commit that settles thousands of messages in one go costs one turn.
 */

/** A delivery that must not be passed on: it is in flight or settled already. */
export const REPEATED = -1;
/** Deliveries before this one did not arrive. */
export const GAP = -2;

export interface IncomingDelivery {
  readonly timesDelivered: number;
  readonly streamSequence: number;
  readonly consumerSequence: number;
}

export interface Acknowledgement {
  /** Taken and not settled yet. */
  readonly inFlight: number;
  readonly inFlightBytes: number;
  /** Everything of the stream up to this log sequence is settled as stored. */
  readonly settledThrough: number;
  /** After `take` yielded a ticket: nothing of the stream stands between this sequence and the delivery's own. */
  readonly after: number;
  /** A ticket to settle with (not negative), `REPEATED` or `GAP`. */
  take(delivery: IncomingDelivery, reply: string, bytes: number): number;
  settle(ticket: number, outcome: 'stored' | 'failed'): void;
  /** The connection is back: what was told meanwhile may be lost. */
  repeat(): void;
  /** Gives what is not settled back to the server, for whoever reads next. */
  handBack(): void;
}

export interface AcknowledgementOptions {
  /** Publishes an answer to a delivery's reply subject. */
  readonly answer: (reply: string, payload: Uint8Array) => void;
  /** After each round of settling, in a microtask. */
  readonly onSettled: () => void;
  /** A message could not be stored. */
  readonly onFailed: () => void;
  /** Everything up to this log sequence had been settled before. */
  readonly settledThrough: number;
  /** The newest message that was delivered before, and the consumer's counter then. */
  readonly delivered: { readonly streamSequence: number; readonly consumerSequence: number };
}

export const ANSWER = {
  stored: new TextEncoder().encode('+ACK'),
  inProgress: new TextEncoder().encode('+WPI'),
  again: new TextEncoder().encode('-NAK'),
};
