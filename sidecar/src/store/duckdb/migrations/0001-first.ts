/**
 * Schema version 1. Frozen once released: a change is a new file with the next number.
 * Stamps are BIGINT nanoseconds. Histogram counts are DOUBLE, exact as integers up to 2^53. Lists stand side by side
 * (indexes, counts), so that SQL can unnest and sum them. Only ids that must be unique carry an index; such tables
 * number their rows (`arrival`), because an insert that skips conflicts runs in parallel and keeps no order.
 */
const HISTOGRAM_COLUMNS = `
  h_scale TINYINT, h_zero_threshold DOUBLE, h_zero_count DOUBLE,
  h_positive_indexes INTEGER[], h_positive_counts DOUBLE[],
  h_negative_indexes INTEGER[], h_negative_counts DOUBLE[],
  h_count DOUBLE, h_sum DOUBLE, h_min DOUBLE, h_max DOUBLE,
  h_nan_count DOUBLE, h_positive_infinity_count DOUBLE, h_negative_infinity_count DOUBLE`;

export const FIRST_SCHEMA: readonly string[] = [
  `CREATE TABLE series (
    id UINTEGER NOT NULL, name VARCHAR NOT NULL, labels MAP(VARCHAR, VARCHAR) NOT NULL,
    kind VARCHAR NOT NULL, stream VARCHAR NOT NULL, unit VARCHAR NOT NULL, help VARCHAR NOT NULL)`,
  `CREATE TABLE samples (series_id UINTEGER NOT NULL, time_nanos BIGINT NOT NULL, value DOUBLE NOT NULL)`,
  `CREATE TABLE histogram_samples (series_id UINTEGER NOT NULL, time_nanos BIGINT NOT NULL, ${HISTOGRAM_COLUMNS})`,
  `CREATE TABLE windows (
    series_id UINTEGER NOT NULL, level_ms UINTEGER NOT NULL, start_nanos BIGINT NOT NULL,
    count DOUBLE NOT NULL, sum DOUBLE NOT NULL, min DOUBLE NOT NULL, max DOUBLE NOT NULL,
    first DOUBLE NOT NULL, first_nanos BIGINT NOT NULL, last DOUBLE NOT NULL, last_nanos BIGINT NOT NULL,
    increase DOUBLE NOT NULL, ${HISTOGRAM_COLUMNS})`,
  `CREATE TABLE orders (
    id VARCHAR PRIMARY KEY, time_nanos BIGINT NOT NULL, order_id VARCHAR NOT NULL, event VARCHAR NOT NULL,
    sent_nanos BIGINT, venue VARCHAR NOT NULL, symbol VARCHAR NOT NULL, strategy VARCHAR NOT NULL,
    account VARCHAR NOT NULL, side VARCHAR NOT NULL, order_type VARCHAR NOT NULL, quantity DOUBLE NOT NULL,
    price DOUBLE, filled_quantity DOUBLE NOT NULL, arrival_mid DOUBLE, reason VARCHAR NOT NULL, arrival BIGINT NOT NULL)`,
  `CREATE TABLE fills (
    id VARCHAR NOT NULL, time_nanos BIGINT NOT NULL, order_id VARCHAR NOT NULL, venue VARCHAR NOT NULL,
    symbol VARCHAR NOT NULL, strategy VARCHAR NOT NULL, account VARCHAR NOT NULL, side VARCHAR NOT NULL,
    quantity DOUBLE NOT NULL, price DOUBLE NOT NULL, currency VARCHAR NOT NULL, fee DOUBLE NOT NULL,
    fee_currency VARCHAR NOT NULL, liquidity VARCHAR NOT NULL, arrival BIGINT NOT NULL, PRIMARY KEY (venue, id))`,
  `CREATE TABLE quotes (
    time_nanos BIGINT NOT NULL, exchange_nanos BIGINT, venue VARCHAR NOT NULL, symbol VARCHAR NOT NULL,
    bid DOUBLE, bid_size DOUBLE, ask DOUBLE, ask_size DOUBLE, sequence HUGEINT)`,
  `CREATE TABLE health_results (
    time_nanos BIGINT NOT NULL, component VARCHAR NOT NULL, instance VARCHAR NOT NULL, status VARCHAR NOT NULL,
    message VARCHAR NOT NULL)`,
  `CREATE TABLE dead_letters (
    time_nanos BIGINT NOT NULL, stream VARCHAR NOT NULL, subject VARCHAR NOT NULL, reason VARCHAR NOT NULL,
    detail VARCHAR NOT NULL, payload BLOB NOT NULL)`,
  `CREATE TABLE transitions (
    time_nanos BIGINT NOT NULL, rule VARCHAR NOT NULL, rule_group VARCHAR NOT NULL,
    labels MAP(VARCHAR, VARCHAR) NOT NULL, from_state VARCHAR NOT NULL, to_state VARCHAR NOT NULL,
    reason VARCHAR NOT NULL, value DOUBLE NOT NULL, active_at_nanos BIGINT NOT NULL,
    annotations MAP(VARCHAR, VARCHAR) NOT NULL)`,
  `CREATE TABLE positions (log VARCHAR PRIMARY KEY, sequence BIGINT NOT NULL)`,
  `CREATE TABLE sealed (stream VARCHAR PRIMARY KEY, until_nanos BIGINT NOT NULL)`,
];
