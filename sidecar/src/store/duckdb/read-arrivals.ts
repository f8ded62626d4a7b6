/**
 * Fills with the arrivals of their orders, as `OrderLives` of core: the `new` step, else the earliest that another knows of
 * the sending; steps until the last fill count. Nearly every order has one `new` step, and looking through those costs a
 * tenth of grouping all steps by order; only what that leaves open is grouped.
 */
import { DOUBLE, LIST, listValue, type DuckDBConnection } from '@duckdb/node-api';
import type { EventFilter, FillArrivals } from '../../ports.ts';
import { OrdersOfFills } from './orders-of-fills.ts';
import { readTexts } from './read-packed.ts';
import { chooseFills, readStoredFills, type ChosenFills } from './read-trading.ts';
import { readRows, transaction } from './sql.ts';
import { chunksOf, partsOf, passColumns, readColumns, readPlain, type ReadWay } from './vector-read.ts';

export async function readFillArrivals(
  connection: DuckDBConnection,
  filter: EventFilter,
  way: ReadWay,
): Promise<FillArrivals> {
  // One view of the tables for all statements, whatever comes in between.
  return transaction(connection, async () => {
    const all = await chooseFills(connection, filter);
    const [[found, latest] = []] = await readRows(
      connection,
      `SELECT count(*)::DOUBLE, max(time_nanos) FROM (${all.sql})`,
      all.parameters,
    );
    const limit = filter.limit ?? Infinity;
    const isCut = Number(found) > limit;
    const rows = isCut ? limit : Number(found);
    const orders = new OrdersOfFills(rows);
    const chosen = isCut ? earliest(all, rows) : all;
    const visit = (keys: BigInt64Array): void => orders.addFills(keys);
    const fills = await readStoredFills(connection, chosen, { rows, way, key: ORDER_KEY, visit });
    const search = { connection, way, chosen, steps: stepsUntil(typeof latest === 'bigint' ? latest : 0n) };
    const isPlain = await passFirstSteps(search, orders);
    if (isPlain && orders.hasUnpriced) await priceLater(search, orders);
    if (orders.open > 0) await groupSteps(search, orders, isPlain);
    const feeds = await readFeeds(connection, orders.feedRows);
    return { fills: { ...fills, orders: orders.numbers() }, ...orders.arrivals(feeds) };
  });
}

const ORDER_KEY = 'hash(venue, order_id)';

function earliest({ sql, parameters }: ChosenFills, limit: number): ChosenFills {
  return { sql: `SELECT * FROM (${sql}) ORDER BY time_nanos, venue, id LIMIT ${limit}`, parameters };
}

interface Search {
  readonly connection: DuckDBConnection;
  readonly way: ReadWay;
  readonly chosen: ChosenFills;
  readonly steps: ReturnType<typeof stepsUntil>;
}

/** Relations of the steps of orders that count. */
function stepsUntil(nanos: bigint) {
  const all = `(SELECT *, rowid AS order_row FROM orders WHERE time_nanos <= ${nanos})`;
  return { all, first: `(FROM ${all} WHERE event = 'new')`, later: `(FROM ${all} WHERE event <> 'new')` };
}

/** False where an order has several `new` steps: then none is known. */
async function passFirstSteps({ connection, way, steps }: Search, orders: OrdersOfFills): Promise<boolean> {
  orders.expectOrders();
  const [[rows] = []] = await readRows(connection, `SELECT count(*)::DOUBLE FROM ${steps.first}`);
  let isPlain = true;
  await passColumns(
    connection,
    `SELECT ${ORDER_KEY}, hash(venue, symbol), time_nanos, coalesce(arrival_mid, 'NaN'::DOUBLE), order_row::DOUBLE
     FROM ${steps.first}`,
    ['i64', 'i64', 'i64', 'f64', 'f64'],
    {
      ...{ rows: Number(rows), way },
      visit: ([keys, feeds, stamps, mids, orderRows]) => {
        isPlain &&= orders.addFirstSteps({ keys, feeds, stamps, mids, rows: orderRows });
      },
    },
  );
  if (!isPlain) orders.expectOrders();
  return isPlain;
}

/** Orders whose `new` step has no mid: that of a later step, where there is one. */
async function priceLater({ connection, chosen, steps }: Search, orders: OrdersOfFills): Promise<void> {
  const later = `(FROM ${steps.later} WHERE arrival_mid IS NOT NULL)`;
  // Mostly there are none, which is known at once.
  const [[some] = []] = await readRows(connection, `SELECT true FROM ${later} LIMIT 1`);
  if (some !== true) return;
  const [keys, mids] = await readColumns(
    connection,
    `SELECT ${ORDER_KEY}, arg_min(later.arrival_mid, later.time_nanos)
     FROM (FROM ${steps.first} WHERE arrival_mid IS NULL) first JOIN ${later} later USING (venue, order_id)
       SEMI JOIN (${chosen.sql}) chosen USING (venue, order_id)
     GROUP BY venue, order_id`,
    ['i64', 'f64'],
    chosen.parameters,
  );
  orders.price(keys, mids);
}

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
  const columns = `hash(wanted.venue, order_id), coalesce(mid, 'NaN'::DOUBLE), order_row::DOUBLE, stamp, arrivals.venue, symbol`;
  const result = await connection.run(
    `WITH wanted AS (SELECT DISTINCT venue, order_id FROM (${chosen.sql}) chosen ${rest}),
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
    chosen.parameters.values,
    chosen.parameters.types,
  );
  const chunks = await chunksOf(result);
  const count = chunks.reduce((sum, { rowCount }) => sum + rowCount, 0);
  const stampsOf = (index: number) => readPlain(partsOf(chunks, index), count, BigInt64Array) as BigInt64Array;
  const doublesOf = (index: number) => readPlain(partsOf(chunks, index), count, Float64Array);
  const textsOf = (index: number) => readTexts(partsOf(chunks, index), count);
  const [keys, mids, rows, stamps] = [stampsOf(0), doublesOf(1), doublesOf(2), stampsOf(3)];
  const [venues, symbols] = [textsOf(4), textsOf(5)];
  orders.addGrouped(keys, (i) => ({
    ...{ mid: Number(mids[i]), row: Number(rows[i]), timeNanos: stamps[i] as bigint },
    ...{ venue: textAt(venues, i), symbol: textAt(symbols, i) },
  }));
}

function textAt({ texts, codes }: ReturnType<typeof readTexts>, row: number): string {
  return texts[codes[row] as number] ?? '';
}

/** By the rows of orders. */
async function readFeeds(connection: DuckDBConnection, rows: readonly number[]) {
  if (rows.length === 0) return new Map<number, never>();
  const found = await readRows(
    connection,
    `SELECT rowid::DOUBLE, venue, symbol FROM orders WHERE rowid IN (SELECT unnest($1)::BIGINT)`,
    { values: [listValue([...rows])], types: [LIST(DOUBLE)] },
  );
  return new Map(
    found.map(([row, venue, symbol]) => [Number(row), { venue: String(venue), symbol: String(symbol) }] as const),
  );
}
