/**
 * Columns of fills, and the mid of many instruments at every step of a chart: one statement each, no object a row.
 * Corrections are applied here, so that a reader sees each execution once, as it was in the end.
 */
import { LIST, listValue, UINTEGER, VARCHAR, type DuckDBConnection } from '@duckdb/node-api';
import {
  correctFills,
  fillColumnsOf,
  mergeFillColumns,
  midOf,
  type Fill,
  type FillColumns,
  type FillGroup,
} from '@tapewatch/core';
import type { EventFilter, MarkRequest } from '../../ports.ts';
import { passesFilter } from '../event-filter.ts';
import { columnNames, eventFrom } from './event-columns.ts';
import { readQuotesBefore } from './read-events.ts';
import { msOf, readRows, transaction, within, type Parameters } from './sql.ts';
import { readColumns } from './vector-read.ts';

const GROUP_COLUMNS = ['strategy', 'venue', 'symbol', 'account', 'currency', 'fee_currency'] as const;
const FILTERED = ['strategy', 'venue', 'symbol', 'account'] as const;

export async function readFillColumns(connection: DuckDBConnection, filter: EventFilter): Promise<FillColumns> {
  // One view of the table for all statements, whatever comes in between.
  return transaction(connection, async () => {
    const corrected = await readCorrected(connection);
    const plain = await readPlain(connection, filter, corrected.roots);
    return mergeFillColumns(plain, fillColumnsOf(corrected.fills.filter((fill) => passesFilter(fill, filter))));
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
  // A scan of one column that packs to nothing.
  const found = await readRows(connection, `SELECT ${names} FROM fills WHERE execution <> 'new'`);
  if (found.length === 0) return NO_CORRECTIONS;
  const corrections = found.map((values) => eventFrom('fills', values));
  const asked = corrections.map(({ venue, refersTo }) => [venue, refersTo] as const);
  const originals = await readRows(
    connection,
    `SELECT ${names} FROM fills WHERE execution = 'new' AND (venue, id) IN (SELECT (unnest($1), unnest($2)))`,
    pairs(asked),
  );
  const rows = [...originals.map((values) => eventFrom('fills', values)), ...corrections];
  return { roots: rows.map(({ venue, id }) => [venue, id]), fills: correctFills(rows) };
}

async function readPlain(
  connection: DuckDBConnection,
  filter: EventFilter,
  without: Corrected['roots'],
): Promise<FillColumns> {
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
  const [columns, where] = [GROUP_COLUMNS.join(', '), conditions.join(' AND ')];
  const groups = await readRows(
    connection,
    `SELECT ${columns}, count(*)::DOUBLE FROM fills WHERE ${where} GROUP BY ${columns} ORDER BY ${columns}`,
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
  const [group, timesMs, quantities, prices, fees] = await readColumns(
    connection,
    `WITH numbered AS (SELECT unnest(range(${groups.length}))::UINTEGER AS number, ${numbered})
     SELECT number, ${msOf('time_nanos')}, CASE side WHEN 'buy' THEN quantity ELSE -quantity END, price, fee
     FROM fills JOIN numbered USING (${columns}) WHERE ${where} ORDER BY time_nanos, venue, id ${limit}`,
    ['u32', 'f64', 'f64', 'f64', 'f64'],
    parameters,
  );
  return { groups: groups.map((values) => groupFrom(values as string[])), group, timesMs, quantities, prices, fees };
}

function groupFrom(values: readonly string[]): FillGroup {
  const [strategy = '', venue = '', symbol = '', account = '', currency = '', feeCurrency = ''] = values;
  return { strategy, venue, symbol, account, currency, feeCurrency };
}

function pairs(list: Corrected['roots']): Parameters {
  const [venues, ids] = [list.map(([venue]) => venue), list.map(([, id]) => id)];
  return { values: [listValue(venues), listValue(ids)], types: [LIST(VARCHAR), LIST(VARCHAR)] };
}

const MS = 1_000_000n;

/**
 * The mid that stood strictly before the end of each step's millisecond, instrument by instrument: the newest quote of
 * each step from one pass over the quotes of the range, carried on where a step has none, from what stood before it.
 */
export async function readMarks(connection: DuckDBConnection, request: MarkRequest): Promise<Float64Array> {
  const { instruments, startMs, stepMs, count } = request;
  const marks = new Float64Array(instruments.length * count).fill(NaN);
  if (marks.length === 0) return marks;
  const firstNanos = (BigInt(startMs) + 1n) * MS;
  const stepNanos = BigInt(stepMs) * MS;
  const asked = instruments.map(({ venue, symbol }) => ({ venue, symbol, timeNanos: firstNanos }));
  const numbers = instruments.map((_, i) => i);
  const [instrument, step, mid] = await readColumns(
    connection,
    `WITH asked AS (SELECT unnest($1) AS number, unnest($2) AS venue, unnest($3) AS symbol)
     SELECT number, ((time_nanos - ${firstNanos}) // ${stepNanos} + 1)::UINTEGER AS step,
       arg_max(${MID_SQL}, time_nanos::HUGEINT * 4294967296 + rowid)
     FROM quotes JOIN asked USING (venue, symbol)
     WHERE ${within('time_nanos', firstNanos, firstNanos + stepNanos * BigInt(count - 1))} GROUP BY ALL`,
    ['u32', 'u32', 'f64'],
    {
      values: [
        listValue(numbers),
        listValue(asked.map(({ venue }) => venue)),
        listValue(asked.map(({ symbol }) => symbol)),
      ],
      types: [LIST(UINTEGER), LIST(VARCHAR), LIST(VARCHAR)],
    },
  );
  const isSet = new Uint8Array(marks.length);
  const set = (at: number, value: number): void => {
    marks[at] = value;
    isSet[at] = 1;
  };
  instrument.forEach((number, row) => set(number * count + (step[row] as number), mid[row] as number));
  (await readQuotesBefore(connection, asked)).forEach((quote, i) => set(i * count, midOf(quote).mid ?? NaN));
  for (let at = 1; at < marks.length; at++) {
    if (at % count !== 0 && isSet[at] === 0) marks[at] = marks[at - 1] as number;
  }
  return marks;
}

/** As `midOf`: NaN, not NULL, where a side is missing or the book is crossed, because such a book has no mid. */
const MID_SQL = `CASE WHEN bid > 0 AND ask > 0 AND bid <= ask THEN (bid + ask) / 2 ELSE 'NaN'::DOUBLE END`;
