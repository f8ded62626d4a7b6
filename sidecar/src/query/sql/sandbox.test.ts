/** The end of the sandbox: what becomes of statements, and of the process, when the sidecar closes or is gone. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleForTest, type TestBundle } from '../../store/duckdb/worker-bundle.fixture.ts';
import type { FromSandbox, RunRequest, ToSandbox } from './protocol.ts';
import { Sandbox } from './sandbox.ts';

const ENDLESS = 'WITH RECURSIVE t AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM t) SELECT count(*) FROM t';
/** Round trips after which a statement that was sent before them is under way. */
const ROUND_TRIPS = 50;

let bundle: TestBundle;
let path: string;
let request: RunRequest;

beforeAll(() => {
  bundle = bundleForTest({ 'sql-sandbox': '../../query/sql/sandbox-process.ts' });
  path = bundle.pathOf('sql-sandbox');
  const folder = mkdtempSync(join(tmpdir(), 'tapewatch-sandbox-'));
  request = { sql: ENDLESS, folder, files: [], memoryMb: 64, maxRows: 10, maxBytes: 1_000 };
}, 60_000);

afterAll(() => {
  bundle.remove();
  rmSync(request.folder, { recursive: true });
});

function isParsed(child: ChildProcess, id: number): Promise<void> {
  return new Promise((resolve) => {
    const hear = (answer: FromSandbox): void => {
      if (answer.id !== id) return;
      child.off('message', hear);
      resolve();
    };
    child.on('message', hear);
    child.send({ kind: 'parse', id, sql: 'SELECT 1' } satisfies ToSandbox);
  });
}

it('ends its process in the midst of a statement when the sidecar is gone', async () => {
  const child = spawn(process.execPath, [path], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  try {
    child.send({ kind: 'run', id: 0, ...request } satisfies ToSandbox);
    for (let id = 1; id <= ROUND_TRIPS; id++) await isParsed(child, id);
    const ended = once(child, 'exit');
    child.disconnect();
    await ended;
  } finally {
    child.kill('SIGKILL');
  }
}, 60_000);

it('rejects what runs and what waits when it is closed, and everything after that', async () => {
  const sandbox = new Sandbox({ path, processes: 1, memoryMb: 64 });
  const { signal } = new AbortController();
  const asked = [sandbox.run(request, signal), sandbox.run(request, signal), sandbox.parse('SELECT 1', signal)];
  const outcomes = Promise.allSettled(asked);
  await sandbox.close();
  const rejected = { status: 'rejected', reason: expect.objectContaining({ code: 'query.cancelled' }) as unknown };
  expect(await outcomes).toEqual([rejected, rejected, rejected]);
  await expect(sandbox.parse('SELECT 1', signal)).rejects.toMatchObject({ code: 'query.cancelled' });
}, 60_000);

it('says how its process ended, and not that memory was missing', async () => {
  const script = join(request.folder, 'ends.cjs');
  writeFileSync(script, `process.on('message', () => process.exit(3));`);
  const sandbox = new Sandbox({ path: script, processes: 1, memoryMb: 64 });
  const { signal } = new AbortController();
  await expect(sandbox.run(request, signal)).rejects.toMatchObject({ fault: 'ended', message: 'ended with code 3' });
  await sandbox.close();
}, 60_000);

it('says why a statement failed after its first rows, and does not pass them off as all', async () => {
  const sandbox = new Sandbox({ path, processes: 1, memoryMb: 64 });
  const { signal } = new AbortController();
  // More than the engine makes before the first row is asked for.
  const late = `SELECT repeat('x', 50) AS text, (CASE WHEN i = 550000 THEN 'x' ELSE '1' END)::INTEGER AS n
    FROM range(600000) t(i)`;
  const room = { ...request, maxRows: 1_000_000, maxBytes: 1_000_000_000 };
  await expect(sandbox.run({ ...room, sql: late }, signal)).rejects.toMatchObject({
    fault: 'failed',
    message: expect.stringContaining('Could not convert') as unknown,
  });
  const whole = await sandbox.run({ ...room, sql: late.replace('550000', '600000') }, signal);
  expect(whole).toMatchObject({ isCut: false });
  await sandbox.close();
}, 60_000);

it('tells a statement that cannot be parsed in its memory from one that cannot run in it', async () => {
  const sandbox = new Sandbox({ path, processes: 1, memoryMb: 64 });
  const { signal } = new AbortController();
  const sql = `SELECT ${'1,'.repeat(49_000)}1`;
  await expect(sandbox.parse(sql, signal)).rejects.toMatchObject({ fault: 'text' });
  await expect(sandbox.parse('SELECT 1', signal)).resolves.toMatchObject({ error: false });
  await sandbox.close();
}, 60_000);
