/** What the session makes of the engine's own limits. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { Session } from './session.ts';
import { transaction } from './sql.ts';

const folder = mkdtempSync(join(tmpdir(), 'tapewatch-session-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A list cannot be written to disk in parts, so the engine has no way but to give up. */
const TOO_LARGE = 'SELECT length(list(range)) FROM range(60_000_000)';

it('names the memory limit when a read or a write does not fit, and goes on', async () => {
  const session = new Session({ path: join(folder, 'a.duckdb'), memoryLimitMb: 64, threads: 1 });
  await session.open();
  try {
    await expect(session.read((connection) => connection.run(TOO_LARGE))).rejects.toMatchObject({
      code: 'query.limit',
      message: expect.stringMatching(/store\.memoryLimitMb allows \(64 MiB\); ask for a shorter span/),
    });
    await expect(session.write((connection) => connection.run(TOO_LARGE))).rejects.toMatchObject({
      code: 'store.unavailable',
      message: expect.stringMatching(/a\.duckdb failed: .*store\.memoryLimitMb allows \(64 MiB\); raise it/),
    });
    const answer = await session.read(async (connection) => (await connection.run('SELECT 7')).getRows());
    expect(answer).toEqual([[7]]);
  } finally {
    await session.close();
  }
});

it('sends the helpers away while rows are appended, and calls them back for whoever shares them', async () => {
  const session = new Session({ path: join(folder, 'b.duckdb'), memoryLimitMb: 64, threads: 2 });
  await session.open();
  const threads = async (connection: DuckDBConnection): Promise<unknown> =>
    (await (await connection.run(`SELECT current_setting('threads')::INTEGER`)).getRows())[0]?.[0];
  try {
    expect(await session.append(threads)).toBe(1);
    expect(await session.read(threads)).toBe(2);
    expect(await session.append(threads)).toBe(1);
    expect(await session.write(threads)).toBe(2);
    const during = await session.read(async (connection) => [
      await session.append(threads),
      await session.append(threads),
      await threads(connection),
    ]);
    expect(during).toEqual([2, 2, 2]);
    const mixed = await Promise.all([1, 2, 3, 4, 5].flatMap(() => [session.append(threads), session.read(threads)]));
    expect(mixed.filter((_, i) => i % 2 === 1)).toEqual([2, 2, 2, 2, 2]);
    expect(await session.append(threads)).toBe(1);
  } finally {
    await session.close();
  }
});

it('leaves only the threads open to change', async () => {
  const session = new Session({ path: join(folder, 'c.duckdb'), memoryLimitMb: 64, threads: 2 });
  await session.open();
  try {
    const set = (what: string) => session.write((connection) => connection.run(`SET GLOBAL ${what}`));
    await expect(set(`memory_limit = '8GB'`)).rejects.toThrow(/locked/);
    await expect(set(`allowed_configs = ['memory_limit']`)).rejects.toThrow(/locked/);
  } finally {
    await session.close();
  }
});

it('finishes the writes it was given before it closes, and refuses those that come later', async () => {
  const session = new Session({ path: join(folder, 'd.duckdb'), memoryLimitMb: 64, threads: 2 });
  await session.open();
  const run = (sql: string) => session.write((connection) => connection.run(sql));
  const given = [run('CREATE TABLE given (i INTEGER)'), run('INSERT INTO given SELECT range FROM range(1000)')];
  const closed = session.close();
  await expect(run('INSERT INTO given VALUES (1)')).rejects.toMatchObject({ code: 'store.unavailable' });
  await closed;
  await Promise.all(given);
  await session.open();
  const count = await session.read(async (connection) =>
    (await connection.run('SELECT count(*) FROM given')).getRows(),
  );
  expect(count).toEqual([[1000n]]);
  await session.close();
});

