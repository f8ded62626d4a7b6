/**
 * Quotes of feeds in the order in which they are stored, which nearly always is that of time, shown while the engine reads
 * on. Feeds are told by the engine's hash of their names: a join would take longer, and hand the rows out in another order.
 */
import { LIST, listValue, VARCHAR, type DuckDBConnection } from '@duckdb/node-api';
import type { TradedInstrument } from '../../ports.ts';
import { HashNumbers } from './hash-numbers.ts';
import { readRows } from './sql.ts';
import { halvesOf, type StampHalves } from './stamp-halves.ts';
import { passColumns, readColumns, type ReadWay } from './vector-read.ts';

/** Of so few feeds the engine picks the quotes; more are looked for among all that it reads. */
const MAX_FEEDS_PICKED = 16;

export interface QuotePass {
  /** Each once. */
  readonly feeds: readonly TradedInstrument[];
  /** A condition on the stamps. */
  readonly range: string;
  /** What is told of a quote besides its feed and its stamp: doubles, never NULL. */
  readonly columns: readonly string[];
  readonly way: ReadWay;
}

export interface PassedQuotes {
  /** Indexes of the feeds, -1 where the quote is of another one. */
  readonly feeds: Int32Array;
  readonly stamps: BigInt64Array;
  readonly halves: StampHalves;
  readonly columns: readonly Float64Array[];
}

/** To be called within a transaction: the quotes are counted before they are read. */
export async function passQuotes(
  connection: DuckDBConnection,
  { feeds, range, columns, way }: QuotePass,
  visit: (quotes: PassedQuotes) => void,
): Promise<void> {
  const [hashes] = await readColumns(
    connection,
    'SELECT hash(venue, symbol) FROM (SELECT unnest($1) AS venue, unnest($2) AS symbol)',
    ['i64'],
    {
      values: [listValue(feeds.map(({ venue }) => venue)), listValue(feeds.map(({ symbol }) => symbol))],
      types: [LIST(VARCHAR), LIST(VARCHAR)],
    },
  );
  const known = new HashNumbers();
  known.numbersOf(hashes);
  const names = Array.from(new BigUint64Array(hashes.buffer), String).join(', ');
  const picked =
    feeds.length > MAX_FEEDS_PICKED ? '' : ` AND list_contains([${names}]::UBIGINT[], hash(venue, symbol))`;
  const from = `FROM quotes WHERE ${range}${picked}`;
  const [[rows] = []] = await readRows(connection, `SELECT count(*)::DOUBLE ${from}`);
  const types = ['i64', 'i64', ...columns.map(() => 'f64' as const)] as const;
  await passColumns(
    connection,
    `SELECT ${['hash(venue, symbol)', 'time_nanos', ...columns].join(', ')} ${from}`,
    types,
    {
      ...{ rows: Number(rows), way },
      visit: ([hash, stamps, ...rest]) =>
        visit({ feeds: known.find(hash), stamps, halves: halvesOf(stamps), columns: rest }),
    },
  );
}
