/** Retention in portions comes to what retention at once comes to, whatever lies in the tables. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import fc from 'fast-check';
import { LEVELS, LEVEL_SECONDS } from '../level.ts';
import { cutoffsAt, DEFAULT_RETENTION, type Cutoffs } from '../retention.ts';
import { seconds, T0_MS } from '../store.fixture.ts';
import { windowTable } from './fold.ts';
import { firstCutoffs, readHorizon, retainRows } from './retain.ts';
import { Session } from './session.ts';
import { readRows } from './sql.ts';

const HOUR = 3_600;
const DAY = 24 * HOUR;
const T0_SECONDS = T0_MS / 1_000;
const FOUR_YEARS = 4 * 365 * DAY;
/** Everything of some tables is past its time then, and nothing of others. */
const NOW = seconds(FOUR_YEARS);
const MAX_ROWS = 3;
const WINDOWS = LEVELS.map((level) => ({ table: windowTable('value', level), width: LEVEL_SECONDS[level] }));
const TABLES = ['samples', ...WINDOWS.map(({ table }) => table), 'health_results'];

const folder = mkdtempSync(join(tmpdir(), 'tapewatch-retain-'));
const session = new Session({ path: join(folder, 'store.duckdb'), memoryLimitMb: 128, threads: 1 });
beforeAll(async () => {
  await session.open();
  await session.write((connection) =>
    connection.run(`INSERT INTO series VALUES (1, 'depth', MAP {'__name__': 'depth'}, 'gauge', 'metrics', '', '')`),
  );
});
afterAll(async () => {
  await session.close();
  rmSync(folder, { recursive: true });
});

/** Seconds after the first one, many of them close together. */
const stamps = fc.array(fc.oneof(fc.nat(2 * HOUR), fc.nat(FOUR_YEARS)), { maxLength: 12 });

interface Stored {
  readonly samples: readonly number[];
  readonly windows: readonly (readonly number[])[];
  readonly events: readonly number[];
}

const stored: fc.Arbitrary<Stored> = fc.record({
  samples: stamps,
  windows: fc.tuple(...WINDOWS.map(() => stamps)),
  events: stamps,
});

async function fill(connection: DuckDBConnection, { samples, windows, events }: Stored): Promise<void> {
  for (const table of [...TABLES, 'positions']) await connection.run(`DELETE FROM ${table}`);
  for (const at of samples) await connection.run(`INSERT INTO samples VALUES (1, ${seconds(at)}, ${at})`);
  for (const [i, { table, width }] of WINDOWS.entries()) {
    for (const at of windows[i] ?? []) {
      const start = BigInt(Math.floor((T0_SECONDS + at) / width) * width) * 1_000_000_000n;
      await connection.run(`INSERT INTO ${table} VALUES (1, ${start}, 1, 1, 1, 1, 1, ${start}, 1, ${start}, 0, false)`);
    }
  }
  for (const at of events)
    await connection.run(`INSERT INTO health_results VALUES (${seconds(at)}, 'a', 'b', 'ok', '')`);
}

/** Every table's rows, and where the horizon stands. */
async function contents(connection: DuckDBConnection) {
  const rows: unknown[] = [];
  for (const table of TABLES) rows.push(await readRows(connection, `SELECT * FROM ${table} ORDER BY ALL`));
  return { rows, horizon: await readHorizon(connection) };
}

async function inPortions(connection: DuckDBConnection, cutoffs: Cutoffs): Promise<number> {
  let removed = 0;
  for (let first: Cutoffs | undefined; first !== cutoffs;) {
    first = await firstCutoffs(connection, cutoffs, MAX_ROWS);
    const gone = await retainRows(connection, first);
    // Each portion brings it forward, or it would never end.
    if (first !== cutoffs) expect(gone).toBeGreaterThan(0);
    removed += gone;
  }
  return removed;
}

it('leaves the same rows, windows and horizon as all at once', async () => {
  const cutoffs = cutoffsAt(NOW, DEFAULT_RETENTION);
  await fc.assert(
    fc.asyncProperty(stored, (rows) =>
      session.write(async (connection) => {
        await fill(connection, rows);
        const atOnce = { removed: await retainRows(connection, cutoffs), ...(await contents(connection)) };
        await fill(connection, rows);
        expect({ removed: await inPortions(connection, cutoffs), ...(await contents(connection)) }).toEqual(atOnce);
      }),
    ),
    { numRuns: 25 },
  );
}, 60_000);
