/** Rows of events that went through columns are the rows that came, in every store. */
import fc from 'fast-check';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nanos } from '@tapewatch/core';
import { columnar, eventBatchOf } from './testing/columnar-store.ts';
import { DuckDbStore } from './duckdb/duckdb-store.ts';
import { rowsOf } from './event-rows.ts';
import { batchOf, fillOf, orderOf, quoteOf, seconds } from './store.fixture.ts';

const WHOLE = { startNanos: 0n, endNanos: 9_223_372_036_854_775_807n };
const text = fc.oneof(
  fc.string({ maxLength: 14 }),
  fc.string({ unit: 'grapheme', maxLength: 9 }),
  fc.constant('a'.repeat(300)),
);
const number = fc.oneof(fc.constant(null), fc.double({ noNaN: true, noDefaultInfinity: true }));
const stamp = fc.oneof(fc.constant(null), fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(nanos));
const order = fc
  .record({ orderId: text, reason: text, venue: text, price: number, arrivalMid: number, sentNanos: stamp })
  .map((rest) => (id: string, at: number) => orderOf(id, seconds(at), rest));
const fill = fc
  .record({ orderId: text, symbol: text, refersTo: text, fee: fc.double({ noNaN: true, noDefaultInfinity: true }) })
  .map((rest) => (id: string, at: number) => fillOf(id, seconds(at), rest));
const sequence = fc.oneof(fc.constant(null), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
const quote = fc
  .record({ symbol: text, ask: number, bidSize: number, sequence, exchangeNanos: stamp })
  .map((rest) => (_id: string, at: number) => quoteOf(seconds(at), 1.5, rest));

it('keep every value, in columns of more than one vector of the engine', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tapewatch-columns-'));
  const store = columnar(new DuckDbStore({ path: join(folder, 'store.duckdb'), memoryLimitMb: 256, threads: 1 }));
  try {
    await store.open();
    let ids = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(order, { maxLength: 4 }),
        fc.array(fill, { maxLength: 4 }),
        fc.array(quote, { maxLength: 4 }),
        fc.constantFrom(1, 700),
        async (orders, fills, quotes, times) => {
          // Stamps only grow, so that rows come back in the order in which they went in.
          const first = ids;
          const make = <T>(makers: readonly ((id: string, at: number) => T)[]): T[] =>
            Array.from({ length: times }, () => makers).flatMap((all) => all.map((row) => row(`${ids}`, ids++)));
          const rows = { orders: make(orders), fills: make(fills), quotes: make(quotes) };
          const events = [...rows.orders, ...rows.fills, ...rows.quotes];
          expect(rowsOf(eventBatchOf('quotes', rows.quotes))).toEqual(rows.quotes);
          expect(await store.append(batchOf({ events }))).toEqual({ duplicates: 0 });
          const range = { ...WHOLE, startNanos: seconds(first) };
          for (const table of ['orders', 'fills', 'quotes'] as const) {
            expect(await store.events(table, range)).toEqual(rows[table]);
          }
        },
      ),
      { numRuns: 12 },
    );
  } finally {
    await store.close();
    await rm(folder, { recursive: true });
  }
}, 60_000);
