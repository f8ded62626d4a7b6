/**
 * Schema version 4: business events, with the columns of ClickHouse's `performance_events` (its `timestamp` is our
 * `time_nanos`). Frozen once released.
 */
export const EVENTS_SCHEMA: readonly string[] = [
  `CREATE TABLE events (
    time_nanos BIGINT NOT NULL, service_name VARCHAR NOT NULL, instance_id VARCHAR NOT NULL, event_type VARCHAR NOT NULL,
    metric_name VARCHAR NOT NULL, metric_value DOUBLE, labels MAP(VARCHAR, VARCHAR) NOT NULL, duration_ms DOUBLE,
    user_id VARCHAR NOT NULL, correlation_id VARCHAR NOT NULL)`,
];
