/**
 * One stream of JetStream, for as long as the source is open: it sets its consumer up, pulls, passes messages on with
 * their place in the log, acknowledges, and begins anew when the consumer went away, a delivery was lost or a message
 * could not be stored.
 */
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import type { Envelope } from '../ports.ts';
import { type Acknowledgement, GAP } from './acknowledgement.ts';
import { ContentTypes } from './content-type.ts';
import { DeliveryReader } from './delivery.ts';
import { ExplicitAcknowledgement } from './explicit-acknowledgement.ts';
import { ensureConsumer, type Settled, type Subscribed } from './jetstream-setup.ts';
import { crash, type SourceContext } from './nats-source.ts';
import { PrefixAcknowledgement } from './prefix-acknowledgement.ts';
import { PullSession } from './pull-session.ts';
import type { CompiledStream } from './stream.ts';
import { TurnClock } from './turn-clock.ts';

/** Why reading ended when it is to begin again at once. */
const LOST_DELIVERY = 'a delivery was lost';
const NOT_STORED = 'a message could not be stored';

export interface FeedOptions {
  readonly stream: CompiledStream;
  readonly context: SourceContext;
  readonly onEnvelope: (envelope: Envelope) => void;
  /** After each round of settling. */
  readonly onSettled: () => void;
}

export interface Ended {
  readonly reason: string;
  /** Nothing is wrong with the server: no need to wait long. */
  readonly expected: boolean;
}

