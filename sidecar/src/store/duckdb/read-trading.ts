/**
 * Columns of fills: a few statements, no object a row. Corrections are applied here, so that a reader sees each execution once,
 * as it was in the end.
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
import { correctFills, reorderedFills, type Fill, type FillColumns, type FillGroup } from '@tapewatch/core';
import type { EventFilter, TradedInstrument } from '../../ports.ts';
import { passesFilter } from '../event-filter.ts';
import { columnNames } from './event-columns.ts';
import { timeOrder, type TimeOrder } from './fill-order.ts';
import { groupNumbers } from './group-numbers.ts';
import { HashNumbers } from './hash-numbers.ts';
import { eventsFrom } from './packed-events.ts';
import { readPacked } from './read-packed.ts';
import { msOf, readRows, transaction, within, type Parameters } from './sql.ts';
import { millisecondsOf } from './stamp-halves.ts';
import { passColumns, readColumns, readCounted, type ReadWay } from './vector-read.ts';

const GROUP_COLUMNS = ['strategy', 'venue', 'symbol', 'account', 'currency', 'fee_currency'] as const;
const FILTERED = ['strategy', 'venue', 'symbol', 'account'] as const;

export async function readFillColumns(
  connection: DuckDBConnection,
  filter: EventFilter,
  way: ReadWay,
): Promise<FillColumns> {
  // One view of the table for all statements, whatever comes in between.
  return transaction(connection, async () => {
    const fills = await chooseFills(connection, filter);
    const groups = await readGroups(connection, fills);
    const isCut = filter.limit !== undefined && groups.rows > filter.limit;
    return (
      (isCut || way === 'whole' ? undefined : await readNearlySorted(connection, fills, groups)) ??
      readSorted(connection, groups, filter)
    );
  });
}

/** Of all rows, corrected ones and corrections too. */
export async function readTradedInstruments(
  connection: DuckDBConnection,
  filter: EventFilter,
): Promise<readonly TradedInstrument[]> {
  const { where, parameters } = conditionsOf(filter, []);
  const found = await readRows(connection, `SELECT DISTINCT venue, symbol FROM fills WHERE ${where}`, parameters);
  return found.map(([venue, symbol]) => ({ venue: String(venue), symbol: String(symbol) }));
}

/** As they are stored, and then put in order; undefined where too much is out of it. */
async function readNearlySorted(
  connection: DuckDBConnection,
  fills: ChosenFills,
  { groups, numbers, rows: count }: Groups,
): Promise<FillColumns | undefined> {
  const [group, stamps, quantities, prices, fees, rows] = await readCounted(
    connection,
    numbers.sql,
    ['u32', 'i64', 'f64', 'f64', 'f64', 'f64'],
    { rows: count, parameters: numbers.parameters },
  );
  const found = timeOrder(stamps);
  if (found === undefined) return undefined;
  const columns = { groups, group: numbers.of(group), timesMs: millisecondsOf(stamps), quantities, prices, fees };
  const order = found.ties.length === 0 ? found.order : await orderTies(connection, fills, { ...found, rows, stamps });
  return order === undefined ? columns : reorderedFills(columns, order);
}

interface Tied extends TimeOrder {
  readonly rows: Float64Array;
  readonly stamps: BigInt64Array;
}

/** Of equal stamps venue and id decide, which the engine is asked for those rows only. */
async function orderTies(
  connection: DuckDBConnection,
  { sql, parameters }: ChosenFills,
  { order: known, ties, rows, stamps }: Tied,
): Promise<Uint32Array> {
  const order = known ?? Uint32Array.from(rows, (_, at) => at);
  const tied = ties.map(([from]) => stamps[order[from] as number] as bigint);
  const [places] = await readColumns(
    connection,
    `SELECT stored_row::DOUBLE FROM (${sql}) chosen WHERE time_nanos IN (SELECT unnest($${parameters.values.length + 1}))
     ORDER BY time_nanos, venue, id`,
    ['f64'],
    { values: [...parameters.values, listValue(tied)], types: [...parameters.types, LIST(BIGINT)] },
  );
  const byRow = new Map<number, number>();
  for (const [from, to] of ties)
    for (let at = from; at < to; at++) byRow.set(rows[order[at] as number] as number, order[at] as number);
  let next = 0;
  for (const [from, to] of ties)
    for (let at = from; at < to; at++) order[at] = byRow.get(places[next++] as number) as number;
  return order;
}

