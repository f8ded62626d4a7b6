/**
 * Streams of JetStream: at least once. A message is acknowledged when it was settled as stored, and comes again when it
 * failed or a crash left it unsettled. In flight at most `maxAckPending` messages and about `maxPendingBytes` a stream; at
 * that point pulling pauses, and the server keeps the rest.
 */
import type { NatsConnection } from '@nats-io/transport-node';
import { TapewatchError } from '../errors.ts';
import type { Envelope, Source, SourceStatus } from '../ports.ts';
import { Feed } from './jetstream-feed.ts';
import { pause } from '../pause.ts';
import { NatsLink, retryDelayMs } from './nats-link.ts';
import type { SourceContext } from './nats-source.ts';

/** After `close`, the connection stays this long for the last acknowledgements. */
export const ACK_GRACE_MS = 10_000;
/** A reading that ended sooner counts as another failed attempt. */
const HEALTHY_MS = 10_000;
/** So many lost deliveries in a row are no accident. */
const LOSSES_MAX = 3;

export class JetstreamSource implements Source {
  readonly #context: SourceContext;
  readonly #link: NatsLink;
  readonly #stopping = new AbortController();
  readonly #feeds: Feed[] = [];
  readonly #problems = new Map<Feed, string>();
  /** Feeds whose consumer may be gone: the connection was away. */
  readonly #unsure = new Set<Feed>();
  #grace: ReturnType<typeof setTimeout> | undefined;
  #finished: Promise<void> | undefined;
  #problem = '';

  constructor(context: SourceContext) {
    this.#context = context;
    this.#link = new NatsLink(context.nats, context.report, () => {
      for (const feed of this.#feeds) {
        feed.reconnected();
        void this.#verify(feed);
      }
    });
  }

  /** A broker that comes back may have lost its streams; then what is published is kept by nobody until they are made anew. */
  async #verify(feed: Feed): Promise<void> {
    const { signal } = this.#stopping;
    this.#unsure.add(feed);
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await feed.verify();
        break;
      } catch {
        await pause(retryDelayMs(this.#context.nats.reconnectWait, attempt), signal);
      }
    }
    this.#unsure.delete(feed);
  }

  async open(onEnvelope: (envelope: Envelope) => void): Promise<void> {
    const connection = await this.#link.open();
    try {
      for (const stream of this.#context.streams) {
        const feed = new Feed({ stream, context: this.#context, onEnvelope, onSettled: () => this.#settled() });
        await this.#startFirst(feed, connection);
        this.#feeds.push(feed);
        void this.#keepAlive(feed, connection);
      }
    } catch (error) {
      await this.#finish();
      throw error;
    }
  }

  /** A cluster that elects its leader just now answers in a while; what cannot mend itself is thrown at once. */
  async #startFirst(feed: Feed, connection: NatsConnection): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        await feed.start(connection);
        this.#problem = '';
        return;
      } catch (error) {
        if (error instanceof TapewatchError || !this.#context.nats.waitForServer || this.#stopping.signal.aborted)
          throw error;
        this.#problem = `stream "${feed.stream.options.name}": JetStream is not ready: ${String(error)}; trying again`;
        this.#context.report('warn', this.#problem);
        await pause(retryDelayMs(this.#context.nats.reconnectWait, attempt), this.#stopping.signal);
      }
    }
  }

  /** Starts a feed anew whenever its reading ended (consumer or stream deleted, a delivery lost), until `close`. */
  async #keepAlive(feed: Feed, connection: NatsConnection): Promise<void> {
    const { signal } = this.#stopping;
    let startedMs = Date.now();
    for (let attempt = 0; ; attempt++) {
      const { reason, expected } = await feed.ended();
      if (signal.aborted || connection.isClosed()) return;
      if (Date.now() - startedMs > HEALTHY_MS) attempt = 0;
      this.#tellEnd(feed, reason, expected && attempt < LOSSES_MAX);
      if (!expected || attempt >= LOSSES_MAX)
        await pause(retryDelayMs(this.#context.nats.reconnectWait, attempt), signal);
      await this.#startAgain(feed, connection);
      if (signal.aborted) return;
      startedMs = Date.now();
    }
  }

  #tellEnd(feed: Feed, reason: string, expected: boolean): void {
    const what = `stream "${feed.stream.options.name}": delivery ended (${reason})`;
    if (expected) return this.#context.report('info', `${what}; reading on behind what is stored`);
    const hint = reason.includes('lost') ? '; does another process read with the same jetstream.durable?' : '';
    this.#note(feed, `${what}${hint}; setting it up again`);
  }

  async #startAgain(feed: Feed, connection: NatsConnection): Promise<void> {
    const { signal } = this.#stopping;
    for (let attempt = 0; !signal.aborted && !connection.isClosed(); attempt++) {
      try {
        await feed.start(connection);
        this.#problems.delete(feed);
        return;
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        this.#note(feed, `stream "${feed.stream.options.name}": ${message}; trying again`);
        await pause(retryDelayMs(this.#context.nats.reconnectWait, attempt), signal);
      }
    }
  }

  /** The same trouble is reported once, not with each attempt. */
  #note(feed: Feed, problem: string): void {
    if (this.#problems.get(feed) !== problem) this.#context.report('warn', problem);
    this.#problems.set(feed, problem);
  }

  /** Called again, it hands back what is not settled yet and ends the connection at once. */
  async close(): Promise<void> {
    const first = !this.#stopping.signal.aborted;
    this.#stopping.abort();
    this.#link.stopConnecting();
    for (const feed of this.#feeds) feed.stop();
    if (!first || this.#inFlight() === 0) return this.#finish();
    this.#grace ??= setTimeout(() => void this.#finish(), ACK_GRACE_MS);
  }

  #inFlight(): number {
    return this.#feeds.reduce((sum, feed) => sum + feed.inFlight, 0);
  }

  #settled(): void {
    if (this.#stopping.signal.aborted && this.#inFlight() === 0) void this.#finish();
  }

  /** Once: draining a connection twice never ends. */
  #finish(): Promise<void> {
    clearTimeout(this.#grace);
    if (this.#finished === undefined) {
      for (const feed of this.#feeds) feed.handBack();
      this.#finished = this.#link.drain();
    }
    return this.#finished;
  }

  status(): SourceStatus {
    const status = this.#link.status();
    if (!status.connected) return status;
    const [problem = this.#problem] = this.#problems.values();
    if (problem !== '') return { ...status, connected: false, detail: problem };
    const [unsure] = this.#unsure;
    if (unsure !== undefined) {
      const detail = `${status.detail}, which is asked whether stream "${unsure.stream.options.name}" is still there`;
      return { ...status, connected: false, detail };
    }
    const slow = this.#feeds.filter(({ note }) => note !== '').map(({ stream }) => stream.options.name);
    return slow.length === 0
      ? status
      : { ...status, detail: `${status.detail}; acknowledged one by one: ${slow.join(', ')}` };
  }
}
