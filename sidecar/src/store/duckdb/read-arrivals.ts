/**
 * Fills with the arrivals of their orders, as `OrderLives` of core: the `new` step, else the earliest that another knows of
 * the sending; steps until the last fill count. Nearly every order has one `new` step, and joining fills with those costs a
 * third of grouping all steps by order; only what that leaves open is grouped.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { EventFilter, FillArrivals } from '../../ports.ts';
import { OrdersOfFills } from './orders-of-fills.ts';
import { readTexts } from './read-packed.ts';
import { chooseFills, readStoredFills, type ChosenFills } from './read-trading.ts';
import { readRows, transaction } from './sql.ts';
import { chunksOf, partsOf, readColumns, readPlain } from './vector-read.ts';

export async function readFillArrivals(connection: DuckDBConnection, filter: EventFilter): Promise<FillArrivals> {
  // One view of the tables for all statements, whatever comes in between.
  return transaction(connection, async () => {
    const all = await chooseFills(connection, filter);
    const [[count, latest] = []] = await readRows(
      connection,
      `SELECT count(*)::DOUBLE, max(time_nanos) FROM (${all.sql})`,
      all.parameters,
    );
    const chosen = Number(count) <= (filter.limit ?? Infinity) ? all : earliest(all, filter.limit ?? 0);
    const { fills, rows } = await readStoredFills(connection, chosen);
    const orders = new OrdersOfFills(rows);
    const search = { connection, chosen, steps: stepsUntil(typeof latest === 'bigint' ? latest : 0n) };
    const isPlain = await joinFirstSteps(search, orders);
    if (isPlain) await readUnpriced(search, orders);
    if (!isPlain || orders.open > 0) await groupSteps(search, orders, isPlain);
    return { fills: { ...fills, orders: orders.numbers }, ...orders.arrivals() };
  });
}

function earliest({ sql, parameters }: ChosenFills, limit: number): ChosenFills {
  return { sql: `SELECT * FROM (${sql}) ORDER BY time_nanos, venue, id LIMIT ${limit}`, parameters };
}

interface Search {
  readonly connection: DuckDBConnection;
  readonly chosen: ChosenFills;
  readonly steps: ReturnType<typeof stepsUntil>;
}

/** Relations of the steps of orders that count. */
function stepsUntil(nanos: bigint) {
  const all = `(SELECT *, rowid AS order_row FROM orders WHERE time_nanos <= ${nanos})`;
  return { all, first: `(FROM ${all} WHERE event = 'new')`, later: `(FROM ${all} WHERE event <> 'new')` };
}

/** False where an order has several `new` steps. */
async function joinFirstSteps({ connection, chosen, steps }: Search, orders: OrdersOfFills): Promise<boolean> {
  const [fillRows, orderRows, mids] = await readColumns(
    connection,
    // The limit keeps numbers that are used again and again from multiplying.
    `SELECT chosen.stored_row::DOUBLE, order_row::DOUBLE, coalesce(arrival_mid, 'NaN'::DOUBLE)
     FROM (${chosen.sql}) chosen JOIN ${steps.first} USING (venue, order_id) LIMIT ${orders.open + 1}`,
    ['f64', 'f64', 'f64'],
    chosen.parameters,
  );
  orders.expect(orderRows);
  for (let i = 0; i < fillRows.length; i++)
    if (!orders.add(fillRows[i] as number, orderRows[i] as number, mids[i] as number)) return false;
  return true;
}

/** Of orders whose `new` step has no mid: that of a later step, else what the quotes are to be asked. */
async function readUnpriced({ connection, chosen, steps }: Search, orders: OrdersOfFills): Promise<void> {
  const { unpriced } = orders;
  if (unpriced === undefined) return;
  const first = `(FROM ${steps.first} WHERE arrival_mid IS NULL)`;
  const later = `(FROM ${steps.later} WHERE arrival_mid IS NOT NULL)`;
  // Mostly there are none, which is known at once.
  const [[some] = []] = await readRows(connection, `SELECT true FROM ${later} LIMIT 1`);
  if (some === true) {
    const [rows, mids] = await readColumns(
      connection,
      `SELECT first.order_row::DOUBLE, arg_min(later.arrival_mid, later.time_nanos)
       FROM (${chosen.sql}) chosen JOIN ${first} first USING (venue, order_id) JOIN ${later} later USING (venue, order_id)
       GROUP BY first.order_row`,
      ['f64', 'f64'],
      chosen.parameters,
    );
    rows.forEach((row, i) => orders.price(row, mids[i] as number));
  }
  const columns = `order_row::DOUBLE, first.time_nanos, first.venue, first.symbol`;
  const limit = orders.numbers.length * MAX_STEPS_PER_FILL;
  // All there are between the rows that are wanted, unless those of other fills are many more.
  let asked = await readAsked(
    connection,
    `SELECT ${columns} FROM ${first} first WHERE order_row BETWEEN ${unpriced.first} AND ${unpriced.last} LIMIT ${limit + 1}`,
    { first: 0 },
  );
  if (asked.rows.length > limit) {
    const sql = `SELECT ${columns} FROM (${chosen.sql}) chosen JOIN ${first} first USING (venue, order_id)`;
    asked = await readAsked(connection, sql, { chosen, first: 0 });
  }
  asked.rows.forEach((row, i) => orders.ask(row, () => asked.at(i)));
}

