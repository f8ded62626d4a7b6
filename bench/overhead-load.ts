/**
 * The trading client of `bench -- overhead`: a message a millisecond, published and flushed, so that the time until the
 * broker has it is known. Its samples are of the three things that are measured in trading: how fast a trade runs, how
 * well it executes, and how the system does; seeded, and remembered where the sidecar listens.
 */
import type { NatsConnection } from '@nats-io/transport-node';
import { latency, seededRandom } from './samples.ts';

const MESSAGE_EVERY_MS = 1;
const VENUES = ['XNAS', 'XNYS', 'BATS', 'ARCX', 'IEXG'];
/** Name and how many seconds, basis points or seconds the seeded latency is scaled to. */
const MEASURES = { order_ack_seconds: 1, execution_slippage_bps: 1_000, gateway_queue_seconds: 0.1 } as const;

export type MeasureName = keyof typeof MEASURES;
const NAMES = Object.keys(MEASURES) as MeasureName[];

export class OverheadLoad {
  readonly messagesPerSecond = 1_000 / MESSAGE_EVERY_MS;
  /** Values that the sidecar was sent. */
  readonly published: Readonly<Record<MeasureName, number[]>>;
  readonly #connection: NatsConnection;
  readonly #random = seededRandom(31);
  readonly #encoder = new TextEncoder();

  constructor(connection: NatsConnection) {
    this.#connection = connection;
    this.published = { order_ack_seconds: [], execution_slippage_bps: [], gateway_queue_seconds: [] };
  }

  /** Microseconds from publishing to the broker's answer, ascending. */
  async run(
    subject: string,
    { seconds, batch }: { readonly seconds: number; readonly batch: number },
  ): Promise<Float64Array> {
    const isWatched = subject.includes('.watched.');
    const messages = Math.round((seconds * 1_000) / MESSAGE_EVERY_MS);
    const micros = new Float64Array(messages);
    const started = performance.now();
    for (let sent = 0; sent < messages; sent++) {
      const waitMs = started + sent * MESSAGE_EVERY_MS - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      const payload = this.#message(batch, isWatched);
      const before = process.hrtime.bigint();
      this.#connection.publish(subject, payload);
      await this.#connection.flush();
      micros[sent] = Number(process.hrtime.bigint() - before) / 1e3;
    }
    return micros.sort();
  }

  #message(batch: number, isWatched: boolean): Uint8Array {
    const time = Date.now();
    const samples = Array.from({ length: batch }, (_, i) => {
      const name = NAMES[Math.floor(this.#random() * NAMES.length)] as MeasureName;
      const value = latency(this.#random) * MEASURES[name];
      if (isWatched) this.published[name].push(value);
      return `{"name":"${name}","type":"observation","value":${value},"time":${time},"labels":{"venue":"${VENUES[i % 5]}"}}`;
    });
    return this.#encoder.encode(batch === 1 ? samples[0] : `[${samples.join(',')}]`);
  }
}
