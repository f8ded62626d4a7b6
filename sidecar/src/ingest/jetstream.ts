/**
 * Streams of JetStream: at least once. A message is acknowledged when it was settled as stored, handed back when it
 * failed; what a crash left unsettled comes again after `ackWait`. What is still in flight when the server delivers it
 * again is answered with "in progress" and not passed on twice. In flight at most `maxAckPending` a stream.
 */
import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { TapewatchError } from '../errors.ts';
import type { Envelope, Source, SourceStatus } from '../ports.ts';
import { envelopeOf, type SourceContext } from './core-nats.ts';
import { ensureConsumer, type Subscribed } from './jetstream-setup.ts';
import { NatsLink, pause, retryDelayMs } from './nats-link.ts';
import type { CompiledStream } from './stream.ts';

/** A message that could not be stored is tried again after this. */
const FAILED_RETRY_MS = 1_000;
/** After `close`, the connection stays this long for the last acknowledgements. */
export const ACK_GRACE_MS = 10_000;
/** A consumer that was lost (deleted, leader away) is noticed after two of these. */
const PULL_EXPIRES_MS = 5_000;

type OnEnvelope = (envelope: Envelope) => void;

export class JetstreamSource implements Source {
  readonly #context: SourceContext;
  readonly #link: NatsLink;
  readonly #stopping = new AbortController();
  readonly #feeds: Feed[] = [];
  #grace: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  #problem = '';

  constructor(context: SourceContext) {
    this.#context = context;
    this.#link = new NatsLink(context.nats, context.report);
  }

