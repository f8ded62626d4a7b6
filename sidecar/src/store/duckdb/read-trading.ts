/**
 * Columns of fills, and the mid of many instruments at every step of a chart: one statement each, no object a row.
 * Corrections are applied here, so that a reader sees each execution once, as it was in the end.
 */
import {
  BIGINT,
  DOUBLE,
  LIST,
  listValue,
  VARCHAR,
  type DuckDBConnection,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import { correctFills, NO_ORDER, type Fill, type FillColumns, type FillGroup } from '@tapewatch/core';
import type { EventFilter, FillArrivals } from '../../ports.ts';
import { passesFilter } from '../event-filter.ts';
import { columnNames } from './event-columns.ts';
import { eventsFrom } from './packed-events.ts';
import { readPacked } from './read-packed.ts';
import { msOf, readRows, transaction, within, type Parameters } from './sql.ts';
import { readColumns } from './vector-read.ts';

const GROUP_COLUMNS = ['strategy', 'venue', 'symbol', 'account', 'currency', 'fee_currency'] as const;
const FILTERED = ['strategy', 'venue', 'symbol', 'account'] as const;

export async function readFillColumns(connection: DuckDBConnection, filter: EventFilter): Promise<FillColumns> {
  // One view of the table for all statements, whatever comes in between.
  return transaction(connection, async () => {
    const { roots, fills } = await readCorrected(connection);
    const corrected = { roots, fills: fills.filter((fill) => passesFilter(fill, filter)) };
    return readPlain(connection, { filter, corrected });
  });
}

/** As `OrderLives` of core, of steps until the last fill: the `new` step, else the earliest that another knows of the sending. */
function arrivalsSql(where: string): string {
  return `CREATE OR REPLACE TEMP TABLE arrivals AS
    SELECT (row_number() OVER () - 1)::UINTEGER AS order_number, * FROM (
      SELECT venue, order_id, arg_min(symbol, time_nanos) AS symbol,
        coalesce(min(time_nanos) FILTER (event = 'new'),
          min(coalesce(sent_nanos, time_nanos)) FILTER (event <> 'cancel_ack'),
          min(coalesce(sent_nanos, time_nanos))) AS stamp,
        coalesce(arg_min(arrival_mid, time_nanos) FILTER (event = 'new'), arg_min(arrival_mid, time_nanos)) AS mid
      FROM orders WHERE order_id IN (SELECT order_id FROM fills WHERE ${where})
        AND time_nanos <= (SELECT max(time_nanos) FROM fills WHERE ${where}) GROUP BY venue, order_id)`;
}

/**
 * Undefined where corrections are about: then the rows tell. A fill whose venue is not the order's (a routed order) is
 * found by the id alone, the earliest order first.
 */
export async function readFillArrivals(
  connection: DuckDBConnection,
  filter: EventFilter,
): Promise<FillArrivals | undefined> {
  return transaction(connection, async () => {
    if ((await readCorrected(connection)).roots.length > 0) return undefined;
    const { where, parameters } = conditionsOf(filter, []);
    await connection.run(arrivalsSql(where), parameters.values, parameters.types);
    const plain = { filter, corrected: NO_CORRECTIONS };
    const own = await readPlain(connection, { ...plain, join: OWN_ORDERS });
    // Routed orders are few desks' affair, and looking for them takes as long as all the rest.
    const isRouted = own.orders?.includes(NO_ORDER) === true;
    const fills = isRouted ? await readPlain(connection, { ...plain, join: ROUTED_ORDERS }) : own;
    const [mids] = await readColumns(
      connection,
      `SELECT coalesce(mid, 'NaN'::DOUBLE) FROM arrivals ORDER BY order_number`,
      ['f64'],
    );
    const feeds = await readRows(
      connection,
      `SELECT DISTINCT venue, symbol FROM arrivals WHERE mid IS NULL ORDER BY venue, symbol`,
    );
    const [unpriced, stampsNanos, feed] = await readColumns(
      connection,
      `SELECT order_number, stamp, (dense_rank() OVER (ORDER BY venue, symbol) - 1)::UINTEGER FROM arrivals WHERE mid IS NULL`,
      ['u32', 'i64', 'u32'],
    );
    await connection.run('DROP TABLE arrivals');
    const named = feeds.map(([venue, symbol]) => ({ venue: String(venue), symbol: String(symbol) }));
    return { fills, mids, unpriced, stampsNanos, feed, feeds: named };
  });
}

interface Corrected {
  /** Executions that were corrected or are corrections: (venue, id). */
  readonly roots: readonly (readonly [venue: string, id: string])[];
  /** What stands in their place. */
  readonly fills: readonly Fill[];
}

const NO_CORRECTIONS: Corrected = { roots: [], fills: [] };

async function readCorrected(connection: DuckDBConnection): Promise<Corrected> {
  const names = columnNames('fills').join(', ');
  const read = async (where: string, parameters: Parameters = { values: [], types: [] }): Promise<Fill[]> => {
    const sql = `SELECT ${names} FROM fills WHERE ${where}`;
    return eventsFrom<'fills'>(await readPacked(connection, { table: 'fills', sql, parameters }));
  };
  // A scan of one column that packs to nothing.
  const corrections = await read(`execution <> 'new'`);
  if (corrections.length === 0) return NO_CORRECTIONS;
  const asked = corrections.map(({ venue, refersTo }) => [venue, refersTo] as const);
  const originals = await read(`execution = 'new' AND (venue, id) IN (SELECT (unnest($1), unnest($2)))`, pairs(asked));
  const rows = [...originals, ...corrections];
  return { roots: rows.map(({ venue, id }) => [venue, id]), fills: correctFills(rows) };
}

function conditionsOf(filter: EventFilter, without: Corrected['roots']) {
  const parameters: Parameters = { values: [], types: [] };
  const conditions = [within('time_nanos', filter.startNanos, filter.endNanos)];
  for (const column of FILTERED) {
    const wanted = filter[column];
    if (wanted === undefined || wanted.length === 0) continue;
    parameters.values.push(listValue([...wanted]));
    parameters.types.push(LIST(VARCHAR));
    conditions.push(`${column} IN (SELECT unnest($${parameters.values.length}))`);
  }
  if (without.length > 0) {
    const { values, types } = pairs(without);
    const at = parameters.values.push(...values);
    parameters.types.push(...types);
    conditions.push(`(venue, id) NOT IN (SELECT (unnest($${at - 1}), unnest($${at})))`);
  }
  return { where: conditions.join(' AND '), parameters };
}

interface PlainRead {
  readonly filter: EventFilter;
  readonly corrected: Corrected;
  /** Numbers of orders from the table `arrivals`; fills then come in the order in which they are stored. */
  readonly join?: OrderJoin;
}

async function readPlain(connection: DuckDBConnection, { filter, corrected, join }: PlainRead): Promise<FillColumns> {
  const { where, parameters } = conditionsOf(filter, corrected.roots);
  const chosen = `SELECT * FROM fills WHERE ${where}${standing(corrected.fills, parameters)}`;
  const columns = GROUP_COLUMNS.join(', ');
  const groups = await readRows(
    connection,
    `SELECT ${columns}, count(*)::DOUBLE FROM (${chosen}) GROUP BY ${columns} ORDER BY ${columns}`,
    parameters,
  );
  const rows = groups.reduce((sum, values) => sum + Number(values.at(-1)), 0);
  // A limit costs more than sorting everything, so it stands only where it cuts.
  const limit = filter.limit === undefined || rows <= filter.limit ? '' : `LIMIT ${filter.limit}`;
  const first = parameters.values.length;
  for (const [i] of GROUP_COLUMNS.entries()) {
    parameters.values.push(listValue(groups.map((values) => values[i] as string)));
    parameters.types.push(LIST(VARCHAR));
  }
  const numbered = GROUP_COLUMNS.map((name, i) => `unnest($${first + i + 1}) AS ${name}`).join(', ');
  const order = join === undefined ? '' : `, coalesce(${join.number}, ${NO_ORDER})::UINTEGER`;
  const sorting = join === undefined || limit !== '' ? 'ORDER BY chosen.time_nanos, chosen.venue, chosen.id' : '';
  const [group, timesMs, quantities, prices, fees, orders] = await readColumns(
    connection,
    `WITH numbered AS (SELECT unnest(range(${groups.length}))::UINTEGER AS number, ${numbered}),
     chosen AS (${chosen})
     SELECT number, ${msOf('chosen.time_nanos')}, CASE side WHEN 'buy' THEN quantity ELSE -quantity END, price, fee${order}
     FROM chosen JOIN numbered USING (${columns}) ${join?.sql ?? ''} ${sorting} ${limit}`,
    join !== undefined ? ['u32', 'f64', 'f64', 'f64', 'f64', 'u32'] : ['u32', 'f64', 'f64', 'f64', 'f64'],
    parameters,
  );
  const named = groups.map((values) => groupFrom(values as string[]));
  const read = { groups: named, group, timesMs, quantities, prices, fees } as FillColumns;
  return orders === undefined ? read : { ...read, orders: orders as Uint32Array };
}

/** Rows that stand in the place of corrected ones; sorting then finds their places among the others. */
function standing(fills: readonly Fill[], { values, types }: Parameters): string {
  if (fills.length === 0) return '';
  const column = (name: string, type: DuckDBType, of: (fill: Fill) => DuckDBValue): string => {
    types.push(LIST(type));
    return `unnest($${values.push(listValue(fills.map(of)))}) AS ${name}`;
  };
  const columns = [
    column('id', VARCHAR, ({ id }) => id),
    column('time_nanos', BIGINT, ({ timeNanos }) => timeNanos),
    column('venue', VARCHAR, ({ venue }) => venue),
    column('symbol', VARCHAR, ({ symbol }) => symbol),
    column('strategy', VARCHAR, ({ strategy }) => strategy),
    column('account', VARCHAR, ({ account }) => account),
    column('currency', VARCHAR, ({ currency }) => currency),
    column('fee_currency', VARCHAR, ({ feeCurrency }) => feeCurrency),
    column('side', VARCHAR, ({ side }) => side),
    column('quantity', DOUBLE, ({ quantity }) => quantity),
    column('price', DOUBLE, ({ price }) => price),
    column('fee', DOUBLE, ({ fee }) => fee),
  ];
  return ` UNION ALL BY NAME SELECT ${columns.join(', ')}`;
}

interface OrderJoin {
  readonly sql: string;
  readonly number: string;
}

const OWN_ORDERS: OrderJoin = {
  sql: 'LEFT JOIN arrivals own ON own.venue = chosen.venue AND own.order_id = chosen.order_id',
  number: 'own.order_number',
};

const ROUTED_ORDERS: OrderJoin = {
  sql: `${OWN_ORDERS.sql}
  LEFT JOIN (
    SELECT order_id, arg_min(order_number, stamp) AS order_number FROM arrivals
    WHERE order_id IN (SELECT order_id FROM chosen ANTI JOIN arrivals USING (venue, order_id)) GROUP BY order_id
  ) routed ON routed.order_id = chosen.order_id`,
  number: 'own.order_number, routed.order_number',
};

function groupFrom(values: readonly string[]): FillGroup {
  const [strategy = '', venue = '', symbol = '', account = '', currency = '', feeCurrency = ''] = values;
  return { strategy, venue, symbol, account, currency, feeCurrency };
}

function pairs(list: Corrected['roots']): Parameters {
  const [venues, ids] = [list.map(([venue]) => venue), list.map(([, id]) => id)];
  return { values: [listValue(venues), listValue(ids)], types: [LIST(VARCHAR), LIST(VARCHAR)] };
}
