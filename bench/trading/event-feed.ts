/**
 * The desk's events, a process of its own so that its CPU is not ours: order steps and quotes at fixed rates, stamped when
 * they are sent, over core NATS as JSON, several events a message. Each order has four steps: new, ack, and two fills.
 * Argument: one JSON object (`FeedPlan`); prints one JSON line.
 */
import { connect } from '@nats-io/transport-node';
import { orderStep, quote } from './event-text.ts';

export interface FeedPlan {
  readonly server: string;
  readonly ordersPerSecond: number;
  readonly quotesPerSecond: number;
  readonly batch: number;
  readonly seconds: number;
  /** Ids of two feeds must not meet. */
  readonly prefix: string;
}

export interface FeedReport {
  readonly orders: number;
  readonly quotes: number;
  readonly seconds: number;
}

const TICK_MS = 2;
async function feed({
  server,
  ordersPerSecond,
  quotesPerSecond,
  batch,
  seconds,
  prefix,
}: FeedPlan): Promise<FeedReport> {
  const connection = await connect({ servers: server });
  const encoder = new TextEncoder();
  const started = performance.now();
  let [orders, quotes] = [0, 0];
  const send = (subject: string, count: number, make: (i: number) => string): void => {
    const items = Array.from({ length: count }, (_, i) => make(i));
    connection.publish(subject, encoder.encode(count === 1 ? items[0] : `[${items.join(',')}]`));
  };
  while (orders < ordersPerSecond * seconds || quotes < quotesPerSecond * seconds) {
    const elapsed = Math.min(seconds, (performance.now() - started) / 1_000);
    const nowMs = Date.now();
    for (; orders + batch <= ordersPerSecond * elapsed; orders += batch)
      send('bench.orders', batch, (i) => orderStep(orders + i, prefix, nowMs));
    for (; quotes + batch <= quotesPerSecond * elapsed; quotes += batch)
      send('bench.quotes', batch, (i) => quote(quotes + i, nowMs));
    await connection.flush();
    if (elapsed >= seconds) break;
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  const took = (performance.now() - started) / 1_000;
  await connection.close();
  return { orders, quotes, seconds: took };
}

feed(JSON.parse(process.argv[2] ?? '{}') as FeedPlan).then(
  (report) => console.log(JSON.stringify(report)),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
