/**
 * `npm run bench -- <name>`: measurements with seeded data against real programs. Prints a readable table and, as the
 * last line, one JSON object.
 */
import { existsSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { benchAttribution } from './attribution/program.ts';
import { baselineTable } from './baseline.ts';
import { benchCodec } from './codec.ts';
import { benchDurable } from './durable.ts';
import { benchHighest, benchIngest, INGEST_CASES, type IngestResult } from './ingest.ts';
import { benchPeers } from './peers.ts';
import { benchPromql } from './promql.ts';
import { benchQuery } from './query.ts';
import { benchStore, STORE_LOADS } from './store.ts';
import { benchTrading } from './trading.ts';
import { benchTracker } from './tracker.ts';

const USAGE = `npm run bench -- codec [--series 10000]
npm run bench -- ingest [--seconds 10] [--codec line-batch-100] [--delivery core|jetstream] [--rate <samples/s>] [--series <n>]
npm run bench -- ingest --highest [--seconds 5] [--codec arrow-batch-1000]   the highest rate of each codec that loses nothing
npm run bench -- durable   the way in alone; another server: NATS_SERVER=<file>
npm run bench -- query [--seconds 30] [--rate 50000] [--batch 100] [--viewers 100] [--past-rate 50000] [--no-history]
npm run bench -- promql   the engine alone, on series in memory
npm run bench -- trading [--only history|flow] [--seconds 10]   a year of fills; order events and quotes a second
npm run bench -- store   CPU of the store alone, at 50,000 and 1,000,000 samples a second
npm run bench -- tracker   figures of closed trades anew after each trade: at most 1 ms with a window of 100
npm run bench -- attribution   500 injected faults, cost per millisecond, volatility or fault
npm run bench -- peers [--series 10000] [--samples 3000000] [--repeats 20] [--only tapewatch]`;

interface Options {
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

/** Each prints its table, then one JSON line, and says whether its own demands were met. */
const BENCHES: Readonly<Record<string, (options: Options) => Promise<boolean>>> = {
  attribution,
  codec,
  durable,
  ingest,
  peers,
  promql,
  query,
  store,
  tracker,
  trading,
};

async function promql(): Promise<boolean> {
  benchPromql();
  return true;
}

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: 'string' },
      series: { type: 'string' },
      codec: { type: 'string' },
      delivery: { type: 'string' },
      highest: { type: 'boolean' },
      rate: { type: 'string' },
      batch: { type: 'string' },
      viewers: { type: 'string' },
      'past-rate': { type: 'string' },
      'no-history': { type: 'boolean' },
      samples: { type: 'string' },
      repeats: { type: 'string' },
      only: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const { help, ...options } = values;
  const bench = BENCHES[positionals[0] ?? ''];
  if (help || bench === undefined) {
    console.log(USAGE);
    process.exit(help ? 0 : 2);
  }
  if (![attribution, codec, durable, tracker].includes(bench) && !existsSync('sidecar/dist/main.cjs'))
    throw new Error('sidecar/dist is missing: run npm run build first');
  const machine = `${cpus().length} x ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
  console.log(`${machine}, load before ${loadavg()[0]?.toFixed(2)}`);
  if (!(await bench(options))) process.exitCode = 1;
}

async function attribution(): Promise<boolean> {
  const report = benchAttribution((line) => console.log(line));
  for (const demand of report.missed) console.log(`not met: ${demand}`);
  console.log(JSON.stringify(report));
  return Promise.resolve(report.missed.length === 0);
}

async function codec({ series = '10000' }: Options): Promise<boolean> {
  const results = benchCodec(Number(series));
  console.table(results);
  console.log(JSON.stringify({ results }));
  return Promise.resolve(true);
}

async function durable(): Promise<boolean> {
  const results = await benchDurable();
  console.table(results);
  console.log(JSON.stringify({ results }));
  return results.every(({ repeated }) => repeated === 0);
}

async function ingest({ seconds = '10', series, rate, codec, delivery, highest }: Options): Promise<boolean> {
  const cases = INGEST_CASES.filter((one) => codec === undefined || one.codec === codec)
    .filter((one) => delivery === undefined || one.delivery === delivery)
    .map((one) => ({ ...one, rate: Number(rate ?? one.rate), series: Number(series ?? one.series) }));
  const results = highest
    ? await benchHighest({ seconds: Number(seconds), series: Number(series ?? '10000'), codec })
    : await benchIngest(cases, Number(seconds));
  console.table(results);
  const [first] = results;
  if (first !== undefined) console.log(`\n${beside(first)}\n`);
  console.log(JSON.stringify({ results }));
  return results.every(({ lost }) => lost === 0);
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

async function store(): Promise<boolean> {
  const results = await benchStore(STORE_LOADS);
  console.table(results);
  console.log(JSON.stringify({ results }));
  return true;
}

/** Its own demand: below a millisecond at the default window. */
async function tracker(): Promise<boolean> {
  const results = benchTracker();
  console.table(results);
  console.log(JSON.stringify({ results }));
  return Promise.resolve(results.every(({ window, p50Micros }) => window > 100 || p50Micros < 1_000));
}

async function trading({ only = '', seconds = '10' }: Options): Promise<boolean> {
  const report = await benchTrading({ only, seconds: Number(seconds) });
  if (report.history.length > 0) console.table(report.history);
  if (report.flow.length > 0) console.table(report.flow);
  if (report.stages !== undefined) console.table(report.stages);
  for (const line of report.missed) console.log(`missed: ${line}`);
  console.log(JSON.stringify(report));
  return report.missed.length === 0;
}

async function query(options: Options): Promise<boolean> {
  const { seconds = '30', rate = '50000', batch = '100', viewers = '100' } = options;
  const { panels, ...result } = await benchQuery({
    seconds: Number(seconds),
    rate: Number(rate),
    batch: Number(batch),
    viewers: Number(viewers),
    pastRate: Number(options['past-rate'] ?? '50000'),
    history: options['no-history'] !== true,
  });
  console.table(panels);
  console.table(result);
  console.log(JSON.stringify({ ...result, panels }));
  return result.lost + result.errors + result.empty + (result.incomplete ?? 0) === 0;
}

async function peers({ series = '10000', samples = '3000000', repeats = '20', only = '' }: Options): Promise<boolean> {
  const report = await benchPeers({ series: Number(series), samples: Number(samples), repeats: Number(repeats), only });
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
  console.log(JSON.stringify(report));
  return differences.length === 0 && results.every(({ lost }) => lost === 0);
}

function cell(times: { readonly p50Ms: number; readonly p95Ms: number } | undefined): string {
  return times === undefined ? '' : `${times.p50Ms.toFixed(1)} / ${times.p95Ms.toFixed(1)} ms`;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
