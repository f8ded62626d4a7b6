/**
 * What services say of themselves (REQUIREMENTS.md 2.1 to 2.4), from the message on NATS to the answer: the sidecar with its
 * store in this process, a real NATS, PromQL over HTTP, and the frames that Grafana's panels get, units included.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import type { App } from '../../sidecar/src/app.ts';
import { SERVICE_SAMPLES } from '../../sidecar/src/codec/testing/service-messages.ts';
import type { GrafanaConnection } from '../protocol/grafana-client.ts';
import { panelFrames, until } from './panel.ts';
import { startRunningApp, type RunningApp } from './running-app.ts';

/** Whole seconds, so that a stamp comes back in every form as it went out. */
const NEWEST_SECONDS = Math.floor(Date.now() / 1_000);
const PERIOD_SECONDS = 10;
const MESSAGES = 7;

/** The conditions of RUL-16, RUL-17 and RUL-18, in their own words. */
const RULES = `groups:
  - name: services
    interval: 1s
    rules:
      - { alert: high_error_rate, expr: error_rate_percent > 1, for: 1m }
      - { alert: low_prediction_accuracy, expr: prediction_accuracy < 0.65, for: 10m }
      - { alert: high_unprofitable_trades, expr: profitable_trades_percent < 55, for: 15m }
`;

let running: RunningApp;
let publisher: NatsConnection;
let app: App;
let grafana: GrafanaConnection;

const { system_metrics: system, application_metrics: application } = SERVICE_SAMPLES;

function publish(documents: object): void {
  publisher.publish('tw.metrics.services', JSON.stringify(documents));
}

/** Counters grow by three and more from message to message; the last one has the values of the requirements. */
function messageAt(index: number): object[] {
  const back = MESSAGES - 1 - index;
  const timestamp = new Date((NEWEST_SECONDS - back * PERIOD_SECONDS) * 1_000).toISOString();
  const { jvm_metrics: jvm } = system;
  const jvm_metrics = {
    ...jvm,
    gc_collections_total: jvm.gc_collections_total - 3 * back,
    gc_time_total_ms: jvm.gc_time_total_ms - 40 * back,
  };
  const metrics = { ...application.metrics, requests_total: application.metrics.requests_total - 234 * back };
  return [
    { system_metrics: { timestamp, ...system, jvm_metrics } },
    { application_metrics: { timestamp, ...application, metrics } },
    { business_metrics: { timestamp, ...SERVICE_SAMPLES.business_metrics } },
    { database_metrics: { timestamp, ...SERVICE_SAMPLES.database_metrics } },
  ];
}

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [seconds: number, text: string];
}

async function get<T>(path: string): Promise<T> {
  return ((await (await fetch(`${app.httpAddress}${path}`)).json()) as { data: T }).data;
}

async function ask(query: string): Promise<readonly Sample[]> {
  const { result } = await get<{ result: Sample[] }>(
    `/api/v1/query?time=${NEWEST_SECONDS}&query=${encodeURIComponent(query)}`,
  );
  return result;
}

const numbers = async (query: string): Promise<number[]> => (await ask(query)).map(({ value }) => Number(value[1]));

/** The unit and the last value of each series that a panel with this query gets. */
async function panel(expr: string): Promise<{ readonly unit: unknown; readonly last: unknown }[]> {
  const range = { fromEpochMS: (NEWEST_SECONDS - 60) * 1_000, toEpochMS: NEWEST_SECONDS * 1_000 };
  const frames = await panelFrames(grafana, { queryType: 'promql', expr }, range);
  return frames.map((table) => {
    const config = table.schema.fields[1]?.metadata.get('config');
    const { unit } = JSON.parse(config ?? '{}') as { unit?: string };
    return { unit, last: table.getChildAt(1)?.get(table.numRows - 1) as unknown };
  });
}

