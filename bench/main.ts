/**
 * `npm run bench -- <name>`: measurements with seeded data against real programs. Prints a readable table and, as the
 * last line, one JSON object.
 */
import { existsSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { benchCodec } from './codec.ts';
import { benchIngest } from './ingest.ts';
import { benchQuery } from './query.ts';

const USAGE = `npm run bench -- codec [--series 10000]
npm run bench -- ingest [--seconds 10] [--series 5000] [--rate <samples a second>]
npm run bench -- query [--seconds 30] [--rate 50000] [--batch 100] [--viewers 100] [--past-rate 50000] [--no-history]`;

interface Options {
  readonly seconds?: string;
  readonly series?: string;
  readonly rate?: string;
  readonly batch?: string;
  readonly viewers?: string;
  readonly 'past-rate'?: string;
  readonly 'no-history'?: boolean;
}

/** Each prints its table, then one JSON line, and says whether its own demands were met. */
const BENCHES: Readonly<Record<string, (options: Options) => Promise<boolean>>> = { codec, ingest, query };

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: 'string' },
      series: { type: 'string' },
      rate: { type: 'string' },
      batch: { type: 'string' },
      viewers: { type: 'string' },
      'past-rate': { type: 'string' },
      'no-history': { type: 'boolean' },
      help: { type: 'boolean', default: false },
    },
  });
  const { help, ...options } = values;
  const bench = BENCHES[positionals[0] ?? ''];
  if (help || bench === undefined) {
    console.log(USAGE);
    process.exit(help ? 0 : 2);
  }
  if (bench !== codec && !existsSync('sidecar/dist/main.cjs'))
    throw new Error('sidecar/dist is missing: run npm run build first');
  const machine = `${cpus().length} x ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
  console.log(`${machine}, load before ${loadavg()[0]?.toFixed(2)}`);
  if (!(await bench(options))) process.exitCode = 1;
}

async function codec({ series = '10000' }: Options): Promise<boolean> {
  const results = benchCodec(Number(series));
  console.table(results);
  console.log(JSON.stringify({ results }));
  return Promise.resolve(true);
}

async function ingest({ seconds = '10', series = '5000', rate }: Options): Promise<boolean> {
  const results = await benchIngest({
    seconds: Number(seconds),
    series: Number(series),
    ...(rate === undefined ? {} : { rate: Number(rate) }),
  });
  console.table(results);
  console.log(JSON.stringify({ results }));
  return results.every(({ lost }) => lost === 0);
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
  return result.lost === 0 && result.errors === 0 && result.empty === 0;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