it('opens the file anew when many commits left behind what only that frees, at a moment without readers', async () => {
  const session = new Session({ path: join(folder, 'e.duckdb'), memoryLimitMb: 64, threads: 2 });
  await session.open();
  const append = () => session.append((connection) => connection.run('INSERT INTO given VALUES (1)'));
  const count = async (): Promise<unknown> =>
    session.read(async (connection) => (await (await connection.run('SELECT count(*) FROM given')).getRows())[0]?.[0]);
  try {
    await session.write((connection) => connection.run('CREATE TABLE given (i INTEGER)'));
    // An engine of its own; a file that was opened anew has none of it.
    await session.write((connection) => connection.run(`ATTACH ':memory:' AS since`));
    const isSame = (): Promise<boolean> =>
      session.write(async (connection) => {
        const found = await connection.run(`SELECT count(*) FROM duckdb_databases() WHERE database_name = 'since'`);
        return (await found.getRows())[0]?.[0] === 1n;
      });
    expect([session.isRenewalDue, await session.renew(), await isSame()]).toEqual([false, true, true]);
    for (let i = 0; i < 170; i++) await append();
    expect(session.isRenewalDue).toBe(true);
    // As a backup does: a read that waits for a write.
    const backup = session.read(async () => {
      const refused = session.renew();
      await append();
      return refused;
    });
    // Held back meanwhile, and answered.
    await pause(100);
    const meanwhile = count();
    expect([await backup, await meanwhile, await isSame()]).toEqual([false, 171n, true]);
    const [renewed, appended, counted] = [session.renew(), append(), count()];
    expect([await renewed, session.isRenewalDue, await isSame()]).toEqual([true, false, false]);
    await appended;
    expect([171n, 172n]).toContain(await counted);
    expect(await count()).toBe(172n);
  } finally {
    await session.close();
  }
});

it('opens the file anew after a change that needed too much memory, which would else be held for ever', async () => {
  let openedAgain = 0;
  const session = new Session({ path: join(folder, 'f.duckdb'), memoryLimitMb: 64, threads: 2 }, async () => {
    openedAgain++;
  });
  await session.open();
  try {
    await session.write((connection) =>
      connection.run('CREATE TABLE many AS SELECT range AS i FROM range(12_000_000)'),
    );
    const deleteAll = (connection: DuckDBConnection) =>
      transaction(connection, () => connection.run('DELETE FROM many'));
    const retries: boolean[] = [];
    const tooMuch = session.write((connection, retry) => {
      retries.push(retry);
      return deleteAll(connection);
    });
    await expect(tooMuch).rejects.toMatchObject({ code: 'store.unavailable' });
    expect(retries).toEqual([false, true]);
    // Before each of the tries that follow, whoever knows of the file reads it again.
    expect(openedAgain).toBe(2);
    expect(await session.memoryBytes()).toBeLessThan(16 * 2 ** 20);
    // Beside others, who have the memory only for now.
    const once = session.write((connection, retry) => connection.run(retry ? 'SELECT 7' : TOO_LARGE));
    expect(await (await once).getRows()).toEqual([[7]]);
  } finally {
    await session.close();
  }
}, 60_000);

it('gives no reader the transaction that an interrupt cut off for another one', async () => {
  const session = new Session({ path: join(folder, 'g.duckdb'), memoryLimitMb: 64, threads: 1 });
  await session.open();
  try {
    const ending = new AbortController();
    // Its own rollback may be interrupted, too.
    const cutOff = session.read(async (connection) => {
      await connection.run('BEGIN TRANSACTION');
      ending.abort();
      await connection.run(`SELECT error('interrupted')`);
    }, ending.signal);
    await expect(cutOff).rejects.toMatchObject({ code: 'query.cancelled' });
    for (let i = 0; i < 6; i++) {
      const answer = await session.read(async (connection) => (await connection.run('SELECT 7')).getRows());
      expect(answer).toEqual([[7]]);
    }
  } finally {
    await session.close();
  }
});