  async open(onEnvelope: OnEnvelope): Promise<void> {
    const connection = await this.#link.open();
    try {
      for (const stream of this.#context.streams) {
        const feed = new Feed(stream, this.#context, () => this.#settled());
        await feed.start(await this.#ensureFirst(connection, stream), onEnvelope);
        this.#feeds.push(feed);
        void this.#keepAlive(feed, connection, onEnvelope);
      }
    } catch (error) {
      await this.#finish();
      throw error;
    }
  }

  /** A cluster that elects its leader just now answers in a while; what cannot mend itself is thrown at once. */
  async #ensureFirst(connection: NatsConnection, stream: CompiledStream): Promise<Subscribed> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await ensureConsumer(connection, stream);
      } catch (error) {
        if (error instanceof TapewatchError || !this.#context.nats.waitForServer || this.#stopping.signal.aborted)
          throw error;
        this.#note(`stream "${stream.options.name}": JetStream is not ready: ${String(error)}; trying again`);
        await pause(retryDelayMs(this.#context.nats.reconnectWait, attempt), this.#stopping.signal);
      }
    }
  }

  /** Starts a feed anew whenever its consumer ended under it (deleted, stream gone), until `close`. */
  async #keepAlive(feed: Feed, connection: NatsConnection, onEnvelope: OnEnvelope): Promise<void> {
    const { signal } = this.#stopping;
    for (let attempt = 0; ; attempt++) {
      const reason = await feed.ended();
      if (signal.aborted || connection.isClosed()) return;
      this.#note(`stream "${feed.stream.options.name}": delivery ended (${reason}); setting it up again`);
      await pause(retryDelayMs(this.#context.nats.reconnectWait, attempt), signal);
      if (signal.aborted) return;
      try {
        await feed.start(await ensureConsumer(connection, feed.stream), onEnvelope);
        this.#problem = '';
        attempt = 0;
      } catch (error) {
        feed.failed(error);
      }
    }
  }

  #note(problem: string): void {
    this.#problem = problem;
    this.#context.report('warn', problem);
  }

  /** Called again, it hands back what is not settled yet and ends the connection at once. */
  async close(): Promise<void> {
    const first = !this.#stopping.signal.aborted;
    this.#stopping.abort();
    this.#link.stopConnecting();
    await Promise.all(this.#feeds.map((feed) => feed.stop()));
    if (!first || this.#inFlight() === 0) return this.#finish();
    this.#grace ??= setTimeout(() => void this.#finish(), ACK_GRACE_MS);
  }

  #inFlight(): number {
    return this.#feeds.reduce((sum, feed) => sum + feed.inFlight, 0);
  }

  #settled(): void {
    if (this.#stopping.signal.aborted && this.#inFlight() === 0) void this.#finish();
  }

  async #finish(): Promise<void> {
    clearTimeout(this.#grace);
    if (!this.#closed) for (const feed of this.#feeds) feed.handBack();
    this.#closed = true;
    await this.#link.drain();
  }

  status(): SourceStatus {
    const status = this.#link.status();
    return this.#problem === '' || !status.connected ? status : { ...status, detail: this.#problem };
  }
}

/** One consumer: its messages in flight, by stream sequence. */
class Feed {
  readonly stream: CompiledStream;
  readonly #context: SourceContext;
  readonly #onSettled: () => void;
  #log = '';
  #inFlight = new Map<number, JsMsg>();
  /** Highest stream sequence that this feed has seen. */
  #highest = 0;
  #messages: ConsumerMessages | undefined;
  #ended: Promise<string> = new Promise(() => undefined);

  constructor(stream: CompiledStream, context: SourceContext, onSettled: () => void) {
    this.stream = stream;
    this.#context = context;
    this.#onSettled = onSettled;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  async start({ consumer, log }: Subscribed, onEnvelope: OnEnvelope): Promise<void> {
    if (log !== this.#log) this.#beginLog(log);
    const messages = await consumer.consume({
      max_messages: Math.min(
        this.#context.nats.pullBatch,
        this.stream.options.jetstream?.maxAckPending ?? this.#context.nats.pullBatch,
      ),
      expires: PULL_EXPIRES_MS,
      abort_on_missing_resource: true,
      callback: (message) => this.#take(message, onEnvelope),
    });
    this.#messages = messages;
    this.#ended = messages.closed().then((error) => (error instanceof Error ? error.message : 'closed'));
  }

  /** In another log the same numbers are other messages; what is in flight of the old one cannot be acknowledged. */
  #beginLog(log: string): void {
    this.#log = log;
    this.#inFlight = new Map();
    this.#highest = 0;
  }

  ended(): Promise<string> {
    return this.#ended;
  }

  /** A new start did not succeed: the next round of the keeper tries again. */
  failed(error: unknown): void {
    this.#ended = Promise.resolve(error instanceof Error ? error.message : String(error));
  }

  async stop(): Promise<void> {
    await this.#messages?.close();
  }

  #take(message: JsMsg, onEnvelope: OnEnvelope): void {
    const sequence = message.seq;
    const inFlight = this.#inFlight;
    const known = inFlight.has(sequence);
    // The newest delivery is the one to acknowledge.
    inFlight.set(sequence, message);
    if (known) return message.working();
    // NATS 2.9 steps back when it could not hand over a repeat, and then calls it a first delivery.
    const redelivered = message.redelivered || sequence <= this.#highest;
    if (sequence > this.#highest) this.#highest = sequence;
    const envelope = envelopeOf(this.stream.options.name, message, this.#context.clock);
    onEnvelope({
      ...envelope,
      position: {
        log: this.#log,
        sequence,
        deliverySequence: message.info.deliverySequence,
        redelivered,
      },
      settle: (outcome) => this.#settle(inFlight, sequence, outcome),
    });
  }

  #settle(inFlight: Map<number, JsMsg>, sequence: number, outcome: 'stored' | 'failed'): void {
    const message = inFlight.get(sequence);
    if (message === undefined) return;
    inFlight.delete(sequence);
    if (outcome === 'stored') message.ack();
    else message.nak(FAILED_RETRY_MS);
    this.#onSettled();
  }

  /** Delivered at once to whoever reads next, instead of after `ackWait`. */
  handBack(): void {
    for (const message of this.#inFlight.values()) message.nak();
    this.#inFlight.clear();
  }
}
