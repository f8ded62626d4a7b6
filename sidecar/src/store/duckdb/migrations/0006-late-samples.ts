/**
 * Schema version 6: raw samples that came in bulk for hours whose windows were made before, until they become windows
 * themselves. Frozen once released.
 */
export const LATE_SAMPLES_SCHEMA: readonly string[] = [
  `CREATE TABLE late_samples (series_id UINTEGER NOT NULL, time_nanos BIGINT NOT NULL, value DOUBLE NOT NULL)`,
];