beforeAll(async () => {
  running = await startRunningApp((folder) => {
    const ruleFile = join(folder, 'rules.yaml');
    writeFileSync(ruleFile, RULES);
    return { alerting: { ruleFiles: [ruleFile], startDelayMs: 0 } };
  });
  ({ publisher, app, grafana } = running);
  for (let index = 0; index < MESSAGES; index++) publish(messageAt(index));
  const timestamp = new Date(NEWEST_SECONDS * 1_000).toISOString();
  const second = { ...system, instance_id: 'ml-inference-002', metrics: { cpu_usage_percent: 12.5 }, jvm_metrics: {} };
  publish({ system_metrics: { timestamp, ...second } });
  await until(async () => (await ask('cpu_usage_percent{instance="ml-inference-002"}')).length === 1);
});
afterAll(() => running.stop());

describe('the envelope of a message', () => {
  it('gives the stored time, as it was sent (proves: MET-01)', async () => {
    const series = 'cpu_usage_percent{instance="ml-inference-001"}';
    const { result } = await get<{ result: { values: [number, string][] }[] }>(
      `/api/v1/query?time=${NEWEST_SECONDS}&query=${encodeURIComponent(`${series}[5m]`)}`,
    );
    const sent = Array.from({ length: MESSAGES }, (_, i) => NEWEST_SECONDS - (MESSAGES - 1 - i) * PERIOD_SECONDS);
    expect(result.map(({ values }) => values.map(([seconds]) => seconds))).toEqual([sent]);
  });

  it('filters by service, and keeps two instances apart (proves: MET-02, MET-03)', async () => {
    expect(await ask('cpu_usage_percent{service="other"}')).toEqual([]);
    const both = await ask('cpu_usage_percent{service="ml-inference"}');
    expect(Object.fromEntries(both.map(({ metric, value }) => [metric['instance'], value[1]]))).toEqual({
      'ml-inference-001': '67.5',
      'ml-inference-002': '12.5',
    });
  });

  it('may come without an instance (proves: MET-18)', async () => {
    const [sample, ...others] = await ask('requests_total{service="ml-inference"}');
    expect(others).toEqual([]);
    expect(sample).toEqual({
      metric: { __name__: 'requests_total', service: 'ml-inference', source: 'application' },
      value: [NEWEST_SECONDS, '15732'],
    });
  });

  it('filters by the type and the instance of a database (proves: MET-41)', async () => {
    const filtered = (labels: string) => numbers(`queries_per_second{${labels}}`);
    expect(await filtered('database_type="clickhouse"')).toEqual([45.2]);
    expect(await filtered('instance="clickhouse-main"')).toEqual([45.2]);
    expect(await filtered('database_type="duckdb"')).toEqual([]);
    expect(await filtered('instance="clickhouse-spare"')).toEqual([]);
  });

  it('keeps fields of one name apart by their source (proves: MET-32)', async () => {
    const found = await ask('predictions_generated');
    expect(found.map(({ metric, value }) => [metric['source'], value[1]]).sort()).toEqual([
      ['application', '1247'],
      ['business', '1247'],
    ]);
    expect(await numbers('predictions_generated{source="business"}')).toEqual([1_247]);
  });
});

type Shown = 'percent' | 'bytes' | 'Bps' | 'short' | 'ms' | 'cps' | 'percentunit' | 'currency:¤';
const SYSTEM = 'instance="ml-inference-001"';
const APPLICATION = 'source="application"';
const BUSINESS = 'source="business"';
const DATABASE = 'source="database"';

