/**
 * A made-up platform around the desk, as its exporters would show it: services, a cluster, databases, brokers, wallets, and
 * what the business and the developers report. Names and labels are those of the usual exporters (docs/services.md). Levels are
 * constant and counters straight lines, so that what a board shows of them can be worked out by hand.
 */
import type { MetricItem } from './message.ts';

type Values = Readonly<Record<string, string>>;
/** Value at second 0, and how much it grows each second. */
type Line = readonly [start: number, perSecond: number];

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** Everything of the platform at a time in seconds since it began. */
export function platformAt(seconds: number): MetricItem[] {
  return SERIES.map(({ name, type, labels, line: [start, perSecond] }) => ({
    name,
    type,
    value: start + perSecond * seconds,
    labels: { ...labels },
  }));
}

interface PlatformSeries {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly labels: Values;
  readonly line: Line;
}

const gauge = (name: string, labels: Values, value: number): PlatformSeries => ({
  ...{ name, type: 'gauge', labels, line: [value, 0] },
});
const counter = (name: string, labels: Values, perSecond: number, start = 0): PlatformSeries => ({
  ...{ name, type: 'counter', labels, line: [start, perSecond] },
});

/** Cumulative buckets; `shares` of the requests were at most as long as each limit. */
function buckets(name: string, labels: Values, [perSecond, shares]: readonly [number, Values]): PlatformSeries[] {
  return Object.entries(shares).map(([le, share]) => counter(name, { ...labels, le }, perSecond * Number(share)));
}

const REQUESTS = [
  ['api-gateway', '/predict', { 200: 9.5, 429: 0.25, 500: 0.25 }],
  ['api-gateway', '/orders', { 200: 10 }],
  ['ml-inference', '/infer', { 200: 3.96, 500: 0.04 }],
] as const;

function serviceSeries(): PlatformSeries[] {
  const seconds = 'http_request_duration_seconds_bucket';
  const fast = { 0.05: '0.5', 0.1: '0.9', 0.5: '1', '+Inf': '1' };
  const slow = { 0.05: '0', 0.1: '0.5', 0.5: '0.98', '+Inf': '1' };
  return [
    ...REQUESTS.flatMap(([service, endpoint, codes]) =>
      Object.entries(codes).map(([code, perSecond]) =>
        counter('http_requests_total', { service, endpoint, code }, perSecond),
      ),
    ),
    ...buckets(seconds, { service: 'api-gateway', endpoint: '/predict' }, [10, fast]),
    ...buckets(seconds, { service: 'api-gateway', endpoint: '/orders' }, [10, fast]),
    ...buckets(seconds, { service: 'ml-inference', endpoint: '/infer' }, [4, slow]),
    counter('messages_processed_total', { service: 'feature-store' }, 250),
    gauge('model_inference_time_p95_ms', { service: 'ml-inference', source: 'application' }, 12),
    gauge('feature_fetch_time_p95_ms', { service: 'ml-inference', source: 'application' }, 3),
    gauge('avg_query_duration_ms', { instance: 'clickhouse-main', source: 'database' }, 23.4),
    gauge('up', { job: 'api-gateway', instance: 'gateway-1:8080' }, 1),
    gauge('up', { job: 'ml-inference', instance: 'inference-1:8080' }, 1),
  ];
}

function nodeSeries(instance: string, idle: number): PlatformSeries[] {
  const root = { instance, mountpoint: '/' };
  const card = { instance, device: 'eth0' };
  return [
    counter('node_cpu_seconds_total', { instance, cpu: '0', mode: 'idle' }, idle),
    counter('node_cpu_seconds_total', { instance, cpu: '0', mode: 'user' }, 1 - idle),
    gauge('node_memory_MemTotal_bytes', { instance }, 64 * GIB),
    gauge('node_memory_MemAvailable_bytes', { instance }, 16 * GIB),
    gauge('node_filesystem_size_bytes', root, 500 * GIB),
    gauge('node_filesystem_avail_bytes', root, 200 * GIB),
    gauge('node_network_speed_bytes', card, 125e6),
    counter('node_network_receive_bytes_total', card, 25e6),
    counter('node_network_transmit_bytes_total', card, 12.5e6),
  ];
}

