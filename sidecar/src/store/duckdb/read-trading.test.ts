import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { correctFills, fillColumnsOf, midOf, type Fill, type FillColumns, type Quote } from '@tapewatch/core';
import { batchOf, fillOf, quoteOf, seconds, T0_MS } from '../store.fixture.ts';
import { DuckDbStore } from './duckdb-store.ts';

const WHOLE = { startNanos: 0n, endNanos: 2n ** 63n - 1n };
let folder = '';
let store: DuckDbStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tapewatch-columns-'));
  store = new DuckDbStore({ path: join(folder, 'store.duckdb'), memoryLimitMb: 256, threads: 1 });
  await store.open();
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

/** Groups may be numbered in any order. */
function plain({ groups, group, timesMs, quantities, prices, fees }: FillColumns): unknown[] {
  return Array.from(timesMs, (timeMs, row) => [
    timeMs,
    quantities[row],
    prices[row],
    fees[row],
    groups[group[row] ?? -1],
  ]);
}

const fills: fc.Arbitrary<Fill[]> = fc
  .array(
    fc.record({
      second: fc.nat(4),
      // Within one millisecond: nanoseconds, venue and id tell the order.
      nanos: fc.nat(2),
      kind: fc.constantFrom('new' as const, 'new' as const, 'bust' as const, 'amend' as const),
      target: fc.nat(11),
      venue: fc.constantFrom('XNAS', 'BATS'),
      strategy: fc.constantFrom('s', 't'),
      side: fc.constantFrom('buy' as const, 'sell' as const),
      quantity: fc.nat(90),
      fee: fc.integer({ min: -2, max: 2 }),
    }),
    { maxLength: 12, size: 'max' },
  )
  .map((list) =>
    list.map(({ second, nanos, kind, target, ...rest }, i) =>
      fillOf(`x${i}`, seconds(second) - 3n + BigInt(nanos), {
        ...rest,
        execution: kind,
        refersTo: kind === 'new' ? '' : `x${target}`,
      }),
    ),
  );

describe('columns of fills', () => {
  it('say what the rows say, corrections applied, in an order that does not depend on arrival', async () => {
    let written = 0;
    await fc.assert(
      fc.asyncProperty(fills, fc.boolean(), async (list, filtered) => {
        // One store for all runs: symbols tell them apart.
        const symbol = `S${written++}`;
        const events = list.map((fill) => ({
          ...fill,
          symbol,
          id: `${symbol}/${fill.id}`,
          refersTo: fill.refersTo && `${symbol}/${fill.refersTo}`,
        }));
        await store.append(batchOf({ events }));
        const filter = { ...WHOLE, symbol: [symbol], ...(filtered ? { strategy: ['s'] } : {}) };
        const expected = correctFills(events).filter(({ strategy }) => !filtered || strategy === 's');
        expect(plain(await store.fillColumns(filter))).toEqual(plain(fillColumnsOf(expected)));
      }),
      { numRuns: 40 },
    );
  });

  it('keep corrected executions between the others of their millisecond', async () => {
    const at = (nanos: number): bigint => seconds(1) + BigInt(nanos);
    const events = [
      ...[fillOf('c', at(3)), fillOf('b', at(2)), fillOf('a', at(1)), fillOf('b2', at(2))],
      fillOf('late', seconds(9), { execution: 'amend', refersTo: 'b', quantity: 7 }),
      fillOf('later', seconds(9), { execution: 'amend', refersTo: 'a', quantity: 5 }),
    ];
    await store.append(batchOf({ events }));
    expect([...(await store.fillColumns(WHOLE)).quantities].map(Math.abs)).toEqual([5, 7, 50, 50]);
  });

  it('stop at the limit and within the range', async () => {
    await store.append(batchOf({ events: [1, 2, 3, 4].map((second) => fillOf(`x${second}`, seconds(second))) }));
    const within = { startNanos: seconds(2), endNanos: seconds(4) };
    expect([...(await store.fillColumns(within)).timesMs]).toEqual([T0_MS + 2_000, T0_MS + 3_000]);
    expect((await store.fillColumns({ ...WHOLE, limit: 3 })).timesMs).toHaveLength(3);
    const amended = fillOf('x5', seconds(5), { execution: 'amend', refersTo: 'x1', price: 77 });
    await store.append(batchOf({ events: [amended] }));
    const first = await store.fillColumns({ ...WHOLE, limit: 3 });
    expect([...first.timesMs]).toEqual([1, 2, 3].map((second) => T0_MS + second * 1_000));
    expect(first.prices[0]).toBe(77);
    expect((await store.fillColumns({ ...WHOLE, startNanos: seconds(9) })).groups).toEqual([]);
  });
});

describe('marks', () => {
  const book = fc.record({
    milli: fc.integer({ min: -2_000, max: 9_000 }),
    symbol: fc.constantFrom('AMD', 'IBM'),
    bid: fc.constantFrom(9, 10, 11, null),
    ask: fc.constantFrom(10, 12, null),
  });

  it('are the mids of the last quotes before the end of each step', async () => {
    let written = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(book, { maxLength: 15, size: 'max' }),
        fc.integer({ min: 1, max: 12 }),
        async (list, count) => {
          const venue = `V${written++}`;
          const quotes = list.map(({ milli, symbol, bid, ask }): Quote => {
            return quoteOf(seconds(milli / 1_000), bid, { ask, symbol, venue });
          });
          await store.append(batchOf({ events: quotes }));
          const instruments = ['IBM', 'AMD', 'NONE'].map((symbol) => ({ venue, symbol }));
          const stepMs = 500;
          const asked = instruments.flatMap((instrument) =>
            Array.from({ length: count }, (_, step) => ({ ...instrument, timeNanos: seconds(step / 2) + 1_000_000n })),
          );
          const expected = (await store.quotesBefore(asked)).map((quote) => midOf(quote).mid ?? NaN);
          expect([...(await store.marks({ instruments, startMs: T0_MS, stepMs, count }))]).toEqual(expected);
        },
      ),
      { numRuns: 25 },
    );
  });
});