async function readSorted(
  connection: DuckDBConnection,
  { groups, numbers }: Groups,
  { limit }: EventFilter,
): Promise<FillColumns> {
  const [group, stamps, quantities, prices, fees] = await readColumns(
    connection,
    `${numbers.sql} ORDER BY chosen.time_nanos, chosen.venue, chosen.id ${limit === undefined ? '' : `LIMIT ${limit}`}`,
    ['u32', 'i64', 'f64', 'f64', 'f64'],
    numbers.parameters,
  );
  return { groups, group: numbers.of(group), timesMs: millisecondsOf(stamps), quantities, prices, fees };
}

interface StoredFills {
  /** As many as there are. */
  readonly rows: number;
  readonly way: ReadWay;
  /** A hash of each row, which is shown as the rows come. */
  readonly key: string;
  readonly visit: (keys: BigInt64Array) => void;
}

/** In the order in which they are stored. */
export async function readStoredFills(
  connection: DuckDBConnection,
  { sql, parameters }: ChosenFills,
  { rows, way, key, visit }: StoredFills,
): Promise<FillColumns> {
  const groups = new HashNumbers();
  /** A row of each group. */
  const first: number[] = [];
  const group = new Uint32Array(rows);
  const [timesMs, quantities, prices, fees] = Array.from({ length: 4 }, () => new Float64Array(rows)) as FourColumns;
  let at = 0;
  await passColumns(
    connection,
    `SELECT hash(${GROUP_COLUMNS.join(', ')}), ${key}, ${msOf('time_nanos')}, ${SIGNED}, price, fee, stored_row::DOUBLE
     FROM (${sql}) chosen`,
    ['i64', 'i64', 'f64', 'f64', 'f64', 'f64', 'f64'],
    {
      ...{ rows, way, parameters },
      visit: ([hashes, keys, ...columns]) => {
        const numbers = groups.numbersOf(hashes);
        for (let row = 0; first.length < groups.size; row++)
          if (numbers[row] === first.length) first.push(columns[4][row] as number);
        group.set(numbers, at);
        for (const [i, all] of [timesMs, quantities, prices, fees].entries()) all.set(columns[i] as Float64Array, at);
        at += numbers.length;
        visit(keys);
      },
    },
  );
  const names = await readGroupsOf(connection, { sql, parameters }, first);
  return { groups: names, group, timesMs, quantities, prices, fees };
}

type FourColumns = [Float64Array, Float64Array, Float64Array, Float64Array];

/** What is in each of the rows. */
async function readGroupsOf(
  connection: DuckDBConnection,
  { sql, parameters }: ChosenFills,
  rows: readonly number[],
): Promise<FillGroup[]> {
  const found = await readRows(
    connection,
    `SELECT stored_row::DOUBLE, ${GROUP_COLUMNS.join(', ')} FROM (${sql})
     WHERE stored_row IN (SELECT unnest($${parameters.values.length + 1})::BIGINT)`,
    { values: [...parameters.values, listValue([...rows])], types: [...parameters.types, LIST(DOUBLE)] },
  );
  const byRow = new Map(found.map(([row, ...one]) => [Number(row), groupFrom(one as string[])] as const));
  return rows.map((row) => byRow.get(row) ?? groupFrom([]));
}

/** The fills that pass a filter, with all columns and `stored_row`, which is unique and ascends as they are stored. */
export interface ChosenFills {
  readonly sql: string;
  readonly parameters: Parameters;
}

export async function chooseFills(connection: DuckDBConnection, filter: EventFilter): Promise<ChosenFills> {
  const { roots, fills } = await readCorrected(connection);
  const { where, parameters } = conditionsOf(filter, roots);
  const corrected = standing(
    fills.filter((fill) => passesFilter(fill, filter)),
    parameters,
  );
  return { sql: `SELECT *, rowid AS stored_row FROM fills WHERE ${where}${corrected}`, parameters };
}

interface Corrected {
  /** Executions that were corrected or are corrections: (venue, id). */
  readonly roots: readonly (readonly [venue: string, id: string])[];
  /** What stands in their place. */
  readonly fills: readonly Fill[];
}

