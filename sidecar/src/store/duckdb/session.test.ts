/** What the session makes of the engine's own limits. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from './session.ts';

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
