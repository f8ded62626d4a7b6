/**
 * `npm run oracles`: computes figures with the reference libraries of Python and with this repository, and compares them.
 * Prints what differs, and as the last line one JSON object `{passed, failed, skipped}`. Not part of the tests, for it
 * needs a package index.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { commandLine, refuse } from '../command-line.ts';
import { makeEnvironment, OracleUnavailable, PART_TIMEOUT_MS, run } from './environment.ts';
import { executionPart } from './execution.ts';
import { ledgerPart } from './ledger.ts';
import { compareFigures, type Comparison, type OracleFigures, type OraclePart } from './part.ts';
import { performancePart } from './performance.ts';

const PARTS: readonly OraclePart[] = [performancePart, executionPart, ledgerPart];

const USAGE = `npm run oracles [-- --only <part>] [--python <interpreter with the libraries>] [--all]
parts: ${PARTS.map(({ name }) => name).join(', ')}; --all prints every figure`;

const OPTIONS = {
  only: { type: 'string' },
  python: { type: 'string' },
  all: { type: 'boolean', default: false },
} as const;

const FOLDER = resolve('tools/oracles');
const SHARED = resolve('../shared/data');

async function main(): Promise<void> {
  const { values } = commandLine(USAGE, { options: OPTIONS, words: 0 });
  const parts = PARTS.filter(({ name }) => values.only === undefined || name === values.only);
  if (parts.length === 0) refuse(`--only ${values.only}: no such part`, USAGE);
  const environment = values.python === undefined ? await makeEnvironment(join(FOLDER, 'requirements.txt')) : undefined;
  const comparisons: Comparison[] = [];
  try {
    const python = environment?.python ?? values.python ?? 'python3';
    for (const part of parts) comparisons.push(...(await comparePart(part, python)));
  } finally {
    environment?.remove();
  }
  const count = (outcome: Comparison['outcome']): number => comparisons.filter((one) => one.outcome === outcome).length;
  const shown = values.all ? comparisons : comparisons.filter(({ outcome }) => outcome !== 'passed');
  if (shown.length > 0) console.table(shown);
  const summary = { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
  console.log(JSON.stringify(summary));
  // Nothing compared is no proof.
  if (summary.failed > 0 || summary.passed === 0) process.exitCode = 1;
}

async function comparePart(part: OraclePart, python: string): Promise<Comparison[]> {
  const workFolder = mkdtempSync(join(tmpdir(), `tapewatch-oracle-${part.name}-`));
  try {
    const printed = await run(python, [join(FOLDER, `${part.name}.py`), SHARED, workFolder], PART_TIMEOUT_MS);
    const reference = JSON.parse(printed) as OracleFigures;
    const ours = await part.figures({ sharedFolder: SHARED, workFolder });
    const comparisons = compareFigures(ours, reference, part.tolerances);
    const failed = comparisons.filter(({ outcome }) => outcome === 'failed').length;
    console.log(`${part.name}: ${comparisons.length} figures, ${failed} differ`);
    return comparisons.map((one) => ({ ...one, name: `${part.name}: ${one.name}` }));
  } finally {
    rmSync(workFolder, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof OracleUnavailable ? error.message : error);
  console.log(JSON.stringify({ passed: 0, failed: 0, skipped: PARTS.length }));
  process.exit(1);
});
