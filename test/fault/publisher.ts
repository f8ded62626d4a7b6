/**
 * Publishes ledger entries over core NATS or JetStream at a bounded rate. Messages carry a few entries each, as JSON. A
 * JetStream message counts as acknowledged when the server said so; it is tried again, with the same id, until it does
 * or the publisher is stopped, so a broker that is away holds the publisher back.
 */
import { jetstream } from '@nats-io/jetstream';
import { connect, headers, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { seededRandom } from '../../bench/samples.ts';
import { GAUGE, OBSERVATION, type Entry, type Ledger } from './ledger.ts';

export const CORE_SUBJECT = 'tw.metrics.ledger';
export const DURABLE_SUBJECT = 'lg.ledger';

/** A stream of the sidecar for `DURABLE_SUBJECT`, beside the one for core NATS. */
export const LEDGER_STREAMS = [
  { name: 'metrics', subject: 'tw.metrics.>', payload: 'metric' },
  {
    name: 'ledger',
    subject: 'lg.>',
    payload: 'metric',
    delivery: 'jetstream',
    jetstream: { stream: 'LEDGER', ensureStream: { subjects: ['lg.>'] }, ackWait: '2s' },
  },
] as const;

const ACK_TIMEOUT_MS = 2_000;
const RETRY_PAUSE_MS = 200;
const MAX_UNDER_WAY = 512;
const TICK_MS = 10;

export interface PublisherOptions {
  readonly ledger: Ledger;
  readonly port: number;
  readonly delivery: 'core' | 'jetstream';
  readonly seriesCount?: number;
  /** Entries a message; each is two samples. */
  readonly batch?: number;
  /** Entries a second. */
  readonly rate?: number;
  readonly seed?: number;
  /** Of the names of its series: two publishers must not write the same ones. */
  readonly prefix?: string;
}

/** How far a series has come. */
interface Cursor {
  readonly name: string;
  sequence: number;
  timeMs: number;
}

export class Publisher {
  readonly #options: Required<PublisherOptions>;
  readonly #connection: NatsConnection;
  readonly #random: () => number;
  readonly #next: readonly Cursor[];
  readonly #underWay = new Set<Promise<void>>();
  #turn = 0;
  #messages = 0;
  #stopped = false;
  #loop: Promise<void> = Promise.resolve();

  private constructor(options: Required<PublisherOptions>, connection: NatsConnection) {
    this.#options = options;
    this.#connection = connection;
    this.#random = seededRandom(options.seed);
    this.#next = Array.from({ length: options.seriesCount }, (_, i) => {
      return { name: `${options.prefix}${i}`, sequence: 0, timeMs: 0 };
    });
  }

  static async connect(options: PublisherOptions): Promise<Publisher> {
    const connection = await connect({
      servers: `nats://127.0.0.1:${options.port}`,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
    });
    return new Publisher({ seriesCount: 20, batch: 10, rate: 2_000, seed: 1, prefix: 's', ...options }, connection);
  }

  get messages(): number {
    return this.#messages;
  }

  /** Publishes `entries` at the rate and resolves when all are acknowledged. */
  async publish(entries: number): Promise<void> {
    await this.#run(entries);
    await Promise.all(this.#underWay);
    await this.#connection.flush();
  }

  /** Publishes until `stop`. */
  start(): void {
    this.#loop = this.#run(Infinity);
  }

  /** Ends publishing; what is under way is tried until it is acknowledged. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
    await Promise.all(this.#underWay);
    if (!this.#connection.isClosed()) await this.#connection.flush();
  }

  async close(): Promise<void> {
    this.#stopped = true;
    await this.#loop.catch(() => undefined);
    await this.#connection.close();
  }

  /** The next message's entries, in the ledger already. */
  take(): Entry[] {
    const { batch, ledger } = this.#options;
    return Array.from({ length: batch }, () => {
      const series = this.#next[this.#turn++ % this.#next.length] as Cursor;
      series.timeMs = Math.max(series.timeMs + 1, Date.now());
      const value = 1 + Math.floor(this.#random() * 1_000);
      const entry = { series: series.name, sequence: ++series.sequence, value, timeMs: series.timeMs };
      ledger.published(entry);
      return entry;
    });
  }

  async #run(entries: number): Promise<void> {
    const { rate, batch } = this.#options;
    const started = performance.now();
    for (let sent = 0; sent < entries && !this.#stopped;) {
      const due = Math.min(entries, ((performance.now() - started) / 1_000) * rate);
      while (sent < due && !this.#stopped) {
        await this.#send(this.take());
        sent += batch;
      }
      if (sent < entries) await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
  }

  async #send(entries: readonly Entry[]): Promise<void> {
    const payload = encode(entries);
    this.#messages++;
    if (this.#options.delivery === 'core') {
      this.#connection.publish(CORE_SUBJECT, payload, { headers: jsonHeaders() });
      for (const entry of entries) this.#options.ledger.acknowledged(entry);
      return;
    }
    const sent = this.#sendDurable(payload, entries, `m${this.#options.seed}-${this.#messages}`).finally(() =>
      this.#underWay.delete(sent),
    );
    this.#underWay.add(sent);
    if (this.#underWay.size >= MAX_UNDER_WAY) await Promise.race(this.#underWay);
  }

  async #sendDurable(payload: string, entries: readonly Entry[], msgID: string): Promise<void> {
    const client = jetstream(this.#connection, { timeout: ACK_TIMEOUT_MS });
    for (;;) {
      try {
        await client.publish(DURABLE_SUBJECT, payload, { msgID, timeout: ACK_TIMEOUT_MS, headers: jsonHeaders() });
        for (const entry of entries) this.#options.ledger.acknowledged(entry);
        return;
      } catch (error) {
        if (this.#connection.isClosed()) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
      }
    }
  }
}

/** One message with two samples an entry. */
export function encode(entries: readonly Entry[]): string {
  return JSON.stringify(
    entries.flatMap(({ series, sequence, value, timeMs }) => {
      const common = { time: timeMs, labels: { series } };
      return [
        { name: GAUGE, type: 'gauge', value: sequence, ...common },
        { name: OBSERVATION, type: 'observation', value, ...common },
      ];
    }),
  );
}

/** One each: the library writes the message's id into it. */
export function jsonHeaders(): MsgHdrs {
  const result = headers();
  result.set('Content-Type', 'application/json');
  return result;
}
