/**
 * Where quotes are lost, by the feeds' own sequence numbers. A sequence counts messages where nearly all of its steps are
 * one; some venues number by other things, and their jumps tell nothing. Refuses (null) to sort more quotes than the bound.
 */
import { BIGINT, LIST, listValue, VARCHAR, type DuckDBConnection } from '@duckdb/node-api';
import { COUNTING_SHARE, type FeedGap } from '@tapewatch/core';
import type { QuoteGapRequest } from '../../ports.ts';
import { readRows, within, type Parameters } from './sql.ts';

/** Quotes that are put in order for one question: about a second of one core. */
export const MAX_QUOTES_SORTED = 2_000_000;

export async function readQuoteGaps(
  connection: DuckDBConnection,
  { feeds, startNanos, endNanos, limit }: QuoteGapRequest,
): Promise<FeedGap[] | null> {
  if (feeds.length === 0) return [];
  const parameters: Parameters = {
    values: [listValue(feeds.map(({ venue }) => venue)), listValue(feeds.map(({ symbol }) => symbol))],
    types: [LIST(VARCHAR), LIST(VARCHAR)],
  };
  const numbered = `FROM quotes WHERE ${within('time_nanos', startNanos, endNanos)} AND sequence IS NOT NULL
    AND (venue, symbol) IN (SELECT (unnest($1), unnest($2)))`;
  const [[count] = []] = await readRows(connection, `SELECT count(*)::DOUBLE ${numbered}`, parameters);
  if (Number(count) > MAX_QUOTES_SORTED) return null;
  const rows = await readRows(
    connection,
    `WITH step AS (
       SELECT venue, symbol, time_nanos, sequence,
              lag(time_nanos) OVER feed AS before_nanos, lag(sequence) OVER feed AS before_sequence
       ${numbered} WINDOW feed AS (PARTITION BY venue, symbol ORDER BY time_nanos, rowid)),
     counting AS (
       SELECT venue, symbol FROM step WHERE sequence > before_sequence GROUP BY venue, symbol
       HAVING avg((sequence = before_sequence + 1)::INT) >= ${COUNTING_SHARE})
     SELECT venue, symbol, before_nanos, time_nanos FROM step SEMI JOIN counting USING (venue, symbol)
     WHERE sequence > before_sequence + 1 ORDER BY time_nanos LIMIT $3`,
    { values: [...parameters.values, BigInt(limit)], types: [...parameters.types, BIGINT] },
  );
  return rows.map(([venue, symbol, fromNanos, toNanos]) => ({
    venue: String(venue),
    symbol: String(symbol),
    fromNanos: fromNanos as bigint,
    toNanos: toNanos as bigint,
  }));
}