export class Feed {
  readonly stream: CompiledStream;
  readonly #options: FeedOptions;
  readonly #contentTypes = new ContentTypes();
  readonly #clock: TurnClock;
  #connection: NatsConnection | undefined;
  #subscribed: Subscribed | undefined;
  #reader = new DeliveryReader('', '');
  #acknowledgement: Acknowledgement | undefined;
  #session: PullSession | undefined;
  #idle: (() => void) | undefined;
  #stopped = false;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.stream = options.stream;
    this.#clock = new TurnClock(options.context.clock);
  }

  get inFlight(): number {
    return this.#acknowledgement?.inFlight ?? 0;
  }

  /** Empty while messages are acknowledged in the fast way; else why they are not. */
  get note(): string {
    return this.#subscribed?.note ?? '';
  }

  /** Resolves when messages may come. Rejects when the server does not allow it, or does not answer. */
  async start(connection: NatsConnection): Promise<void> {
    this.#connection = connection;
    const subscribed = await ensureConsumer(connection, this.stream, this.#settled());
    if (subscribed.note !== '' && subscribed.note !== this.note) this.#report('info', slowWay(subscribed));
    this.#subscribed = subscribed;
    this.#reader = new DeliveryReader(subscribed.stream, subscribed.consumer);
    const session = new PullSession(connection, {
      nextSubject: `$JS.API.CONSUMER.MSG.NEXT.${subscribed.stream}.${subscribed.consumer}`,
      batch: this.#options.context.nats.pullBatch,
      maxMessages: this.stream.options.jetstream?.maxAckPending ?? 1,
      maxBytes: this.stream.options.jetstream?.maxPendingBytes ?? 1,
      inFlight: () => acknowledgement,
      onMessage: (message, reply) => this.#take(message, reply),
      exists: subscribed.exists,
    });
    const acknowledgement = this.#acknowledge(subscribed, connection, session);
    this.#acknowledgement = acknowledgement;
    this.#session = session;
    if (this.#stopped) session.stop();
    else session.start();
  }

  #acknowledge(subscribed: Subscribed, connection: NatsConnection, session: PullSession): Acknowledgement {
    const Way = subscribed.acknowledge === 'prefix' ? PrefixAcknowledgement : ExplicitAcknowledgement;
    return new Way({
      settledThrough: subscribed.settledThrough,
      delivered: subscribed.delivered,
      answer: (reply, payload) => {
        if (!connection.isClosed()) connection.publish(reply, payload);
      },
      onFailed: () => session.stop(NOT_STORED),
      onSettled: () => {
        session.refill();
        if (this.inFlight === 0) this.#idle?.();
        this.#options.onSettled();
      },
    });
  }

  #settled(): Settled | undefined {
    if (this.#subscribed === undefined || this.#acknowledgement === undefined) return undefined;
    return { log: this.#subscribed.log, through: this.#acknowledgement.settledThrough };
  }

  /** Resolves when reading ended and what it had passed on needs no more waiting. */
  async ended(): Promise<Ended> {
    const reason = (await this.#session?.ended) ?? 'not started';
    // What is in flight would come again behind what is settled: it settles first.
    if (reason === LOST_DELIVERY) await this.#untilIdle();
    return { reason, expected: reason === LOST_DELIVERY };
  }

  async #untilIdle(): Promise<void> {
    if (this.inFlight > 0 && !this.#stopped) await new Promise<void>((resolve) => (this.#idle = resolve));
    this.#idle = undefined;
  }

  #take(message: Msg, reply: string): void {
    const acknowledgement = this.#acknowledgement as Acknowledgement;
    if (!this.#reader.read(reply)) return;
    const ticket = acknowledgement.take(this.#reader, reply, message.data.length);
    if (ticket === GAP) return this.#session?.stop(LOST_DELIVERY);
    if (ticket < 0) return;
    const { streamSequence } = this.#reader;
    const { log, settledThrough } = this.#subscribed as Subscribed;
    const envelope = new DurableEnvelope(
      {
        stream: this.stream.options.name,
        subject: message.subject,
        payload: message.data,
        contentType: this.#contentTypes.of(message),
        messageId: this.#contentTypes.messageId,
        receivedNanos: this.#clock.now(),
        position: { log, sequence: streamSequence, after: acknowledgement.after, settledThrough },
      },
      acknowledgement,
      ticket,
    );
    crash(() => this.#options.onEnvelope(envelope));
  }

  reconnected(): void {
    this.#acknowledgement?.repeat();
    this.#session?.reconnected();
  }

  /** Ends the reading when the server has no such consumer any more. Rejects when there is no answer. */
  async verify(): Promise<void> {
    const [subscribed, session] = [this.#subscribed, this.#session];
    if (subscribed !== undefined && !(await subscribed.exists())) session?.stop('consumer deleted');
  }

  stop(): void {
    this.#stopped = true;
    this.#session?.stop();
    this.#idle?.();
  }

  /** What is not settled goes back to the server, for whoever reads next. */
  handBack(): void {
    if (this.#connection?.isClosed() === false) this.#acknowledgement?.handBack();
  }

  #report(level: 'info' | 'warn', message: string): void {
    this.#options.context.report(level, `stream "${this.stream.options.name}": ${message}`);
  }
}

function slowWay({ consumer, note }: Subscribed): string {
  return `consumer ${consumer} acknowledges messages one by one: ${note}`;
}

type Received = Pick<Envelope, 'stream' | 'subject' | 'payload' | 'contentType' | 'receivedNanos'> & {
  readonly messageId: string;
  readonly position: NonNullable<Envelope['position']>;
};

/** A class, so that a message costs no closure. */
class DurableEnvelope implements Envelope {
  readonly stream: string;
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly contentType: string;
  readonly messageId: string;
  readonly receivedNanos: bigint;
  readonly position: Received['position'];
  readonly #acknowledgement: Acknowledgement;
  readonly #ticket: number;

  constructor(received: Received, acknowledgement: Acknowledgement, ticket: number) {
    this.stream = received.stream;
    this.subject = received.subject;
    this.payload = received.payload;
    this.contentType = received.contentType;
    this.messageId = received.messageId;
    this.receivedNanos = received.receivedNanos;
    this.position = received.position;
    this.#acknowledgement = acknowledgement;
    this.#ticket = ticket;
  }

  settle(outcome: 'stored' | 'failed'): void {
    this.#acknowledgement.settle(this.#ticket, outcome);
  }
}
