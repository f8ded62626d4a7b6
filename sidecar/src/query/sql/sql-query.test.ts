/** SQL in the real sandbox process, over files that a real store writes; fifty hostile statements, and the store afterwards. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sqlQuery, type SqlQuery } from '@tapewatch/contract';
import type { Table } from '@tapewatch/core';
import { TapewatchError } from '../../errors.ts';
import type { EventExporter, QueryEnvelope } from '../../ports.ts';
import { bookOf, spanOf } from '../../store/event.fixture.ts';
import { DuckDbStore } from '../../store/duckdb/duckdb-store.ts';
import { segmentFolder } from '../../store/duckdb/segment-folder.ts';
import { bundleForTest, type TestBundle } from '../../store/duckdb/worker-bundle.fixture.ts';
import { batchOf, businessEventOf, fillOf, orderOf, quoteOf, seconds, T0_MS } from '../../store/store.fixture.ts';
import { openSql } from './open-sql.ts';
import { sqlOptions } from './sql-options.ts';
import type { SqlRunner } from './sql-query.ts';

const ENVELOPE: QueryEnvelope = {
  ...{ refId: 'A', startMs: T0_MS, endMs: T0_MS + 60_000, intervalMs: 1_000, maxDataPoints: 1_000 },
  fromAlert: false,
} as QueryEnvelope;
const OPTIONS = sqlOptions.parse({ timeoutMs: 60_000, memoryMb: 64, maxRows: 1_000, maxAnswerMb: 4 });
/** An endless statement is cut after this. */
const SHORT = { ...OPTIONS, timeoutMs: 3_000 };

let bundle: TestBundle;
let folder: string;
let store: DuckDbStore;
let runner: SqlRunner;
let hostile: SqlRunner;

beforeAll(async () => {
  bundle = bundleForTest({ 'sql-sandbox': '../../query/sql/sandbox-process.ts' });
  folder = mkdtempSync(join(tmpdir(), 'tapewatch-sql-'));
  store = new DuckDbStore({ path: join(folder, 'events.duckdb'), memoryLimitMb: 256, threads: 1 });
  await store.open();
  const orders = ['1', '2', '3'].map((id, i) => orderOf(id, seconds(i), { venue: i === 2 ? 'BATS' : 'XNAS' }));
  const fills = ['1', '2', '3'].map((id, i) =>
    fillOf(id, seconds(i + 1), { venue: i === 2 ? 'BATS' : 'XNAS', quantity: (i + 1) * 10, price: 10 + i }),
  );
  const early = fillOf('early', seconds(-7_200));
  const quotes = [quoteOf(seconds(0), 10), quoteOf(seconds(2), 11), quoteOf(seconds(0), 9, { venue: 'BATS' })];
  const rest = [spanOf('00f067aa0ba902b7', seconds(1)), bookOf(seconds(1)), businessEventOf(seconds(1))];
  await store.append(batchOf({ events: [...orders, ...fills, early, ...quotes, ...rest] }));
  runner = openSql(store, OPTIONS, bundle.pathOf('sql-sandbox'));
  hostile = openSql(store, SHORT, bundle.pathOf('sql-sandbox'));
}, 60_000);

afterAll(async () => {
  await runner.close();
  await hostile.close();
  await store.close();
  rmSync(folder, { recursive: true });
  bundle.remove();
});

function ask(rawSql: string, rest: Partial<SqlQuery> = {}, signal?: AbortSignal): Promise<Table[]> {
  return runner.run(sqlQuery.parse({ queryType: 'sql', rawSql, ...rest }), ENVELOPE, signal);
}

async function rows(rawSql: string, rest: Partial<SqlQuery> = {}): Promise<unknown[][]> {
  const [table] = await ask(rawSql, rest);
  const fields = table?.fields ?? [];
  return Array.from({ length: fields[0]?.values.length ?? 0 }, (_, row) => fields.map(({ values }) => values[row]));
}

async function faultOf(rawSql: string, rest: Partial<SqlQuery> = {}, by = runner): Promise<TapewatchError> {
  const query = sqlQuery.parse({ queryType: 'sql', rawSql, ...rest });
  const fault = await by.run(query, ENVELOPE).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(fault).toBeInstanceOf(TapewatchError);
  return fault as TapewatchError;
}

