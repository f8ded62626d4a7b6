/**
 * `npm run promqltest -- <files>`: runs Prometheus's published scripts against our engine. Prints every failed case, a
 * table per file, the reasons of skips with their counts, and as its last line one JSON object. Exit code 1 when a
 * directive is unknown, 2 when a file is missing; failed cases are figures, held by the floor in promqltest.test.ts.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { commandLine, refuse } from '../../tools/command-line.ts';
import { type CaseResult, runScript } from './runner.ts';

const DEFAULT_FOLDER = '../shared/data/promqltest';

const USAGE = `npm run promqltest [-- <files>]
  without files: those of ${DEFAULT_FOLDER}`;

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

function main(args: readonly string[]): number {
  const files = args.length > 0 ? args : defaultFiles();
  const missing = files.filter((file) => !existsSync(file));
  if (missing.length > 0) refuse(missing.map((file) => `${file}: no such file`).join('\n'), USAGE);
  if (files.length === 0) console.error(`${DEFAULT_FOLDER}: no test scripts found; name some`);
  const counts: Record<string, Counts> = {};
  const problems: string[] = [];
  const skips = new Map<string, number>();
  for (const file of files) {
    const { cases, problems: unread } = runScript(readFileSync(file, 'utf8'));
    problems.push(...unread.map((problem) => `${file}: ${problem}`));
    printFailures(file, cases);
    for (const { outcome, reason } of cases) {
      if (outcome === 'skipped') skips.set(reason, (skips.get(reason) ?? 0) + 1);
    }
    counts[basename(file)] = count(cases);
  }
  for (const problem of problems) console.log(problem);
  const total = printTable(counts);
  for (const [reason, times] of skips) console.log(`skipped ${times}: ${reason}`);
  console.log(JSON.stringify({ ...total, files: counts }));
  return problems.length > 0 || files.length === 0 ? 1 : 0;
}

function defaultFiles(): string[] {
  if (!existsSync(DEFAULT_FOLDER)) return [];
  return readdirSync(DEFAULT_FOLDER)
    .filter((name) => name.endsWith('.test'))
    .sort()
    .map((name) => join(DEFAULT_FOLDER, name));
}

function count(cases: readonly CaseResult[]): Counts {
  const of = (outcome: CaseResult['outcome']): number => cases.filter((one) => one.outcome === outcome).length;
  return { passed: of('passed'), failed: of('failed'), skipped: of('skipped') };
}

function printFailures(file: string, cases: readonly CaseResult[]): void {
  for (const { line, expr, outcome, reason } of cases) {
    if (outcome === 'failed') console.log(`${basename(file)}:${line}: ${expr}\n    ${reason}`);
  }
}

function printTable(counts: Readonly<Record<string, Counts>>): Counts {
  const total: Counts = { passed: 0, failed: 0, skipped: 0 };
  const row = (name: string, { passed, failed, skipped }: Counts): void => {
    const share = passed + failed + skipped === 0 ? 0 : (100 * passed) / (passed + failed + skipped);
    const cells = [passed, failed, skipped].map((value) => String(value).padStart(8));
    console.log(`${name.padEnd(24)}${cells.join('')}${share.toFixed(1).padStart(8)} %`);
  };
  console.log(`${'file'.padEnd(24)}${['passed', 'failed', 'skipped'].map((head) => head.padStart(8)).join('')}`);
  for (const [name, file] of Object.entries(counts)) {
    row(name, file);
    total.passed += file.passed;
    total.failed += file.failed;
    total.skipped += file.skipped;
  }
  row('total', total);
  return total;
}

process.exitCode = main(commandLine(USAGE, { options: {}, words: Infinity }).positionals);
