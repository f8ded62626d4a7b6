/**
 * Answers query documents: parses them with the contract's schema (alert rules and provisioned files never pass the
 * front end, so nothing about them is trusted), runs the right query and yields tables. One service stands behind
 * Grafana, live channels and the command line.
 */
import { tapewatchQuery, type TapewatchQueryDocument } from '@tapewatch/contract';
import type { ContractOf, Table } from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import type {
  AlertingView,
  FindExemplars,
  PromqlEngine,
  QueryEnvelope,
  QueryLine,
  QueryService,
  StoreReader,
} from '../ports.ts';
import { runAlerts } from './alert-query.ts';
import { runEvents } from './event-query.ts';
import type { UnitOf } from './expression-shape.ts';
import { runLatencyAttribution } from './latency-attribution-query.ts';
import { runMarketOrUs } from './market-or-us-query.ts';
import { runPerformance } from './performance-query.ts';
import { runPnl } from './pnl-query.ts';
import type { TradingSource } from './pnl-read.ts';
import { runExecution } from './execution-query.ts';
import { runImpact } from './impact-query.ts';
import { runMarket } from './market-query.ts';
import { runMarkouts } from './markouts-query.ts';
import { planPromql, runPromql } from './promql-query.ts';
import { runRisk } from './risk-query.ts';
import { runSlippage } from './slippage-query.ts';
import { runTrace } from './trace-query.ts';
import type { SqlRunner } from './sql/sql-query.ts';

export interface QueryServiceDeps {
  readonly engine: PromqlEngine;
  readonly reader: StoreReader;
  readonly alerting: AlertingView;
  /** Absent: everything is spot. */
  readonly contractOf?: ContractOf;
  readonly exemplars: FindExemplars;
  /** Absent: SQL is not offered. */
  readonly sql?: Pick<SqlRunner, 'run'>;
  /** Where queries on rows wait for their turn; PromQL waits inside the engine, SQL in a line of its own. Absent: they do not wait. */
  readonly line?: QueryLine;
  /** Of documents that name none, where it is positive. */
  readonly initialEquity?: number;
  /** The unit of a metric as its publisher states it. */
  readonly unitOf: UnitOf;
}

export function createQueryService(deps: QueryServiceDeps): QueryService {
  return {
    async run(input, envelope, signal) {
      const query = parseQuery(withEquity(input, deps.initialEquity));
      signal?.throwIfAborted();
      const run = (): Promise<Table[]> => runQuery(query, checkEnvelope(envelope), deps, signal);
      const waitsElsewhere = query.queryType === 'promql' || query.queryType === 'sql';
      return waitsElsewhere || deps.line === undefined ? run() : deps.line.run(run, signal);
    },
    resolve(input, envelope) {
      const query = parseQuery(withEquity(input, deps.initialEquity));
      if (query.queryType !== 'promql') return { query, envelope };
      const { expr, range } = planPromql(query, checkEnvelope(envelope));
      const { startMs, endMs, stepMs } = range;
      const intervalMs = stepMs;
      return { query: { ...query, expr, minStep: '' }, envelope: { ...envelope, startMs, endMs, intervalMs } };
    },
  };
}

function runQuery(
  query: TapewatchQueryDocument,
  envelope: QueryEnvelope,
  deps: QueryServiceDeps,
  signal?: AbortSignal,
): Promise<Table[]> {
  switch (query.queryType) {
    case 'promql':
      return runPromql(query, envelope, deps, signal);
    case 'slippage':
      return runSlippage(query, envelope, deps.reader, signal);
    case 'pnl':
      return runPnl(query, envelope, sourceOf(deps), signal);
    case 'performance':
      return runPerformance(query, envelope, sourceOf(deps), signal);
    case 'risk':
      return runRisk(query, envelope, sourceOf(deps), signal);
    case 'execution':
      return runExecution(query, envelope, deps.reader, signal);
    case 'markouts':
      return runMarkouts(query, envelope, deps.reader, signal);
    case 'impact':
      return runImpact(query, envelope, deps.reader, signal);
    case 'market':
      return runMarket(query, envelope, deps.reader, signal);
    case 'latency_attribution':
      return runLatencyAttribution(query, envelope, deps.reader, signal);
    case 'trace':
      return runTrace(query, envelope, deps.reader, signal);
    case 'market_or_us':
      return runMarketOrUs(query, envelope, deps.reader, signal);
    case 'alerts':
      return runAlerts(query, envelope, deps.alerting);
    case 'events':
      return runEvents(query, envelope, deps.reader, signal);
    case 'sql':
      if (deps.sql === undefined) throw new TapewatchError('sql.unavailable', 'SQL is not offered here');
      return deps.sql.run(query, envelope, signal);
  }
}

function sourceOf({ reader, contractOf }: QueryServiceDeps): TradingSource {
  return { reader, ...(contractOf && { contractOf }) };
}

const WITH_EQUITY: ReadonlySet<unknown> = new Set(['pnl', 'performance', 'risk']);

/** Capital is a fact of the desk and not of a panel: boards leave it to the configuration. */
function withEquity(input: unknown, initialEquity: number | undefined): unknown {
  if (initialEquity === undefined || initialEquity <= 0 || typeof input !== 'object' || input === null) return input;
  const { queryType, initialEquity: own } = input as { readonly queryType?: unknown; readonly initialEquity?: unknown };
  return own === undefined && WITH_EQUITY.has(queryType) ? { ...input, initialEquity } : input;
}

const QUERY_TYPES = tapewatchQuery.options.map(({ shape }) => shape.queryType.value).join(', ');

/** Throws `query.invalid` that names every bad path at once. */
export function parseQuery(input: unknown): TapewatchQueryDocument {
  const parsed = tapewatchQuery.safeParse(input);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'query'}: ${message}`);
  throw new TapewatchError(
    'query.invalid',
    `${problems.join('; ')}; queryType is one of ${QUERY_TYPES} and every other field has a default`,
    { details: { problems } },
  );
}

function checkEnvelope(envelope: QueryEnvelope): QueryEnvelope {
  const { startMs, endMs } = envelope;
  if (Number.isFinite(startMs) && Number.isFinite(endMs) && startMs <= endMs) return envelope;
  throw new TapewatchError(
    'query.invalid',
    `timeRange: from ${startMs} to ${endMs} is not a range; the start must not be after the end`,
  );
}
