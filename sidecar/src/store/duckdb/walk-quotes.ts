/**
 * The quote before each of many stamps by one pass over the quotes in the order in which they are stored, which nearly
 * always is that of time: no sorting, and the engine is told no stamp. Only quotes that answer are then read whole.
 */
import { LIST, listValue, VARCHAR, type DuckDBConnection } from '@duckdb/node-api';
import type { QuotedBook } from '@tapewatch/core';
import { BOOK_COLUMNS, booksFrom } from './quoted-books.ts';
import { readRows, within, type Parameters } from './sql.ts';
import { readStored } from './stored-order.ts';
import { chunksOf, partsOf, readPlain } from './vector-read.ts';
import { halvesOf } from './stamp-halves.ts';

/** The stamps that are asked of one feed. */
export interface AskedFeed {
  readonly venue: string;
  readonly symbol: string;
  /** Places in the question, and their stamps. */
  readonly places: number[];
  readonly stamps: bigint[];
}

/** Quotes that are held at once: 20 bytes each. */
const MAX_QUOTES_HELD = 2_500_000;
/** Quotes a stamp, beyond which looking at each of them takes longer than a join. */
const MAX_QUOTES_PER_STAMP = 1_000;
/** How far before the earliest stamp quotes are looked at. */
const LOOKBACK_NANOS = 86_400_000_000_000n;

/**
 * Fills `found`; stamps that have no quote within the look-back stay open, and all of them where the pass is not worth it or
 * quotes are not in order. To be called within a transaction: row numbers of one statement are asked for in the next.
 */
export async function walkQuotes(
  connection: DuckDBConnection,
  feeds: readonly AskedFeed[],
  found: (QuotedBook | null)[],
): Promise<void> {
  let [earliest, latest, asked] = [2n ** 63n - 1n, -(2n ** 63n) + LOOKBACK_NANOS + 1n, 0];
  for (const { stamps } of feeds) {
    asked += stamps.length;
    for (const stamp of stamps) {
      if (stamp < earliest) earliest = stamp;
      if (stamp > latest) latest = stamp;
    }
  }
  if (earliest < LOOKBACK_NANOS) return;
  const range = within('time_nanos', earliest - LOOKBACK_NANOS, latest);
  const [[count] = []] = await readRows(connection, `SELECT count(*)::DOUBLE FROM quotes WHERE ${range}`);
  if (Number(count) > Math.min(MAX_QUOTES_HELD, asked * MAX_QUOTES_PER_STAMP)) return;
  const rowIds = await rowsBefore(connection, feeds, range);
  if (rowIds !== undefined) await readWhole(connection, rowIds, found);
}

/** By place, the row of the answering quote; undefined where quotes are out of order. */
async function rowsBefore(
  connection: DuckDBConnection,
  feeds: readonly AskedFeed[],
  range: string,
): Promise<Map<number, number> | undefined> {
  const parameters: Parameters = {
    values: [listValue(feeds.map(({ venue }) => venue)), listValue(feeds.map(({ symbol }) => symbol))],
    types: [LIST(VARCHAR), LIST(VARCHAR)],
  };
  const [feed, stamps, rowIds] = await readStored(
    connection,
    `WITH feeds AS (SELECT unnest(range(${feeds.length}))::UINTEGER AS feed, unnest($1) AS venue, unnest($2) AS symbol)
     SELECT feed, time_nanos, quotes.rowid::DOUBLE FROM quotes JOIN feeds USING (venue, symbol) WHERE ${range}`,
    ['u32', 'i64', 'f64'],
    parameters,
  );
  const queues = feeds.map((one) => new StampQueue(one));
  const { low, high } = halvesOf(stamps);
  const answers = new Map<number, number>();
  for (let row = 0; row < feed.length; row++) {
    const queue = queues[feed[row] as number] as StampQueue;
    if (!queue.pass(high[row * 2 + 1] as number, low[row * 2] as number, rowIds[row] as number, answers))
      return undefined;
  }
  for (const queue of queues) queue.end(answers);
  return answers;
}

/** Stamps of one feed in order; each is answered by the last quote strictly before it. Compared by halves of 32 bits. */
class StampQueue {
  readonly #places: readonly number[];
  readonly #low: Uint32Array;
  readonly #high: Int32Array;
  #next = 0;
  #row = -1;
  #rowHigh = -Infinity;
  #rowLow = 0;

  constructor({ places, stamps }: AskedFeed) {
    const order = stamps.map((_, i) => i).sort((a, b) => ((stamps[a] as bigint) < (stamps[b] as bigint) ? -1 : 1));
    this.#places = order.map((i) => places[i] as number);
    const sorted = BigInt64Array.from(order, (i) => stamps[i] as bigint);
    this.#low = new Uint32Array(sorted.buffer);
    this.#high = new Int32Array(sorted.buffer);
  }

  /** False when the quote is before the last one. */
  pass(high: number, low: number, row: number, answers: Map<number, number>): boolean {
    if (high < this.#rowHigh || (high === this.#rowHigh && low < this.#rowLow)) return false;
    while (this.#next < this.#places.length && this.#isReached(high, low)) this.#answer(answers);
    [this.#row, this.#rowHigh, this.#rowLow] = [row, high, low];
    return true;
  }

  end(answers: Map<number, number>): void {
    while (this.#next < this.#places.length) this.#answer(answers);
  }

  /** Whether the next stamp is not after the quote. */
  #isReached(high: number, low: number): boolean {
    const [stampHigh, stampLow] = [this.#high[this.#next * 2 + 1] as number, this.#low[this.#next * 2] as number];
    return stampHigh < high || (stampHigh === high && stampLow <= low);
  }

  #answer(answers: Map<number, number>): void {
    if (this.#row >= 0) answers.set(this.#places[this.#next] as number, this.#row);
    this.#next++;
  }
}

async function readWhole(
  connection: DuckDBConnection,
  answers: ReadonlyMap<number, number>,
  found: (QuotedBook | null)[],
): Promise<void> {
  const wanted = [...new Set(answers.values())];
  if (wanted.length === 0) return;
  // One text, which the engine takes apart: a value each takes ten times as long to hand over.
  const sql = `SELECT ${BOOK_COLUMNS.join(', ')}, rowid::DOUBLE FROM quotes
    WHERE rowid IN (SELECT unnest(string_split($1, ' ')::BIGINT[]))`;
  const chunks = await chunksOf(await connection.run(sql, [wanted.join(' ')], [VARCHAR]));
  const quotes = booksFrom(chunks);
  const rowIds = readPlain(partsOf(chunks, BOOK_COLUMNS.length), quotes.length, Float64Array);
  const byRow = new Map<number, QuotedBook>();
  quotes.forEach((quote, i) => byRow.set(rowIds[i] as number, quote));
  for (const [place, row] of answers) found[place] = byRow.get(row) ?? null;
}
