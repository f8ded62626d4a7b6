/**
 * The quote that stood before a stamp, for many stamps at once. Most stamps have one shortly before: only quotes of the
 * stretch of time that a stamp lies in and the one before go into the as-of join, and what is not found there is looked
 * for in wider stretches.
 */
import { BIGINT, LIST, listValue, UINTEGER, VARCHAR, type DuckDBConnection } from '@duckdb/node-api';
import { NO_QUOTE, noBooks, type BookColumns, type BookRequest } from '@tapewatch/core';
import { readRows, within, type Parameters } from './sql.ts';
import { compareStamps, halvesOf } from './stamp-halves.ts';
import { readColumns, type ReadWay } from './vector-read.ts';
import { walkQuotes } from './walk-quotes.ts';

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
export async function readBooks(
  connection: DuckDBConnection,
  request: BookRequest,
  way: ReadWay,
): Promise<BookColumns> {
  const { stampsNanos } = request;
  const found = noBooks(stampsNanos.length);
  const isWalked = stampsNanos.length >= MANY_STAMPS && (await walkQuotes(connection, request, { found, way }));
  // What the walk left open has no quote shortly before it.
  const stretches = isWalked ? [null] : STRETCHES_NANOS;
  const isOpen = (at: number): boolean => found.timesNanos[at] === NO_QUOTE;
  const first = await firstQuoteNanos(connection);
  const open = Array.from(stampsNanos.keys()).filter((at) => isOpen(at) && first < (stampsNanos[at] as bigint));
  const halves = halvesOf(stampsNanos);
  // Each statement then looks through a short stretch of the quotes.
  if (open.length > ASKED_PER_STATEMENT) open.sort((a, b) => compareStamps(halves, a, b));
  for (let start = 0; start < open.length; start += ASKED_PER_STATEMENT) {
    let some = open.slice(start, start + ASKED_PER_STATEMENT);
    for (const stretch of stretches) {
      if (some.length === 0) break;
      await readOpen(connection, { request, open: some, stretch }, found);
      some = some.filter(isOpen);
    }
  }
  return found;
}

/** Of all feeds; where there is none, no stamp is after it. Told by what the engine knows of the column. */
async function firstQuoteNanos(connection: DuckDBConnection): Promise<bigint> {
  const [[first] = []] = await readRows(connection, 'SELECT min(time_nanos) FROM quotes');
  return typeof first === 'bigint' ? first : MAX_STAMP;
}

interface Search {
  readonly request: BookRequest;
  /** Places that are still to be found. */
  readonly open: readonly number[];
  readonly stretch: bigint | null;
}

async function readOpen(connection: DuckDBConnection, search: Search, found: BookColumns): Promise<void> {
  const { sql, parameters } = asOfJoin(search);
  const [places, times, ...sides] = await readColumns(
    connection,
    sql,
    ['u32', 'i64', 'f64', 'f64', 'f64', 'f64'],
    parameters,
  );
  const [bids, bidSizes, asks, askSizes] = sides;
  for (let row = 0; row < places.length; row++) {
    const place = places[row] as number;
    found.timesNanos[place] = times[row] as bigint;
    found.bids[place] = bids[row] as number;
    found.bidSizes[place] = bidSizes[row] as number;
    found.asks[place] = asks[row] as number;
    found.askSizes[place] = askSizes[row] as number;
  }
}

interface OpenFeed {
  readonly places: number[];
  readonly stamps: bigint[];
}

function byFeed({ request: { feeds, feed, stampsNanos }, open }: Search) {
  const found = new Map<number, OpenFeed>();
  for (const at of open) {
    const number = feed[at] as number;
    let one = found.get(number);
    if (one === undefined) found.set(number, (one = { places: [], stamps: [] }));
    one.places.push(at);
    one.stamps.push(stampsNanos[at] as bigint);
  }
  return [...found].map(([number, one]) => ({ ...one, ...(feeds[number] ?? { venue: '', symbol: '' }) }));
}

/** Stamp and row number make one key, so that the answer is exact where stamps are equal. */
function asOfJoin(search: Search): { sql: string; parameters: Parameters } {
  const { stretch } = search;
  const feeds = byFeed(search);
  let [earliest, latest] = [MAX_STAMP, MIN_STAMP];
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
       SELECT unnest(range(${feeds.length}))::UINTEGER AS feed, unnest($1) AS venue, unnest($2) AS symbol, unnest($3) AS stamps,
         unnest($4) AS places),
     asked AS MATERIALIZED (
       SELECT feed, unnest(stamps) AS stamp, unnest(places) AS place FROM feeds),
     keyed AS (
       SELECT quotes.*, feeds.feed, time_nanos::HUGEINT * 4294967296 + quotes.rowid AS key
       FROM quotes JOIN feeds ON feeds.venue = quotes.venue AND feeds.symbol = quotes.symbol ${near}
       WHERE ${within('time_nanos', from, latest)})
     SELECT a.place, q.time_nanos, ${SIDES}
     FROM asked a ASOF JOIN keyed q ON a.feed = q.feed AND a.stamp::HUGEINT * 4294967296 > q.key
     ${isNear}`,
    parameters: {
      values: [
        listValue(feeds.map(({ venue }) => venue)),
        listValue(feeds.map(({ symbol }) => symbol)),
        listValue(feeds.map(({ stamps }) => listValue(stamps))),
        listValue(feeds.map(({ places }) => listValue(places))),
      ],
      types: [LIST(VARCHAR), LIST(VARCHAR), LIST(LIST(BIGINT)), LIST(LIST(UINTEGER))],
    },
  };
}

const SIDES = ['bid', 'bid_size', 'ask', 'ask_size'].map((name) => `coalesce(q.${name}, 'NaN'::DOUBLE)`).join(', ');
const MIN_STAMP = -(2n ** 63n) + 1n;
const MAX_STAMP = 2n ** 63n - 1n;