describe('SQL over event tables', () => {
  it('answers with typed columns, times beside nanoseconds', async () => {
    const [found] = await ask(`SELECT f.time, f.price, f.venue, f.price > 10 AS dear FROM fills f ORDER BY f.time`);
    expect(found).toMatchObject({ kind: 'table', visualisation: 'table' });
    expect(found?.fields.map(({ name, type }) => [name, type])).toEqual([
      ['time', 'time'],
      ['price', 'number'],
      ['venue', 'string'],
      ['dear', 'boolean'],
    ]);
    expect(found?.fields.map(({ values }) => values[1])).toEqual([seconds(2), 11, 'XNAS', true]);
  });

  it('sees the rows of the range and of the lookback before it, and no others', async () => {
    expect(await rows('SELECT count(*) FROM fills')).toEqual([[3]]);
    expect(await rows('SELECT count(*) FROM fills', { lookback: '3h' })).toEqual([[4]]);
    expect(await rows('SELECT count(*) FROM fills', { lookback: '1000y' })).toEqual([[4]]);
    expect(await rows('SELECT count(*) FROM fills WHERE $__timeFilter(time)', { lookback: '3h' })).toEqual([[3]]);
  });

  it('joins as of a stamp, groups, nests and names with WITH', async () => {
    expect(
      await rows(`WITH fills AS (SELECT * FROM fills WHERE execution = 'new')
        SELECT f.id, q.bid FROM fills f ASOF JOIN quotes q ON f.venue = q.venue AND f.time > q.time ORDER BY f.id`),
    ).toEqual([
      ['1', 10],
      ['2', 10],
      ['3', 9],
    ]);
    const [sums] = await ask(`SELECT venue, sum(quantity * price) FROM fills GROUP BY ALL`);
    expect([sums?.kind, sums?.version]).toEqual(['numeric-long', [0, 1]]);
    expect(await rows(`SELECT venue, sum(quantity * price) FROM fills GROUP BY ALL ORDER BY 1`)).toEqual([
      ['BATS', 360],
      ['XNAS', 320],
    ]);
    expect(await rows(`SELECT unnest(bid_prices), sequence::VARCHAR FROM book_levels`)).toEqual([
      [10.5, '9999999999999999999'],
      [10.25, '9999999999999999999'],
    ]);
    expect(await rows(`SELECT s.attributes['order.id'], end_time - time FROM spans s`)).toEqual([
      ['o-1', '00:00:00.002'],
    ]);
    expect(await rows(`SELECT f.venue FROM (SELECT f FROM fills f) AS w(f) ORDER BY 1 LIMIT 1`)).toEqual([['BATS']]);
    expect((await rows('DESCRIBE fills')).map(([name]) => name)).toEqual(expect.arrayContaining(['time', 'refers_to']));
  });

  it('makes series of a time, numbers and texts', async () => {
    const tables = await ask(`SELECT time, venue, price, quantity FROM fills ORDER BY price DESC`, {
      format: 'time_series',
    });
    expect(tables.map(({ kind, fields }) => [kind, fields[1]?.name, fields[1]?.labels?.toString()])).toEqual([
      ['timeseries-multi', 'price', '{venue="BATS"}'],
      ['timeseries-multi', 'quantity', '{venue="BATS"}'],
      ['timeseries-multi', 'price', '{venue="XNAS"}'],
      ['timeseries-multi', 'quantity', '{venue="XNAS"}'],
    ]);
    expect(tables[2]?.fields.map(({ values }) => values)).toEqual([
      [seconds(1), seconds(2)],
      [10, 11],
    ]);
    expect(await faultOf('SELECT venue FROM fills', { format: 'time_series' })).toMatchObject({
      code: 'query.invalid',
    });
  });

  it('cuts a long answer and says so; leaves no files behind', async () => {
    const [table] = await ask('SELECT i FROM range(5000) AS r(i)');
    expect(table?.fields[0]?.values).toHaveLength(1_000);
    expect(table?.notices).toMatchObject([{ severity: 'warning', text: expect.stringContaining('first 1000 rows') }]);
    expect(readdirSync(segmentFolder(join(folder, 'events.duckdb')))).toEqual([]);
  });

  it.each([
    ['SELEC 1', 'query.parse'],
    ['', 'query.invalid'],
    ['SELECT nothing FROM fills', 'query.execution'],
    ["SELECT 'x'::INTEGER", 'query.execution'],
    ['SELECT * FROM nothing', 'sql.refused'],
  ])('says what is wrong with %p', async (sql, code) => {
    expect(await faultOf(sql)).toMatchObject({ code });
  });

  it('refuses to read more rows than are allowed', async () => {
    const small = openSql(store, { ...OPTIONS, maxReadRows: 2 }, bundle.pathOf('sql-sandbox'));
    const query = sqlQuery.parse({ queryType: 'sql', rawSql: 'FROM fills' });
    await expect(small.run(query, ENVELOPE)).rejects.toMatchObject({ code: 'query.limit' });
    await small.close();
  });

  it('names no setting for a text that is too long for the parser', async () => {
    const fault = await faultOf(`SELECT ${'1,'.repeat(49_000)}1`);
    expect(fault).toMatchObject({
      code: 'query.limit',
      message: expect.stringContaining('make it shorter') as unknown,
    });
    expect(fault.message).not.toContain('memoryMb');
  });

  it('says why there is no SQL', async () => {
    const query = sqlQuery.parse({ queryType: 'sql', rawSql: 'SELECT 1' });
    const memory: EventExporter = {};
    const offers = [
      openSql(store, { ...OPTIONS, enabled: false }),
      openSql(memory, OPTIONS, bundle.pathOf('sql-sandbox')),
    ];
    for (const offer of offers) {
      await expect(offer.run(query, ENVELOPE)).rejects.toMatchObject({ code: 'sql.unavailable' });
      await offer.close();
    }
  });

  it('stops a statement that nobody wants any more, and answers the next one', async () => {
    const controller = new AbortController();
    const answer = ask(ENDLESS, {}, controller.signal);
    controller.abort();
    await expect(answer).rejects.toMatchObject({ code: 'query.cancelled' });
    expect(await rows('SELECT 1')).toEqual([[1]]);
  });
});

