/**
 * Alerts on their way to a JetStream stream: one after the other, in order, each until the stream has confirmed it. While
 * the broker is away they wait, bounded. Each carries its id as `Nats-Msg-Id`, so a repeat within the stream's window of
 * duplicates is kept once.
 */
import { JetStreamApiError, jetstream, jetstreamManager, type JetStreamClient } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import type { AlertObject } from '@tapewatch/contract';
import type { Telemetry } from '../ports.ts';
import { pause } from '../pause.ts';
import { NatsLink, retryDelayMs, type Report } from './nats-link.ts';
import type { NatsOptions } from './options.ts';
import type { AlertQueueOptions } from './publish-options.ts';

const NANOS_PER_MS = 1_000_000;
const RETRY_FIRST_MS = 500;
/** Of one attempt; a stop may have to wait for it. */
const PUBLISH_TIMEOUT_MS = 2_000;
/** A stop waits no longer than this for what is on its way. */
const CLOSE_GRACE_MS = 2_000;

export interface AlertQueueDeps {
  readonly nats: NatsOptions;
  readonly report: Report;
  readonly telemetry: Pick<Telemetry, 'level' | 'notified'>;
}

/** Receiver in the counter of notifications. */
const RECEIVER = 'queue';

export class AlertQueue {
  readonly #deps: AlertQueueDeps;
  readonly #options: AlertQueueOptions;
  readonly #link: NatsLink;
  readonly #closing = new AbortController();
  #waiting: AlertObject[] = [];
  #wake: () => void = () => undefined;
  #refusal = '';
  readonly #done: Promise<void>;

  constructor(deps: AlertQueueDeps, options: AlertQueueOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#link = new NatsLink({ ...deps.nats, waitForServer: true }, deps.report);
    deps.telemetry.level('alerts_unpublished', 'Alerts that wait for the broker.', () => this.#waiting.length);
    this.#done = this.#run();
  }

  put(alert: AlertObject): void {
    if (this.#waiting.length >= this.#options.maxWaiting) {
      // The first may be on its way.
      const lost = this.#waiting.splice(this.#waiting.length > 1 ? 1 : 0, 1)[0];
      this.#deps.telemetry.notified(RECEIVER, 'failed');
      this.#deps.report(
        'error',
        `more than ${this.#options.maxWaiting} alerts wait for NATS: ${lost === undefined ? '' : idOf(lost)} was dropped`,
      );
    }
    this.#waiting.push(alert);
    this.#wake();
  }

  /** Gives what waits a moment, then ends. */
  async close(): Promise<void> {
    const deadline = Date.now() + CLOSE_GRACE_MS;
    while (this.#waiting.length > 0 && this.#link.status().connected && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    this.#closing.abort();
    this.#link.stopConnecting();
    this.#wake();
    await this.#done;
    await this.#link.drain();
  }

  async #run(): Promise<void> {
    let client: JetStreamClient | undefined;
    for (let attempt = 0; !this.#closing.signal.aborted;) {
      const [next] = this.#waiting;
      if (next === undefined) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      try {
        client ??= await this.#open();
        await this.#publish(client, next);
        attempt = 0;
      } catch (error) {
        this.#tell(error);
        await pause(retryDelayMs(RETRY_FIRST_MS, attempt++), this.#closing.signal);
      }
    }
  }

  async #publish(client: JetStreamClient, alert: AlertObject): Promise<void> {
    const { subject, stream } = this.#options;
    const head = headers();
    head.set('Content-Type', 'application/json');
    const full = [subject, token(alert.severity), token(alert.labels['alertname'] ?? '')].join('.');
    await client.publish(full, JSON.stringify(alert), {
      msgID: idOf(alert),
      headers: head,
      timeout: PUBLISH_TIMEOUT_MS,
    });
    if (this.#waiting[0] === alert) this.#waiting.shift();
    this.#deps.telemetry.notified(RECEIVER, 'sent');
    if (this.#refusal !== '') this.#deps.report('info', `alerts are published again, to ${stream}`);
    this.#refusal = '';
  }

  async #open(): Promise<JetStreamClient> {
    const connection = await this.#link.open();
    try {
      await this.#ensureStream(connection);
    } catch (error) {
      await connection.close();
      throw error;
    }
    return jetstream(connection);
  }

  async #ensureStream(connection: NatsConnection): Promise<void> {
    const { subject, stream, maxAge, replicas } = this.#options;
    const manager = await jetstreamManager(connection);
    const taken = await manager.streams.find(`${subject}.info.any`).catch((error: unknown) => {
      if (error instanceof JetStreamApiError || /no stream/i.test(String(error))) return undefined;
      throw error;
    });
    if (taken !== undefined) return;
    const subjects = [`${subject}.>`];
    await manager.streams.add({ name: stream, subjects, max_age: maxAge * NANOS_PER_MS, num_replicas: replicas });
  }

  /** A refusal is told once, not with each attempt. */
  #tell(error: unknown): void {
    const refusal = error instanceof Error ? error.message : String(error);
    if (this.#closing.signal.aborted || refusal === this.#refusal) return;
    this.#refusal = refusal;
    const { subject, stream } = this.#options;
    const remedy = `check that JetStream is on, and that ${this.#deps.nats.name} may publish ${subject}.> and make ${stream}`;
    this.#deps.report('error', `alerts cannot be published: ${refusal}; ${remedy}; it is tried again until it works`);
  }
}

/** What is published under one id is kept once. */
function idOf({ alert_id: id, status }: AlertObject): string {
  return `${id}-${status}`;
}

/** A subject's token cannot hold these. */
function token(text: string): string {
  return text.replace(/[\s.*>]/g, '_') || '_';
}
