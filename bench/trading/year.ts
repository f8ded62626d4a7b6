/**
 * A year of a desk in a store file, the same for every run: a million fills of half a million orders in 80 instruments,
 * two million numbered quotes, the market's prints and depth, traces of orders. Written by SQL straight into the tables,
 * because what is measured is reading.
 */
import { Database } from '../../sidecar/src/store/duckdb/database.ts';
import { DuckDbStore } from '../../sidecar/src/store/duckdb/duckdb-store.ts';

type Connection = Awaited<ReturnType<Database['connect']>>;

export const YEAR = { startMs: Date.UTC(2025, 0, 1), endMs: Date.UTC(2026, 0, 1) - 1 };

export interface YearSize {
  readonly fills: number;
  readonly quotes: number;
}

const INSTRUMENTS = 80;
const VENUES = `['XNAS', 'BATS', 'BINANCE', 'KRAKEN']`;
const STRATEGIES = `['maker', 'arb', 'momentum']`;
/** Of row i: neighbours belong to different venues. */
const MARKET = `${VENUES}[1 + i % 4], 'SYM' || ((i // 4) % 20)`;

export async function writeYear(path: string, { fills, quotes }: YearSize): Promise<void> {
  const options = { path, memoryLimitMb: 1_024, threads: 2 };
  const store = new DuckDbStore(options);
  await store.open();
  await store.close();
  const database = await Database.open(options);
  const connection = await database.connect();
  await writeOrders(connection, fills / 2);
  await writeFills(connection, fills);
  await writeQuotes(connection, quotes);
  await writePrints(connection, quotes / 2);
  await writeBooks(connection, quotes / 20);
  await writeSpans(connection, fills / 10);
  await writeRates(connection);
  await connection.run('CHECKPOINT');
  database.close();
}

/** A number from 0 to 1 that depends on the row and a salt only. */
function chance(salt: number): string {
  return `(hash(i * 8 + ${salt}) % 1000000)::DOUBLE / 1000000`;
}

/** Stamps at equal distances over the year. */
function stamp(count: number): string {
  const nanos = BigInt(YEAR.endMs + 1 - YEAR.startMs) * 1_000_000n;
  return `(${BigInt(YEAR.startMs) * 1_000_000n} + i * ${nanos / BigInt(count)})`;
}

/** The price drifts by a tenth over the year, in waves. */
function price(count: number): string {
  return `(100 + 10 * sin(i * ${200 / count}))`;
}

/** Of each order a first step and an acknowledgement; one in ten carries no mid and needs the quotes. */
async function writeOrders(connection: Connection, count: number): Promise<void> {
  const columns = `id, time_nanos, order_id, event, sent_nanos, venue, symbol, strategy, account, side, order_type,
    quantity, price, filled_quantity, arrival_mid, reason, arrival`;
  for (const [event, beforeNanos, first] of [
    ['new', 5_000_000, 0],
    ['ack', 3_000_000, count],
  ] as const) {
    const mid = event === 'new' ? `CASE WHEN i % 10 = 0 THEN NULL ELSE round(${price(count)}, 2) END` : 'NULL';
    await connection.run(
      `INSERT INTO orders (${columns}) SELECT '${event}' || i, ${stamp(count)} - ${beforeNanos}, 'o' || i, '${event}', NULL,
         ${MARKET}, ${STRATEGIES}[1 + (i // ${INSTRUMENTS}) % 3], 'main',
         CASE WHEN ${chance(1)} < 0.5 THEN 'buy' ELSE 'sell' END, 'limit', 20, NULL, 0, ${mid}, '', ${first} + i
       FROM range(${count}) t(i)`,
    );
  }
}

/** Two fills an order; prices in cents, quantities in hundredths, fees in the currency of the price. */
async function writeFills(connection: Connection, count: number): Promise<void> {
  const order = '(i // 2)';
  await connection.run(
    `INSERT INTO fills (id, time_nanos, order_id, venue, symbol, strategy, account, side, quantity, price, currency, fee,
       fee_currency, liquidity, arrival)
     SELECT 'x' || i, ${stamp(count)}, 'o' || ${order}, ${VENUES}[1 + ${order} % 4], 'SYM' || ((${order} // 4) % 20),
       ${STRATEGIES}[1 + (${order} // ${INSTRUMENTS}) % 3], 'main',
       CASE WHEN (hash(${order} * 8 + 1) % 1000000) < 500000 THEN 'buy' ELSE 'sell' END,
       round(1 + floor(${chance(2)} * 1000) / 100, 2), round(${price(count)} + ${chance(3)} - 0.5, 2), 'USD',
       round(floor(${chance(4)} * 10) / 100, 2), 'USD', 'taker', i
     FROM range(${count}) t(i)`,
  );
}

