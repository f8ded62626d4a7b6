/**
 * What the boards show of services, infrastructure and the business: five minutes of a made-up platform under the names of the
 * usual exporters go in over HTTP, and each panel's own queries are asked as Grafana asks them. The figures follow from
 * the platform's rates (simulate/model/platform.ts) by hand.
 */
import type { NatsConnection } from '@nats-io/transport-node';
import { BOARDS } from '../../dashboards/src/board.ts';
import { fieldConfigOf, panelsOf } from '../../dashboards/src/board-reading.ts';
import type { PlacedPanel } from '../../dashboards/src/model.ts';
import type { App } from '../../sidecar/src/app.ts';
import { platformAt } from '../../sidecar/src/simulate/model/platform.ts';
import type { GrafanaConnection } from '../protocol/grafana-client.ts';
import { panelFrames, until } from './panel.ts';
import { startRunningApp, type RunningApp } from './running-app.ts';

const STEP_SECONDS = 15;
const SPAN_SECONDS = 300;
/** On the grid of the steps, so that the last step is the last sample. */
const NEWEST_SECONDS = Math.floor(Date.now() / 1_000 / STEP_SECONDS) * STEP_SECONDS;
const EVERY_SECONDS = 10;
const METRICS = '/api/v1/internal/monitoring/metrics';
const MIB = 2 ** 20;
const GIB = 2 ** 30;

let running: RunningApp;
let publisher: NatsConnection;
let app: App;
let grafana: GrafanaConnection;

beforeAll(async () => {
  running = await startRunningApp(() => ({}));
  ({ publisher, app, grafana } = running);
  for (let seconds = 0; seconds <= SPAN_SECONDS; seconds += EVERY_SECONDS) {
    const time = NEWEST_SECONDS - SPAN_SECONDS + seconds;
    const down = { name: 'up', type: 'gauge', value: 0, labels: { job: 'ml-inference', instance: 'inference-2:8080' } };
    const items = [...platformAt(seconds), down].map((item) => ({ ...item, time }));
    const headers = { 'content-type': 'application/json' };
    const request = { method: 'POST', headers, body: JSON.stringify(items) };
    const answer = (await (await fetch(app.httpAddress + METRICS, request)).json()) as object;
    expect(answer).toMatchObject({ data: { accepted: items.length, rejected: 0 } });
  }
});
afterAll(() => running.stop());

const boardPanels = new Map(
  Object.entries(BOARDS).map(([name, board]) => [name, new Map(panelsOf(board).map((panel) => [panel.title, panel]))]),
);

function panelOf(board: string, title: string): PlacedPanel {
  const panel = boardPanels.get(board)?.get(title);
  if (panel === undefined) throw new Error(`${board} has no panel "${title}"`);
  return panel;
}

const PLAIN_VARIABLES = { service: '.+', node: '.+', venue: '.+', strategy: '.+' };

/** Last values by legend, of all queries of a panel, with the variables of the board filled in as the browser does. */
async function shown(board: string, title: string, variables: object = {}): Promise<Record<string, number>> {
  const range = { fromEpochMS: (NEWEST_SECONDS - SPAN_SECONDS) * 1_000, toEpochMS: NEWEST_SECONDS * 1_000 };
  const found: Record<string, number> = {};
  for (const target of panelOf(board, title).targets ?? []) {
    let text = JSON.stringify(target);
    for (const [name, value] of Object.entries({ ...PLAIN_VARIABLES, ...variables })) {
      text = text.replaceAll(`$${name}`, String(value));
    }
    for (const table of await panelFrames(grafana, JSON.parse(text) as object, range)) {
      for (const [column, field] of table.schema.fields.entries()) {
        if (column === 0) continue;
        const { displayNameFromDS } = JSON.parse(field.metadata.get('config') ?? '{}') as {
          displayNameFromDS?: string;
        };
        const value: unknown = table.getChildAt(column)?.get(table.numRows - 1);
        if (typeof value === 'number') found[displayNameFromDS ?? field.name] = Number(value.toPrecision(9));
      }
    }
  }
  return found;
}

