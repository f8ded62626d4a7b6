// npm install @nats-io/transport-node @nats-io/jetstream && npx tsx publish.ts
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

async function main(): Promise<void> {
  const connection = await connect({ servers: process.env['NATS_URL'] ?? 'nats://127.0.0.1:4222' });
  // Nanoseconds as text: a JSON number would lose the last digits.
  const now = BigInt(Date.now()) * 1_000_000n;
  const time = String(now);

  const labels = { hop: 'risk', venue: 'XNAS', strategy: 'maker' };
  const metric = { name: 'order_hop_seconds', type: 'observation', value: 0.000184, time, labels };
  const quote = { time, venue: 'XNAS', symbol: 'AAPL', bid: 213.44, bid_size: 300, ask: 213.45, ask_size: 200 };
  connection.publish('tw.metrics.gateway', JSON.stringify(metric));
  connection.publish('tw.quotes.XNAS.AAPL', JSON.stringify(quote));

  const order_id = `typescript-${time}`;
  const common = { time, order_id, venue: 'XNAS', symbol: 'AAPL', strategy: 'maker', side: 'buy', quantity: 100 };
  const step = { ...common, id: `${order_id}-ack`, event: 'ack', sent_time: String(now - 2_000_000n), price: 213.44 };
  const fill = { ...common, id: `${order_id}-1`, price: 213.44, fee: 0.2 };
  const durable = jetstream(connection);
  // Resolves when the server has stored it; a repeat of the id is dropped.
  await durable.publish('tw.orders.XNAS.maker', JSON.stringify(step), { msgID: step.id });
  await durable.publish('tw.fills.XNAS.maker', JSON.stringify(fill), { msgID: fill.id });
  await connection.drain();
}

void main();
