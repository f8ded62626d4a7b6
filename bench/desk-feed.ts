/**
 * The load of `bench -- query`, a process of its own: the metrics that the demo's board asks for, seeded, over NATS.
 * Argument: one JSON object (`FeedPlan`). Prints one JSON line with what it published. Past stamps first, if asked for,
 * as fast as the broker takes them; then live at a fixed rate.
 */
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { latency, seededRandom } from './samples.ts';

const TICK_MS = 5;
/** A broker that is asked to hold more than this disconnects the subscriber that is behind. */
const BACKLOG_FLUSH_SAMPLES = 5_000;

export interface FeedPlan {
  readonly server: string;
  readonly kind: 'desk' | 'cold' | 'wide';
  /** Samples a message. */
  readonly batch: number;
  /** Live part: samples a second for so many seconds; 0 for none. */
  readonly rate: number;
  readonly seconds: number;
  /** Past part: every series once each `stepSeconds`, over the last `pastSeconds`, at `pastRate` samples a second. */
  readonly pastSeconds: number;
  readonly stepSeconds: number;
  readonly pastRate: number;
  readonly series?: number;
}

export interface FeedReport {
  readonly published: number;
  readonly seconds: number;
  /** By metric name. */
  readonly byName: Readonly<Record<string, number>>;
}

interface FeedSeries {
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'observation';
  readonly labels: Readonly<Record<string, string>>;
  total: number;
}

const VENUES = ['XNAS', 'XNYS', 'BATS', 'ARCX', 'IEXG'];
const STRATEGIES = ['maker', 'momentum', 'pairs', 'arbitrage'];
const SYMBOLS = Array.from({ length: 20 }, (_, i) => `SYM${i}`);
const HOPS = ['strategy', 'risk', 'gateway', 'venue'];
const EVENTS = ['new', 'ack', 'fill', 'cancel'];

function cross(axes: Readonly<Record<string, readonly string[]>>): Record<string, string>[] {
  return Object.entries(axes).reduce<Record<string, string>[]>(
    (sets, [label, values]) => sets.flatMap((set) => values.map((value) => ({ ...set, [label]: value }))),
    [{}],
  );
}

/** What the board reads, about 3,500 series. */
function deskSeries(): FeedSeries[] {
  const desk = { venue: VENUES, strategy: STRATEGIES };
  const traded = { ...desk, symbol: SYMBOLS };
  const quoted = { venue: VENUES, symbol: SYMBOLS };
  const groups: [FeedSeries['type'], string, Record<string, readonly string[]>][] = [
    ['observation', 'order_ack_seconds', desk],
    ['observation', 'order_hop_seconds', { hop: HOPS, ...desk }],
    ['observation', 'feed_delay_seconds', quoted],
    ['counter', 'order_events_total', { ...traded, event: EVENTS }],
    ['counter', 'order_rejects_total', { ...desk, reason: ['limit', 'price', 'halted'] }],
    ['counter', 'fills_total', { ...traded, side: ['buy', 'sell'] }],
    ['counter', 'traded_notional_total', { ...traded, currency: ['USD'] }],
    ['counter', 'quotes_total', quoted],
    ['gauge', 'quote_spread_bps', quoted],
    ['gauge', 'desk_orders_in_flight', desk],
    ['gauge', 'component_health', { component: ['gateway', 'risk', 'feed'], instance: ['1', '2'] }],
  ];
  return groups.flatMap(([type, name, axes]) => cross(axes).map((labels) => ({ type, name, labels, total: 0 })));
}

function seriesOf({ kind, series = 100 }: FeedPlan): FeedSeries[] {
  if (kind === 'desk') return deskSeries();
  const [name, type] =
    kind === 'cold' ? (['cold_gauge', 'gauge'] as const) : (['wide_seconds', 'observation'] as const);
  return Array.from({ length: series }, (_, i) => {
    const labels = { venue: VENUES[i % VENUES.length] as string, instance: `i${i}` };
    return { type, name, labels, total: 0 };
  });
}

class Feed {
  readonly #random = seededRandom(7);
  readonly #connection: NatsConnection;
  readonly #plan: FeedPlan;
  readonly #series: readonly FeedSeries[];
  readonly #byName: Record<string, number> = {};
  #waiting: string[] = [];
  #published = 0;

  constructor(connection: NatsConnection, plan: FeedPlan) {
    this.#connection = connection;
    this.#plan = plan;
    this.#series = seriesOf(plan);
  }

  report(seconds: number): FeedReport {
    return { published: this.#published, seconds, byName: this.#byName };
  }

  async past(): Promise<void> {
    const { pastSeconds, stepSeconds, pastRate } = this.#plan;
    const started = Date.now();
    const steps = Math.floor(pastSeconds / stepSeconds);
    for (let step = 0; step < steps; step++) {
      const stampMs = started - (steps - step) * stepSeconds * 1_000;
      for (const series of this.#series) {
        this.#add(series, BigInt(stampMs) * 1_000_000n);
        if (this.#published % BACKLOG_FLUSH_SAMPLES === 0) await this.#pace(started, pastRate);
      }
    }
    this.#send();
    await this.#connection.flush();
  }

  async live(): Promise<void> {
    const { rate, seconds } = this.#plan;
    const started = performance.now();
    const total = rate * seconds;
    for (let sent = 0; sent < total;) {
      const due = Math.min(total, Math.floor(((performance.now() - started) / 1_000) * rate));
      const stamp = BigInt(Date.now()) * 1_000_000n;
      for (; sent < due; sent++)
        this.#add(this.#series[sent % this.#series.length] as FeedSeries, stamp + BigInt(sent % 1_000_000));
      await this.#connection.flush();
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
    this.#send();
    await this.#connection.flush();
  }

  async #pace(started: number, rate: number): Promise<void> {
    await this.#connection.flush();
    const aheadMs = (this.#published / rate) * 1_000 - (Date.now() - started);
    if (aheadMs > 0) await new Promise((resolve) => setTimeout(resolve, aheadMs));
  }

  #add(series: FeedSeries, timeNanos: bigint): void {
    const { name, type, labels } = series;
    const drawn = latency(this.#random);
    if (type === 'counter') series.total += Math.ceil(drawn * 1_000);
    const value = type === 'counter' ? series.total : drawn;
    this.#waiting.push(JSON.stringify({ name, type, value, time: String(timeNanos), labels }));
    this.#byName[name] = (this.#byName[name] ?? 0) + 1;
    this.#published++;
    if (this.#waiting.length >= this.#plan.batch) this.#send();
  }

  #send(): void {
    if (this.#waiting.length === 0) return;
    const payload = this.#plan.batch === 1 ? (this.#waiting[0] as string) : `[${this.#waiting.join(',')}]`;
    this.#waiting = [];
    this.#connection.publish('tw.metrics.bench', payload, { headers: JSON_HEADERS });
  }
}

const JSON_HEADERS = headers();
JSON_HEADERS.set('Content-Type', 'application/json');

async function main(): Promise<void> {
  const plan = JSON.parse(process.argv[2] ?? '{}') as FeedPlan;
  const connection = await connect({ servers: plan.server });
  const feed = new Feed(connection, plan);
  const started = performance.now();
  await feed.past();
  await feed.live();
  await connection.close();
  console.log(JSON.stringify(feed.report((performance.now() - started) / 1_000)));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