type Expected = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Rows of the requirements, what they are about, the board, and what each of its panels shows. */
const SHOWN: readonly (readonly [rows: string, about: string, board: string, panels: Expected])[] = [
  [
    'MET-31, MET-34',
    'users and confidence on the view of the business',
    'business',
    { 'Active users': { 'Active users': 234 }, Confidence: { Confidence: 0.678 } },
  ],
  [
    'MET-71',
    'pods by phase, and their restarts',
    'services',
    { 'Pods by phase': { Running: 2, Pending: 1, Failed: 1 }, Restarts: { 'ml-inference-0': 3 } },
  ],
  [
    'MET-72',
    'requests beside limits, and quotas',
    'services',
    {
      'CPU requested and limited': { 'trading requested': 2, 'trading limit': 4 },
      'Memory requested and limited': { 'trading requested': 4 * GIB, 'trading limit': 8 * GIB },
      'Quotas used': { 'trading requests.cpu': 0.75 },
    },
  ],
  [
    'MET-73',
    'the mesh, and traffic both ways',
    'services',
    {
      'Service mesh': { 'api-gateway → ml-inference': 4, 'api-gateway → ml-inference failed': 0.04 },
      'Traffic in and out': { 'trading in': 3 * MIB, 'trading out': MIB },
    },
  ],
  [
    'MET-74',
    'PostgreSQL: queries, connections, locks',
    'services',
    {
      'PostgreSQL: time of a query': { trading: 0.005 },
      'PostgreSQL: connections': { active: 12, idle: 55, limit: 100 },
      'PostgreSQL: locks': { rowexclusivelock: 7, deadlocks: 3 },
    },
  ],
  [
    'MET-75',
    'Redis: memory, hits and misses, connections',
    'services',
    {
      'Redis: memory': { 'redis-1 used': 1.5 * GIB, 'redis-1 limit': 2 * GIB },
      'Redis: hits and misses': { hits: 0.91, misses: 0.09 },
      'Redis: connections': { 'redis-1 connected': 48, 'redis-1 blocked': 2 },
    },
  ],
  [
    'MET-76',
    'InfluxDB: writes, queries, storage',
    'services',
    {
      'InfluxDB: time of a write': { 'write p95': 0.015 },
      'InfluxDB: time of a query': { 'query p95': 0.0925 },
      'InfluxDB: storage': { market: 4 * GIB },
    },
  ],
  [
    'MET-77',
    'Kafka: lag, partitions, brokers',
    'services',
    {
      'Kafka: lag': { 'execution predictions': 120 },
      'Kafka: partitions led by each broker': { 'broker 1': 2, 'broker 2': 1 },
      'Kafka: brokers': { brokers: 3, 'under-replicated': 1 },
    },
  ],
  [
    'MET-78',
    'messages produced and consumed, and errors of both sides',
    'services',
    {
      'Kafka: produced': { predictions: 300 },
      'Kafka: consumed': { 'execution predictions': 270 },
      'Kafka: errors': { produce: 0.5, fetch: 0.25 },
    },
  ],
  [
    'MET-80',
    'wallets: transactions, gas, connection',
    'services',
    {
      'Wallets: transactions that succeed': { metamask: 0.95 },
      'Wallets: gas': { metamask: 21_000 },
      'Wallets: connected': { metamask: 1 },
    },
  ],
  [
    'MET-81',
    'the risk service: breakers, violations, exposure',
    'services',
    {
      'Breakers that tripped': { daily_loss: 3 },
      'Compliance violations': { position_limit: 6 },
      'Exposure: theirs and ours': { 'USD risk service': 1_250_000 },
    },
  ],
  [
    'MET-87',
    'regulatory adherence, and how complete the audit trail is',
    'business',
    {
      'Regulatory checks that passed': { 'MiFID II': 0.99 },
      'Completeness of the audit trail': { execution: 0.995 },
    },
  ],
  [
    'MET-90',
    'failed authentications and suspicious activity',
    'business',
    { 'Failed authentications': { 'api-gateway': 0.2 }, 'Suspicious activity': { impossible_travel: 3 } },
  ],
  [
    'MET-92',
    'tests, coverage, quality, deployments on the board of the developers',
    'development',
    {
      'Test results': { 'execution passed': 1_204, 'execution failed': 2 },
      'Test coverage': { execution: 0.87 },
      'Findings about the code': { 'execution major': 4 },
      Deployments: { 'api-gateway production': 2, 'ml-inference production': 1 },
    },
  ],
  [
    'MET-94',
    'indicators: status codes, latency, database queries, messages, errors by service and by endpoint',
    'services',
    {
      'Answers by status code': { 200: 23.46, 429: 0.25, 500: 0.29 },
      'HTTP latency p95 by endpoint': {
        'api-gateway /predict': 0.3,
        'api-gateway /orders': 0.3,
        'ml-inference /infer': 0.475,
      },
      'Mean time of database queries': { 'clickhouse-main': 23.4 },
      'Messages processed': { 'feature-store': 250 },
      'Error rate by service': { 'api-gateway': 0.0125, 'ml-inference': 0.01 },
      'Error rate by endpoint': { 'api-gateway /predict': 0.025, 'ml-inference /infer': 0.01 },
    },
  ],
  [
    'PCT-03',
    'p95 of inference and of fetching features',
    'services',
    { 'p95 of inference and of features': { 'ml-inference inference': 12, 'ml-inference features': 3 } },
  ],
];

