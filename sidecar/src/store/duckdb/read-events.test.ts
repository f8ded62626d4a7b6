import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { batchOf, quoteOf, seconds } from '../store.fixture.ts';
import { DuckDbStore } from './duckdb-store.ts';

const WHOLE = { startNanos: 0n, endNanos: 2n ** 63n - 1n };
const ROWS = 6_000;

describe('the newest of thousands of rows', () => {
  it.each([
    ['at equal distances', (i: number) => i],
    ['nearly all of them long ago', (i: number) => (i < 5_500 ? i / 1_000 : 1e6 + i)],
    ['nearly all of them lately', (i: number) => (i < 10 ? i : 1e6 + i / 1_000)],
    ['at one stamp', (i: number) => (i < 100 ? i : 1_000)],
    ['stored the other way round', (i: number) => -i],
  ])('are those of a full sort: %s', async (_, secondOf) => {
    const folder = await mkdtemp(join(tmpdir(), 'tapewatch-newest-'));
    const store = new DuckDbStore({ path: join(folder, 'store.duckdb'), memoryLimitMb: 256, threads: 1 });
    await store.open();
    const quotes = Array.from({ length: ROWS }, (_unused, i) =>
      quoteOf(seconds(secondOf(i)), i, { venue: i % 3 === 0 ? 'BATS' : 'XNAS' }),
    );
    await store.append(batchOf({ events: quotes }));
    for (const [limit, venue] of [
      [1_000, []],
      [5_900, []],
      [1_200, ['BATS']],
      [2 * ROWS, ['BATS']],
    ] as const) {
      const found = await store.events('quotes', { ...WHOLE, venue, limit, newestFirst: true });
      const passing = quotes.filter((quote) => venue.length === 0 || quote.venue === 'BATS');
      // Of equal stamps the one that came last is the newest.
      const sorted = passing.reverse().sort((a, b) => Number(b.timeNanos - a.timeNanos));
      expect(found.map(({ bid }) => bid)).toEqual(sorted.slice(0, limit).map(({ bid }) => bid));
    }
    await store.close();
    await rm(folder, { recursive: true });
  });
});
