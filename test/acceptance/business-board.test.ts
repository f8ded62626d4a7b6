/**
 * The provisioned boards' own queries over what the business, its agents and its desk published: each panel that a
 * requirement names is found by its title and asked as Grafana asks it.
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import { SERVICE_SAMPLES } from '../../sidecar/src/codec/testing/service-messages.ts';
import type { GrafanaConnection } from '../protocol/grafana-client.ts';
import { ensureBuiltSidecar } from './built-sidecar.ts';
import { panelFrames, until } from './panel.ts';
import { startRunningApp, storedEvents, type RunningApp } from './running-app.ts';

const START_TIMEOUT_MS = 120_000;
const BOARDS = resolve(__dirname, '../../dashboards/json');
const NOW_MS = Date.now();
const nanosAgo = (ms: number): string => String(BigInt(NOW_MS - ms) * 1_000_000n);

let running: RunningApp;
let publisher: NatsConnection;
let grafana: GrafanaConnection;

beforeAll(async () => {
  ensureBuiltSidecar(resolve(__dirname, '../..'));
  running = await startRunningApp(storedEvents);
  ({ publisher, grafana } = running);
}, START_TIMEOUT_MS);
afterAll(() => running.stop());

interface Panel {
  readonly title: string;
  readonly targets?: readonly Readonly<Record<string, unknown>>[];
  readonly panels?: readonly Panel[];
}

/** The queries of a panel with what Grafana would put in place of variables: everything. */
function targetsOf(board: string, title: string): object[] {
  const { panels } = JSON.parse(readFileSync(join(BOARDS, `${board}.json`), 'utf8')) as { panels: Panel[] };
  const found = panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]).filter((panel) => panel.title === title);
  if (found.length !== 1) throw new Error(`${board} has ${found.length} panels called ${title}`);
  return (found[0]?.targets ?? []).map((target) => {
    const { filters } = target;
    return { ...target, ...(filters === undefined ? {} : { filters: {} }) };
  });
}

type Row = Readonly<Record<string, unknown>>;

/** The last row of each frame of a panel, by column; with the labels of its series. */
async function shown(board: string, title: string): Promise<Row[]> {
  const range = { fromEpochMS: NOW_MS - 900_000, toEpochMS: NOW_MS + 60_000 };
  const answers = await Promise.all(targetsOf(board, title).map((target) => panelFrames(grafana, target, range)));
  return answers.flat().map((table) => {
    const cells = table.schema.fields.map(({ name, metadata }, i): Row => {
      const labels = JSON.parse(metadata.get('labels') ?? '{}') as Record<string, string>;
      const values = table.getChildAt(i)?.toArray() as ArrayLike<unknown> | undefined;
      return { ...labels, [name]: values?.[table.numRows - 1] };
    });
    return Object.assign({}, ...cells) as Row;
  });
}

it('predictions of the day and strategies that are active stand on the overview of the business (proves: TRD-30)', async () => {
  for (const [i, hours] of [1, 2, 23, 25].entries()) {
    const document = { id: `p${i}`, time: nanosAgo(hours * 3_600_000), signal_id: `s${i}`, prediction: 0.01 };
    publisher.publish('tw.signals.momentum', JSON.stringify(document));
  }
  const outcome = { id: 'p9', time: nanosAgo(1_000), signal_id: 's0', event: 'outcome', outcome: 0.02 };
  publisher.publish('tw.signals.momentum', JSON.stringify(outcome));
  for (const [i, strategy] of ['mm', 'arb', 'mm'].entries()) {
    const order = { id: `o${i}`, order_id: `o${i}`, event: 'new', time: nanosAgo(2_000 + i), symbol: 'S', side: 'buy' };
    publisher.publish(`tw.orders.XNAS.${strategy}`, JSON.stringify({ ...order, quantity: 1, order_type: 'market' }));
  }
  const found = async (): Promise<Row[]> => shown('business', 'Last 24 hours');
  // Two consumers take them, in either order.
  await until(async () => {
    const [row] = await found();
    return Number(row?.['active strategies']) >= 2 && Number(row?.['daily predictions']) >= 3;
  });
  expect((await found()).map((row) => [Number(row['daily predictions']), Number(row['active strategies'])])).toEqual([
    [3, 2],
  ]);
});

it('revenue and usage stand on the board, usage split by tier (proves: TRD-33)', async () => {
  const minutes = [10, 5, 1];
  // In one message, before the others, which come newest first: where any of those is seen, all that is asked for is there.
  const totals = [1_000, 1_250, 1_400].map((value, i) => {
    const time = nanosAgo((minutes[i] as number) * 60_000);
    return { name: 'revenue_total', type: 'counter', value, time, labels: { currency: 'USD' } };
  });
  publisher.publish('tw.metrics.billing', JSON.stringify(totals));
  for (const ago of minutes.toReversed()) {
    const timestamp = new Date(NOW_MS - ago * 60_000).toISOString();
    publisher.publish(
      'tw.metrics.services',
      JSON.stringify({ business_metrics: { timestamp, ...SERVICE_SAMPLES.business_metrics } }),
    );
  }
  await until(async () => (await shown('business', 'API usage by tier')).length === 4);
  const range = { fromEpochMS: NOW_MS - 60_000, toEpochMS: NOW_MS - 45_000 };
  const [target = {}] = targetsOf('business', 'API usage by tier');
  const usage = (await panelFrames(grafana, target, range)).map((table) => {
    const field = table.schema.fields[1];
    const { tier } = JSON.parse(field?.metadata.get('labels') ?? '{}') as { tier?: string };
    return [tier, table.getChildAt(1)?.get(table.numRows - 1) as unknown];
  });
  expect(Object.fromEntries(usage)).toEqual({ free: 234, basic: 567, premium: 890, enterprise: 123 });
  const revenue = async (): Promise<number> =>
    Number(Object.values((await shown('business', 'Revenue'))[0] ?? {}).at(-1));
  // It looks further back than memory does, so the store answers, as soon as the samples are durable.
  await until(async () => (await revenue()) > 0);
  const value = await revenue();
  expect(value).toBeGreaterThanOrEqual(400);
  expect(value).toBeLessThan(600);
  const byCurrency = await shown('business', 'Revenue by currency');
  expect(byCurrency.map((row) => row['currency'])).toEqual(['USD']);
});

it('the trading analytics have a view of performance, filled by the trades (proves: TRD-31)', async () => {
  const fill = (i: number, side: string, price: number): void =>
    publisher.publish(
      'tw.fills.XNAS.mm',
      JSON.stringify({
        ...{ id: `f${i}`, order_id: `o${i}`, time: nanosAgo(60_000 - i * 1_000), symbol: 'S', side, quantity: 1 },
        ...{ price, currency: 'USD' },
      }),
    );
  [100, 110, 100, 105, 100, 95].forEach((price, i) => fill(i, i % 2 === 0 ? 'buy' : 'sell', price));
  const last = async (): Promise<Row | undefined> =>
    (await shown('trading-analytics', 'The last 100 trades by strategy'))[0];
  await until(async () => Number((await last())?.['trades']) === 3);
  const row = await last();
  expect(row).toMatchObject({ strategy: 'mm' });
  expect([row?.['win rate'], row?.['profit'], row?.['consecutive losses']].map(Number)).toEqual([
    expect.closeTo(2 / 3, 12),
    10,
    1,
  ]);
  const equity = await shown('trading-analytics', 'Equity by strategy');
  expect(equity.map((frame) => frame['strategy'])).toEqual(['mm']);
});