const ENDLESS = 'WITH RECURSIVE t AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM t) SELECT count(*) FROM t';
const REFUSED = /^(?:sql\.refused|query\.parse)$/;
const CUT = /^(?:query\.limit|query\.timeout|query\.execution)$/;
/** Doubles a text with each step. */
const doubling = (steps: number): string =>
  Array.from({ length: steps }, (_, i) => `t${i + 1} AS (SELECT a || a AS a FROM t${i})`).join(', ');

const HOSTILE: readonly (readonly [sql: string, code: RegExp])[] = [
  [`SELECT * FROM read_csv('/etc/passwd')`, REFUSED],
  [`SELECT * FROM read_text('/etc/passwd')`, REFUSED],
  [`SELECT * FROM read_blob('/proc/self/environ')`, REFUSED],
  [`SELECT * FROM read_json('/etc/hosts')`, REFUSED],
  [`SELECT * FROM read_parquet('/tmp/*.parquet')`, REFUSED],
  [`SELECT * FROM glob('/**')`, REFUSED],
  [`SELECT * FROM '/etc/passwd'`, REFUSED],
  [`FROM 'https://example.com/x.csv'`, REFUSED],
  [`SELECT * FROM sniff_csv('/etc/passwd')`, REFUSED],
  [`SELECT * FROM parquet_metadata('x.parquet')`, REFUSED],
  [`WITH "/etc/passwd" AS (SELECT 1) SELECT * FROM "/etc/passwd"`, REFUSED],
  [`SELECT (WITH duckdb_settings AS (SELECT 1) SELECT 1), * FROM duckdb_settings`, REFUSED],
  ['INSTALL httpfs', REFUSED],
  ['LOAD httpfs', REFUSED],
  [`ATTACH '/tmp/x.duckdb' AS x`, REFUSED],
  ['DETACH memory', REFUSED],
  ['USE memory.main', REFUSED],
  [`COPY (SELECT 1) TO '/tmp/x.csv'`, REFUSED],
  [`COPY fills FROM '/etc/passwd'`, REFUSED],
  [`EXPORT DATABASE '/tmp/x'`, REFUSED],
  [`IMPORT DATABASE '/tmp/x'`, REFUSED],
  ['PRAGMA database_list', REFUSED],
  ['PRAGMA enable_profiling', REFUSED],
  [`SET memory_limit = '100GB'`, REFUSED],
  ['RESET memory_limit', REFUSED],
  ['SET GLOBAL lock_configuration = false', REFUSED],
  ['CALL pragma_version()', REFUSED],
  ['CHECKPOINT', REFUSED],
  ['SELECT * FROM pragma_database_list()', REFUSED],
  [`SELECT * FROM pragma_table_info('fills')`, REFUSED],
  ['SELECT * FROM duckdb_secrets()', REFUSED],
  ['SELECT * FROM duckdb_settings()', REFUSED],
  ['SELECT * FROM information_schema.tables', REFUSED],
  ['SELECT * FROM main.positions', REFUSED],
  ['SELECT * FROM sqlite_master', REFUSED],
  ['SHOW ALL TABLES', REFUSED],
  [`SELECT getenv('HOME')`, REFUSED],
  [`SELECT current_setting('memory_limit')`, REFUSED],
  [`SELECT * FROM query('SELECT 1')`, REFUSED],
  [`SELECT * FROM query_table('duckdb_settings')`, REFUSED],
  [`SELECT json_execute_serialized_sql(json_serialize_sql('SELECT 1'))`, REFUSED],
  ['CREATE TABLE x AS SELECT 1', REFUSED],
  [`CREATE SECRET s (TYPE s3)`, REFUSED],
  [`INSERT INTO fills SELECT * FROM fills`, REFUSED],
  ['DROP VIEW fills', REFUSED],
  ['DELETE FROM orders', REFUSED],
  [`PREPARE p AS SELECT 1`, REFUSED],
  ['SELECT 1; SELECT 2', REFUSED],
  ['SELECT 1; DROP TABLE fills --', REFUSED],
  ['SELECT 1 /* ; */ ; /* */ SET threads = 8', REFUSED],
  [`SELECT '$__timeFrom()'; SELECT 2 -- '`, REFUSED],
  ['SELECT * FROM samples', REFUSED],
  ['SELECT * FROM transitions', REFUSED],
  [`SELECT ${'1 + ('.repeat(600)}1${')'.repeat(600)}`, REFUSED],
  [ENDLESS, CUT],
  [`WITH RECURSIVE t AS (SELECT 'x' AS a UNION ALL SELECT a || a FROM t) SELECT max(length(a)) FROM t`, CUT],
  ['SELECT count(*) FROM range(1000000) a, range(1000000) b, range(1000000) c', CUT],
  ['SELECT * FROM range(1000000) a, range(1000000) b ORDER BY hash(a.range, b.range)', CUT],
  ['SELECT sum(i) FROM generate_series(1, 9000000000000) AS s(i)', CUT],
  ['SELECT range(10000000000)', CUT],
  [`SELECT repeat('x', 1000000000)`, CUT],
  [`SELECT lpad('x', 2000000000, 'y')`, CUT],
  [`SELECT printf('%2000000000d', 1)`, CUT],
  [`WITH t0 AS (SELECT 'xxxxxxxx' AS a), ${doubling(29)} SELECT a FROM t29`, CUT],
  [`SELECT string_agg(repeat('x', 1000), '') FROM range(100000000)`, CUT],
  [`SELECT list(i) FROM range(100000000) AS r(i)`, CUT],
  [`SELECT i, repeat('x', 100000) FROM range(1000) AS r(i)`, CUT],
  [`SELECT count(*) FROM fills, fills a, range(100000000) WHERE fills.id LIKE a.id || range`, CUT],
];

describe('hostile SQL', () => {
  it('comes in at least fifty kinds', () => {
    expect(new Set(HOSTILE.map(([sql]) => sql)).size).toBeGreaterThanOrEqual(50);
  });

  it.each(HOSTILE.map(([sql, code]) => [sql.slice(0, 90), sql, code] as const))(
    'is refused or cut: %s',
    async (_, sql, code) => {
      const fault = await faultOf(sql, {}, hostile);
      expect(fault.code).toMatch(code);
      expect(fault.message.length).toBeGreaterThan(10);
      expect(fault.message).not.toMatch(/root:|bug/);
    },
    30_000,
  );

  it('leaves the store and the sandbox at work', async () => {
    expect(await store.append(batchOf({ events: [fillOf('after', seconds(5))] }))).toEqual({ duplicates: 0 });
    expect(await rows('SELECT count(*) FROM fills')).toEqual([[4]]);
    expect((await store.health()).ok).toBe(true);
  }, 30_000);
});
