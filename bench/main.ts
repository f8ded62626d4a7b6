/**
 * `npm run bench -- <name>`: measurements with seeded data against real programs. Prints a readable table, what the bench
 * demands of its figures, and as the last line one JSON object; leaves its demands in test-results/bench-<name>.json. Ends
 * with 1 when a demand is missed.
 */
import { loadavg } from 'node:os';
import { ensureSidecar } from '../test/fault/world.ts';
import { commandLine, refuse } from '../tools/command-line.ts';
import { demandTable, verdictOf } from './demand.ts';
import { machineText, originOf } from './origin.ts';
import { BENCHES } from './programs.ts';
import { benchReport } from './report.ts';
import { writeReport } from './report-file.ts';
import { BENCH_CODECS } from './templates.ts';

const USAGE = `npm run bench -- aggregate   histograms, baselines and windows: updates a second
npm run bench -- attribution   500 injected faults, cost per millisecond, volatility or fault
npm run bench -- codec [--series 10000]
npm run bench -- durable   the way in alone; another server: NATS_SERVER=<file>
npm run bench -- ingest [--seconds <of each case>] [--codec line-batch-100] [--delivery core|jetstream] [--rate <samples/s>] [--series <n>]
npm run bench -- ingest --highest [--seconds 5] [--codec arrow-batch-1000]   the highest rate of each codec that loses nothing
  --codec: one, or how their names begin, as otlp; all: ${BENCH_CODECS.join(', ')}
npm run bench -- overhead [--seconds 3]   what monitoring costs the trading side, in rounds with and without it
npm run bench -- peers [--series 10000] [--samples 3000000] [--repeats 20] [--only tapewatch]
npm run bench -- promql   the engine alone, on series in memory
npm run bench -- query [--seconds 30] [--rate 50000] [--batch 100] [--viewers 100] [--past-rate 50000] [--no-history]
npm run bench -- query-limit   four times as many dear queries as may run at once
npm run bench -- start   how soon a sidecar with a day of data answers, after a stop and after kill -9
npm run bench -- store   CPU of the store alone, at 50,000 and 1,000,000 samples a second
npm run bench -- tracker   figures of closed trades anew after each trade, and the memory of trades and alerts
npm run bench -- trading [--only history|flow] [--seconds 10]   a year of fills; order events and quotes a second`;

const OPTIONS = {
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
} as const;

const SPEC = {
  options: OPTIONS,
  words: 1,
  positive: ['seconds', 'rate', 'past-rate'],
  counts: ['series', 'batch', 'viewers', 'samples', 'repeats'],
} as const;

async function main(): Promise<void> {
  const { positionals, values: options } = commandLine(USAGE, SPEC);
  const [name] = positionals;
  if (name === undefined) refuse('which bench?', USAGE);
  const program = BENCHES[name];
  if (program === undefined) refuse(`${name}: no such bench`, USAGE);
  if (program.needsSidecar === true) ensureSidecar();
  console.log(`${machineText()}, load before ${loadavg()[0]?.toFixed(2)}`);
  const origin = originOf(process.argv.slice(2).join(' '));
  const { bench = name, result, demands } = await program.run(options);
  if (demands.length > 0) {
    console.log('what is demanded:');
    console.table(demandTable(demands));
    console.log(`written to ${writeReport(benchReport(bench, demands, origin))}`);
  }
  const missed = demands.filter((demand) => verdictOf(demand) === 'missed').map((demand) => demand.name);
  console.log(JSON.stringify({ ...result, missed }));
  if (missed.length > 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
