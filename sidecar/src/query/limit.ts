/** Named bounds of a query. Reaching one is an error or a notice, never a silent cut. */
import type { Table } from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';

/** Rows that one query may read or return. */
export const MAX_ROWS = 1_000_000;
/** Points of one series, as in Prometheus. */
export const MAX_POINTS_PER_SERIES = 11_000;
/** Time steps of a heat map: each step carries a whole histogram. */
export const MAX_HEATMAP_STEPS = 300;
/** Marks looked up for one P&L chart: steps times open instruments. */
export const MAX_MARKS = 2_000_000;
/** Fills, and steps of orders, that a query on execution reads; the newest of the range. */
export const MAX_EXECUTION_ROWS = 20_000;
/** Stamps at which one query asks for a mid. */
export const MAX_QUOTE_ASKS = 500_000;
/** Gaps of feeds that one query takes into account. */
export const MAX_GAPS = 100_000;
/** Quotes, and prints, that a query on the market reads row by row. */
export const MAX_MARKET_ROWS = 70_000;
/** Updates of depth that it reads: each holds whole sides of a book. */
export const MAX_BOOK_ROWS = 10_000;
/** Regular samples of the mid that a volatility is taken from, for all feeds together; a longer range is sampled wider. */
export const MAX_MID_SAMPLES = 500_000;
/** Prints that are the flow of an impact; the newest of the range. */
export const MAX_FLOW_ROWS = 25_000;
/** Prints or quotes of the market that interval benchmarks lay out. */
export const MAX_TAPE_ROWS = 200_000;
/** Points of a market chart, for all feeds together. */
export const MAX_MARKET_POINTS = 20_000;
/** Quotes that a long range is looked at by, spread evenly over it, for all feeds together. */
export const MAX_QUOTE_SAMPLES = 20_000;
/** Rows of each table that a query on latency reads: of spans a sample of whole traces, of orders and fills else the newest. */
export const MAX_LATENCY_ROWS = 15_000;
/** Quotes, and prints, that a query on a feed's delay reads; the newest of the range. */
export const MAX_FEED_ROWS = 50_000;
/** Rows of each table that may belong to one trace. */
export const MAX_TRACE_ROWS = 10_000;
/** Spans of a service that a search for traces looks at, newest first. */
export const MAX_SEARCHED_SPANS = 50_000;
/** Spans of all traces that a search answers. */
export const MAX_FOUND_SPANS = 20_000;
/** Spans from which the calls between services are counted; the newest of the range. */
export const MAX_LINKED_SPANS = 50_000;
/** How long before a range an order in it may have begun, for its beginning to be found. */
export const MAX_ORDER_AGE_DAYS = 90n;
/** Order ids in one question to the store. */
export const MAX_ORDER_IDS_PER_READ = 5_000;

export function refuseTooManyRows(rows: number, what: string): void {
  refuseRowsBeyond(MAX_ROWS, rows, what);
}

export function refuseRowsBeyond(limit: number, rows: number, what: string): void {
  if (rows <= limit) return;
  throw new TapewatchError(
    'query.limit',
    `the query needs more than ${limit} ${what}; shorten the time range, add filters or group by fewer dimensions`,
    { details: { limit } },
  );
}

export function rowsOf(table: Table): number {
  return table.fields[0]?.values.length ?? 0;
}