/** Requirement, series, value as sent, the unit in which Grafana draws it. */
const FIELDS: readonly (readonly [id: string, series: string, value: number, shown: Shown])[] = [
  ['MET-04', `cpu_usage_percent{${SYSTEM}}`, 67.5, 'percent'],
  ['MET-05', `memory_usage_percent{${SYSTEM}}`, 72.1, 'percent'],
  ['MET-06', `memory_usage_bytes{${SYSTEM}}`, 2_147_483_648, 'bytes'],
  ['MET-07', `disk_usage_percent{${SYSTEM}}`, 45.2, 'percent'],
  ['MET-08', `network_in_bytes_per_sec{${SYSTEM}}`, 1_048_576, 'Bps'],
  ['MET-09', `network_out_bytes_per_sec{${SYSTEM}}`, 2_097_152, 'Bps'],
  ['MET-10', `open_file_descriptors{${SYSTEM}}`, 234, 'short'],
  ['MET-11', `thread_count{${SYSTEM}}`, 16, 'short'],
  ['MET-12', `garbage_collection_time_ms{${SYSTEM}}`, 23, 'ms'],
  ['MET-13', `jvm_heap_used_bytes{${SYSTEM}}`, 1_073_741_824, 'bytes'],
  ['MET-14', `jvm_heap_committed_bytes{${SYSTEM}}`, 1_610_612_736, 'bytes'],
  ['MET-15', `jvm_non_heap_used_bytes{${SYSTEM}}`, 134_217_728, 'bytes'],
  ['MET-20', `requests_per_second{${APPLICATION}}`, 23.4, 'cps'],
  ['MET-21', `response_time_p50_ms{${APPLICATION}}`, 18, 'ms'],
  ['MET-22', `response_time_p95_ms{${APPLICATION}}`, 45, 'ms'],
  ['MET-23', `response_time_p99_ms{${APPLICATION}}`, 127, 'ms'],
  ['MET-25', `active_connections{${APPLICATION}}`, 45, 'short'],
  ['MET-26', `queue_depth{${APPLICATION}}`, 12, 'short'],
  ['MET-27', `cache_hit_rate_percent{${APPLICATION}}`, 89.3, 'percent'],
  ['MET-28', `predictions_generated{${APPLICATION}}`, 1_247, 'short'],
  ['MET-29', `model_inference_time_p95_ms{${APPLICATION}}`, 12, 'ms'],
  ['MET-30', `feature_fetch_time_p95_ms{${APPLICATION}}`, 3, 'ms'],
  ['MET-35', `successful_trades{${BUSINESS}}`, 89, 'short'],
  ['MET-37', `average_profit_per_trade{${BUSINESS}}`, 127.45, 'currency:¤'],
  ['MET-38', `total_trading_volume{${BUSINESS}}`, 2_847_293.5, 'currency:¤'],
  ['MET-39', `unique_symbols_traded{${BUSINESS}}`, 127, 'short'],
  ['MET-42', `queries_per_second{${DATABASE}}`, 45.2, 'cps'],
  ['MET-43', `avg_query_duration_ms{${DATABASE}}`, 23.4, 'ms'],
  ['MET-44', `slow_queries_count{${DATABASE}}`, 3, 'short'],
  ['MET-45', `connection_pool_usage{${DATABASE}}`, 67, 'short'],
  ['MET-46', `cache_hit_ratio{${DATABASE}}`, 0.91, 'percentunit'],
  ['MET-47', `disk_io_read_bytes_per_sec{${DATABASE}}`, 1_048_576, 'Bps'],
  ['MET-48', `disk_io_write_bytes_per_sec{${DATABASE}}`, 524_288, 'Bps'],
  ['MET-49', `active_connections{${DATABASE}}`, 23, 'short'],
  ['MET-50', `waiting_connections{${DATABASE}}`, 2, 'short'],
];

