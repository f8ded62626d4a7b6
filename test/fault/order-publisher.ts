/** Publishes order steps through JetStream, each acknowledged and with its id; it keeps the ids of what it sent and of what was acknowledged. */
import { jetstream } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';

const ACK_TIMEOUT_MS = 2_000;
const RETRY_PAUSE_MS = 200;
const TICK_MS = 20;
const STRATEGIES = ['maker', 'momentum'];

export class OrderPublisher {
  readonly #connection: NatsConnection;
  readonly #rate: number;
  readonly #underWay = new Set<Promise<void>>();
  readonly #sent = new Set<string>();
  readonly #acknowledged = new Set<string>();
  #stopped = false;
  #loop: Promise<void> = Promise.resolve();

  private constructor(connection: NatsConnection, rate: number) {
    this.#connection = connection;
    this.#rate = rate;
  }

  /** `rate`: order steps a second. */
  static async connect(port: number, rate: number): Promise<OrderPublisher> {
    const servers = `nats://127.0.0.1:${port}`;
    const connection = await connect({ servers, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
    return new OrderPublisher(connection, rate);
  }

  get sent(): ReadonlySet<string> {
    return this.#sent;
  }

  get acknowledged(): ReadonlySet<string> {
    return this.#acknowledged;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Ends when everything that was begun is acknowledged. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
    await Promise.all(this.#underWay);
  }

  async close(): Promise<void> {
    this.#stopped = true;
    await this.#loop.catch(() => undefined);
    await this.#connection.close();
  }

  async #run(): Promise<void> {
    const started = performance.now();
    while (!this.#stopped) {
      const due = ((performance.now() - started) / 1_000) * this.#rate;
      while (this.#sent.size < due) {
        const sent = this.#send(this.#sent.size + 1).finally(() => this.#underWay.delete(sent));
        this.#underWay.add(sent);
      }
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
  }

  async #send(number: number): Promise<void> {
    const id = `o-${number}`;
    this.#sent.add(id);
    const strategy = STRATEGIES[number % 2] as string;
    const sentNanos = BigInt(Date.now()) * 1_000_000n;
    const step = {
      ...{ id, order_id: id, event: 'ack', venue: 'XNAS', symbol: 'AAPL', side: 'buy' },
      ...{ quantity: 100, time: String(sentNanos + 1_000_000n), sent_time: String(sentNanos) },
    };
    const client = jetstream(this.#connection, { timeout: ACK_TIMEOUT_MS });
    for (;;) {
      try {
        await client.publish(`tw.orders.XNAS.${strategy}`, JSON.stringify(step), { msgID: id });
        this.#acknowledged.add(id);
        return;
      } catch (error) {
        if (this.#connection.isClosed()) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
      }
    }
  }
}
