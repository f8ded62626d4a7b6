/** The messages of REQUIREMENTS.md 2.1 to 2.4, field by field, with the samples that the requirements give. */
import { SERVICE_FIELDS } from '@tapewatch/contract';
import type { NumberSample } from '@tapewatch/core';
import { Packr } from 'msgpackr';
import { msgpackCodec } from './msgpack.ts';
import { SeriesCache } from './series-cache.ts';
import { contextOf, decodeText, decoding, RECEIVED, testJsonCodec } from './testing/decode.ts';
import { SERVICE_SAMPLES } from './testing/service-messages.ts';

const timestamp = '2025-07-27T10:29:59.5Z';
const STAMP = RECEIVED - 500_000_000n;
const codec = testJsonCodec();
const envelopes = Object.entries(SERVICE_SAMPLES).map(([name, body]) => ({ [name]: { timestamp, ...body } }));
const samples = decodeText(codec, JSON.stringify(envelopes)).samples as readonly NumberSample[];
const SYSTEM = 'instance="ml-inference-001", service="ml-inference", source="system"';
const APPLICATION = 'service="ml-inference", source="application"';
const DATABASE = 'database_type="clickhouse", instance="clickhouse-main", source="database"';

/** Requirement, series, kind, value as sent, unit. */
const ROWS: readonly (readonly [id: string, series: string, kind: string, value: number, unit: string])[] = [
  ['MET-04', `cpu_usage_percent{${SYSTEM}}`, 'gauge', 67.5, 'percent'],
  ['MET-05', `memory_usage_percent{${SYSTEM}}`, 'gauge', 72.1, 'percent'],
  ['MET-06', `memory_usage_bytes{${SYSTEM}}`, 'gauge', 2147483648, 'bytes'],
  ['MET-07', `disk_usage_percent{${SYSTEM}}`, 'gauge', 45.2, 'percent'],
  ['MET-08', `network_in_bytes_per_sec{${SYSTEM}}`, 'gauge', 1048576, 'bytes_per_second'],
  ['MET-09', `network_out_bytes_per_sec{${SYSTEM}}`, 'gauge', 2097152, 'bytes_per_second'],
  ['MET-10', `open_file_descriptors{${SYSTEM}}`, 'gauge', 234, '1'],
  ['MET-11', `thread_count{${SYSTEM}}`, 'gauge', 16, '1'],
  ['MET-12', `garbage_collection_time_ms{${SYSTEM}}`, 'gauge', 23, 'milliseconds'],
  ['MET-13', `jvm_heap_used_bytes{${SYSTEM}}`, 'gauge', 1073741824, 'bytes'],
  ['MET-14', `jvm_heap_committed_bytes{${SYSTEM}}`, 'gauge', 1610612736, 'bytes'],
  ['MET-15', `jvm_non_heap_used_bytes{${SYSTEM}}`, 'gauge', 134217728, 'bytes'],
  ['MET-16', `jvm_gc_collections_total{${SYSTEM}}`, 'counter', 145, '1'],
  ['MET-17', `jvm_gc_time_total_ms{${SYSTEM}}`, 'counter', 2341, 'milliseconds'],
  ['MET-19', `requests_total{${APPLICATION}}`, 'counter', 15732, '1'],
  ['MET-20', `requests_per_second{${APPLICATION}}`, 'gauge', 23.4, 'per_second'],
  ['MET-21', `response_time_p50_ms{${APPLICATION}}`, 'gauge', 18, 'milliseconds'],
  ['MET-22', `response_time_p95_ms{${APPLICATION}}`, 'gauge', 45, 'milliseconds'],
  ['MET-23', `response_time_p99_ms{${APPLICATION}}`, 'gauge', 127, 'milliseconds'],
  ['MET-24', `error_rate_percent{${APPLICATION}}`, 'gauge', 0.12, 'percent'],
  ['MET-25', `active_connections{${APPLICATION}}`, 'gauge', 45, '1'],
  ['MET-26', `queue_depth{${APPLICATION}}`, 'gauge', 12, '1'],
  ['MET-27', `cache_hit_rate_percent{${APPLICATION}}`, 'gauge', 89.3, 'percent'],
  ['MET-28', `predictions_generated{${APPLICATION}}`, 'gauge', 1247, '1'],
  ['MET-29', `model_inference_time_p95_ms{${APPLICATION}}`, 'gauge', 12, 'milliseconds'],
  ['MET-30', `feature_fetch_time_p95_ms{${APPLICATION}}`, 'gauge', 3, 'milliseconds'],
  ['MET-31', 'active_users{source="business"}', 'gauge', 234, '1'],
  ['MET-32', 'predictions_generated{source="business"}', 'gauge', 1247, '1'],
  ['MET-33', 'prediction_accuracy{source="business"}', 'gauge', 0.742, 'ratio'],
  ['MET-34', 'average_confidence_score{source="business"}', 'gauge', 0.678, 'ratio'],
  ['MET-35', 'successful_trades{source="business"}', 'gauge', 89, '1'],
  ['MET-36', 'profitable_trades_percent{source="business"}', 'gauge', 67.4, 'percent'],
  ['MET-37', 'average_profit_per_trade{source="business"}', 'gauge', 127.45, 'currency'],
  ['MET-38', 'total_trading_volume{source="business"}', 'gauge', 2847293.5, 'currency'],
  ['MET-39', 'unique_symbols_traded{source="business"}', 'gauge', 127, '1'],
  ['MET-40', 'api_usage_by_tier{source="business", tier="free"}', 'gauge', 234, '1'],
  ['MET-40', 'api_usage_by_tier{source="business", tier="basic"}', 'gauge', 567, '1'],
  ['MET-40', 'api_usage_by_tier{source="business", tier="premium"}', 'gauge', 890, '1'],
  ['MET-40', 'api_usage_by_tier{source="business", tier="enterprise"}', 'gauge', 123, '1'],
  ['MET-42', `queries_per_second{${DATABASE}}`, 'gauge', 45.2, 'per_second'],
  ['MET-43', `avg_query_duration_ms{${DATABASE}}`, 'gauge', 23.4, 'milliseconds'],
  ['MET-44', `slow_queries_count{${DATABASE}}`, 'gauge', 3, '1'],
  ['MET-45', `connection_pool_usage{${DATABASE}}`, 'gauge', 67, '1'],
  ['MET-46', `cache_hit_ratio{${DATABASE}}`, 'gauge', 0.91, 'ratio'],
  ['MET-47', `disk_io_read_bytes_per_sec{${DATABASE}}`, 'gauge', 1048576, 'bytes_per_second'],
  ['MET-48', `disk_io_write_bytes_per_sec{${DATABASE}}`, 'gauge', 524288, 'bytes_per_second'],
  ['MET-49', `active_connections{${DATABASE}}`, 'gauge', 23, '1'],
  ['MET-50', `waiting_connections{${DATABASE}}`, 'gauge', 2, '1'],
  ['MET-51', `table_sizes{${DATABASE}, table="market_data"}`, 'gauge', 12847293847, 'bytes'],
  ['MET-51', `table_sizes{${DATABASE}, table="predictions"}`, 'gauge', 2847293847, 'bytes'],
  ['MET-51', `table_sizes{${DATABASE}, table="features"}`, 'gauge', 5847293847, 'bytes'],
];

