/**
 * Schema version 5: prints, depth, positions, signals, cash flows, exchange rates, exchange status and spans; corrections
 * of fills; decision and correlation of orders. Rows in great numbers carry no index: a repeat has the same stamp, and is
 * found among the rows of that time. `positions` was taken, so those of accounts are `position_snapshots`. Frozen once
 * released.
 */
const MARKET = 'time_nanos BIGINT NOT NULL, exchange_nanos BIGINT, venue VARCHAR NOT NULL, symbol VARCHAR NOT NULL';

export const TRADING_EVENTS_SCHEMA: readonly string[] = [
  ...[
    'decision_nanos BIGINT',
    'decision_mid DOUBLE',
    // A new column cannot be NOT NULL; readers and SQL find the default in the rows that were there before.
    `correlation_id VARCHAR DEFAULT ''`,
  ].map((column) => `ALTER TABLE orders ADD COLUMN ${column}`),
  `ALTER TABLE fills ADD COLUMN execution VARCHAR DEFAULT 'new'`,
  `ALTER TABLE fills ADD COLUMN refers_to VARCHAR DEFAULT ''`,
  `CREATE TABLE market_trades (
    id VARCHAR NOT NULL, ${MARKET}, price DOUBLE NOT NULL, quantity DOUBLE NOT NULL, aggressor VARCHAR NOT NULL,
    arrival BIGINT NOT NULL)`,
  `CREATE TABLE book_levels (
    ${MARKET}, kind VARCHAR NOT NULL, bid_prices DOUBLE[] NOT NULL, bid_sizes DOUBLE[] NOT NULL,
    ask_prices DOUBLE[] NOT NULL, ask_sizes DOUBLE[] NOT NULL, sequence HUGEINT)`,
  `CREATE TABLE position_snapshots (
    time_nanos BIGINT NOT NULL, kind VARCHAR NOT NULL, account VARCHAR NOT NULL, venue VARCHAR NOT NULL,
    symbol VARCHAR NOT NULL, strategy VARCHAR NOT NULL, quantity DOUBLE NOT NULL, average_price DOUBLE, mark DOUBLE,
    currency VARCHAR NOT NULL, quantity_limit DOUBLE, max_positions DOUBLE, arrival BIGINT NOT NULL)`,
  `CREATE TABLE signals (
    id VARCHAR PRIMARY KEY, time_nanos BIGINT NOT NULL, signal_id VARCHAR NOT NULL, event VARCHAR NOT NULL,
    agent VARCHAR NOT NULL, symbol VARCHAR NOT NULL, strategy VARCHAR NOT NULL, prediction DOUBLE, confidence DOUBLE,
    consensus DOUBLE, outcome DOUBLE, horizon_nanos BIGINT, reason VARCHAR NOT NULL, correlation_id VARCHAR NOT NULL,
    arrival BIGINT NOT NULL)`,
  `CREATE TABLE cash_flows (
    id VARCHAR PRIMARY KEY, time_nanos BIGINT NOT NULL, kind VARCHAR NOT NULL, account VARCHAR NOT NULL,
    currency VARCHAR NOT NULL, amount DOUBLE NOT NULL, venue VARCHAR NOT NULL, symbol VARCHAR NOT NULL,
    strategy VARCHAR NOT NULL, arrival BIGINT NOT NULL)`,
  `CREATE TABLE fx_rates (
    time_nanos BIGINT NOT NULL, base VARCHAR NOT NULL, quote VARCHAR NOT NULL, rate DOUBLE NOT NULL,
    source VARCHAR NOT NULL, arrival BIGINT NOT NULL)`,
  `CREATE TABLE exchange_status (
    time_nanos BIGINT NOT NULL, venue VARCHAR NOT NULL, api VARCHAR NOT NULL, connection VARCHAR NOT NULL,
    requests_remaining DOUBLE, requests_limit DOUBLE, message VARCHAR NOT NULL)`,
  `CREATE TABLE spans (
    time_nanos BIGINT NOT NULL, end_nanos BIGINT NOT NULL, trace_id VARCHAR NOT NULL, span_id VARCHAR NOT NULL,
    parent_span_id VARCHAR NOT NULL, name VARCHAR NOT NULL, kind VARCHAR NOT NULL, service VARCHAR NOT NULL,
    host VARCHAR NOT NULL, status VARCHAR NOT NULL, status_message VARCHAR NOT NULL,
    attributes MAP(VARCHAR, VARCHAR) NOT NULL, correlation_id VARCHAR NOT NULL, arrival BIGINT NOT NULL)`,
];
