/**
 * A quote feed over core NATS that numbers every update. Core NATS may lose what a subscriber is too slow for; the feed's
 * numbers let the sidecar count exactly what it did not get, and the test compares that with what was sent.
 */
import { connect, type NatsConnection } from '@nats-io/transport-node';

const TICK_MS = 10;

export class QuotePublisher {
  readonly #connection: NatsConnection;
  #sequence = 0;
  #stopped = false;
  #loop: Promise<void> = Promise.resolve();

  private constructor(connection: NatsConnection) {
    this.#connection = connection;
  }

  static async connect(port: number): Promise<QuotePublisher> {
    return new QuotePublisher(await connect({ servers: `nats://127.0.0.1:${port}` }));
  }

  /** Updates sent so far: the number of the last one. */
  get sent(): number {
    return this.#sequence;
  }

  async publish(quotes: number): Promise<void> {
    for (let i = 0; i < quotes; i++) this.#send();
    await this.#connection.flush();
  }

  start(rate: number): void {
    this.#loop = this.#run(rate);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#connection.close();
  }

  async #run(rate: number): Promise<void> {
    const started = performance.now();
    const before = this.#sequence;
    while (!this.#stopped) {
      const due = before + ((performance.now() - started) / 1_000) * rate;
      while (this.#sequence < due) this.#send();
      await this.#connection.flush();
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
  }

  #send(): void {
    const sequence = ++this.#sequence;
    const time = String(BigInt(Date.now()) * 1_000_000n);
    const quote = { time, venue: 'XNAS', symbol: 'AAPL', bid: 10, bid_size: 1, ask: 10.5, ask_size: 1, sequence };
    this.#connection.publish('tw.quotes.XNAS.AAPL', JSON.stringify(quote));
  }
}
