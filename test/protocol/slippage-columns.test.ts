/** Slippage from the store's joins is slippage from its rows, whatever the orders and quotes were. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { slippageQuery } from '@tapewatch/contract';
import { ORDER_EVENTS } from '@tapewatch/core';
import type { StoreReader } from '../../sidecar/src/ports.ts';
import { runSlippage } from '../../sidecar/src/query/slippage-query.ts';
import { DuckDbStore } from '../../sidecar/src/store/duckdb/duckdb-store.ts';
import { batchOf, fillOf, orderOf, quoteOf, seconds, T0_MS } from '../../sidecar/src/store/store.fixture.ts';

let folder = '';
let store: DuckDbStore;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tapewatch-slippage-'));
  store = new DuckDbStore({ path: join(folder, 'store.duckdb'), memoryLimitMb: 256, threads: 1 });
  await store.open();
});

afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const second = fc.nat(30);
const orderId = fc.constantFrom('a', 'b', 'c');
const venue = fc.constantFrom('XNAS', 'BATS');
const steps = fc.array(
  fc.record({ second, orderId, venue, event: fc.constantFrom(...ORDER_EVENTS), mid: fc.constantFrom(null, 10, 11) }),
  { maxLength: 8, size: 'max' },
);
const executions = fc.array(
  fc.record({ second, orderId, venue, price: fc.integer({ min: 8, max: 12 }), side: fc.constantFrom('buy', 'sell') }),
  { maxLength: 8, size: 'max' },
);
const books = fc.array(fc.record({ second, venue, bid: fc.constantFrom(9, 10, 12, null) }), {
  maxLength: 8,
  size: 'max',
});

it('agrees with the rows, over the range and over time', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(steps, executions, books, async (orders, fills, quotes) => {
      // One store for all runs: the symbol and the ids tell them apart.
      const symbol = `S${run++}`;
      const named = (id: string): string => `${symbol}/${id}`;
      await store.append(
        batchOf({
          events: [
            ...orders.map(({ second: at, orderId: id, venue: where, event, mid }, i) =>
              orderOf(named(`${i}`), seconds(at) + BigInt(i), {
                ...{ orderId: named(id), venue: where, event, arrivalMid: mid, symbol, sentNanos: null },
              }),
            ),
            ...fills.map(({ orderId: id, second: at, ...rest }, i) =>
              fillOf(named(`${i}`), seconds(at), { ...rest, side: rest.side as 'buy', orderId: named(id), symbol }),
            ),
            ...quotes.map(({ second: at, venue: where, bid }) =>
              quoteOf(seconds(at), bid, { ask: 11, symbol, venue: where }),
            ),
          ],
        }),
      );
      const rows: StoreReader = {
        select: (...asked) => store.select(...asked),
        series: (...asked) => store.series(...asked),
        transitions: (asked) => store.transitions(asked),
        events: (...asked) => store.events(...asked),
        quotesBefore: (...asked) => store.quotesBefore(...asked),
      };
      for (const format of ['table', 'time_series'] as const) {
        const document = { queryType: 'slippage', by: ['venue', 'side'], filters: { symbol: [symbol] }, format };
        const query = slippageQuery.parse(document);
        const envelope = {
          startMs: T0_MS,
          endMs: T0_MS + 60_000,
          intervalMs: 5_000,
          maxDataPoints: 100,
          fromAlert: false,
        };
        expect(await runSlippage(query, envelope, store)).toEqual(await runSlippage(query, envelope, rows));
      }
    }),
    { numRuns: 30 },
  );
});