async function readCorrected(connection: DuckDBConnection): Promise<Corrected> {
  const names = columnNames('fills').join(', ');
  const read = async (where: string, parameters: Parameters = { values: [], types: [] }): Promise<Fill[]> => {
    const sql = `SELECT ${names} FROM fills WHERE ${where}`;
    return eventsFrom<'fills'>(await readPacked(connection, { table: 'fills', sql, parameters }));
  };
  // A scan of one column that packs to nothing.
  const corrections = await read(`execution <> 'new'`);
  if (corrections.length === 0) return { roots: [], fills: [] };
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

interface Groups {
  readonly groups: readonly FillGroup[];
  readonly numbers: GroupedRows;
  readonly rows: number;
}

/** Group, stamp, signed quantity, price, fee and row of each; `of` makes numbers of the first column. */
interface GroupedRows {
  readonly sql: string;
  readonly parameters: Parameters;
  readonly of: (column: Uint32Array) => Uint32Array;
}

async function readGroups(connection: DuckDBConnection, chosen: ChosenFills): Promise<Groups> {
  const { sql, parameters } = chosen;
  const columns = GROUP_COLUMNS.join(', ');
  const found = await readRows(
    connection,
    `SELECT ${columns}, ${GROUP_HASH}, count(*)::DOUBLE FROM (${sql}) GROUP BY ${columns} ORDER BY ${columns}`,
    parameters,
  );
  const numbersOf = groupNumbers(found.map((one) => Number(one.at(-2))));
  return {
    groups: found.map((one) => groupFrom(one as string[])),
    numbers: numbersOf === undefined ? joinedNumbers(chosen, found) : hashedNumbers(chosen, numbersOf),
    rows: found.reduce((sum, one) => sum + Number(one.at(-1)), 0),
  };
}

const GROUP_HASH = `(hash(${GROUP_COLUMNS.join(', ')}) & 4294967295)::UINTEGER`;
const SIGNED = `CASE side WHEN 'buy' THEN quantity ELSE -quantity END`;
const FIGURES = `chosen.time_nanos, ${SIGNED}, price, fee, chosen.stored_row::DOUBLE`;

function hashedNumbers({ sql, parameters }: ChosenFills, of: GroupedRows['of']): GroupedRows {
  return { sql: `SELECT ${GROUP_HASH}, ${FIGURES} FROM (${sql}) chosen`, parameters, of };
}

/** Where two groups share a hash. */
function joinedNumbers({ sql, parameters }: ChosenFills, groups: readonly DuckDBValue[][]): GroupedRows {
  const [values, types] = [[...parameters.values], [...parameters.types]];
  for (const [i] of GROUP_COLUMNS.entries()) {
    values.push(listValue(groups.map((one) => one[i] as string)));
    types.push(LIST(VARCHAR));
  }
  const first = parameters.values.length;
  const numbered = GROUP_COLUMNS.map((name, i) => `unnest($${first + i + 1}) AS ${name}`).join(', ');
  const numbers = `WITH numbered AS (SELECT unnest(range(${groups.length}))::UINTEGER AS number, ${numbered}),
     chosen AS (${sql})
     SELECT number, ${FIGURES} FROM chosen JOIN numbered USING (${GROUP_COLUMNS.join(', ')})`;
  return { sql: numbers, parameters: { values, types }, of: (column) => column };
}

/** Beyond the rows of any table. */
const AFTER_STORED_ROWS = 2 ** 50;

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
    column('order_id', VARCHAR, ({ orderId }) => orderId),
    column('side', VARCHAR, ({ side }) => side),
    column('quantity', DOUBLE, ({ quantity }) => quantity),
    column('price', DOUBLE, ({ price }) => price),
    column('fee', DOUBLE, ({ fee }) => fee),
  ];
  return ` UNION ALL BY NAME SELECT ${columns.join(', ')}, unnest(range(${fills.length})) + ${AFTER_STORED_ROWS} AS stored_row`;
}

function groupFrom(values: readonly string[]): FillGroup {
  const [strategy = '', venue = '', symbol = '', account = '', currency = '', feeCurrency = ''] = values;
  return { strategy, venue, symbol, account, currency, feeCurrency };
}

function pairs(list: Corrected['roots']): Parameters {
  const [venues, ids] = [list.map(([venue]) => venue), list.map(([, id]) => id)];
  return { values: [listValue(venues), listValue(ids)], types: [LIST(VARCHAR), LIST(VARCHAR)] };
}
