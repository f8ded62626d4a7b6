/** Sealing within the engine's memory: rows that leave a table in one transaction are pinned. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { T0, T0_MS } from '../store.fixture.ts';
import { commitSegment, MAX_SEGMENT_ROWS, prepareSegment, rowsAtOnce } from './seal-segment.ts';
import { SEALABLE, type Sealable, SegmentList } from './segment.ts';
import { Session } from './session.ts';

const HOUR = 3_600;
const MEMORY_MB = 64;
/** Of one hour; the engine cannot delete so many at once with that memory. */
const ROWS = 9_000_000;

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'tapewatch-seal-'))));
afterEach(() => rmSync(folder, { recursive: true }));

it('seals a busy hour in parts that fit into the memory of the engine', async () => {
  const path = join(folder, 'store.duckdb');
  const session = new Session({ path, memoryLimitMb: MEMORY_MB, threads: 2 });
  await session.open();
  const segments = new SegmentList(path);
  await session.write(async (connection) => {
    await segments.load(connection);
    // Their windows of a second are made when they leave.
    await connection.run(
      `INSERT INTO series SELECT range, 'depth', MAP {'__name__': 'depth'}, 'gauge', 'metrics', '', '' FROM range(1000)`,
    );
    const step = Math.floor((HOUR * 1e9) / ROWS);
    await connection.run(`INSERT INTO samples SELECT range % 1000, ${T0} + range * ${step}, range FROM range(${ROWS})`);
  });
  const samples = SEALABLE.find(({ relation }) => relation === 'samples') as Sealable;
  const closedBefore = T0_MS / 1_000 + HOUR;
  const maxRows = rowsAtOnce(MEMORY_MB);
  const options = { databasePath: path, memoryLimitMb: MEMORY_MB, compress: true, closedBefore, maxRows };
  const source = {
    session,
    segments,
    options,
    signal: new AbortController().signal,
    portionRows: new Map<string, number>(),
  };
  for (;;) {
    const prepared = await prepareSegment(samples, source);
    if (prepared === undefined) break;
    expect(await session.write((connection) => commitSegment(connection, prepared, segments))).toBe(true);
  }
  const sizes = segments.all.map(({ rowCount }) => rowCount);
  expect(sizes.reduce((sum, rows) => sum + rows, 0)).toBe(ROWS);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(maxRows);
  expect(sizes.length).toBeGreaterThan(3);
  const left = await session.read(async (connection) =>
    (await connection.run('SELECT count(*) FROM samples')).getRows(),
  );
  expect(left).toEqual([[0n]]);
  await session.close();
}, 120_000);

it('takes no more rows at once than can be sorted, whatever the memory', () => {
  expect(rowsAtOnce(1_048_576)).toBe(MAX_SEGMENT_ROWS);
  expect(rowsAtOnce(64)).toBeLessThan(ROWS);
});
