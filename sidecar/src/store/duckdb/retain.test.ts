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
const ROWS_OF_A_SECOND = 1_000;

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'tapewatch-retain-'))));
afterEach(() => rmSync(folder, { recursive: true }));

it('removes in portions what passed its time meanwhile, makes its windows, and takes new rows', async () => {
  const path = join(folder, 'store.duckdb');
  const store = new DuckDbStore({ path, ...ENGINE, sealSegments: false, retention: DEFAULT_RETENTION });
  await store.open();
  await store.append(batchOf({ series: [seriesOf(1, { __name__: 'kept' }, 'gauge')], samples: samplesOf([]) }));
  await store.close();
  const session = new Session({ path, ...ENGINE });
  await session.open();
  await session.write((connection) =>
    connection.run(
      `INSERT INTO samples SELECT 1, ${T0} + range // ${ROWS_OF_A_SECOND} * 1000000000 + range % ${ROWS_OF_A_SECOND}, range
       FROM range(${ROWS})`,
    ),
  );
  await session.close();

  await store.open();
  expect(await store.retain(seconds(40 * HOUR))).toBe(ROWS);
  const range = { matchers: [], startMs: T0_MS, endMs: T0_MS + 40 * HOUR * 1_000 };
  const [kept] = await store.select({ ...range, resolutionMs: 1_000 });
  expect(kept?.timesMs).toHaveLength(ROWS / ROWS_OF_A_SECOND);
  await store.append(batchOf({ samples: samplesOf([[1, seconds(40 * HOUR), 7]]) }));
  await store.close();
}, 120_000);
