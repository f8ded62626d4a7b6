/** Copies of event rows for SQL: one folder for who asked, none for who does not want it any more. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync, type StatsFs } from 'node:fs';
import promises from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBMaterializedResult } from '@duckdb/node-api';
import { batchOf, fillOf, seconds } from '../store.fixture.ts';
import { DuckDbStore } from './duckdb-store.ts';
import { exportEvents } from './export-events.ts';
import { segmentFolder } from './segment-folder.ts';
import { SegmentList } from './segment.ts';
import { Database, isInvalidated } from './database.ts';
import { RESERVED_BYTES } from './export-room.ts';

const ENGINE = { memoryLimitMb: 256, threads: 1 };
const REQUEST = {
  tables: [{ table: 'fills', columns: undefined }],
  ...{ startNanos: seconds(0), endNanos: seconds(10), maxRows: 10, maxBytes: 1_048_576 },
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

describe("on the store's own connection", () => {
  let database: Database;
  let connection: DuckDBConnection;

  beforeEach(async () => {
    await store.close();
    database = await Database.open({ path, ...ENGINE });
    connection = await database.connect();
  });

  afterEach(() => database.close());

  /** Stands before the engine where a statement begins so. */
  function instead(start: string, act: (run: () => Promise<DuckDBMaterializedResult>) => Promise<unknown>): void {
    const run = connection.run.bind(connection);
    jest
      .spyOn(connection, 'run')
      .mockImplementation((sql, ...rest) =>
        sql.startsWith(start) ? (act(() => run(sql, ...rest)) as Promise<DuckDBMaterializedResult>) : run(sql, ...rest),
      );
  }

  it('go when they were cancelled between two statements', async () => {
    const asked = new AbortController();
    instead('SELECT (SELECT count(*)', async (run) => {
      const result = await run();
      asked.abort();
      return result;
    });
    await expect(exportEvents(connection, path, REQUEST, asked.signal)).rejects.toMatchObject({
      code: 'query.cancelled',
    });
    expect(readdirSync(segmentFolder(path))).toEqual([]);
  });

  it('are refused when they take more bytes than they may', async () => {
    await expect(exportEvents(connection, path, { ...REQUEST, maxBytes: 100 })).rejects.toMatchObject({
      code: 'query.limit',
      message: expect.stringContaining('query.sql.maxReadMb') as unknown,
    });
    expect(readdirSync(segmentFolder(path))).toEqual([]);
  });

  it('are stopped while they are written, not afterwards', async () => {
    instead('COPY', () => {
      const [folder = ''] = readdirSync(segmentFolder(path));
      writeFileSync(join(segmentFolder(path), folder, 'fills.parquet'), Buffer.alloc(2_000_000));
      return new Promise((_, reject) => {
        jest
          .spyOn(connection, 'interrupt')
          .mockImplementation(() => reject(new Error('INTERRUPT Error: Interrupted!')));
      });
    });
    await expect(exportEvents(connection, path, REQUEST)).rejects.toMatchObject({
      code: 'query.limit',
      message: expect.stringContaining('more than 1 MiB') as unknown,
    });
    expect(readdirSync(segmentFolder(path))).toEqual([]);
  });

  it('that find the disk full are a limit of the question, no fault of the store', async () => {
    const full = 'IO Error: Could not write all bytes to file "fills.parquet": No space left on device';
    instead('COPY', () => Promise.reject(new Error(full)));
    const fault = await exportEvents(connection, path, REQUEST).catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: 'query.limit', message: expect.stringContaining('no room') as unknown });
    // What the session takes for a broken engine, it opens anew.
    expect(isInvalidated(fault)).toBe(false);
  });

  it('leave the store its reserve of the disk', async () => {
    jest.spyOn(promises, 'statfs').mockResolvedValue({ bavail: 1, bsize: RESERVED_BYTES - 1 } as StatsFs);
    await expect(exportEvents(connection, path, REQUEST)).rejects.toMatchObject({
      code: 'query.limit',
      message: expect.stringContaining('256 MiB of it must stay free') as unknown,
    });
  });
});
