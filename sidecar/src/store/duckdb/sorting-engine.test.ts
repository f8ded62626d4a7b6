/** Sorting of closed rows: exact whatever the memory, and nothing left behind. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { segmentFolder } from './segment-folder.ts';
import { inSortingFolder, sortInto, type Sorted } from './sorting-engine.ts';
import { quoted, readRows } from './sql.ts';

let folder = '';
let connection: DuckDBConnection;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tapewatch-sort-'));
  connection = await (await DuckDBInstance.create(':memory:', { threads: '2' })).connect();
});
afterEach(() => {
  connection.closeSync();
  rmSync(folder, { recursive: true });
});

const database = (): string => join(folder, 'store.duckdb');
const source = (): string => join(folder, 'source.parquet');
const target = (): string => join(folder, 'sorted.parquet');
const format = 'FORMAT parquet, COMPRESSION lz4, ROW_GROUP_SIZE 16384';

function sort(signal = new AbortController().signal): Promise<Sorted> {
  const rows = {
    columns: '* EXCLUDE (arrival)',
    from: `read_parquet(${quoted(source())})`,
    order: 'start_nanos, arrival',
  };
  return inSortingFolder(database(), (inFolder) =>
    sortInto({ path: target(), format }, rows, { folder: inFolder, memoryLimitMb: 64, signal }),
  );
}

/** Rows by second, as a table has them; each with so many buckets. */
async function write(seconds: number, series: number, buckets: number): Promise<void> {
  await connection.run(
    `COPY (SELECT if(range % ${series} = 0, 900000, range % ${series})::UINTEGER AS series_id, range // ${series} // 2 AS start_nanos, range AS arrival,
       list_transform(range(${buckets}), i -> i * range) AS counts FROM range(${seconds * series}))
     TO ${quoted(source())} (FORMAT parquet, ROW_GROUP_SIZE 16384)`,
  );
}

/** Rows that are not where they belong, and what all of them come to. */
async function differences(): Promise<unknown[]> {
  const expected = `SELECT series_id, start_nanos, counts, row_number() OVER (ORDER BY series_id, start_nanos, arrival) - 1 AS place
    FROM read_parquet(${quoted(source())})`;
  const [row] = await readRows(
    connection,
    `SELECT count(*), count(*) FILTER (a.series_id IS DISTINCT FROM b.series_id OR a.start_nanos IS DISTINCT FROM b.start_nanos
       OR a.counts IS DISTINCT FROM b.counts) FROM (${expected}) AS a
     FULL JOIN read_parquet(${quoted(target())}, file_row_number = true) AS b ON a.place = b.file_row_number`,
  );
  return row ?? [];
}

it.each([
  ['few rows', 3, 5, 2],
  ['rows with long lists, which fit only in portions of series', 120, 2_000, 160],
])(
  'puts %s by series, time and arrival',
  async (_, seconds, series, buckets) => {
    mkdirSync(segmentFolder(database()));
    await write(seconds, series, buckets);
    await sort();
    expect(await differences()).toEqual([BigInt(seconds * series), 0n]);
    expect(readdirSync(segmentFolder(database()))).toEqual([]);
  },
  60_000,
);

it('ends when it is not wanted any more, and says so as a read does', async () => {
  mkdirSync(segmentFolder(database()));
  await write(300, 2_000, 40);
  const ending = new AbortController();
  const sorted = sort(ending.signal);
  setTimeout(() => ending.abort(), 300);
  await expect(sorted).rejects.toMatchObject({ code: 'query.cancelled' });
  expect(readdirSync(segmentFolder(database()))).toEqual([]);
});

it('tells what was wrong with a file', async () => {
  mkdirSync(segmentFolder(database()));
  expect(existsSync(source())).toBe(false);
  await expect(sort()).rejects.toMatchObject({
    code: 'store.unavailable',
    message: expect.stringMatching(/closed rows could not be sorted: .*source\.parquet/),
  });
});
