/**
 * The benches by name: each reads its options, runs, prints its own tables, and yields what belongs into the last line
 * beside what it demands of that.
 */
import { attributionDemands, benchAttribution } from './attribution/program.ts';
import { aggregateDemands, benchAggregate } from './aggregate.ts';
import { baselineTable } from './baseline.ts';
import { benchCodec } from './codec.ts';
import type { Demand } from './demand.ts';
import { benchDurable } from './durable.ts';
import { heldMemoryDemands, measureHeldMemory } from './held-memory.ts';
import { benchHighest } from './highest.ts';
import { highestDemands, ingestDemands } from './ingest-demands.ts';
import { benchIngest, INGEST_CASES, otherCase, type IngestResult } from './ingest.ts';
import { overheadDemands } from './overhead-demands.ts';
import { benchOverhead } from './overhead.ts';
import { benchPeers, peersDemands } from './peers.ts';
import { benchPromql } from './promql.ts';
import { queryDemands } from './query-demands.ts';
import { benchQueryLimit, queryLimitDemands } from './query-limit.ts';
import { benchQuery } from './query.ts';
import { benchStart, startDemands } from './start.ts';
import { benchStore, STORE_LOADS } from './store.ts';
import { benchTrading, tradingDemands } from './trading.ts';
import { codecsOf } from './templates.ts';
import { benchTracker, trackerDemands } from './tracker.ts';

export interface BenchOptions {
  readonly seconds?: string;
  readonly series?: string;
  readonly codec?: string;
  readonly delivery?: string;
  readonly highest?: boolean;
  readonly rate?: string;
  readonly batch?: string;
  readonly viewers?: string;
  readonly 'past-rate'?: string;
  readonly 'no-history'?: boolean;
  readonly samples?: string;
  readonly repeats?: string;
  readonly only?: string;
}

export interface BenchOutcome {
  /** Of the report, where it is not the name under which it was asked for. */
  readonly bench?: string;
  readonly result: object;
  readonly demands: readonly Demand[];
}

export interface BenchProgram {
  readonly run: (options: BenchOptions) => Promise<BenchOutcome>;
  /** It starts the built sidecar. */
  readonly needsSidecar?: boolean;
}

export const BENCHES: Readonly<Record<string, BenchProgram>> = {
  aggregate: { run: async () => tabled(benchAggregate(), aggregateDemands) },
  attribution: { run: attribution },
  codec: { run: async ({ series = '10000' }) => tabled(benchCodec(Number(series)), () => []) },
  durable: { run: async () => tabled(await benchDurable(), (results) => repeatedDemands(results)) },
  ingest: { run: ingest, needsSidecar: true },
  overhead: { run: overhead, needsSidecar: true },
  peers: { run: peers, needsSidecar: true },
  promql: { run: promql },
  query: { run: query, needsSidecar: true },
  'query-limit': { run: queryLimit, needsSidecar: true },
  start: { run: start, needsSidecar: true },
  store: { run: async () => tabled(await benchStore(STORE_LOADS), () => []) },
  tracker: { run: tracker },
  trading: { run: trading, needsSidecar: true },
};

function tabled<T extends object>(results: readonly T[], demands: (results: readonly T[]) => Demand[]): BenchOutcome {
  console.table(results);
  return { result: { results }, demands: demands(results) };
}

function repeatedDemands(results: readonly { readonly repeated: number }[]): Demand[] {
  const value = results.reduce((sum, { repeated }) => sum + repeated, 0);
  return [{ name: 'messages handed on twice', value, unit: '', bound: 'at most', limit: 0 }];
}

async function attribution(): Promise<BenchOutcome> {
  const report = benchAttribution((line) => console.log(line));
  return { result: report, demands: attributionDemands(report) };
}

async function ingest(options: BenchOptions): Promise<BenchOutcome> {
  const { seconds, series, rate, codec, delivery, highest } = options;
  if (highest === true) return highestRates(options);
  const codecs = codecsOf(codec);
  const named = INGEST_CASES.filter((one) => codecs.includes(one.codec));
  // Who names a codec that no case is of wants to see it all the same.
  const cases = (named.length > 0 ? named : codecs.map(otherCase))
    .filter((one) => delivery === undefined || one.delivery === delivery)
    .map((one) => ({
      ...one,
      ...{
        rate: Number(rate ?? one.rate),
        series: Number(series ?? one.series),
        seconds: Number(seconds ?? one.seconds),
      },
    }));
  const results = await benchIngest(cases);
  const outcome = tabled(results, () => ingestDemands(results, cases));
  const [first] = results;
  if (first !== undefined) console.log(`\n${beside(first)}\n`);
  return outcome;
}

