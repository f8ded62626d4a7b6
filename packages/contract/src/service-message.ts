/**
 * The messages by which services tell of themselves (`system_metrics`, `application_metrics`, `business_metrics`,
 * `database_metrics`), and the metric that each field becomes: docs/wire.md prints this table, the codec follows it. A field
 * keeps its own name; the label `source` keeps fields of the same name apart. Values are not converted: a percentage
 * stays a percentage and says so in its unit, a fraction has the unit `ratio`.
 */

export const SERVICE_MESSAGES = [
  'system_metrics',
  'application_metrics',
  'business_metrics',
  'database_metrics',
] as const;
export type ServiceMessage = (typeof SERVICE_MESSAGES)[number];

export interface ServiceField {
  readonly message: ServiceMessage;
  /** The object in the message that holds the field. */
  readonly group: 'metrics' | 'jvm_metrics';
  readonly field: string;
  readonly name: string;
  readonly kind: 'gauge' | 'counter';
  readonly unit: string;
  /** For an object of numbers: the label that takes its keys, one series each. */
  readonly keyLabel?: string;
}

/** Text fields of a message and the labels that they become. */
export const SERVICE_LABELS: Readonly<Record<string, string>> = {
  service_name: 'service',
  instance_id: 'instance',
  instance: 'instance',
  database_type: 'database_type',
};

/** Of each message: its fields and their units; a name in front says counter, or which label takes the keys. */
const FIELDS: readonly (readonly [message: ServiceMessage, group: ServiceField['group'], fields: string])[] = [
  [
    'system_metrics',
    'metrics',
    `cpu_usage_percent percent, memory_usage_percent percent, memory_usage_bytes bytes, disk_usage_percent percent,
     network_in_bytes_per_sec bytes_per_second, network_out_bytes_per_sec bytes_per_second, open_file_descriptors 1,
     thread_count 1, garbage_collection_time_ms milliseconds`,
  ],
  [
    'system_metrics',
    'jvm_metrics',
    `heap_used_bytes bytes, heap_committed_bytes bytes, non_heap_used_bytes bytes, counter gc_collections_total 1,
     counter gc_time_total_ms milliseconds`,
  ],
  [
    'application_metrics',
    'metrics',
    `counter requests_total 1, requests_per_second per_second, response_time_p50_ms milliseconds,
     response_time_p95_ms milliseconds, response_time_p99_ms milliseconds, error_rate_percent percent, active_connections 1,
     queue_depth 1, cache_hit_rate_percent percent, predictions_generated 1, model_inference_time_p95_ms milliseconds,
     feature_fetch_time_p95_ms milliseconds`,
  ],
  [
    'business_metrics',
    'metrics',
    `active_users 1, predictions_generated 1, prediction_accuracy ratio, average_confidence_score ratio, successful_trades 1,
     profitable_trades_percent percent, average_profit_per_trade currency, total_trading_volume currency,
     unique_symbols_traded 1, tier:api_usage_by_tier 1`,
  ],
  [
    'database_metrics',
    'metrics',
    `queries_per_second per_second, avg_query_duration_ms milliseconds, slow_queries_count 1, connection_pool_usage 1,
     cache_hit_ratio ratio, disk_io_read_bytes_per_sec bytes_per_second, disk_io_write_bytes_per_sec bytes_per_second,
     active_connections 1, waiting_connections 1, table:table_sizes bytes`,
  ],
];

export const SERVICE_FIELDS: readonly ServiceField[] = FIELDS.flatMap(([message, group, fields]) =>
  fields.split(',').map((text) => {
    const [, counter, keyLabel, field = '', unit = ''] = /^\s*(counter )?(?:(\w+):)?(\w+) (\w+)\s*$/.exec(text) ?? [];
    const kind = counter === undefined ? 'gauge' : 'counter';
    return {
      message,
      group,
      field,
      name: serviceMetricName(group, field),
      kind,
      unit,
      ...(keyLabel === undefined ? {} : { keyLabel }),
    };
  }),
);

/** Fields of the Java virtual machine would be ambiguous without a word in front. */
export function serviceMetricName(group: string, field: string): string {
  return group === 'jvm_metrics' ? `jvm_${field}` : field;
}