function clusterSeries(): PlatformSeries[] {
  const namespace = 'trading';
  const pod = (name: string): Values => ({ namespace, pod: name });
  const container = { ...pod('ml-inference-0'), container: 'model' };
  const quota = (resource: string, type: string): Values => ({ namespace, resource, type });
  const mesh = { source_workload: 'api-gateway', destination_workload: 'ml-inference' };
  return [
    gauge('kube_pod_status_phase', { ...pod('api-gateway-0'), phase: 'Running' }, 1),
    gauge('kube_pod_status_phase', { ...pod('ml-inference-0'), phase: 'Running' }, 1),
    gauge('kube_pod_status_phase', { ...pod('ml-inference-1'), phase: 'Pending' }, 1),
    gauge('kube_pod_status_phase', { ...pod('report-0'), phase: 'Failed' }, 1),
    counter('kube_pod_container_status_restarts_total', container, 0, 3),
    gauge('kube_pod_container_resource_requests', { ...container, resource: 'cpu' }, 2),
    gauge('kube_pod_container_resource_limits', { ...container, resource: 'cpu' }, 4),
    gauge('kube_pod_container_resource_requests', { ...container, resource: 'memory' }, 4 * GIB),
    gauge('kube_pod_container_resource_limits', { ...container, resource: 'memory' }, 8 * GIB),
    gauge('kube_resourcequota', quota('requests.cpu', 'used'), 12),
    gauge('kube_resourcequota', quota('requests.cpu', 'hard'), 16),
    counter('container_network_receive_bytes_total', pod('api-gateway-0'), 3 * MIB),
    counter('container_network_transmit_bytes_total', pod('api-gateway-0'), MIB),
    counter('istio_requests_total', { ...mesh, response_code: '200' }, 3.96),
    counter('istio_requests_total', { ...mesh, response_code: '503' }, 0.04),
  ];
}

function databaseSeries(): PlatformSeries[] {
  const postgres = { instance: 'postgres-1', datname: 'trading' };
  const redis = { instance: 'redis-1' };
  const influx = 'http_api_request_duration_seconds_bucket';
  return [
    counter('pg_stat_statements_seconds_total', postgres, 0.6),
    counter('pg_stat_statements_calls_total', postgres, 120),
    gauge('pg_stat_activity_count', { ...postgres, state: 'active' }, 12),
    gauge('pg_stat_activity_count', { ...postgres, state: 'idle' }, 55),
    gauge('pg_settings_max_connections', { instance: 'postgres-1' }, 100),
    gauge('pg_locks_count', { ...postgres, mode: 'rowexclusivelock' }, 7),
    counter('pg_stat_database_deadlocks', postgres, 0.01),
    gauge('redis_memory_used_bytes', redis, 1_536 * MIB),
    gauge('redis_memory_max_bytes', redis, 2 * GIB),
    counter('redis_keyspace_hits_total', redis, 910),
    counter('redis_keyspace_misses_total', redis, 90),
    gauge('redis_connected_clients', redis, 48),
    gauge('redis_blocked_clients', redis, 2),
    ...buckets(influx, { path: '/api/v2/write' }, [50, { 0.005: '0.9', 0.025: '1', '+Inf': '1' }]),
    ...buckets(influx, { path: '/api/v2/query' }, [5, { 0.025: '0.5', 0.1: '1', '+Inf': '1' }]),
    gauge('storage_shard_disk_size', { bucket: 'market', id: '1' }, 3 * GIB),
    gauge('storage_shard_disk_size', { bucket: 'market', id: '2' }, GIB),
  ];
}

