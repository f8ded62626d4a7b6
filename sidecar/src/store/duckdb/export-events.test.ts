/** Copies of event rows for SQL: one folder for who asked, none for who does not want it any more. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { batchOf, fillOf, seconds } from '../store.fixture.ts';
import { DuckDbStore } from './duckdb-store.ts';
import { exportEvents } from './export-events.ts';
import { segmentFolder } from './segment-folder.ts';
import { SegmentList } from './segment.ts';
import { Database } from './database.ts';

const ENGINE = { memoryLimitMb: 256, threads: 1 };
const REQUEST = {
  tables: [{ table: 'fills', columns: undefined }],
  ...{ startNanos: seconds(0), endNanos: seconds(10), maxRows: 10 },
} as const;

let folder: string;
let path: string;
let store: DuckDbStore;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tapewatch-export-'));
  path = join(folder, 'events.duckdb');
  store = new DuckDbStore({ path, ...ENGINE });
  await store.open();
  await store.append(batchOf({ events: [fillOf('1', seconds(1))] }));
});

afterEach(async () => {
  jest.restoreAllMocks();
  await store.close();
  rmSync(folder, { recursive: true });
});

it('are made once, whatever becomes of segments meanwhile', async () => {
  // As when a change of the segments begins during the first reading.
  jest.spyOn(SegmentList.prototype, 'readSettled').mockImplementation(async (read) => {
    await read();
    return read();
  });
  const exported = await store.exportEvents(REQUEST);
  expect(exported.rows).toBe(1);
  expect(readdirSync(segmentFolder(path)).map((name) => join(segmentFolder(path), name))).toEqual([exported.folder]);
});

it('go when they were cancelled between two statements', async () => {
  await store.close();
  const database = await Database.open({ path, ...ENGINE });
  try {
    const connection = await database.connect();
    const [asked, run] = [new AbortController(), connection.run.bind(connection)];
    jest.spyOn(connection, 'run').mockImplementation(async (sql, ...rest) => {
      const result = await run(sql, ...rest);
      if (sql.startsWith('SELECT (SELECT count(*)')) asked.abort();
      return result;
    });
    await expect(exportEvents(connection, path, REQUEST, asked.signal)).rejects.toMatchObject({
      code: 'query.cancelled',
    });
  } finally {
    database.close();
  }
  expect(readdirSync(segmentFolder(path))).toEqual([]);
});
