/**
 * Databases and message brokers, under the names of their usual exporters: postgres_exporter, redis_exporter, InfluxDB's own
 * page, kafka_exporter and the brokers' JMX exporter.
 */
import { PER_SECOND } from '../field.ts';
import type { Section } from '../model.ts';
import { timeSeries, type TimeSeriesSpec } from '../panel.ts';
import { scraped } from '../target.ts';

const SIZE = { w: 8, h: 8, interval: '15s' } as const;

type Told = Omit<TimeSeriesSpec, keyof typeof SIZE>;

const shown = (spec: Told) => timeSeries({ ...SIZE, ...spec });

const influxTime = (path: string): string =>
  `histogram_quantile(0.95, sum by (le) (rate(http_api_request_duration_seconds_bucket{path="${path}"}[$__rate_interval])))`;

export const databases: Section = {
  id: 500,
  title: 'PostgreSQL, Redis, InfluxDB',
  panels: [
    shown({
      id: 50,
      title: 'PostgreSQL: time of a query',
      description: 'Mean time of the statements that ended, by database, from pg_stat_statements.',
      unit: 's',
      targets: [
        scraped(
          'A',
          'sum by (datname) (rate(pg_stat_statements_seconds_total[$__rate_interval])) / sum by (datname) (rate(pg_stat_statements_calls_total[$__rate_interval]))',
          '{{datname}}',
        ),
      ],
    }),
    shown({
      id: 51,
      title: 'PostgreSQL: connections',
      description:
        'Connections by state, and the most that the server allows: at that line the next client is refused.',
      unit: 'short',
      decimals: 0,
      targets: [
        scraped('A', 'sum by (state) (pg_stat_activity_count)', '{{state}}'),
        scraped('B', 'sum(pg_settings_max_connections)', 'limit'),
      ],
    }),
    shown({
      id: 52,
      title: 'PostgreSQL: locks',
      description: 'Locks that are held or waited for, by mode, and deadlocks in the last five minutes.',
      unit: 'short',
      decimals: 0,
      targets: [
        scraped('A', 'sum by (mode) (pg_locks_count)', '{{mode}}'),
        scraped('B', 'sum(increase(pg_stat_database_deadlocks[5m]))', 'deadlocks'),
      ],
    }),
    shown({
      id: 53,
      title: 'Redis: memory',
      description: 'Memory that the keys take, and the limit at which they are evicted.',
      unit: 'bytes',
      targets: [
        scraped('A', 'sum by (instance) (redis_memory_used_bytes)', '{{instance}} used'),
        scraped('B', 'sum by (instance) (redis_memory_max_bytes) > 0', '{{instance}} limit'),
      ],
    }),
    shown({
      id: 54,
      title: 'Redis: hits and misses',
      description: 'Share of the look-ups that found their key, and of those that did not.',
      unit: 'percentunit',
      max: 1,
      targets: (['hits', 'misses'] as const).map((kind, i) =>
        scraped(
          i === 0 ? 'A' : 'B',
          `sum(rate(redis_keyspace_${kind}_total[$__rate_interval])) / (sum(rate(redis_keyspace_hits_total[$__rate_interval])) + sum(rate(redis_keyspace_misses_total[$__rate_interval])))`,
          kind,
        ),
      ),
    }),
    shown({
      id: 55,
      title: 'Redis: connections',
      description: 'Clients that are connected, and those that wait in a blocking call.',
      unit: 'short',
      decimals: 0,
      targets: [
        scraped('A', 'sum by (instance) (redis_connected_clients)', '{{instance}} connected'),
        scraped('B', 'sum by (instance) (redis_blocked_clients)', '{{instance}} blocked'),
      ],
    }),
    shown({
      id: 56,
      title: 'InfluxDB: time of a write',
      description: '95th percentile of the time of a write request.',
      unit: 's',
      targets: [scraped('A', influxTime('/api/v2/write'), 'write p95')],
    }),
    shown({
      id: 57,
      title: 'InfluxDB: time of a query',
      description: '95th percentile of the time of a query request.',
      unit: 's',
      targets: [scraped('A', influxTime('/api/v2/query'), 'query p95')],
    }),
    shown({
      id: 58,
      title: 'InfluxDB: storage',
      description: 'Bytes of the shards on disk, by bucket.',
      unit: 'bytes',
      targets: [scraped('A', 'sum by (bucket) (storage_shard_disk_size)', '{{bucket}}')],
    }),
  ],
};

export const brokers: Section = {
  id: 600,
  title: 'Kafka',
  panels: [
    shown({
      id: 60,
      title: 'Kafka: lag',
      description:
        'Messages that each group of consumers has not read yet, by topic. A lag that grows is never made good.',
      unit: 'locale',
      targets: [scraped('A', 'sum by (consumergroup, topic) (kafka_consumergroup_lag)', '{{consumergroup}} {{topic}}')],
    }),
    shown({
      id: 61,
      title: 'Kafka: partitions led by each broker',
      description: 'How the leading partitions are spread. One broker that leads most of them does most of the work.',
      unit: 'short',
      decimals: 0,
      targets: [scraped('A', 'count_values("broker", kafka_topic_partition_leader)', 'broker {{broker}}')],
    }),
    shown({
      id: 62,
      title: 'Kafka: brokers',
      description: 'Brokers that answer, and partitions with fewer copies than they should have.',
      unit: 'short',
      decimals: 0,
      targets: [
        scraped('A', 'max(kafka_brokers)', 'brokers'),
        scraped('B', 'sum(kafka_topic_partition_under_replicated_partition)', 'under-replicated'),
      ],
    }),
    shown({
      id: 63,
      title: 'Kafka: produced',
      description: 'Messages a second that producers appended, by topic.',
      unit: PER_SECOND,
      targets: [
        scraped('A', 'sum by (topic) (rate(kafka_topic_partition_current_offset[$__rate_interval]))', '{{topic}}'),
      ],
    }),
    shown({
      id: 64,
      title: 'Kafka: consumed',
      description: 'Messages a second that each group of consumers has read, by topic.',
      unit: PER_SECOND,
      targets: [
        scraped(
          'A',
          'sum by (consumergroup, topic) (rate(kafka_consumergroup_current_offset[$__rate_interval]))',
          '{{consumergroup}} {{topic}}',
        ),
      ],
    }),
    shown({
      id: 65,
      title: 'Kafka: errors',
      description: 'Requests a second of producers and of consumers that the brokers refused.',
      unit: PER_SECOND,
      targets: [
        scraped(
          'A',
          'sum(rate(kafka_server_brokertopicmetrics_failedproducerequests_total[$__rate_interval]))',
          'produce',
        ),
        scraped('B', 'sum(rate(kafka_server_brokertopicmetrics_failedfetchrequests_total[$__rate_interval]))', 'fetch'),
      ],
    }),
  ],
};
