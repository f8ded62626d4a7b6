/**
 * The mid of many instruments at every step of a chart, from one pass over the quotes of the range in the order in which they
 * are stored, while the engine reads on: instruments are told by a hash, steps by a boundary that moves along.
 */
import { LIST, listValue, UINTEGER, VARCHAR, type DuckDBConnection } from '@duckdb/node-api';
import { bookAt, bookRequest, midOf } from '@tapewatch/core';
import type { MarkRequest } from '../../ports.ts';
import { groupNumbers } from './group-numbers.ts';
import { readBooks } from './read-quotes.ts';
import { readRows, transaction, within, type Parameters } from './sql.ts';
import { halvesOf, type StampHalves } from './stamp-halves.ts';
import { readColumns, streamColumns, type ReadWay } from './vector-read.ts';

const MS = 1_000_000n;
/** Quotes of one statement that are passed here; beyond that the engine groups them. */
const MAX_QUOTES_PASSED = 20_000_000;

/**
 * The mid that stood strictly before the end of each step's millisecond, instrument by instrument: the newest quote of
 * each step, carried on where a step has none, from what stood before it.
 */
export async function readMarks(
  connection: DuckDBConnection,
  request: MarkRequest,
  way: ReadWay,
): Promise<Float64Array> {
  const { instruments, startMs, count } = request;
  if (instruments.length * count === 0) return new Float64Array(0);
  const firstNanos = (BigInt(startMs) + 1n) * MS;
  const asked = instruments.map(({ venue, symbol }) => ({ venue, symbol, timeNanos: firstNanos }));
  const marks = new NewestMids(request, firstNanos);
  // Names of instruments and their quotes are of one view of the table.
  await transaction(connection, async () => {
    await (way === 'streamed' ? readNewest : readGrouped)(connection, request, marks);
    const before = bookRequest(asked);
    const books = await readBooks(connection, before, way);
    for (const i of asked.keys()) marks.set(i, 0, midOf(bookAt(before, books, i)).mid ?? NaN);
  });
  return marks.carriedOn();
}

async function readNewest(connection: DuckDBConnection, request: MarkRequest, marks: NewestMids): Promise<void> {
  const { instruments } = request;
  const found = await readRows(
    connection,
    `SELECT venue, symbol, ${HASH_SQL}, count(*)::DOUBLE FROM quotes WHERE ${marks.range} GROUP BY venue, symbol`,
  );
  const numbersOf = groupNumbers(found.map(([, , hash]) => Number(hash)));
  const quotes = found.reduce((sum, [, , , rows]) => sum + Number(rows), 0);
  if (numbersOf === undefined || quotes > MAX_QUOTES_PASSED) return readGrouped(connection, request, marks);
  const rows = new Map(instruments.map((one, row) => [nameOf(one.venue, one.symbol), row]));
  const rowOf = Int32Array.from(found, ([venue, symbol]) => rows.get(nameOf(String(venue), String(symbol))) ?? -1);
  // The engine keeps the order of what is stored when it scans, so of equal stamps the last one counts.
  await streamColumns(
    connection,
    `SELECT ${HASH_SQL}, time_nanos, coalesce(bid, 0), coalesce(ask, 0) FROM quotes WHERE ${marks.range}`,
    ['u32', 'i64', 'f64', 'f64'],
    {
      rows: quotes,
      visit: ([hashes, stamps, bids, asks]) => marks.pass(numbersOf(hashes), { rowOf, stamps, bids, asks }),
    },
  );
}

/** Whole, and where hashes do not tell instruments apart, or quotes are too many. Takes four times as long. */
async function readGrouped(connection: DuckDBConnection, request: MarkRequest, marks: NewestMids): Promise<void> {
  const { instruments } = request;
  const parameters: Parameters = {
    values: [
      listValue(instruments.map((_, i) => i)),
      listValue(instruments.map(({ venue }) => venue)),
      listValue(instruments.map(({ symbol }) => symbol)),
    ],
    types: [LIST(UINTEGER), LIST(VARCHAR), LIST(VARCHAR)],
  };
  const [rows, steps, mids] = await readColumns(
    connection,
    `WITH asked AS (SELECT unnest($1) AS number, unnest($2) AS venue, unnest($3) AS symbol)
     SELECT number, (${marks.stepSql})::UINTEGER AS step, arg_max(${MID_SQL}, time_nanos::HUGEINT * 4294967296 + rowid)
     FROM quotes JOIN asked USING (venue, symbol) WHERE ${marks.range} GROUP BY ALL`,
    ['u32', 'u32', 'f64'],
    parameters,
  );
  for (let at = 0; at < rows.length; at++) marks.set(rows[at] as number, steps[at] as number, mids[at] as number);
}

