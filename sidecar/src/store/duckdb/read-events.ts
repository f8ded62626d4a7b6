/** Event rows by filter, and the quote that stood before a stamp. */
import { BIGINT, INTEGER, LIST, listValue, VARCHAR, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api';
import { isIdentified, type EventTable, type Quote } from '@tapewatch/core';
import type { EventFilter, EventRowByTable } from '../../ports.ts';
import { fieldOf, FILTER_COLUMNS, type FilterColumn } from '../event-filter.ts';
import { columnNames, eventFrom, relationOf, snakeCase } from './event-columns.ts';
import { readRows, within, type Parameters } from './sql.ts';

export async function readEvents<T extends EventTable>(
  connection: DuckDBConnection,
  table: T,
  filter: EventFilter,
): Promise<EventRowByTable[T][]> {
  const parameters: Parameters = { values: [], types: [] };
  const conditions = [within('time_nanos', filter.startNanos, filter.endNanos)];
  const columns: readonly FilterColumn[] = FILTER_COLUMNS[table];
  for (const column of columns) {
    const wanted = filter[column];
    if (wanted === undefined || wanted.length === 0) continue;
    parameters.values.push(listValue([...wanted]));
    parameters.types.push(LIST(VARCHAR));
    const name = snakeCase(fieldOf(column));
    // A hash join: looking each row up in a list is rows times list, seconds for the orders of some thousand fills.
    conditions.push(`${name} IN (SELECT unnest($${parameters.values.length}))`);
  }
  const direction = filter.newestFirst === true ? 'DESC' : 'ASC';
  const arrival = isIdentified(table) ? 'arrival' : 'rowid';
  const rows = await readRows(
    connection,
    `SELECT ${columnNames(table).join(', ')} FROM ${relationOf(table)} WHERE ${conditions.join(' AND ')}
     ORDER BY time_nanos ${direction}, ${arrival} ${direction} ${limitOf(filter.limit)}`,
    parameters,
  );
  return rows.map((values) => eventFrom(table, values));
}

export interface AskedQuote {
  readonly venue: string;
  readonly symbol: string;
  readonly timeNanos: bigint;
}

/** Stamps per statement. */
const ASKED_PER_STATEMENT = 10_000;
/** How far back to look, in turn: nearly every quote is found within the first of these. */
const LOOKBACKS_NANOS: readonly bigint[] = [600_000_000_000n, 86_400_000_000_000n, 2n ** 63n];

/**
 * By `timeNanos`, the feed handler's clock, because the stamps of orders come from our own machines as well; the
 * exchange's clock may be off by more than a quote lives. Of equal stamps the one that arrived last counts.
 */
export async function readQuotesBefore(
  connection: DuckDBConnection,
  asked: readonly AskedQuote[],
): Promise<(Quote | null)[]> {
  const found: (Quote | null)[] = asked.map(() => null);
  for (let start = 0; start < asked.length; start += ASKED_PER_STATEMENT) {
    let open = asked.slice(start, start + ASKED_PER_STATEMENT).map((quote, i) => ({ ...quote, at: start + i }));
    for (const lookback of LOOKBACKS_NANOS) {
      if (open.length === 0) break;
      for (const [at, ...values] of await readQuotes(connection, open, lookback)) {
        found[at as number] = eventFrom('quotes', values);
      }
      open = open.filter(({ at }) => found[at] === null);
    }
  }
  return found;
}

/** One as-of join. Stamp and row number make one key, so that the answer is exact where stamps are equal. */
async function readQuotes(
  connection: DuckDBConnection,
  asked: readonly (AskedQuote & { readonly at: number })[],
  lookback: bigint,
): Promise<DuckDBValue[][]> {
  const stamps = asked.map(({ timeNanos }) => timeNanos);
  const latest = stamps.reduce((a, b) => (b > a ? b : a));
  const earliest = stamps.reduce((a, b) => (b < a ? b : a)) - lookback;
  const names = columnNames('quotes');
  const bounds = within('time_nanos', earliest < MIN_STAMP ? MIN_STAMP : earliest, latest);
  return readRows(
    connection,
    `WITH asked AS (SELECT unnest($1) AS at, unnest($2) AS venue, unnest($3) AS symbol, unnest($4) AS stamp),
     keyed AS (
       SELECT *, time_nanos::HUGEINT * 4294967296 + rowid AS key FROM quotes
       WHERE ${bounds} AND (venue, symbol) IN (SELECT (venue, symbol) FROM asked))
     SELECT a.at, ${names.map((name) => `q.${name}`).join(', ')}
     FROM asked a ASOF JOIN keyed q
       ON a.venue = q.venue AND a.symbol = q.symbol AND a.stamp::HUGEINT * 4294967296 > q.key`,
    {
      values: [
        listValue(asked.map(({ at }) => at)),
        listValue(asked.map(({ venue }) => venue)),
        listValue(asked.map(({ symbol }) => symbol)),
        listValue(stamps),
      ],
      types: [LIST(INTEGER), LIST(VARCHAR), LIST(VARCHAR), LIST(BIGINT)],
    },
  );
}

const MIN_STAMP = -(2n ** 63n) + 1n;

function limitOf(limit: number | undefined): string {
  return limit === undefined ? '' : `LIMIT ${Math.max(0, Math.floor(limit))}`;
}