async function highestRates({ seconds = '5', series = '10000', codec }: BenchOptions): Promise<BenchOutcome> {
  const plan = { seconds: Number(seconds), series: Number(series) };
  const results = await benchHighest({ ...plan, codecs: codecsOf(codec) });
  return { bench: 'highest', ...tabled(results, () => highestDemands(results, plan)) };
}

/** The system that this one replaces (REQUIREMENTS.md PRF-06). */
function beside({ codec, delivery, samplesPerSecond, visibleP50Ms, rssMb, cpuCores }: IngestResult): string {
  const ours = {
    metricsPerSecond: samplesPerSecond,
    latencyMicros: visibleP50Ms * 1_000,
    memoryGb: rssMb / 1_024,
    cpuPercent: cpuCores * 100,
  };
  return baselineTable(ours, `${codec} over ${delivery}, median latency to being visible`);
}

async function overhead({ seconds = '3' }: BenchOptions): Promise<BenchOutcome> {
  const report = await benchOverhead(Number(seconds));
  console.table(report.results);
  console.table(report.normal);
  return { result: report, demands: overheadDemands(report, { seconds: Number(seconds) }) };
}

async function promql(): Promise<BenchOutcome> {
  return { result: { results: benchPromql() }, demands: [] };
}

async function start(): Promise<BenchOutcome> {
  const result = await benchStart();
  console.table(result.starts);
  return { result, demands: startDemands(result) };
}

async function tracker(): Promise<BenchOutcome> {
  const [results, memory] = [benchTracker(), await measureHeldMemory()];
  console.table(results);
  console.table(memory);
  return { result: { results, memory }, demands: [...trackerDemands(results), ...heldMemoryDemands(memory)] };
}

async function trading({ only = '', seconds = '10' }: BenchOptions): Promise<BenchOutcome> {
  const report = await benchTrading({ only, seconds: Number(seconds) });
  if (report.history.length > 0) console.table(report.history);
  if (report.flow.length > 0) console.table(report.flow);
  if (report.stages !== undefined) console.table(report.stages);
  return { result: report, demands: tradingDemands(report, { seconds: Number(seconds) }) };
}

async function query(options: BenchOptions): Promise<BenchOutcome> {
  const { seconds = '30', rate = '50000', batch = '100', viewers = '100' } = options;
  const plan = {
    ...{ seconds: Number(seconds), rate: Number(rate), batch: Number(batch), viewers: Number(viewers) },
    pastRate: Number(options['past-rate'] ?? '50000'),
    history: options['no-history'] !== true,
  };
  const result = await benchQuery(plan);
  const { panels, ...rest } = result;
  console.table(panels);
  console.table(rest);
  return { result: { ...rest, panels }, demands: queryDemands(result, plan) };
}

async function queryLimit(): Promise<BenchOutcome> {
  const result = await benchQueryLimit();
  console.table(result);
  return { result, demands: queryLimitDemands(result) };
}

async function peers(options: BenchOptions): Promise<BenchOutcome> {
  const { series = '10000', samples = '3000000', repeats = '20', only = '' } = options;
  const plan = { series: Number(series), samples: Number(samples), repeats: Number(repeats), only };
  const report = await benchPeers(plan);
  const { results, missing, differences } = report;
  for (const line of missing) console.log(`not run: ${line}`);
  console.table(results.map(({ queries: _, ...row }) => row));
  const names = Object.keys(results[0]?.queries ?? {});
  console.table(
    Object.fromEntries(
      names.map((name) => [
        name,
        Object.fromEntries(results.map(({ system, queries }) => [system, cell(queries[name])])),
      ]),
    ),
  );
  for (const line of differences) console.log(line);
  if (differences.length === 0 && results.length > 1) console.log('all answers agree to 1e-9');
  return { result: report, demands: peersDemands(report, plan) };
}

function cell(times: { readonly p50Ms: number; readonly p95Ms: number } | undefined): string {
  return times === undefined ? '' : `${times.p50Ms.toFixed(1)} / ${times.p95Ms.toFixed(1)} ms`;
}