it.each(SHOWN)('(proves: %s) shows %s', async (_rows, _about, board, panels) => {
  for (const [title, expected] of Object.entries(panels)) {
    expect({ title, shown: await shown(board, title) }).toEqual({ title, shown: rounded(expected) });
  }
});

/** As `shown` rounds: what differs in the last places is the arithmetic of rates. */
function rounded(values: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Number(value.toPrecision(9))]));
}

interface Variable {
  readonly name: string;
  readonly query: { readonly match: string; readonly label: string };
}

/** What the browser is offered for a variable of the board of services. */
async function valuesOf(variable: string): Promise<string[]> {
  const { list } = BOARDS['services']?.['templating'] as { list: Variable[] };
  const { match, label } = (list.find(({ name }) => name === variable) as Variable).query;
  const path = `/api/v1/label/${label}/values?match[]=${encodeURIComponent(match)}`;
  return ((await (await fetch(app.httpAddress + path)).json()) as { data: string[] }).data;
}

it('has a panel for each node: processor, memory, disk, network (proves: MET-70)', async () => {
  expect(panelOf('services', 'Node $node')['repeat']).toBe('node');
  expect(await valuesOf('node')).toEqual(['node-1', 'node-2']);
  const same = { memory: 0.75, disk: 0.6, 'network in': 0.2, 'network out': 0.1 };
  expect(await shown('services', 'Node $node', { node: 'node-1' })).toEqual({ CPU: 0.4, ...same });
  expect(await shown('services', 'Node $node', { node: 'node-2' })).toEqual({ CPU: 0.9, ...same });
});

it('has a RED row for each service: rate, errors by type, p50, p95 and p99 (proves: MET-83, PCT-02)', async () => {
  const board = BOARDS['services'];
  const rows = board?.panels.filter(({ type }) => type === 'row') ?? [];
  expect(rows[0]).toMatchObject({ title: 'Service $service', repeat: 'service' });
  const between = [rows[0], rows[1]].map((row) => row?.gridPos.y ?? 0) as [number, number];
  const inside = board?.panels.filter(({ gridPos: { y } }) => y > between[0] && y < between[1]);
  expect(inside?.map(({ title }) => title)).toEqual(['Requests', 'Errors by type', 'Duration']);
  expect(await valuesOf('service')).toEqual(['api-gateway', 'ml-inference']);
  const gateway = { service: 'api-gateway' };
  expect(await shown('services', 'Requests', gateway)).toEqual({ 'api-gateway': 20 });
  expect(await shown('services', 'Errors by type', gateway)).toEqual({ 429: 0.25, 500: 0.25, failed: 0.0125 });
  expect(await shown('services', 'Duration', gateway)).toEqual({ p50: 0.05, p95: 0.3, p99: 0.46 });
  const inference = { service: 'ml-inference' };
  expect(await shown('services', 'Requests', inference)).toEqual({ 'ml-inference': 4 });
  expect(await shown('services', 'Errors by type', inference)).toEqual({ 500: 0.04, failed: 0.01 });
  // Two in a hundred are beyond the last limit: of them is known only that they are.
  expect(await shown('services', 'Duration', inference)).toEqual({ p50: 0.1, p95: 0.475, p99: 0.5 });
});

it('draws uptime against the line of 99.9 % (proves: MET-88)', async () => {
  const title = 'Uptime against the target';
  expect(await shown('services', title)).toEqual({ 'api-gateway': 100, 'ml-inference': 50 });
  const { defaults } = fieldConfigOf(panelOf('services', title));
  expect(defaults).toMatchObject({
    thresholds: { steps: [{ color: 'red' }, { color: 'green', value: 99.9 }] },
    custom: { thresholdsStyle: { mode: 'dashed' } },
  });
});

it('tells a backup that failed its verification, and transactions that do not agree (proves: MET-89)', async () => {
  expect(await shown('business', 'Inconsistent transactions')).toEqual({ ledger: 3 });
  expect(await shown('business', 'Backups')).toEqual({ postgres: 1, clickhouse: 0 });
  const { mappings } = fieldConfigOf(panelOf('business', 'Backups')).defaults as { mappings: { options: object }[] };
  expect(mappings[0]?.options).toMatchObject({ 0: { text: 'Failed', color: 'red' } });
});

const stamp = (secondsBefore: number): string => `${BigInt(NEWEST_SECONDS - secondsBefore) * 1_000_000_000n}`;

