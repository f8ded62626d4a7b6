import { EVENT_TABLES } from '@tapewatch/contract';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from './database.ts';
import { DuckDbStore } from './duckdb-store.ts';
import { FIRST_SCHEMA } from './migrations/0001-first.ts';
import { MIGRATIONS } from './migrate.ts';
import { readRows } from './sql.ts';
import { EVENT_COLUMNS, relationOf } from './event-columns.ts';
import { T0, T0_MS } from '../store.fixture.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tapewatch-database-'));
  path = join(folder, 'store.duckdb');
});
afterEach(() => rmSync(folder, { recursive: true }));

const optionsOf = () => ({ path, memoryLimitMb: 128, threads: 1 });

/** Runs statements on a file and closes it. */
async function prepare(statements: readonly string[]): Promise<void> {
  const database = await Database.open(optionsOf());
  const connection = await database.connect();
  for (const statement of statements) await connection.run(statement);
  database.close();
}

describe('Database', () => {
  it('yields the same instance when one file is opened twice, and loses nothing', async () => {
    const [first, second] = [await Database.open(optionsOf()), await Database.open(optionsOf())];
    const [a, b] = [await first.connect(), await second.connect()];
    await a.run('CREATE TABLE t (writer VARCHAR, i INTEGER)');
    for (let i = 0; i < 50; i++) {
      await a.run(`INSERT INTO t VALUES ('a', ${i})`);
      await b.run(`INSERT INTO t VALUES ('b', ${i})`);
    }
    expect(await readRows(b, 'SELECT count(*) FROM t')).toEqual([[100n]]);
    first.close();
    await b.run(`INSERT INTO t VALUES ('b', 50)`);
    second.close();
    const third = await Database.open(optionsOf());
    const rows = await readRows(
      await third.connect(),
      'SELECT writer, count(*) FROM t GROUP BY writer ORDER BY writer',
    );
    expect(rows).toEqual([
      ['a', 50n],
      ['b', 51n],
    ]);
    third.close();
  });

  it('names the file when another process holds it', async () => {
    const api = JSON.stringify(require.resolve('@duckdb/node-api'));
    const script = `require(${api}).DuckDBInstance.create(process.argv[1]).then((instance) => {
      console.log('open'); process.stdin.on('end', () => instance.closeSync()).resume(); });`;
    const holder = spawn(process.execPath, ['-e', script, path], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    const failure = await Database.open(optionsOf()).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'store.locked', retryable: false });
    expect(String(failure)).toContain(path);
    expect(String(failure)).toContain(`PID ${holder.pid}`);
    holder.stdin.end();
    await once(holder, 'exit');
    (await Database.open(optionsOf())).close();
  });

  it('says what is wrong with a path that cannot be opened', async () => {
    path = join(folder, 'missing', 'store.duckdb');
    await expect(Database.open(optionsOf())).rejects.toMatchObject({ code: 'store.unavailable' });
  });

  it('shuts the outside off and locks its settings', async () => {
    const database = await Database.open(optionsOf());
    const connection = await database.connect();
    await expect(connection.run(`SELECT * FROM read_text('/etc/hostname')`)).rejects.toThrow(/disabled/);
    await expect(connection.run(`COPY (SELECT 1) TO '${folder}/out.csv'`)).rejects.toThrow(/disabled/);
    await expect(connection.run(`ATTACH '${folder}/other.duckdb'`)).rejects.toThrow(/disabled/);
    await expect(connection.run('SET enable_external_access = true')).rejects.toThrow(/locked|cannot/i);
    database.close();
  });
});

describe('the schema', () => {
  it('opens a file of version 1 that SQL made', async () => {
    await prepare([
      ...FIRST_SCHEMA,
      'CREATE TABLE schema_version (version INTEGER NOT NULL, applied_at TIMESTAMP NOT NULL)',
      `INSERT INTO schema_version VALUES (1, TIMESTAMP '2026-01-01')`,
      `INSERT INTO series VALUES (5, 'depth', MAP {'__name__': 'depth'}, 'gauge', 'metrics', 's', '')`,
      `INSERT INTO samples VALUES (5, ${T0}, 42)`,
      `INSERT INTO positions VALUES ('ORDERS@1', 77), ('__batch', 9), ('__raw_from_ms', 0)`,
      `INSERT INTO sealed VALUES ('metrics', ${T0})`,
    ]);
    const store = new DuckDbStore(optionsOf());
    const recovery = await store.open();
    expect(recovery.series.map(({ id, stream }) => [id, stream])).toEqual([[5, 'metrics']]);
    expect(recovery.positions).toEqual([{ log: 'ORDERS@1', sequence: 77 }]);
    // A minute before the old seal: from there on the ladder is rebuilt from raw samples.
    expect(recovery.sealed).toEqual([{ stream: 'metrics', untilNanos: T0 - 60_000_000_000n }]);
    const request = { matchers: [], startMs: T0_MS, endMs: T0_MS, resolutionMs: 1_000 };
    expect((await store.select(request)).map(({ values }) => Array.from(values))).toEqual([[42]]);
    await store.close();
  });

  it.each([
    [64, '16.0 MiB'],
    [128, '32.0 MiB'],
    [256, '64.0 MiB'],
    [4_096, '64.0 MiB'],
  ])('lets a commit log grow to a share of %i MiB of memory', async (memoryLimitMb, expected) => {
    const database = await Database.open({ ...optionsOf(), memoryLimitMb });
    const rows = await readRows(await database.connect(), `SELECT current_setting('checkpoint_threshold')`);
    expect(rows).toEqual([[expected]]);
    database.close();
  });

  it('opens a file once more while its engine works with fewer threads', async () => {
    const options = { ...optionsOf(), threads: 2 };
    const first = await Database.open(options);
    await (await first.connect()).run('SET GLOBAL threads = 1');
    const second = await Database.open(options);
    expect(await readRows(await second.connect(), 'SELECT 7')).toEqual([[7]]);
    first.close();
    second.close();
  });

  it('refuses a file of a newer version and leaves it as it is', async () => {
    const newer = MIGRATIONS.length + 1;
    await prepare([
      'CREATE TABLE schema_version (version INTEGER NOT NULL, applied_at TIMESTAMP NOT NULL)',
      `INSERT INTO schema_version VALUES (${newer}, now()::TIMESTAMP)`,
    ]);
    const store = new DuckDbStore(optionsOf());
    const failure = await store.open().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'store.schema', details: { present: newer, known: MIGRATIONS.length } });
    const database = await Database.open(optionsOf());
    const rows = await readRows(await database.connect(), 'SELECT table_name FROM duckdb_tables()');
    expect(rows).toEqual([['schema_version']]);
    database.close();
  });

  it('is made once and has the columns that the event tables list', async () => {
    const store = new DuckDbStore(optionsOf());
    await store.open();
    await store.close();
    const again = new DuckDbStore(optionsOf());
    await again.open();
    await again.close();
    const database = await Database.open(optionsOf());
    const connection = await database.connect();
    expect(await readRows(connection, 'SELECT version FROM schema_version ORDER BY 1')).toEqual(
      MIGRATIONS.map((_, i) => [i + 1]),
    );
    for (const table of EVENT_TABLES) {
      const rows = await readRows(
        connection,
        `SELECT column_name FROM duckdb_columns() WHERE table_name = '${relationOf(table)}'`,
      );
      const names = rows.map(([name]) => name).filter((name) => name !== 'arrival');
      expect(names).toEqual(EVENT_COLUMNS[table].map(([name]) => name));
    }
    database.close();
  });
});