/** The exchange stamps them 1 to 2 ms before; each feed counts its own, and each 10,000th quote was lost. */
async function writeQuotes(connection: Connection, count: number): Promise<void> {
  await connection.run(
    `INSERT INTO quotes (time_nanos, exchange_nanos, venue, symbol, bid, bid_size, ask, ask_size, sequence)
     SELECT ${stamp(count)}, ${stamp(count)} - 1000000 - (${chance(5)} * 1000000)::BIGINT, ${MARKET},
       round(${price(count)}, 2) - 0.01, 10, round(${price(count)}, 2) + 0.01, 10, i // ${INSTRUMENTS} + i // 10000
     FROM range(${count}) t(i)`,
  );
}

async function writePrints(connection: Connection, count: number): Promise<void> {
  await connection.run(
    `INSERT INTO market_trades (id, time_nanos, exchange_nanos, venue, symbol, price, quantity, aggressor, arrival)
     SELECT 't' || i, ${stamp(count)} + 500000, ${stamp(count)} - 1000000, ${MARKET}, round(${price(count)}, 2),
       1 + i % 7, CASE WHEN ${chance(6)} < 0.5 THEN 'buy' ELSE 'sell' END, i
     FROM range(${count}) t(i)`,
  );
}

/** Five levels a side. */
async function writeBooks(connection: Connection, count: number): Promise<void> {
  const levels = (sign: string): string =>
    `list_transform(range(1, 6), level -> round(${price(count)}, 2) ${sign} level * 0.01)`;
  await connection.run(
    `INSERT INTO book_levels (time_nanos, exchange_nanos, venue, symbol, kind, bid_prices, bid_sizes, ask_prices, ask_sizes,
       sequence)
     SELECT ${stamp(count)}, NULL, ${MARKET}, 'snapshot', ${levels('-')}, [5.0, 5, 5, 5, 5], ${levels('+')},
       [5.0, 5, 5, 5, 5], NULL
     FROM range(${count}) t(i)`,
  );
}

/** A root, and three hops on two hosts below it. */
async function writeSpans(connection: Connection, traces: number): Promise<void> {
  const hops = [
    ['order', '', 'bot-1', 0, 900_000],
    ['risk', 'a', 'bot-1', 50_000, 200_000],
    ['gateway', 'a', 'gate-1', 300_000, 250_000],
    ['venue', 'a', 'gate-1', 600_000, 200_000],
  ] as const;
  for (const [at, [name, parent, host, after, lasts]] of hops.entries()) {
    const start = `${stamp(traces)} - 5000000 + ${after}`;
    await connection.run(
      `INSERT INTO spans (time_nanos, end_nanos, trace_id, span_id, parent_span_id, name, kind, service, host, status,
         status_message, attributes, correlation_id, arrival)
       SELECT ${start}, ${start} + ${lasts} + (${chance(at)} * 100000)::BIGINT, printf('%032x', i),
         '${'abcd'[at]}' || printf('%015x', i), ${parent === '' ? `''` : `'${parent}' || printf('%015x', i)`}, '${name}',
         'internal', '${name}', '${host}', 'ok', '', MAP {}, 'o' || (i * 5), i * 4 + ${at}
       FROM range(${traces}) t(i)`,
    );
  }
}

/** One an hour. */
async function writeRates(connection: Connection): Promise<void> {
  const hours = Math.round((YEAR.endMs + 1 - YEAR.startMs) / 3_600_000);
  await connection.run(
    `INSERT INTO fx_rates (time_nanos, base, quote, rate, source, arrival)
     SELECT ${stamp(hours)}, 'EUR', 'USD', round(1.1 + ${chance(7)} / 100, 4), 'bench', i FROM range(${hours}) t(i)`,
  );
}
