/**
 * What the reply subject of a JetStream delivery tells, read without splitting it:
 * `$JS.ACK.<stream>.<consumer>.<times delivered>.<stream sequence>.<consumer sequence>.<stamp>.<pending>`; the newer form
 * (NATS ADR-15) puts domain and account before the stream and a token at the end. One object a consumer, reused.
 */
const DOT = 46;
const ZERO = 48;

export class DeliveryReader {
  readonly #prefix: string;
  readonly #middle: string;
  #at = 0;
  timesDelivered = 0;
  /** Position in the log. */
  streamSequence = 0;
  /** The consumer's own counter: each delivery, repeats included, is one more. */
  consumerSequence = 0;

  constructor(stream: string, consumer: string) {
    this.#middle = `.${stream}.${consumer}.`;
    this.#prefix = `$JS.ACK${this.#middle}`;
  }

  /** False when it is no reply subject of this consumer; the fields are undefined then. */
  read(reply: string): boolean {
    this.#at = this.#startOf(reply);
    if (this.#at < 0) return false;
    this.timesDelivered = this.#integer(reply);
    this.streamSequence = this.#integer(reply);
    this.consumerSequence = this.#integer(reply);
    return this.timesDelivered > 0 && this.streamSequence > 0 && this.consumerSequence > 0;
  }

  #startOf(reply: string): number {
    if (reply.startsWith(this.#prefix)) return this.#prefix.length;
    if (!reply.startsWith('$JS.')) return -1;
    const at = reply.indexOf(this.#middle);
    return at < 0 ? -1 : at + this.#middle.length;
  }

  /** The integer at the cursor, which moves past the dot after it; NaN for anything else. */
  #integer(text: string): number {
    let value = 0;
    let at = this.#at;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === DOT) break;
      value = code >= ZERO && code <= ZERO + 9 ? value * 10 + (code - ZERO) : NaN;
    }
    if (at === this.#at) value = NaN;
    this.#at = at + 1;
    return value;
  }
}
