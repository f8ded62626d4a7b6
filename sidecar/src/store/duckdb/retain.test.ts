/** Retention of a file that stood still: more is past its time than the engine can delete at once. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_RETENTION } from '../retention.ts';
import { batchOf, samplesOf, seconds, seriesOf, T0, T0_MS } from '../store.fixture.ts';
import { DuckDbStore } from './duckdb-store.ts';
import { Session } from './session.ts';

const HOUR = 3_600;
/** As little as may be configured; so many rows cannot be deleted at once with it. */
const ENGINE = { memoryLimitMb: 64, threads: 2 };
const ROWS = 12_000_000;

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'tapewatch-retain-'))));
afterEach(() => rmSync(folder, { recursive: true }));

it.each([
  { series: 1, rowsOfASecond: 1_000, rows: ROWS },
  { series: 1_000, rowsOfASecond: 1_000, rows: ROWS / 6 },
])(
  'removes in portions what passed its time, makes its windows, and takes new rows: $series series',
  async (given) => {
    const { series, rowsOfASecond, rows } = given;
    const path = join(folder, 'store.duckdb');
    const store = new DuckDbStore({ path, ...ENGINE, sealSegments: false, retention: DEFAULT_RETENTION });
    await store.open();
    const added = Array.from({ length: series }, (_, i) => seriesOf(i + 1, { __name__: 'kept', i: `${i}` }, 'gauge'));
    await store.append(batchOf({ series: added }));
    await store.close();
    const session = new Session({ path, ...ENGINE });
    await session.open();
    await session.write((connection) =>
      connection.run(
        `INSERT INTO samples SELECT range % ${series} + 1, ${T0} + range // ${rowsOfASecond} * 1000000000 + range % ${rowsOfASecond},
       range FROM range(${rows})`,
      ),
    );
    await session.close();

    await store.open();
    expect(await store.retain(seconds(40 * HOUR))).toBe(rows);
    const matchers = [{ name: 'i', operator: '=', value: '0' } as const];
    const range = { matchers, startMs: T0_MS, endMs: T0_MS + 40 * HOUR * 1_000 };
    const [kept] = await store.select({ ...range, resolutionMs: 1_000 });
    expect(kept?.timesMs).toHaveLength(rows / rowsOfASecond);
    await store.append(batchOf({ samples: samplesOf([[1, seconds(40 * HOUR), 7]]) }));
    await store.close();
  },
  120_000,
);
