/**
 * Puts the desk's messages on NATS: durable ones through JetStream with their id (a retry is dropped by the server), the
 * rest through core NATS. A durable message counts as published when the server has acknowledged it.
 */
import { jetstream, type JetStreamClient } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Ledger } from './ledger.ts';
import { encodeMessage, type DeskMessage } from './model/message.ts';

/** Durable messages under way; a full window holds the desk back. */
export const MAX_UNACKNOWLEDGED = 4_096;
const ACK_TIMEOUT_MS = 5_000;
/** Together about half a minute: long enough for a sidecar to start and create the streams. */
const MAX_ATTEMPTS = 60;
const RETRY_PAUSE_MS = 500;

export class Publisher {
  readonly #connection: NatsConnection;
  readonly #jetstream: JetStreamClient;
  readonly #ledger: Ledger;
  readonly #underWay = new Set<Promise<void>>();
  #unacknowledged = 0;
  #lastError = '';

  constructor(connection: NatsConnection, ledger: Ledger) {
    this.#connection = connection;
    this.#jetstream = jetstream(connection, { timeout: ACK_TIMEOUT_MS });
    this.#ledger = ledger;
  }

  /** Durable messages given up. */
  get unacknowledged(): number {
    return this.#unacknowledged;
  }

  get lastError(): string {
    return this.#lastError;
  }

  get underWay(): number {
    return this.#underWay.size;
  }

  /** Undefined when there is room for the next message, else resolves when there is. */
  publish(message: DeskMessage): Promise<void> | undefined {
    if (message.id === '') {
      const sentMs = Date.now();
      this.#connection.publish(message.subject, encodeMessage(message));
      this.#ledger.record(message, sentMs);
      return undefined;
    }
    const sent = this.#publishDurable(message).finally(() => this.#underWay.delete(sent));
    this.#underWay.add(sent);
    return this.#underWay.size < MAX_UNACKNOWLEDGED ? undefined : Promise.race(this.#underWay);
  }

  async #publishDurable(message: DeskMessage): Promise<void> {
    const payload = encodeMessage(message);
    const sentMs = Date.now();
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      try {
        await this.#jetstream.publish(message.subject, payload, { msgID: message.id, timeout: ACK_TIMEOUT_MS });
        return this.#ledger.record(message, sentMs);
      } catch (error) {
        this.#lastError = `${message.subject}: ${error instanceof Error ? error.message : String(error)}`;
        if (this.#connection.isClosed()) break;
        await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
      }
    }
    this.#unacknowledged += 1;
  }

  /** Resolves when everything handed in is acknowledged or given up, and core messages have reached the server. */
  async drain(): Promise<void> {
    await Promise.all(this.#underWay);
    await this.#connection.flush();
  }
}
