/**
 * Schema version 2: a table of windows for each kind of series and level, without the columns of the other kind; custom
 * bounds of ready-made histograms; cumulated distributions by day. Windows of version 1 that some stream may not have
 * sealed are left out: the ladder rebuilds them from the raw samples. Frozen once released.
 */
const HISTOGRAM_COLUMNS = `
  count DOUBLE NOT NULL, sum DOUBLE NOT NULL, min DOUBLE NOT NULL, max DOUBLE NOT NULL,
  scale TINYINT NOT NULL, zero_threshold DOUBLE NOT NULL, zero_count DOUBLE NOT NULL,
  nan_count DOUBLE NOT NULL, positive_infinity_count DOUBLE NOT NULL, negative_infinity_count DOUBLE NOT NULL,
  positive_indexes INTEGER[] NOT NULL, positive_counts DOUBLE[] NOT NULL,
  negative_indexes INTEGER[] NOT NULL, negative_counts DOUBLE[] NOT NULL, custom_bounds DOUBLE[] NOT NULL`;

const LEVELS = ['1s', '10s', '1m', '1h'];

const OLD_HISTOGRAM = `
  h_count, h_sum, h_min, h_max, h_scale, h_zero_threshold, h_zero_count, h_nan_count, h_positive_infinity_count,
  h_negative_infinity_count, h_positive_indexes, h_positive_counts, h_negative_indexes, h_negative_counts, []::DOUBLE[]`;

/** A minute before the last seal: what lies before it was written by every stream that was alive. */
const OLD_MARK = `(SELECT coalesce(max(until_nanos), 0) // 10000000000 * 10000000000 - 60000000000 FROM sealed)`;

export const LADDER_SCHEMA: readonly string[] = [
  ...LEVELS.flatMap((level) => [
    `CREATE TABLE value_windows_${level} (
      series_id UINTEGER NOT NULL, start_nanos BIGINT NOT NULL, count DOUBLE NOT NULL, sum DOUBLE NOT NULL,
      min DOUBLE NOT NULL, max DOUBLE NOT NULL, first DOUBLE NOT NULL, first_nanos BIGINT NOT NULL,
      last DOUBLE NOT NULL, last_nanos BIGINT NOT NULL, increase DOUBLE NOT NULL, revised BOOLEAN NOT NULL)`,
    `CREATE TABLE distribution_windows_${level} (
      series_id UINTEGER NOT NULL, start_nanos BIGINT NOT NULL, ${HISTOGRAM_COLUMNS}, revised BOOLEAN NOT NULL)`,
  ]),
  `CREATE TABLE distribution_checkpoints (
    series_id UINTEGER NOT NULL, until_nanos BIGINT NOT NULL, ${HISTOGRAM_COLUMNS})`,
  `INSERT INTO value_windows_10s
    SELECT series_id, start_nanos, count, sum, min, max, first, first_nanos, last, last_nanos, increase, false
    FROM windows WHERE level_ms = 10000 AND h_scale IS NULL AND start_nanos < ${OLD_MARK}`,
  ...[1_000, 10_000].map(
    (levelMs) => `INSERT INTO distribution_windows_${levelMs / 1_000}s
    SELECT series_id, start_nanos, ${OLD_HISTOGRAM}, false
    FROM windows WHERE level_ms = ${levelMs} AND h_scale IS NOT NULL AND start_nanos < ${OLD_MARK}`,
  ),
  `INSERT INTO positions SELECT name, ${OLD_MARK} // 1000000000
    FROM (VALUES ('__value_10s'), ('__distribution_1s'), ('__distribution_10s')) AS marks (name)
    WHERE EXISTS (SELECT 1 FROM sealed)`,
  // Version 1 kept these as milliseconds.
  `INSERT INTO positions SELECT '__horizon_raw', (sequence + 9999) // 10000 * 10 FROM positions WHERE log = '__raw_from_ms'`,
  `INSERT INTO positions SELECT '__horizon_1s', (sequence + 9999) // 10000 * 10 FROM positions WHERE log = '__seconds_from_ms'`,
  `DELETE FROM positions WHERE log IN ('__raw_from_ms', '__seconds_from_ms')`,
  `ALTER TABLE histogram_samples RENAME TO old_histogram_samples`,
  `CREATE TABLE histogram_samples (series_id UINTEGER NOT NULL, time_nanos BIGINT NOT NULL, ${HISTOGRAM_COLUMNS})`,
  `INSERT INTO histogram_samples SELECT series_id, time_nanos, ${OLD_HISTOGRAM} FROM old_histogram_samples`,
  `DROP TABLE old_histogram_samples`,
  `DROP TABLE windows`,
  `DROP TABLE sealed`,
];