/** Published again until it shows: the broker's streams are made when the sidecar opens them; ids make repeats harmless. */
async function publishUntil(messages: readonly (readonly [string, object])[], isShown: () => Promise<boolean>) {
  await until(async () => {
    for (const [subject, message] of messages) publisher.publish(subject, JSON.stringify(message));
    return isShown();
  });
}

function besides(left: PlacedPanel, right: PlacedPanel): void {
  expect([right.gridPos.y, right.gridPos.x]).toEqual([left.gridPos.y, left.gridPos.x + left.gridPos.w]);
}

it('shows the revenue beside the profit of the trading (proves: MET-91)', async () => {
  besides(panelOf('business', 'Revenue'), panelOf('business', 'P&L'));
  const fill = (id: string, side: string, price: number): readonly [string, object] => [
    'tw.fills.XNAS.maker',
    { id, order_id: id, symbol: 'ACME', side, quantity: 10, price, currency: 'USD', time: stamp(60) },
  ];
  const net = async (): Promise<number | undefined> => (await shown('business', 'P&L'))['net'];
  await publishUntil([fill('f1', 'buy', 100), fill('f2', 'sell', 103)], async () => (await net()) === 30);
  expect(await shown('business', 'Revenue')).toEqual({ revenue: 150 });
});

it('shows how orders at an exchange fare, how fast it answers, and what its limit allows (proves: MET-79)', async () => {
  const order = (i: number, event: string, ms: number): readonly [string, object] => [
    'tw.orders.COINBASE.maker',
    {
      ...{ id: `o${i}-${event}`, order_id: `o${i}`, symbol: 'BTC-USD', side: 'buy', quantity: 1, event },
      ...{ sent_time: stamp(100 - i), time: `${BigInt(stamp(100 - i)) + BigInt(ms) * 1_000_000n}` },
    },
  ];
  const orders = Array.from({ length: 20 }, (_, i) => i).flatMap((i) => [
    order(i, 'new', 0),
    order(i, i % 5 === 4 ? 'reject' : 'ack', 50),
  ]);
  const responses = () => shown('services', 'Exchanges: response time');
  const succeeded = async () => (await shown('services', 'Exchanges: orders that succeed'))['COINBASE'];
  await publishUntil(orders, async () => (await succeeded()) === 0.8);
  const status = { time: stamp(1), connection: 'connected', requests_remaining: 300, requests_limit: 1_200 };
  publisher.publish('tw.exchange.COINBASE.orders', JSON.stringify({ ...status, latency_ms: 42 }));
  await until(async () => (await responses())['COINBASE orders'] === 0.042);
  const p95 = (await responses())['COINBASE orders p95'] as number;
  expect(Math.abs(p95 / 0.05 - 1)).toBeLessThanOrEqual(2 ** (2 ** -7) - 1);
  expect(await shown('services', 'Exchanges: rate limit used')).toEqual({ 'COINBASE orders': 0.75 });
});

it('shows the latency of an interface beside its connection (proves: MET-102)', async () => {
  const [connection, latency] = ['Connection of exchanges', 'API latency of exchanges'];
  besides(panelOf('trading-operations', connection), panelOf('trading-operations', latency));
  const status = { time: stamp(2), connection: 'connected', latency_ms: 17.5 };
  publisher.publish('tw.exchange.KRAKEN.orders', JSON.stringify(status));
  await until(async () => (await shown('trading-operations', latency))['KRAKEN orders'] === 0.0175);
  expect((await shown('trading-operations', connection))['KRAKEN orders']).toBe(1);
  // Grafana writes seconds of this size as milliseconds.
  expect(fieldConfigOf(panelOf('trading-operations', latency)).defaults['unit']).toBe('s');
});

it('shows market data, the state of the order books, and the age of the newest quote (proves: MET-93, MET-95)', async () => {
  const quote = (venue: string, secondsBefore: number, ask: number): void =>
    publisher.publish(
      `tw.quotes.${venue}.ACME`,
      JSON.stringify({ time: stamp(secondsBefore), bid: 99, bid_size: 1, ask, ask_size: 1 }),
    );
  quote('XNAS', 3, 101);
  quote('XLON', 40, 103);
  const board = 'trading-operations';
  await until(async () => Object.keys(await shown(board, 'Age of market data')).length === 2);
  expect(await shown(board, 'Age of market data')).toEqual({ XNAS: 3, XLON: 40 });
  expect(await shown(board, 'Order books')).toEqual({ XNAS: 1, XLON: 0 });
  expect(await shown(board, 'Mid by symbol')).toEqual({ ACME: 100.5 });
});