interface QuoteRows {
  /** Of the asked instruments, by the number of the found one; -1 where it is not asked. */
  readonly rowOf: Int32Array;
  readonly stamps: BigInt64Array;
  readonly bids: Float64Array;
  readonly asks: Float64Array;
}

/** The newest mid of each instrument and step. Stamps are compared by halves of 32 bits, not as bigints. */
class NewestMids {
  readonly range: string;
  readonly stepSql: string;
  readonly #count: number;
  readonly #mids: Float64Array;
  /** Halves of the stamps behind the mids. */
  readonly #low: Uint32Array;
  readonly #high: Int32Array;
  readonly #isSet: Uint8Array;
  /** Halves of the stamps at which steps end, and the step of the last quote. */
  readonly #ends: StampHalves;
  #step = 1;

  constructor({ instruments, stepMs, count }: MarkRequest, firstNanos: bigint) {
    const stepNanos = BigInt(stepMs) * MS;
    this.range = within('time_nanos', firstNanos, firstNanos + stepNanos * BigInt(count - 1));
    this.stepSql = `(time_nanos - ${firstNanos}) // ${stepNanos} + 1`;
    this.#count = count;
    const size = instruments.length * count;
    this.#mids = new Float64Array(size);
    this.#low = new Uint32Array(size);
    this.#high = new Int32Array(size);
    this.#isSet = new Uint8Array(size);
    const ends = BigInt64Array.from({ length: count }, (_, step) => firstNanos + stepNanos * BigInt(step));
    this.#ends = halvesOf(ends);
  }

  set(row: number, step: number, mid: number): void {
    const at = row * this.#count + step;
    this.#mids[at] = mid;
    this.#isSet[at] = 1;
  }

  pass(numbers: Uint32Array, { rowOf, stamps, bids, asks }: QuoteRows): void {
    const { low: lows, high: highs } = halvesOf(stamps);
    for (let at = 0; at < stamps.length; at++) {
      const row = rowOf[numbers[at] as number] as number;
      if (row < 0) continue;
      const [low, high] = [lows[at * 2] as number, highs[at * 2 + 1] as number];
      const place = row * this.#count + this.#stepOf(low, high);
      const [newestLow, newestHigh] = [this.#low[place] as number, this.#high[place] as number];
      const isOlder = high < newestHigh || (high === newestHigh && low < newestLow);
      if (isOlder && this.#isSet[place] === 1) continue;
      const [bid, ask] = [bids[at] as number, asks[at] as number];
      this.#mids[place] = bid > 0 && ask > 0 && bid <= ask ? (bid + ask) / 2 : NaN;
      this.#low[place] = low;
      this.#high[place] = high;
      this.#isSet[place] = 1;
    }
  }

  /** The step that ends after the stamp and not before; mostly that of the last one, or the next. */
  #stepOf(low: number, high: number): number {
    let step = this.#step;
    while (this.#endsBefore(step, low, high)) step++;
    while (step > 1 && !this.#endsBefore(step - 1, low, high)) step--;
    this.#step = step;
    return step;
  }

  /** Or at it. */
  #endsBefore(step: number, low: number, high: number): boolean {
    const end = this.#ends.high[step * 2 + 1] as number;
    return end < high || (end === high && (this.#ends.low[step * 2] as number) <= low);
  }

  carriedOn(): Float64Array {
    const [mids, count] = [this.#mids, this.#count];
    for (let at = 0; at < mids.length; at++) {
      if (this.#isSet[at] === 0) mids[at] = at % count === 0 ? NaN : (mids[at - 1] as number);
    }
    return mids;
  }
}

const HASH_SQL = '(hash(venue, symbol) & 4294967295)::UINTEGER';

function nameOf(venue: string, symbol: string): string {
  return `${venue}\u0000${symbol}`;
}

/** As `midOf`: NaN, not NULL, where a side is missing or the book is crossed, because such a book has no mid. */
const MID_SQL = `CASE WHEN bid > 0 AND ask > 0 AND bid <= ask THEN (bid + ask) / 2 ELSE 'NaN'::DOUBLE END`;
