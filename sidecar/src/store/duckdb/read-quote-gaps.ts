/**
 * Where quotes are lost, by the feeds' own sequence numbers. A sequence counts messages where nearly all of its steps are
 * one; some venues number by other things, and their jumps tell nothing. Refuses (null) to sort more quotes than the bound.
 */
import { BIGINT, LIST, listValue, VARCHAR, type DuckDBConnection } from '@duckdb/node-api';
import { COUNTING_SHARE, type FeedGap } from '@tapewatch/core';
import type { QuoteGapRequest } from '../../ports.ts';
import { passQuotes, type PassedQuotes } from './pass-quotes.ts';
import { readRows, within, type Parameters } from './sql.ts';
import { compareStamps, halvesOf, type StampHalves } from './stamp-halves.ts';
import type { ReadWay } from './vector-read.ts';

const FEEDS = `WITH feeds AS (
  SELECT (unnest(range(len($1::VARCHAR[]))))::UINTEGER AS feed, unnest($1) AS venue, unnest($2) AS symbol)`;

/** Quotes that are put in order for one question: about a second of one core. */
export const MAX_QUOTES_SORTED = 2_000_000;

export async function readQuoteGaps(
  connection: DuckDBConnection,
  request: QuoteGapRequest,
  way: ReadWay,
): Promise<FeedGap[] | null> {
  const { feeds, startNanos, endNanos, limit } = request;
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
  return (await walk(connection, request, { range, way })) ?? sort(connection, { from, parameters, limit });
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
  { feeds, limit }: QuoteGapRequest,
  { range, way }: { readonly range: string; readonly way: ReadWay },
): Promise<FeedGap[] | undefined> {
  const steps = new SequenceSteps(feeds.length);
  const columns = [`coalesce(sequence::DOUBLE, 'NaN'::DOUBLE)`];
  await passQuotes(connection, { feeds, range, columns, way }, (quotes) => steps.pass(quotes));
  return steps.inOrder ? steps.gaps(feeds, limit) : undefined;
}

/** Stamps are compared by halves of 32 bits: a bigint a row would take longer than all the rest. */
class SequenceSteps {
  inOrder = true;
  readonly #isSet: Uint8Array;
  /** Of each feed's last quote. */
  readonly #low: Uint32Array;
  readonly #high: Int32Array;
  readonly #sequence: Float64Array;
  /** Steps forward of each feed, and those of one. */
  readonly #all: Float64Array;
  readonly #ones: Float64Array;
  readonly #jumps = new Jumps();

  constructor(feeds: number) {
    this.#isSet = new Uint8Array(feeds);
    this.#low = new Uint32Array(feeds);
    this.#high = new Int32Array(feeds);
    this.#sequence = new Float64Array(feeds);
    this.#all = new Float64Array(feeds);
    this.#ones = new Float64Array(feeds);
  }

  pass({ feeds, halves, columns: [sequences] }: PassedQuotes): void {
    if (!this.inOrder || sequences === undefined) return;
    for (let row = 0; row < feeds.length; row++) {
      const feed = feeds[row] as number;
      const sequence = sequences[row] as number;
      if (feed < 0 || sequence !== sequence) continue;
      const [low, high] = [halves.low[row * 2] as number, halves.high[row * 2 + 1] as number];
      const [lastLow, lastHigh] = [this.#low[feed] as number, this.#high[feed] as number];
      if (this.#isSet[feed] === 1) {
        const isEarlier = high < lastHigh || (high === lastHigh && low < lastLow);
        if (isEarlier) this.inOrder = false;
        else this.#count(feed, sequence - (this.#sequence[feed] as number), { low, high });
      }
      if (Math.abs(sequence) > Number.MAX_SAFE_INTEGER) this.inOrder = false;
      if (!this.inOrder) return;
      this.#isSet[feed] = 1;
      this.#low[feed] = low;
      this.#high[feed] = high;
      this.#sequence[feed] = sequence;
    }
  }

  #count(feed: number, step: number, to: Half): void {
    if (!(step > 0)) return;
    this.#all[feed] = (this.#all[feed] as number) + 1;
    if (step === 1) this.#ones[feed] = (this.#ones[feed] as number) + 1;
    else this.#jumps.add(feed, { low: this.#low[feed] as number, high: this.#high[feed] as number }, to);
  }

  gaps(feeds: QuoteGapRequest['feeds'], limit: number): FeedGap[] {
    const counts = Array.from(
      this.#all,
      (all, feed) => all > 0 && (this.#ones[feed] as number) / all >= COUNTING_SHARE,
    );
    const { feed, from, to } = this.#jumps.columns();
    const halves = halvesOf(to);
    return Array.from(feed.keys())
      .filter((jump) => counts[feed[jump] as number])
      .sort((a, b) => compareStamps(halves, a, b))
      .slice(0, limit)
      .map((jump) => ({
        ...(feeds[feed[jump] as number] as QuoteGapRequest['feeds'][number]),
        fromNanos: from[jump] as bigint,
        toNanos: to[jump] as bigint,
      }));
  }
}

interface Half {
  readonly low: number;
  readonly high: number;
}

/** Feeds that number by other things jump at each step: columns that grow, no objects. */
class Jumps {
  #size = 0;
  #feed = new Uint32Array(256);
  #from = new BigInt64Array(256);
  #to = new BigInt64Array(256);
  #halves = [this.#from, this.#to].map(halvesOf);

  add(feed: number, from: Half, to: Half): void {
    if (this.#size === this.#feed.length) this.#grow();
    const jump = this.#size++;
    this.#feed[jump] = feed;
    for (const [i, { low, high }] of [from, to].entries()) {
      const halves = this.#halves[i] as StampHalves;
      halves.low[jump * 2] = low;
      halves.high[jump * 2 + 1] = high;
    }
  }

  #grow(): void {
    const [feed, from, to] = [this.#feed, this.#from, this.#to];
    this.#feed = new Uint32Array(feed.length * 2);
    this.#from = new BigInt64Array(feed.length * 2);
    this.#to = new BigInt64Array(feed.length * 2);
    this.#feed.set(feed);
    this.#from.set(from);
    this.#to.set(to);
    this.#halves = [this.#from, this.#to].map(halvesOf);
  }

  columns() {
    const size = this.#size;
    return {
      feed: this.#feed.subarray(0, size),
      from: this.#from.subarray(0, size),
      to: this.#to.subarray(0, size),
    };
  }
}
