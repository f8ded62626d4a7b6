/**
 * The quote that stood before a stamp, for many stamps at once. Most stamps have one shortly before: only quotes of the
 * stretch of time that a stamp lies in and the one before go into the as-of join, and what is not found there is looked
 * for in wider stretches.
 */
import { BIGINT, LIST, listValue, VARCHAR, type DuckDBConnection } from '@duckdb/node-api';
import type { QuotedBook } from '@tapewatch/core';
import { BOOK_COLUMNS, booksFrom } from './quoted-books.ts';
import { within, type Parameters } from './sql.ts';
import { chunksOf, partsOf, readPlain } from './vector-read.ts';
import { walkQuotes, type AskedFeed } from './walk-quotes.ts';

export interface AskedQuote {
  readonly venue: string;
  readonly symbol: string;
  readonly timeNanos: bigint;
}

/** Of the stretches, in turn; at last all quotes there are. */
const STRETCHES_NANOS: readonly (bigint | null)[] = [600_000_000_000n, 7_200_000_000_000n, 86_400_000_000_000n, null];
/** From here on one pass over all quotes may be worth it. */
const MANY_STAMPS = 2_000;
/** Stamps per statement: bounds the memory of the engine. */
const ASKED_PER_STATEMENT = 100_000;

/**
 * By `timeNanos`, the feed handler's clock, because the stamps of orders come from our own machines as well; the
 * exchange's clock may be off by more than a quote lives. Of equal stamps the one that arrived last counts.
 */
export async function readQuotesBefore(
  connection: DuckDBConnection,
  asked: readonly AskedQuote[],
): Promise<(QuotedBook | null)[]> {
  const found = new Array<QuotedBook | null>(asked.length).fill(null);
  if (asked.length >= MANY_STAMPS) await walkQuotes(connection, feedsOf(asked, asked.keys()), found);
  for (let start = 0; start < asked.length; start += ASKED_PER_STATEMENT) {
    let open: number[] = [];
    for (let at = start; at < Math.min(asked.length, start + ASKED_PER_STATEMENT); at++)
      if (found[at] === null) open.push(at);
    for (const stretch of STRETCHES_NANOS) {
      if (open.length === 0) break;
      await readQuotes(connection, { asked, open, stretch }, found);
      open = open.filter((at) => found[at] === null);
    }
  }
  return found;
}

interface Search {
  readonly asked: readonly AskedQuote[];
  /** Places that are still to be found. */
  readonly open: readonly number[];
  readonly stretch: bigint | null;
}

async function readQuotes(
  connection: DuckDBConnection,
  { asked, open, stretch }: Search,
  found: (QuotedBook | null)[],
): Promise<void> {
  const feeds = feedsOf(asked, open);
  const { sql, parameters } = asOfJoin(feeds, stretch);
  const chunks = await chunksOf(await connection.run(sql, parameters.values, parameters.types));
  const quotes = booksFrom(chunks);
  const first = BOOK_COLUMNS.length;
  const [feed, place] = [first, first + 1].map((index) =>
    readPlain(partsOf(chunks, index), quotes.length, Uint32Array),
  );
  quotes.forEach((quote, row) => {
    const places = feeds[Number(feed?.[row])]?.places;
    found[places?.[Number(place?.[row])] as number] = quote;
  });
}

function feedsOf(asked: readonly AskedQuote[], open: Iterable<number>): AskedFeed[] {
  const feeds = new Map<string, Map<string, AskedFeed>>();
  const list: AskedFeed[] = [];
  for (const at of open) {
    const { venue, symbol, timeNanos } = asked[at] as AskedQuote;
    let bySymbol = feeds.get(venue);
    if (bySymbol === undefined) feeds.set(venue, (bySymbol = new Map()));
    let feed = bySymbol.get(symbol);
    if (feed === undefined) {
      bySymbol.set(symbol, (feed = { venue, symbol, places: [], stamps: [] }));
      list.push(feed);
    }
    feed.places.push(at);
    feed.stamps.push(timeNanos);
  }
  return list;
}

/** Stamp and row number make one key, so that the answer is exact where stamps are equal. */
function asOfJoin(feeds: readonly AskedFeed[], stretch: bigint | null): { sql: string; parameters: Parameters } {
  let [earliest, latest] = [2n ** 63n - 1n, MIN_STAMP];
  for (const { stamps } of feeds) {
    for (const stamp of stamps) {
      if (stamp < earliest) earliest = stamp;
      if (stamp > latest) latest = stamp;
    }
  }
  // The stretch before that of the earliest begins less than two stretches before it.
  const from = stretch === null || earliest - 2n * stretch < MIN_STAMP ? MIN_STAMP : earliest - 2n * stretch;
  const near =
    stretch === null
      ? ''
      : `SEMI JOIN (
           SELECT feed, stamp // ${stretch} AS stretch FROM asked UNION SELECT feed, stamp // ${stretch} - 1 FROM asked
         ) near ON near.feed = feeds.feed AND near.stretch = quotes.time_nanos // ${stretch}`;
  // A quote from the stretches of another stamp says nothing of those in between.
  const isNear = stretch === null ? '' : `WHERE a.stamp // ${stretch} - 1 <= q.time_nanos // ${stretch}`;
  return {
    sql: `WITH feeds AS (
       SELECT unnest(range(${feeds.length}))::UINTEGER AS feed, unnest($1) AS venue, unnest($2) AS symbol, unnest($3) AS stamps),
     asked AS MATERIALIZED (
       SELECT feed, unnest(stamps) AS stamp, (generate_subscripts(stamps, 1) - 1)::UINTEGER AS place FROM feeds),
     keyed AS (
       SELECT quotes.*, feeds.feed, time_nanos::HUGEINT * 4294967296 + quotes.rowid AS key
       FROM quotes JOIN feeds ON feeds.venue = quotes.venue AND feeds.symbol = quotes.symbol ${near}
       WHERE ${within('time_nanos', from, latest)})
     SELECT ${BOOK_COLUMNS.map((name) => `q.${name}`).join(', ')}, a.feed, a.place
     FROM asked a ASOF JOIN keyed q ON a.feed = q.feed AND a.stamp::HUGEINT * 4294967296 > q.key
     ${isNear}`,
    parameters: {
      values: [
        listValue(feeds.map(({ venue }) => venue)),
        listValue(feeds.map(({ symbol }) => symbol)),
        listValue(feeds.map(({ stamps }) => listValue(stamps))),
      ],
      types: [LIST(VARCHAR), LIST(VARCHAR), LIST(LIST(BIGINT))],
    },
  };
}

const MIN_STAMP = -(2n ** 63n) + 1n;