describe('a field of a message', () => {
  it.each(FIELDS)('(proves: %s) %s answers %d, and is drawn in the unit %s', async (...row) => {
    const [, series, value, shown] = row;
    expect(await numbers(series)).toEqual([value]);
    expect(await panel(series)).toEqual([{ unit: shown, last: value }]);
  });

  /** Growth from one message to the next, and the unit of the rate. */
  it.each([
    ['MET-16', 'jvm_gc_collections_total', 3],
    ['MET-17', 'jvm_gc_time_total_ms', 40],
    ['MET-19', 'requests_total', 234],
  ])('(proves: %s) %s is a counter whose rate is %d in each period', async (_id, name, growth) => {
    const [rate, ...others] = await numbers(`rate(${name}[1m])`);
    expect(others).toEqual([]);
    expect(rate).toBeCloseTo(growth / PERIOD_SECONDS, 9);
    const metadata = await get<Record<string, { type: string }[]>>(`/api/v1/metadata?metric=${name}`);
    expect(metadata[name]?.map(({ type }) => type)).toEqual(['counter']);
  });

  it('shows the seven figures of the business side by side (proves: TRD-29)', async () => {
    const names = [
      ...['prediction_accuracy', 'average_confidence_score', 'successful_trades', 'profitable_trades_percent'],
      ...['average_profit_per_trade', 'total_trading_volume', 'unique_symbols_traded'],
    ];
    const shown = await panel(`{__name__=~"${names.join('|')}", source="business"}`);
    expect(shown.map(({ last }) => Number(last)).sort((a, b) => a - b)).toEqual([
      0.678, 0.742, 67.4, 89, 127, 127.45, 2_847_293.5,
    ]);
  });

  it('breaks API usage down by tier (proves: MET-40)', async () => {
    const found = await ask('sum by (tier) (api_usage_by_tier)');
    expect(Object.fromEntries(found.map(({ metric, value }) => [metric['tier'], Number(value[1])]))).toEqual({
      free: 234,
      basic: 567,
      premium: 890,
      enterprise: 123,
    });
    expect((await panel('api_usage_by_tier')).map(({ unit }) => unit)).toEqual(Array(4).fill('short'));
  });

  it('makes the size of each table a series of its own (proves: MET-51)', async () => {
    const found = await ask('table_sizes{instance="clickhouse-main"}');
    expect(Object.fromEntries(found.map(({ metric, value }) => [metric['table'], Number(value[1])]))).toEqual({
      market_data: 12_847_293_847,
      predictions: 2_847_293_847,
      features: 5_847_293_847,
    });
    expect((await panel('table_sizes')).map(({ unit }) => unit)).toEqual(Array(3).fill('bytes'));
  });

  it('that nobody declared is a metric from its first message on (proves: ING-13)', async () => {
    const timestamp = new Date(NEWEST_SECONDS * 1_000).toISOString();
    publish({ business_metrics: { timestamp, metrics: { churn_risk: 0.25, signups_by_region: { eu: 4, us: 7 } } } });
    await until(async () => (await ask('signups_by_region')).length === 2);
    expect(await numbers('churn_risk{source="business"}')).toEqual([0.25]);
    expect(await numbers('sum(signups_by_region)')).toEqual([11]);
  });
});

it('feeds the rules on errors, accuracy and trades (proves: MET-24, MET-33, MET-36)', async () => {
  const alerts = async (): Promise<Map<string, string>> => {
    const { alerts: list } = await get<{ alerts: { labels: { alertname: string }; value: string }[] }>(
      '/api/v1/alerts',
    );
    return new Map(list.map(({ labels, value }) => [labels.alertname, value]));
  };
  // The rules have seen the samples of the requirements, which break no limit.
  await until(async () => {
    const { groups } = await get<{ groups: { lastEvaluation: string }[] }>('/api/v1/rules');
    return groups.every(({ lastEvaluation }) => Date.parse(lastEvaluation) > NEWEST_SECONDS * 1_000);
  });
  expect(await alerts()).toEqual(new Map());
  const timestamp = new Date().toISOString();
  publish([
    { application_metrics: { timestamp, service_name: 'ml-inference', metrics: { error_rate_percent: 1.1 } } },
    { business_metrics: { timestamp, metrics: { prediction_accuracy: 0.64, profitable_trades_percent: 54 } } },
  ]);
  await until(async () => (await alerts()).size === 3);
  const found = [...(await alerts())].map(([name, value]) => [name, Number(value)]).sort();
  expect(found).toEqual([
    ['high_error_rate', 1.1],
    ['high_unprofitable_trades', 54],
    ['low_prediction_accuracy', 0.64],
  ]);
});
