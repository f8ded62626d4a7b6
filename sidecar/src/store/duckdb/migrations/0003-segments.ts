/** Schema version 3: the Parquet files that closed spans of a table were moved into. Frozen once released. */
export const SEGMENT_SCHEMA: readonly string[] = [
  `CREATE TABLE segments (
    file VARCHAR PRIMARY KEY, relation VARCHAR NOT NULL, from_nanos BIGINT NOT NULL, to_nanos BIGINT NOT NULL,
    row_count BIGINT NOT NULL, bytes BIGINT NOT NULL, sha256 VARCHAR NOT NULL)`,
];
