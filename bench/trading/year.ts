/**
 * A year of a desk in a store file, the same for every run: a million fills of half a million orders in 80 instruments,
 * two million quotes. Written by SQL straight into the tables, because what is measured is reading.
 */
import { Database } from '../../sidecar/src/store/duckdb/database.ts';
import { DuckDbStore } from '../../sidecar/src/store/duckdb/duckdb-store.ts';

type Connection = Awaited<ReturnType<Database['connect']>>;

export const YEAR = { startMs: Date.UTC(2025, 0, 1), endMs: Date.UTC(2026, 0, 1) - 1 };

export interface YearSize {
  readonly fills: number;
  readonly quotes: number;
}

const VENUES = `['XNAS', 'BATS', 'BINANCE', 'KRAKEN']`;
const STRATEGIES = `['maker', 'arb', 'momentum']`;

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
         ${VENUES}[1 + i % 4], 'SYM' || ((i // 4) % 20), ${STRATEGIES}[1 + (i // 80) % 3], 'main',
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
       ${STRATEGIES}[1 + (${order} // 80) % 3], 'main',
       CASE WHEN (hash(${order} * 8 + 1) % 1000000) < 500000 THEN 'buy' ELSE 'sell' END,
       round(1 + floor(${chance(2)} * 1000) / 100, 2), round(${price(count)} + ${chance(3)} - 0.5, 2), 'USD',
       round(floor(${chance(4)} * 10) / 100, 2), 'USD', 'taker', i
     FROM range(${count}) t(i)`,
  );
}

async function writeQuotes(connection: Connection, count: number): Promise<void> {
  await connection.run(
    `INSERT INTO quotes (time_nanos, exchange_nanos, venue, symbol, bid, bid_size, ask, ask_size, sequence)
     SELECT ${stamp(count)}, NULL, ${VENUES}[1 + i % 4], 'SYM' || ((i // 4) % 20), round(${price(count)}, 2) - 0.01, 10,
       round(${price(count)}, 2) + 0.01, 10, NULL
     FROM range(${count}) t(i)`,
  );
}
