/**
 * The process in which users' SQL runs: for each statement an engine of its own in memory, with views over the files of that
 * statement and nothing else. Access to the outside is off but for their folder, the configuration is locked, the
 * transaction reads only. The sidecar bounds the process's memory and ends it when it does not answer in time.
 */
import { setPriority } from 'node:os';
import { DuckDBInstance, StatementType, VARCHAR, type DuckDBConnection } from '@duckdb/node-api';
import { AnswerColumns } from './answer-columns.ts';
import type { FromSandbox, RunAnswer, RunRequest, SandboxFault, ToSandbox } from './protocol.ts';

/** Below the sidecar's own work. */
const PRIORITY = 10;
const ENGINE = {
  threads: '1',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  allow_community_extensions: 'false',
  allow_unsigned_extensions: 'false',
};
const PARSER_MEMORY = '64MiB';

class Refusal extends Error {
  readonly fault: SandboxFault;

  constructor(fault: SandboxFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

let running: { readonly id: number; readonly connection: DuckDBConnection; isCancelled: boolean } | undefined;
let parser: Promise<DuckDBConnection> | undefined;

async function parse(sql: string): Promise<string> {
  parser ??= DuckDBInstance.create(':memory:', { ...ENGINE, memory_limit: PARSER_MEMORY }).then(async (instance) => {
    const connection = await instance.connect();
    await lock(connection, []);
    return connection;
  });
  const connection = await parser;
  // As a value from a relation: a parameter has no type yet when the function is bound.
  const text = 'SELECT json_serialize_sql(t.sql) FROM (SELECT $1::VARCHAR AS sql) AS t';
  const result = await connection.run(text, [sql], [VARCHAR]);
  return String((await result.getRows())[0]?.[0]);
}

async function lock(connection: DuckDBConnection, folders: readonly string[]): Promise<void> {
  await connection.run(`SET GLOBAL temp_directory = ''`);
  await connection.run(`SET GLOBAL allowed_directories = [${folders.map(quoted).join(', ')}]`);
  await connection.run('SET GLOBAL enable_external_access = false');
  await connection.run('SET GLOBAL lock_configuration = true');
}

async function run(id: number, request: RunRequest): Promise<RunAnswer> {
  const instance = await DuckDBInstance.create(':memory:', { ...ENGINE, memory_limit: `${request.memoryMb}MiB` });
  try {
    const connection = await instance.connect();
    running = { id, connection, isCancelled: false };
    await connection.run(`SET GLOBAL TimeZone = 'UTC'`).catch(() => undefined);
    await lock(connection, [request.folder]);
    for (const { table, path } of request.files) await connection.run(await viewOf(connection, table, path));
    await connection.run('BEGIN TRANSACTION READ ONLY');
    return await answer(connection, request);
  } finally {
    running = undefined;
    instance.closeSync();
  }
}

async function answer(connection: DuckDBConnection, { sql, maxRows, maxBytes }: RunRequest): Promise<RunAnswer> {
  const extracted = await connection.extractStatements(sql);
  if (extracted.count !== 1) throw new Refusal('refused', `only a single SELECT is allowed, got ${extracted.count}`);
  const statement = await extracted.prepare(0);
  if (statement.statementType !== StatementType.SELECT) throw new Refusal('refused', 'only a single SELECT is allowed');
  const result = await statement.stream();
  const collected = new AnswerColumns(result.deduplicatedColumnNames(), result.columnTypes());
  let rows = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) {
      await demandComplete(connection, sql);
      return { columns: collected.columns, isCut: false };
    }
    const count = Math.min(chunk.rowCount, maxRows - rows);
    for (let column = 0; column < chunk.columnCount; column++) {
      collected.add(column, chunk.getColumnValues(column), count);
    }
    if (collected.bytes > maxBytes) throw new Refusal('bytes', `the answer has more than ${maxBytes} bytes`);
    rows += count;
    if (count < chunk.rowCount) return { columns: collected.columns, isCut: true };
  }
}

/**
 * The engine ends a stream in which it failed like one that is complete, but its transaction then takes no more statements.
 * Throws what the statement does when it runs once more without an answer.
 */
async function demandComplete(connection: DuckDBConnection, sql: string): Promise<void> {
  const aborted = await connection.run('SELECT 1').then(
    () => false,
    () => true,
  );
  if (!aborted) return;
  if (running?.isCancelled === true) throw new Refusal('cancelled', 'the statement was cancelled');
  await connection.run('ROLLBACK');
  await connection.run('BEGIN TRANSACTION READ ONLY');
  await connection.run(`EXPLAIN ANALYZE ${sql}`);
  throw new Refusal('failed', 'the engine ended the statement before its last row, and does not say why');
}

/** Stamps as times beside the nanoseconds: `time` for `time_nanos`, `sent_time` for `sent_nanos`. */
async function viewOf(connection: DuckDBConnection, table: string, path: string): Promise<string> {
  const source = `read_parquet(${quoted(path)})`;
  const described = await (await connection.run(`DESCRIBE SELECT * FROM ${source}`)).getRows();
  const times = described
    .map(([name]) => String(name))
    .filter((name) => name.endsWith('_nanos') && name !== 'horizon_nanos')
    .map(
      (name) => `make_timestamp_ns(${name}) AS ${name === 'time_nanos' ? '"time"' : name.replace(/_nanos$/, '_time')}`,
    );
  return `CREATE VIEW ${table} AS SELECT ${[...times, '*'].join(', ')} FROM ${source}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function faultOf(error: unknown): { readonly fault: SandboxFault; readonly message: string } {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Refusal) return { fault: error.fault, message };
  if (/^INTERRUPT/i.test(message)) return { fault: 'cancelled', message };
  if (/out of memory|bad_alloc|could not allocate|failed to allocate/i.test(message))
    return { fault: 'memory', message };
  if (/Permission Error|disabled by configuration/i.test(message)) return { fault: 'refused', message };
  return { fault: 'failed', message };
}

function send(message: FromSandbox): void {
  process.send?.(message);
}

async function handle(message: ToSandbox): Promise<void> {
  if (message.kind === 'cancel') {
    if (running?.id !== message.id) return;
    running.isCancelled = true;
    running.connection.interrupt();
    return;
  }
  const { id } = message;
  try {
    if (message.kind === 'parse') send({ kind: 'parsed', id, tree: await parse(message.sql) });
    else send({ kind: 'answer', id, ...(await run(id, message)) });
  } catch (error) {
    const { fault, message: text } = faultOf(error);
    // The parser has a limit of its own, which no setting raises.
    send({ kind: 'fault', id, fault: message.kind === 'parse' && fault === 'memory' ? 'text' : fault, message: text });
  }
}

if (process.send !== undefined) {
  setPriority(PRIORITY);
  process.on('message', (message: ToSandbox) => void handle(message));
  // The sidecar has ended, or does not want this process any more. Leaving in order would wait for the engine's thread,
  // and so for ever where the statement has no end.
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
}
