/**
 * Streams of core NATS: at most once, lowest latency. Messages arrive by callback; an acknowledgement means nothing here.
 */
import type { Msg, Subscription } from '@nats-io/transport-node';
import type { Envelope, Source, SourceStatus } from '../ports.ts';
import { ContentTypes } from './content-type.ts';
import { NatsLink } from './nats-link.ts';
import { crash, type SourceContext } from './nats-source.ts';
import type { CompiledStream } from './stream.ts';
import { TurnClock } from './turn-clock.ts';

export class CoreNatsSource implements Source {
  readonly #link: NatsLink;
  readonly #context: SourceContext;
  readonly #subscriptions: Subscription[] = [];
  readonly #clock: TurnClock;
  #problem = '';

  constructor(context: SourceContext) {
    this.#context = context;
    this.#link = new NatsLink(context.nats, context.report, () => {
      context.report('warn', 'core NATS kept nothing of what was published while the connection was away');
    });
    this.#clock = new TurnClock(context.clock);
  }

  async open(onEnvelope: (envelope: Envelope) => void): Promise<void> {
    const connection = await this.#link.open();
    const { queueGroup } = this.#context.nats;
    for (const stream of this.#context.streams) {
      const envelopeOf = this.#envelopes(stream);
      const subscription = connection.subscribe(stream.filter, {
        ...(queueGroup === undefined ? {} : { queue: queueGroup }),
        callback: (error, message) => {
          if (error) this.#refused(stream, error);
          else crash(() => onEnvelope(envelopeOf(message)));
        },
      });
      this.#subscriptions.push(subscription);
    }
    // The round trip proves that the server has the subscriptions: what is published from now on arrives.
    await connection.flush();
  }

  /** Copies nothing: the payload is a view of what the client has read. */
  #envelopes({ options: { name: stream } }: CompiledStream): (message: Msg) => Envelope {
    const contentTypes = new ContentTypes();
    return (message) => new CoreEnvelope(stream, message, { contentTypes, receivedNanos: this.#clock.now() });
  }

  #refused({ options, filter }: CompiledStream, error: Error): void {
    this.#problem = `stream "${options.name}": NATS refused the subscription to ${filter}: ${error.message}; grant it to our user`;
    this.#context.report('error', this.#problem);
  }

  async close(): Promise<void> {
    // Draining ends the subscriptions first, after what the server has sent already.
    await this.#link.drain();
    this.#subscriptions.length = 0;
  }

  status(): SourceStatus {
    const status = this.#link.status();
    // Of a stream that is not subscribed nothing arrives, whatever is connected.
    return this.#problem === '' ? status : { ...status, connected: false, detail: this.#problem };
  }
}

/** A class with a getter: the client decodes a subject when it is asked for, and most messages' is never looked at. */
class CoreEnvelope implements Envelope {
  readonly stream: string;
  readonly payload: Uint8Array;
  readonly contentType: string;
  readonly messageId: string;
  readonly receivedNanos: bigint;
  readonly #message: Msg;

  constructor(
    stream: string,
    message: Msg,
    { contentTypes, receivedNanos }: { readonly contentTypes: ContentTypes; readonly receivedNanos: bigint },
  ) {
    this.stream = stream;
    this.payload = message.data;
    this.contentType = contentTypes.of(message);
    this.messageId = contentTypes.messageId;
    this.receivedNanos = receivedNanos;
    this.#message = message;
  }

  get subject(): string {
    return this.#message.subject;
  }
}
