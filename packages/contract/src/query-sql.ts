/**
 * Read-only SQL over the event tables (docs/sql.md): one SELECT in DuckDB's words. The tables hold the rows of the query's
 * time range and of `lookback` before it. `rawSql` is what Grafana's own SQL data sources call their text.
 */
import { z } from 'zod';

/** Longest text, characters. */
export const SQL_MAX_CHARACTERS = 100_000;

export const sqlQuery = z.object({
  queryType: z.literal('sql'),
  rawSql: z.string().max(SQL_MAX_CHARACTERS).default(''),
  /** time_series: a time column, number columns, and text columns that tell series apart. */
  format: z.enum(['table', 'time_series']).default('table'),
  /** How far before the range the tables begin, such as `1h`. */
  lookback: z.string().max(32).default('1h'),
});

export type SqlQuery = z.infer<typeof sqlQuery>;