describe('messages of services', () => {
  it.each(ROWS)('%s: %s is a %s of %d, %s', (...row) => {
    const [, series, kind, value, unit] = row;
    const found = samples.filter(({ labels }) => labels.toString() === series);
    expect(found).toEqual([expect.objectContaining({ kind, value, unit, timeNanos: STAMP })]);
  });

  it('yield these samples and no others, and the table knows every field (MET-01 to MET-51)', () => {
    expect(samples).toHaveLength(ROWS.length);
    expect(new Set(ROWS.map(([, series]) => series.split('{')[0]))).toEqual(
      new Set(SERVICE_FIELDS.map(({ name }) => name)),
    );
  });

  it('are the same in MessagePack, with binary stamps exact', () => {
    const msgpack = decoding(msgpackCodec(new SeriesCache()));
    const pack = new Packr({ useRecords: false });
    expect(msgpack.decode(pack.pack(envelopes), contextOf()).samples).toEqual(samples);
    const item = { name: 'up', value: 1, time: RECEIVED - 1n };
    expect(msgpack.decode(pack.pack(item), contextOf()).samples[0]?.timeNanos).toBe(RECEIVED - 1n);
    const dated = { name: 'up', value: NaN, time: new Date(Number(RECEIVED / 1_000_000n)) };
    expect(msgpack.decode(pack.pack([dated]), contextOf()).samples[0]).toMatchObject({
      value: NaN,
      timeNanos: RECEIVED,
    });
  });

  it('turn unknown numbers into gauges and unknown maps into series, and count unknown text (ING-13)', () => {
    const body = { metrics: { 'new kpi': 5, by_region: { eu: 1, us: 'x' }, note: 'text', active_users: 'many' } };
    const decoded = decodeText(codec, JSON.stringify({ business_metrics: body }));
    expect(decoded.samples.map(({ labels }) => labels.toString())).toEqual([
      'new_kpi{source="business"}',
      'by_region{key="eu", source="business"}',
    ]);
    expect(decoded.problems.map(({ reason, countOnly }) => [reason, countOnly ?? false])).toEqual([
      ['schema', false],
      ['schema', false],
      ['non_numeric', true],
    ]);
  });

  it.each([
    ['schema', { system_metrics: { service_name: 'x' } }],
    ['time', { system_metrics: { timestamp: 'soon', metrics: {} } }],
    ['time', { system_metrics: { timestamp: null, metrics: {} } }],
    ['schema', { system_metrics: 5 }],
    ['schema', { other_metrics: { metrics: {} } }],
  ])('say %s for %j', (reason, message) => {
    const { samples: none, problems } = decodeText(codec, JSON.stringify(message));
    expect([none, problems.map((problem) => problem.reason)]).toEqual([[], [reason]]);
  });
});

describe('MessagePack of hostile senders', () => {
  const msgpack = decoding(msgpackCodec(new SeriesCache()));
  it.each<[string, number[]]>([
    ['an array of 2^32 items', [0xdd, 0xff, 0xff, 0xff, 0xff]],
    ['a map of 2^32 keys', [0xdf, 0xff, 0xff, 0xff, 0xff]],
    ['a text of 2^32 bytes', [0xdb, 0xff, 0xff, 0xff, 0xff]],
    ['100,000 levels', Array<number>(100_000).fill(0x91)],
    ['nothing', []],
    ['a second document', [0x80, 0x80]],
  ])('%s is one problem', (_name, bytes) => {
    const { samples: none, problems } = msgpack.decode(Uint8Array.from(bytes), contextOf());
    expect([none.length, problems.length]).toEqual([0, 1]);
  });

  it('never touches the prototype of objects', () => {
    const key = Buffer.from('__proto__');
    const bytes = Buffer.concat([Buffer.from([0x81, 0xa0 + key.length]), key, Buffer.from([0x81, 0xa1, 0x78, 0x01])]);
    msgpack.decode(bytes, contextOf());
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });
});
