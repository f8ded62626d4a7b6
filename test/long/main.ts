/**
 * `npm run test:long`: what takes too long for every run. `faults`: the fault list's other rows, and the quick ones at
 * full length; `crash`: hundreds of `kill -9`; `soak`: half an hour of steady load; `properties`: the property tests with
 * other seeds than that of every run. Without a name: all of them. The last line is one JSON object.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { commandLine, refuse } from '../../tools/command-line.ts';
import { ensureSidecar } from '../fault/world.ts';
import { wrongWith } from './crash-report.ts';
import { runCrashes } from './crash-run.ts';
import { runSoak } from './soak-run.ts';

const USAGE = `npm run test:long [-- faults | crash | soak | properties] [--runs 100] [--seed 1] [--minutes 30] [--rate <a second>]
  faults [-t <pattern of names>], such as: npm run test:long -- faults -t 'row 18'`;

const REPORT = 'test-results/faults.json';

interface Options {
  readonly runs: number;
  readonly seed: number;
  readonly minutes: number;
  readonly rate: number | undefined;
  readonly pattern: string | undefined;
}

/** Each prints its table and yields what belongs into the last line. */
const PARTS: Readonly<Record<string, (options: Options) => Promise<{ ok: boolean; result: object }>>> = {
  faults: ({ pattern }) => Promise.resolve(faults(pattern)),
  crash,
  soak,
  properties,
};

const OPTIONS = {
  runs: { type: 'string', default: '100' },
  seed: { type: 'string', default: '1' },
  minutes: { type: 'string', default: '30' },
  rate: { type: 'string' },
  pattern: { type: 'string', short: 't' },
} as const;

async function main(): Promise<void> {
  const { positionals, values } = commandLine(USAGE, {
    ...{ options: OPTIONS, words: 1 },
    ...{ positive: ['rate'], counts: ['runs', 'minutes'], seeds: ['seed'] },
  });
  const [name] = positionals;
  if (name !== undefined && PARTS[name] === undefined) refuse(`${name}: no such part`, USAGE);
  ensureSidecar();
  const options: Options = {
    ...{ runs: Number(values.runs), seed: Number(values.seed), minutes: Number(values.minutes) },
    ...{ rate: values.rate === undefined ? undefined : Number(values.rate), pattern: values.pattern },
  };
  const chosen = Object.entries(PARTS).filter(([part]) => name === undefined || part === name);
  let line: Record<string, unknown> = {};
  for (const [part, run] of chosen) {
    const { ok, result } = await run(options);
    line = chosen.length === 1 ? { ...result } : { ...line, [part]: result };
    if (!ok) process.exitCode = 1;
  }
  console.log(JSON.stringify(line));
}

function faults(pattern: string | undefined): { ok: boolean; result: object } {
  mkdirSync('test-results', { recursive: true });
  rmSync(REPORT, { force: true });
  const args = ['--config', 'test/long/jest.config.mjs', '--json', `--outputFile=${REPORT}`, '-w', '1'];
  const { status } = spawnSync('node_modules/.bin/jest', [...args, ...(pattern === undefined ? [] : ['-t', pattern])], {
    // Jest's JSON on standard output would be in the way of the last line.
    stdio: ['inherit', 'ignore', 'inherit'],
    env: { ...process.env, TAPEWATCH_FUZZ_CASES: '100000', TAPEWATCH_AWAY_SECONDS: '600' },
  });
  if (!existsSync(REPORT)) return { ok: false, result: { passed: 0, failed: 1, skipped: 0 } };
  const report = JSON.parse(readFileSync(REPORT, 'utf8')) as {
    numPassedTests: number;
    numFailedTests: number;
    numPendingTests: number;
    testResults: { assertionResults: { title: string; status: string; duration?: number }[] }[];
  };
  const ran = report.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter((test) => test.status !== 'pending');
  console.table(
    ran.map(({ title, status: outcome, duration = 0 }) => ({ title, outcome, seconds: Math.round(duration / 1_000) })),
  );
  const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = report;
  return { ok: status === 0 && failed === 0, result: { passed, failed, skipped } };
}

async function crash({ runs, seed, rate = 1_000 }: Options): Promise<{ ok: boolean; result: object }> {
  const crashed = await runCrashes({ runs, seed, rate, say: (line) => console.error(line) });
  const { faults: found, ...report } = crashed;
  console.table(report);
  const wrong = wrongWith(crashed);
  for (const line of wrong) console.error(`crash: ${line}`);
  if (wrong.length > 0) console.table(found);
  return { ok: wrong.length === 0, result: report };
}

async function soak({ minutes, rate = 50_000 }: Options): Promise<{ ok: boolean; result: object }> {
  const { faults: found, ...report } = await runSoak({ minutes, rate, say: (line) => console.error(line) });
  console.table(report);
  if (Object.values(found).some((some) => some.length > 0)) console.table(found);
  return { ok: report.ok, result: report };
}

/** Each run with a seed of its own; a failure prints its counterexample, and its seed repeats it. */
function properties({ runs, seed }: Options): Promise<{ ok: boolean; result: object }> {
  const failed: number[] = [];
  for (let run = 0; run < runs; run++) {
    const { status } = spawnSync(
      'node_modules/.bin/jest',
      ['--silent', '-w', '2', '--testPathPatterns', '\\.prop\\.test'],
      {
        stdio: ['inherit', 'ignore', 'inherit'],
        env: { ...process.env, TAPEWATCH_SEED: String(seed + run) },
      },
    );
    if (status !== 0) failed.push(seed + run);
    console.error(`properties, seed ${seed + run}: ${status === 0 ? 'passed' : 'failed'}`);
  }
  return Promise.resolve({ ok: failed.length === 0, result: { runs, failedSeeds: failed } });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