/** Steps that are read for each fill rather than joined with it. */
const MAX_STEPS_PER_FILL = 4;

/**
 * For fills that are not with their order yet. A fill whose venue is not the order's (a routed order) is found by the id
 * alone, the earliest order first.
 */
async function groupSteps(
  { connection, chosen, steps }: Search,
  orders: OrdersOfFills,
  isPlain: boolean,
): Promise<void> {
  const rest = isPlain ? `ANTI JOIN ${steps.first} USING (venue, order_id)` : '';
  const columns = `wanted.stored_row::DOUBLE, coalesce(mid, 'NaN'::DOUBLE), order_row::DOUBLE, stamp, arrivals.venue, symbol`;
  const found = await readAsked(
    connection,
    `WITH wanted AS (SELECT stored_row, venue, order_id FROM (${chosen.sql}) chosen ${rest}),
     arrivals AS MATERIALIZED (
       SELECT venue, order_id,
         coalesce(arg_min(order_row, time_nanos) FILTER (event = 'new'), arg_min(order_row, time_nanos)) AS order_row,
         coalesce(arg_min(symbol, time_nanos) FILTER (event = 'new'), arg_min(symbol, time_nanos)) AS symbol,
         coalesce(min(time_nanos) FILTER (event = 'new'),
           least(arg_min(coalesce(sent_nanos, time_nanos), time_nanos),
             min(coalesce(sent_nanos, time_nanos)) FILTER (event <> 'cancel_ack'))) AS stamp,
         coalesce(arg_min_null(arrival_mid, time_nanos) FILTER (event = 'new'),
           arg_min(arrival_mid, time_nanos)) AS mid,
         min(time_nanos) AS first_nanos
       FROM ${steps.all} WHERE order_id IN (SELECT order_id FROM wanted) GROUP BY venue, order_id),
     routed AS (SELECT order_id, arg_min(order_row, first_nanos) AS order_row FROM arrivals GROUP BY order_id)
     SELECT ${columns} FROM wanted JOIN arrivals USING (venue, order_id)
     UNION ALL SELECT ${columns}
     FROM (FROM wanted ANTI JOIN arrivals USING (venue, order_id)) wanted
       JOIN routed USING (order_id) JOIN arrivals USING (order_id, order_row)`,
    { chosen, first: 2 },
  );
  const [fillRows, mids] = found.before as [Float64Array, Float64Array];
  if (!isPlain) orders.expect(found.rows);
  found.rows.forEach((row, i) => {
    orders.add(fillRows[i] as number, row, mids[i] as number);
    orders.ask(row, () => found.at(i));
  });
}

/** From its column `first` on, the statement tells an order's row, the stamp of arrival, venue and symbol; doubles are before. */
async function readAsked(
  connection: DuckDBConnection,
  sql: string,
  { chosen, first }: { readonly chosen?: ChosenFills; readonly first: number },
) {
  const chunks = await chunksOf(await connection.run(sql, chosen?.parameters.values, chosen?.parameters.types));
  const count = chunks.reduce((sum, { rowCount }) => sum + rowCount, 0);
  const doubles = (index: number) => readPlain(partsOf(chunks, index), count, Float64Array) as Float64Array;
  const stamps = readPlain(partsOf(chunks, first + 1), count, BigInt64Array) as BigInt64Array;
  const [venues, symbols] = [first + 2, first + 3].map((index) => readTexts(partsOf(chunks, index), count));
  return {
    before: Array.from({ length: first }, (_, index) => doubles(index)),
    rows: doubles(first),
    at: (i: number) => ({
      timeNanos: stamps[i] as bigint,
      venue: textAt(venues, i),
      symbol: textAt(symbols, i),
    }),
  };
}

function textAt(column: ReturnType<typeof readTexts> | undefined, row: number): string {
  return column?.texts[column.codes[row] as number] ?? '';
}
