/** The whole sidecar in this process, over a real NATS: what one call starts, and what it says of itself. */
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type App, startApp } from './app.ts';
import { configSchema } from './config.ts';
import { NatsServer } from './ingest/testing/nats-server.ts';

const VENUES = { XNAS: 0.002, XLON: 0.02, BATS: 0.3 } as const;
/** Odd, so that no percentile asked for falls between two ranks. */
const COUNT = 501;

let server: NatsServer;
let publisher: NatsConnection;
let app: App;

beforeEach(async () => {
  server = await NatsServer.start();
  publisher = await connect({ servers: `127.0.0.1:${server.port}` });
  app = await startApp(
    configSchema.parse({
      nats: { servers: [server.url] },
      store: { kind: 'memory' },
      http: { listen: '127.0.0.1:0' },
      grafana: { enabled: false },
      log: { level: 'silent' },
    }),
  );
  await until(async () => (await fetch(`${app.httpAddress}/readyz`)).status === 200);
});
afterEach(async () => {
  await app.stop();
  await publisher.close();
  await server.stop();
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function ask(query: string): Promise<Map<string, number>> {
  const answer = await fetch(`${app.httpAddress}/api/v1/query?query=${encodeURIComponent(query)}`);
  const { data } = (await answer.json()) as {
    data: { result: { metric: Record<string, string>; value: [number, string] }[] };
  };
  return new Map(data.result.map(({ metric, value }) => [metric['venue'] ?? '', Number(value[1])]));
}

async function ownMetric(name: string): Promise<number> {
  const text = await (await fetch(`${app.httpAddress}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

function publishLatencies(scaleOf: (venue: keyof typeof VENUES) => number): Map<string, number[]> {
  const exact = new Map<string, number[]>();
  for (const venue of Object.keys(VENUES) as (keyof typeof VENUES)[]) {
    // A spread of latencies in shuffled order; 7 has no factor in common with COUNT.
    const values = Array.from({ length: COUNT }, (_, i) => scaleOf(venue) * (1 + ((i * 7) % COUNT) / 50) ** 2);
    for (const value of values) {
      const sample = { name: 'exchange_latency_seconds', type: 'observation', value, labels: { venue } };
      publisher.publish('tw.metrics.gateway', JSON.stringify(sample));
    }
    exact.set(
      venue,
      values.sort((a, b) => a - b),
    );
  }
  return exact;
}

const bound = 2 ** (2 ** -7) - 1;
const stored = () => ownMetric('tapewatch_stored_items_total');

it('turns latencies of each exchange into percentiles that are exact to the bound (proves: ING-26, PCT-01)', async () => {
  const exact = publishLatencies((venue) => VENUES[venue]);
  const total = 3 * COUNT;
  await until(
    async () => (await ask('sum by (venue) (histogram_count(exchange_latency_seconds))')).get('BATS') === COUNT,
  );
  expect(await stored()).toBe(total);
  const before = new Map<string, number>();
  for (const q of [0.5, 0.95, 0.99]) {
    const answers = await ask(`histogram_quantile(${q}, sum by (venue) (exchange_latency_seconds))`);
    expect([...answers.keys()].sort()).toEqual(['BATS', 'XLON', 'XNAS']);
    for (const [venue, values] of exact) {
      const truth = values[Math.ceil(q * COUNT) - 1] as number;
      expect(Math.abs((answers.get(venue) as number) / truth - 1)).toBeLessThanOrEqual(bound);
      before.set(`${venue} ${q}`, answers.get(venue) as number);
    }
  }
  // Slower by a factor of ten on one exchange: its percentiles move, the others' stay.
  publishLatencies((venue) => VENUES[venue] * (venue === 'XLON' ? 10 : 1));
  await until(
    async () => (await ask('sum by (venue) (histogram_count(exchange_latency_seconds))')).get('BATS') === 2 * COUNT,
  );
  for (const q of [0.5, 0.95, 0.99]) {
    const answers = await ask(`histogram_quantile(${q}, sum by (venue) (exchange_latency_seconds))`);
    expect(answers.get('XLON')).toBeGreaterThan((before.get(`XLON ${q}`) as number) * 1.5);
    expect(answers.get('XNAS')).toBeCloseTo(before.get(`XNAS ${q}`) as number, 12);
  }
});

it('counts what it received, stored and dropped, so that nothing is lost or doubled unnoticed (proves: ING-23)', async () => {
  const fill = { id: 'f1', order_id: 'o1', venue: 'XNAS', symbol: 'AAPL', strategy: 'mm', side: 'buy' };
  const filled = JSON.stringify({ ...fill, quantity: 1, price: 10, currency: 'USD', time: Date.now() });
  for (let i = 0; i < 10; i++) publisher.publish('tw.metrics.a', JSON.stringify({ name: 'up', value: i }));
  publisher.publish('tw.metrics.a', '{"name": "up"');
  // JetStream makes the stream when the sidecar opens it; a plain message on its subject is stored by it too.
  publisher.publish('tw.fills.XNAS.mm', filled);
  publisher.publish('tw.fills.XNAS.mm', filled);
  await until(async () => (await ownMetric('tapewatch_received_messages_total')) === 13);
  await until(async () => (await stored()) === 11);
  expect(await ownMetric('tapewatch_dropped_items_total')).toBe(1);
  expect(await ownMetric('tapewatch_duplicate_items_total')).toBe(1);
});
