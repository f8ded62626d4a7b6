/**
 * Where quotes are lost, by the feeds' own sequence numbers. A sequence counts messages where nearly all of its steps are
 * one; some venues number by other things, and their jumps tell nothing. Refuses (null) to sort more quotes than the bound.
 */
import { BIGINT, LIST, listValue, VARCHAR, type DuckDBConnection } from '@duckdb/node-api';
import { COUNTING_SHARE, type FeedGap } from '@tapewatch/core';
import type { QuoteGapRequest } from '../../ports.ts';
import { readRows, within, type Parameters } from './sql.ts';
import { readStored } from './stored-order.ts';

const FEEDS = `WITH feeds AS (
  SELECT (unnest(range(len($1::VARCHAR[]))))::UINTEGER AS feed, unnest($1) AS venue, unnest($2) AS symbol)`;

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
  const range = within('time_nanos', startNanos, endNanos);
  const from = `FROM quotes JOIN feeds USING (venue, symbol) WHERE ${range} AND sequence IS NOT NULL`;
  const isWithin = async (counted: string, known?: Parameters): Promise<boolean> =>
    Number((await readRows(connection, counted, known))[0]?.[0]) <= MAX_QUOTES_SORTED;
  // All quotes of the range first: those the engine counts without looking at many rows, let alone at their numbers.
  const some = await isWithin(`SELECT count(*)::DOUBLE FROM quotes WHERE ${range}`);
  if (!some && !(await isWithin(`${FEEDS} SELECT count(*)::DOUBLE ${from}`, parameters))) return null;
  const bounds = { from, parameters, limit };
  return (await walk(connection, feeds, bounds)) ?? sort(connection, bounds);
}

interface Bounds {
  /** Numbered quotes of the feeds. */
  readonly from: string;
  readonly parameters: Parameters;
  readonly limit: number;
}

/** By the engine's own sorting, whatever the order in which quotes came. */
async function sort(connection: DuckDBConnection, { from, parameters, limit }: Bounds): Promise<FeedGap[]> {
  const rows = await readRows(
    connection,
    `${FEEDS}, step AS (
       SELECT venue, symbol, time_nanos, sequence,
              lag(time_nanos) OVER feed AS before_nanos, lag(sequence) OVER feed AS before_sequence
       ${from} WINDOW feed AS (PARTITION BY venue, symbol ORDER BY time_nanos, quotes.rowid)),
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

/**
 * In the order in which they are stored, which nearly always is that of time: a tenth of the work. Undefined where a quote
 * of a feed is stored after a later one, and where a number is too large for a double.
 */
async function walk(
  connection: DuckDBConnection,
  feeds: QuoteGapRequest['feeds'],
  { from, parameters, limit }: Bounds,
): Promise<FeedGap[] | undefined> {
  const [feed, stamps, sequences] = await readStored(
    connection,
    `${FEEDS} SELECT feed, time_nanos, sequence::DOUBLE, quotes.rowid::DOUBLE ${from}`,
    ['u32', 'i64', 'f64', 'f64'],
    parameters,
  );
  const order = new Stamps(stamps);
  const last = new Int32Array(feeds.length).fill(-1);
  const steps = feeds.map(() => ({ all: 0, ones: 0 }));
  const jumps: (readonly [feed: number, from: number, to: number])[] = [];
  for (let row = 0; row < feed.length; row++) {
    const number = feed[row] as number;
    const before = last[number] as number;
    if (Math.abs(sequences[row] as number) > Number.MAX_SAFE_INTEGER) return undefined;
    last[number] = row;
    if (before < 0) continue;
    if (order.isBefore(row, before)) return undefined;
    const step = (sequences[row] as number) - (sequences[before] as number);
    if (!(step > 0)) continue;
    const counted = steps[number] as { all: number; ones: number };
    counted.all++;
    if (step === 1) counted.ones++;
    else jumps.push([number, before, row]);
  }
  return jumps
    .filter(([number]) => countsMessages(steps[number]))
    .sort(([, , a], [, , b]) => (order.isBefore(a, b) ? -1 : order.isBefore(b, a) ? 1 : a - b))
    .slice(0, limit)
    .map(([number, from, to]) => ({
      ...(feeds[number] as QuoteGapRequest['feeds'][number]),
      fromNanos: stamps[from] as bigint,
      toNanos: stamps[to] as bigint,
    }));
}

function countsMessages(steps: { readonly all: number; readonly ones: number } | undefined): boolean {
  return steps !== undefined && steps.all > 0 && steps.ones / steps.all >= COUNTING_SHARE;
}

/** Compared by the two halves of a stamp: a bigint a row would take longer than all the rest. */
class Stamps {
  readonly #low: Uint32Array;
  readonly #high: Int32Array;

  constructor(nanos: BigInt64Array) {
    this.#low = new Uint32Array(nanos.buffer);
    this.#high = new Int32Array(nanos.buffer);
  }

  isBefore(a: number, b: number): boolean {
    const [highA, highB] = [this.#high[a * 2 + 1] as number, this.#high[b * 2 + 1] as number];
    return highA === highB ? (this.#low[a * 2] as number) < (this.#low[b * 2] as number) : highA < highB;
  }
}
