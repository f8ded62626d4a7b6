/**
 * Answers a SQL query: macros, the parser's tree, the rows that it reads as files, the statement in the sandbox, a table.
 * A deadline of its own holds, because one statement may want more than all panels together.
 */
import type { SqlQuery } from '@tapewatch/contract';
import { parseDurationMs, type Notice, type Table } from '@tapewatch/core';
import { rm } from 'node:fs/promises';
import { TapewatchError } from '../../errors.ts';
import type { EventExporter, QueryEnvelope } from '../../ports.ts';
import { emptyTable } from '../promql-table.ts';
import { QuerySlots } from '../query-slots.ts';
import { endNanosOf, startNanosOf } from '../trading-read.ts';
import { expandMacros } from './macro.ts';
import type { RunAnswer } from './protocol.ts';
import { SandboxError, type Sandbox } from './sandbox.ts';
import type { SqlOptions } from './sql-options.ts';
import { seriesOf, tableOf } from './sql-table.ts';
import { checkTree, type Reads } from './tree.ts';

const NANOS_PER_MS = 1_000_000n;
const BYTES_PER_MB = 1_048_576;

export interface SqlRunner {
  run(query: SqlQuery, envelope: QueryEnvelope, signal?: AbortSignal): Promise<Table[]>;
  close(): Promise<void>;
}

export interface SqlDeps {
  readonly store: EventExporter;
  readonly sandbox: Sandbox;
  readonly options: SqlOptions;
}

/** The system ends a process that takes more than its own bound, which lies above that of the engine. */
const ENDED =
  'Most often that is memory: make shorter texts or lists, join fewer rows, raise query.sql.memoryMb, or give the machine more';

/** Statements that wait for a process; past it one is refused at once. */
const MAX_WAITING = 100;

/** In a line of its own: whoever waits for a process must not hold a place that rules and panels could use. */
export function createSqlRunner(deps: SqlDeps): SqlRunner {
  const { processes } = deps.options;
  const line = new QuerySlots({ maxConcurrent: processes, maxWaiting: MAX_WAITING, setting: 'query.sql.processes' });
  return {
    close: () => deps.sandbox.close(),
    async run(query, envelope, asked) {
      const deadline = AbortSignal.timeout(deps.options.timeoutMs);
      const signal = asked === undefined ? deadline : AbortSignal.any([deadline, asked]);
      try {
        return await line.run(() => answer(query, envelope, { ...deps, signal }), signal);
      } catch (error) {
        throw faultOf(error, deps.options, { isLate: deadline.aborted, isUnwanted: asked?.aborted === true });
      }
    },
  };
}

async function answer(
  query: SqlQuery,
  envelope: QueryEnvelope,
  { store, sandbox, options, signal }: SqlDeps & { readonly signal: AbortSignal },
): Promise<Table[]> {
  if (query.rawSql.trim() === '') throw new TapewatchError('query.invalid', 'rawSql: is empty; write a SELECT');
  const sql = expandMacros(query.rawSql, envelope);
  const verdict = checkTree(await sandbox.parse(sql, signal));
  if ('refused' in verdict) {
    throw new TapewatchError(verdict.isSyntax === true ? 'query.parse' : 'sql.refused', `SQL: ${verdict.refused}`);
  }
  const exported = await exportRows(query, envelope, { store, options, signal, reads: verdict.reads });
  try {
    const { folder, files } = exported;
    const { memoryMb, maxRows, maxAnswerMb } = options;
    const limits = { memoryMb, maxRows, maxBytes: maxAnswerMb * BYTES_PER_MB };
    const found = await sandbox.run({ sql, folder, files, ...limits }, signal);
    return tablesOf(found, query, sql, options);
  } finally {
    await rm(exported.folder, { recursive: true, force: true });
  }
}

async function exportRows(
  query: SqlQuery,
  envelope: QueryEnvelope,
  { store, options, signal, reads }: Omit<SqlDeps, 'sandbox'> & { signal: AbortSignal; reads: readonly Reads[] },
) {
  const lookbackMs = parseDurationMs(query.lookback);
  if (lookbackMs === undefined || lookbackMs < 0) {
    throw new TapewatchError(
      'query.invalid',
      `lookback: ${JSON.stringify(query.lookback)} is no duration such as "1h"`,
    );
  }
  if (store.exportEvents === undefined) {
    throw new TapewatchError('sql.unavailable', 'SQL needs events on disk: set store.kind to duckdb');
  }
  const wantedNanos = startNanosOf(envelope) - BigInt(Math.round(lookbackMs)) * NANOS_PER_MS;
  // No row is older than that, and stamps have 64 bits.
  const startNanos = wantedNanos < 0n ? 0n : wantedNanos;
  const limits = { maxRows: options.maxReadRows, maxBytes: options.maxReadMb * BYTES_PER_MB };
  return store.exportEvents({ tables: reads, startNanos, endNanos: endNanosOf(envelope), ...limits }, signal);
}

function tablesOf({ columns, isCut }: RunAnswer, { format }: SqlQuery, sql: string, options: SqlOptions): Table[] {
  const text = `showing the first ${options.maxRows} rows; add LIMIT, a filter or GROUP BY, or raise query.sql.maxRows`;
  const notices: Notice[] = isCut ? [{ severity: 'warning', text }] : [];
  const base = emptyTable('table', sql, notices);
  if (columns.every(({ values }) => values.length === 0)) return [base];
  return format === 'table' ? [tableOf(columns, base)] : seriesOf(columns, base);
}

interface Ending {
  readonly isLate: boolean;
  readonly isUnwanted: boolean;
}

function faultOf(error: unknown, options: SqlOptions, { isLate, isUnwanted }: Ending): unknown {
  if (error instanceof TapewatchError && error.code !== 'query.cancelled') return error;
  if (isUnwanted) return new TapewatchError('query.cancelled', 'the SQL query was cancelled', { cause: error });
  if (isLate) {
    return new TapewatchError(
      'query.timeout',
      `the SQL query took longer than ${options.timeoutMs} ms (query.sql.timeoutMs) and was stopped; shorten its range or narrow it`,
      { cause: error },
    );
  }
  if (!(error instanceof SandboxError)) return error;
  switch (error.fault) {
    case 'memory':
      return new TapewatchError(
        'query.limit',
        `the SQL query needs more memory than query.sql.memoryMb allows (${options.memoryMb} MiB); sort or join fewer rows, or make shorter texts`,
        { cause: error },
      );
    case 'ended':
      return new TapewatchError('query.limit', `the SQL query was given up: its process ${error.message}. ${ENDED}`, {
        cause: error,
      });
    case 'text':
      return new TapewatchError(
        'query.limit',
        'SQL: the statement needs too much memory to be parsed; make it shorter',
      );
    case 'bytes':
      return new TapewatchError('query.limit', `SQL: ${error.message} (query.sql.maxAnswerMb); select less`);
    case 'refused':
      return new TapewatchError('sql.refused', `SQL: ${firstLine(error.message)}`);
    case 'failed':
    case 'cancelled':
      return new TapewatchError('query.execution', `SQL: ${firstLine(error.message)}`);
  }
}

/** The engine shows the text again below. */
function firstLine(message: string): string {
  return message.split('\n\nLINE ')[0] as string;
}