function brokerSeries(): PlatformSeries[] {
  const topic = 'predictions';
  const group = { consumergroup: 'execution', topic };
  return [
    gauge('kafka_brokers', {}, 3),
    ...[1, 2, 1].flatMap((broker, i) => {
      const partition = String(i);
      return [
        gauge('kafka_topic_partition_leader', { topic, partition }, broker),
        gauge('kafka_topic_partition_under_replicated_partition', { topic, partition }, i === 2 ? 1 : 0),
        gauge('kafka_consumergroup_lag', { ...group, partition }, 40),
        counter('kafka_topic_partition_current_offset', { topic, partition }, 100),
        counter('kafka_consumergroup_current_offset', { ...group, partition }, 90),
      ];
    }),
    counter('kafka_server_brokertopicmetrics_failedproducerequests_total', {}, 0.5),
    counter('kafka_server_brokertopicmetrics_failedfetchrequests_total', {}, 0.25),
  ];
}

function outsideSeries(): PlatformSeries[] {
  const wallet = 'metamask';
  return [
    counter('wallet_transactions_total', { wallet, status: 'confirmed' }, 0.95),
    counter('wallet_transactions_total', { wallet, status: 'failed' }, 0.05),
    counter('wallet_gas_used_total', { wallet }, 21_000),
    gauge('wallet_connected', { wallet }, 1),
    counter('risk_circuit_breaker_triggers_total', { breaker: 'daily_loss' }, 0.01),
    counter('risk_compliance_violations_total', { rule: 'position_limit' }, 0.02),
    gauge('risk_exposure', { currency: 'USD' }, 1_250_000),
  ];
}

function businessSeries(): PlatformSeries[] {
  const source = 'business';
  const told: Readonly<Record<string, number>> = {
    ...{ active_users: 234, predictions_generated: 1_247, prediction_accuracy: 0.742, average_confidence_score: 0.678 },
    ...{ successful_trades: 89, profitable_trades_percent: 67.4, average_profit_per_trade: 127.45 },
    ...{ total_trading_volume: 2_847_293.5, unique_symbols_traded: 127 },
  };
  const tiers = { free: 234, basic: 567, premium: 890, enterprise: 123 };
  const regulation = 'MiFID II';
  return [
    ...Object.entries(told).map(([name, value]) => gauge(name, { source }, value)),
    ...Object.entries(tiers).map(([tier, calls]) => gauge('api_usage_by_tier', { source, tier }, calls)),
    counter('revenue_total', { currency: 'USD' }, 0.5),
    counter('compliance_checks_total', { regulation, result: 'passed' }, 0.99),
    counter('compliance_checks_total', { regulation, result: 'failed' }, 0.01),
    counter('audited_actions_total', { service: 'execution' }, 2),
    counter('audit_records_total', { service: 'execution' }, 1.99),
    counter('transaction_inconsistencies_total', { system: 'ledger' }, 0.01),
    gauge('backup_verification_success', { system: 'postgres' }, 1),
    gauge('backup_verification_success', { system: 'clickhouse' }, 0),
    counter('authentication_failures_total', { service: 'api-gateway' }, 0.2),
    counter('suspicious_activity_total', { kind: 'impossible_travel' }, 0.01),
  ];
}

function developmentSeries(): PlatformSeries[] {
  const repository = 'execution';
  const deployment = (service: string): Values => ({ service, environment: 'production' });
  return [
    gauge('ci_tests', { repository, result: 'passed' }, 1_204),
    gauge('ci_tests', { repository, result: 'failed' }, 2),
    gauge('ci_test_coverage_ratio', { repository }, 0.87),
    gauge('code_quality_findings', { repository, severity: 'major' }, 4),
    gauge('deployment_state', deployment('api-gateway'), 2),
    gauge('deployment_state', deployment('ml-inference'), 1),
  ];
}

const SERIES: readonly PlatformSeries[] = [
  ...serviceSeries(),
  ...nodeSeries('node-1', 0.6),
  ...nodeSeries('node-2', 0.1),
  ...clusterSeries(),
  ...databaseSeries(),
  ...brokerSeries(),
  ...outsideSeries(),
  ...businessSeries(),
  ...developmentSeries(),
];
