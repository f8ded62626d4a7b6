/** The parts that answer PromQL, wired by settings: the line, the cache with what invalidates it, the threads. */
import { availableParallelism } from 'node:os';
import type { Logger, PromqlEngine, QueryLine, StoreReader, Telemetry } from '../ports.ts';
import type { ChangeLog } from './change-log.ts';
import { localEvaluator, tieredEvaluator, type Evaluator } from './evaluation-task.ts';
import { createPromqlEngine } from './promql-engine.ts';
import type { RevisionLog } from './revision-log.ts';
import type { QueryOptions } from './query-options.ts';
import { QuerySlots } from './query-slots.ts';
import { queryWorkerPath, WorkerPool } from './worker-pool.ts';

export interface Queries {
  readonly engine: PromqlEngine;
  readonly line: QueryLine;
  close(): Promise<void>;
}

export interface QueriesDeps {
  readonly reader: StoreReader;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  /** Is told what changed in the data; without it no answer is kept. */
  readonly changes?: ChangeLog;
  /** What late samples revised; answers say so. */
  readonly revisions?: RevisionLog;
}

const BYTES_PER_MB = 1_048_576;

export function openQueries(deps: QueriesDeps, settings: QueryOptions): Queries {
  const { reader, telemetry, log, changes, revisions } = deps;
  const line = new QuerySlots(settings);
  telemetry.level('query_slots_taken', 'Queries that hold one of the slots; the next wait.', () => line.running);
  telemetry.level('queries_waiting', 'Queries waiting for a slot.', () => line.waiting);
  const pool = openPool(settings, log);
  if (pool !== undefined) {
    telemetry.level('query_tasks_waiting', 'Evaluations waiting for a query thread.', () => pool.waiting);
  }
  const evaluator: Evaluator =
    pool === undefined ? localEvaluator : tieredEvaluator(localEvaluator, pool, settings.threadFromCost);
  const engine = createPromqlEngine(reader, {
    telemetry,
    line,
    evaluator,
    timeoutMs: settings.timeoutMs,
    maxSamples: settings.maxSamples,
    maxSeries: settings.maxSeries,
    cacheTtlMs: settings.cacheTtlMs,
    cacheBytes: settings.cacheMb * BYTES_PER_MB,
    ...(changes === undefined ? {} : { changes }),
    ...(revisions === undefined ? {} : { revisions }),
  });
  return { engine, line, close: async () => pool?.close() };
}

function openPool({ threads }: QueryOptions, log: Logger): WorkerPool | undefined {
  if (threads === 0) return undefined;
  const path = queryWorkerPath();
  if (path === undefined) {
    log.warn(
      { part: 'query' },
      'query-worker.cjs is not built, so all queries run on the reading thread; npm run build makes it',
    );
    return undefined;
  }
  const onFault = (error: Error): void => log.error({ part: 'query', err: error }, 'a query thread was lost');
  return new WorkerPool({ path, threads: threads ?? Math.max(1, availableParallelism() - 1), onFault });
}
