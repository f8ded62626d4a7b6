/**
 * Streams of core NATS: at most once, lowest latency. Messages arrive by callback; an acknowledgement means nothing here.
 */
import type { MsgHdrs, Subscription } from '@nats-io/transport-node';
import type { Clock, Envelope, Source, SourceStatus } from '../ports.ts';
import { NatsLink, type Report } from './nats-link.ts';
import type { NatsOptions } from './options.ts';
import type { CompiledStream } from './stream.ts';

export interface SourceContext {
  readonly nats: NatsOptions;
  readonly streams: readonly CompiledStream[];
  readonly clock: Clock;
  readonly report: Report;
}

const nothing = (): void => undefined;

export class CoreNatsSource implements Source {
  readonly #link: NatsLink;
  readonly #context: SourceContext;
  readonly #subscriptions: Subscription[] = [];
  #problem = '';

  constructor(context: SourceContext) {
    this.#context = context;
    this.#link = new NatsLink(context.nats, context.report);
  }

  async open(onEnvelope: (envelope: Envelope) => void): Promise<void> {
    const connection = await this.#link.open();
    const { queueGroup } = this.#context.nats;
    for (const stream of this.#context.streams) {
      const subscription = connection.subscribe(stream.filter, {
        ...(queueGroup === undefined ? {} : { queue: queueGroup }),
        callback: (error, message) => {
          if (error === null || error === undefined)
            onEnvelope(envelopeOf(stream.options.name, message, this.#context.clock));
          else this.#refused(stream, error);
        },
      });
      this.#subscriptions.push(subscription);
    }
    // The round trip proves that the server has the subscriptions: what is published from now on arrives.
    await connection.flush();
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
    return this.#problem === '' ? status : { ...status, detail: this.#problem };
  }
}

/** What a message of core NATS and one of JetStream have in common. */
interface Incoming {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers?: MsgHdrs | undefined;
}

/** Copies nothing: the payload is a view of the frame that the client has read. */
export function envelopeOf(stream: string, message: Incoming, clock: Clock): Envelope {
  return {
    stream,
    subject: message.subject,
    payload: message.data,
    contentType: message.headers?.get('Content-Type') ?? '',
    receivedNanos: clock.now(),
    settle: nothing,
  };
}
