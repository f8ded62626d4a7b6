/**
 * `npm run bench -- <name>`: measurements with seeded data against real programs. Prints a readable table and, as the
 * last line, one JSON object. Available: ingest.
 */
import { existsSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { benchIngest } from './ingest.ts';

const USAGE = `npm run bench -- ingest [--seconds 10] [--series 5000] [--rate <samples a second>]`;

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: '10' },
      series: { type: 'string', default: '5000' },
      rate: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help || positionals[0] !== 'ingest') {
    console.log(USAGE);
    process.exit(values.help ? 0 : 2);
  }
  if (!existsSync('sidecar/dist/main.cjs')) throw new Error('sidecar/dist is missing: run npm run build first');
  const { rate } = values;
  const results = await benchIngest({
    seconds: Number(values.seconds),
    series: Number(values.series),
    ...(rate === undefined ? {} : { rate: Number(rate) }),
  });
  console.log(
    `${cpus().length} x ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`,
  );
  console.table(results);
  console.log(JSON.stringify({ results }));
  if (results.some(({ lost }) => lost !== 0)) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
