/**
 * Pulls one consumer's messages on a plain subscription. The library's own `consume` refills on receipt; here what is not
 * settled yet counts too, in messages and bytes, so that a slow store pauses the pulling instead of filling the memory. A
 * pull expires and is renewed; silence is checked with the server; a consumer that is gone ends the session.
 */
import { createInbox, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';

/** Batches asked for ahead, at most. */
const BATCHES_AHEAD = 4;
/** A refill is worth a request from this share of the window on. */
const REFILL_SHARE = 4;
const EXPIRES_MS = 5_000;
/** The server says so often that it is alive; after two of them without a word it is asked. */
const HEARTBEAT_MS = 1_500;
const NANOS_PER_MS = 1_000_000;

/** A consumer that does not exist any more: deleted, or its stream was. */
const GONE = /consumer deleted|no responders|consumer is push based/i;

export interface PullOptions {
  /** `$JS.API.CONSUMER.MSG.NEXT.<stream>.<consumer>` */
  readonly nextSubject: string;
  /** Messages of one request. */
  readonly batch: number;
  readonly maxMessages: number;
  readonly maxBytes: number;
  /** What was passed on and is not settled. */
  readonly inFlight: () => { readonly inFlight: number; readonly inFlightBytes: number };
  readonly onMessage: (message: Msg, reply: string) => void;
  /** Asks the server whether the consumer exists; rejects when there is no answer. */
  readonly exists: () => Promise<boolean>;
}

export class PullSession {
  readonly ended: Promise<string>;
  readonly #connection: NatsConnection;
  readonly #options: PullOptions;
  readonly #inbox: string;
  readonly #window: number;
  #subscription: Subscription | undefined;
  #end: (reason: string) => void = () => undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Messages that the server may still send for the requests that are out. */
  #asked = 0;
  #averageBytes = 0;
  #heardMs = 0;
  #checking = false;
  #done = false;

  constructor(connection: NatsConnection, options: PullOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#inbox = createInbox();
    this.#window = Math.min(BATCHES_AHEAD * options.batch, options.maxMessages);
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  /** True while there is no room for more: the server holds the rest. */
  get paused(): boolean {
    return this.#asked <= 0 && this.#room() <= 0;
  }

  start(): void {
    this.#subscription = this.#connection.subscribe(this.#inbox, {
      callback: (error, message) => (error ? this.stop(error.message) : this.#take(message)),
    });
    this.#timer = setInterval(() => this.#check(), HEARTBEAT_MS);
    this.#heardMs = Date.now();
    this.refill();
  }

  /** The connection was lost and is back: requests from before count no more. */
  reconnected(): void {
    if (this.#done) return;
    this.#asked = 0;
    this.#heardMs = Date.now();
    this.refill();
  }

  /** Asks for more when there is room for it. Called after each message and each round of settling. */
  refill(): void {
    if (this.#done) return;
    const room = this.#room() - this.#asked;
    if (room <= 0 || (this.#asked > 0 && room < this.#window / REFILL_SHARE)) return;
    for (let left = room; left > 0; left -= this.#options.batch) this.#ask(Math.min(left, this.#options.batch));
  }

  #ask(batch: number): void {
    this.#asked += batch;
    const request = {
      batch,
      // Bounds a burst of messages that are larger than those before; one message of any size fits.
      max_bytes: Math.max(
        Math.floor(this.#options.maxBytes / BATCHES_AHEAD),
        2 * (this.#connection.info?.max_payload ?? 0),
      ),
      expires: EXPIRES_MS * NANOS_PER_MS,
      idle_heartbeat: HEARTBEAT_MS * NANOS_PER_MS,
    };
    this.#connection.publish(this.#options.nextSubject, JSON.stringify(request), { reply: this.#inbox });
  }

  stop(reason = 'stopped'): void {
    if (this.#done) return;
    this.#done = true;
    clearInterval(this.#timer);
    this.#subscription?.unsubscribe();
    this.#end(reason);
  }

  /** How many messages may be on their way to us, from what is unsettled and how large messages have been. */
  #room(): number {
    const { maxMessages, maxBytes, inFlight } = this.#options;
    const now = inFlight();
    const byMessages = Math.min(this.#window, maxMessages - now.inFlight);
    if (this.#averageBytes * byMessages <= maxBytes - now.inFlightBytes) return byMessages;
    const byBytes = Math.floor((maxBytes - now.inFlightBytes) / this.#averageBytes);
    // With nothing in flight one message passes, however large it is.
    return now.inFlight === 0 ? Math.max(1, byBytes) : byBytes;
  }

  #take(message: Msg): void {
    if (this.#done) return;
    const { reply } = message;
    if (reply === undefined || reply === '') return this.#takeStatus(message);
    this.#heardMs = 0;
    this.#asked--;
    // A moving average over some hundred messages; it starts at the first one.
    const bytes = message.data.length;
    this.#averageBytes += (bytes - this.#averageBytes) * (this.#averageBytes === 0 ? 1 : 0.01);
    this.#options.onMessage(message, reply);
    if (this.#asked * REFILL_SHARE <= this.#window * (REFILL_SHARE - 1)) this.refill();
  }

  /** Heartbeats, expired requests and refusals: messages without a body, with a code in the header. */
  #takeStatus({ headers }: Msg): void {
    this.#heardMs = Date.now();
    const code = headers?.code ?? 0;
    if (code === 100) return;
    const description = headers?.description ?? '';
    // "No responders" comes while JetStream is starting, too: the next check tells.
    if (code === 503) return void (this.#heardMs = 1);
    if (code === 400 || GONE.test(description)) return this.stop(description.toLowerCase());
    const left = headers?.get('Nats-Pending-Messages');
    this.#asked = left === undefined || left === '' ? 0 : Math.max(0, this.#asked - Number(left));
    // A server that is shutting down or electing would refuse again at once; the check asks a little later.
    if (code === 409 && !/max.?bytes/i.test(description)) return;
    this.refill();
  }

  /** Messages clear `#heardMs`, so that the hot path reads no clock; a quiet period then starts here. */
  #check(): void {
    const now = Date.now();
    if (this.#heardMs === 0) {
      this.#heardMs = now;
      return;
    }
    if (this.#asked <= 0) return this.refill();
    if (now - this.#heardMs < 2 * HEARTBEAT_MS || this.#checking) return;
    void this.#verify();
  }

  async #verify(): Promise<void> {
    this.#checking = true;
    try {
      if (!(await this.#options.exists())) this.stop('consumer deleted');
      else if (!this.#done) this.reconnected();
    } catch {
      // No answer: the connection is away or JetStream is not ready. The next check asks again.
    } finally {
      this.#checking = false;
    }
  }
}
