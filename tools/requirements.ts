/**
 * `npm run requirements -- ../shared/REQUIREMENTS.md`: which rows of the catalogue are shown by a passing test that names
 * them or by a bench whose demands are met. Reads Jest's JSON report of the last `npm test` and what the benches left, all
 * in test-results, or each `--report <file or folder>`. Last line: one JSON object { proven, total, areas, ... }.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { headCommit } from '../bench/origin.ts';
import { reportPaths } from '../bench/report-file.ts';
import { parseBenchReport } from '../bench/report.ts';
import { commandLine } from './command-line.ts';
import { catalogueIds, tally } from './requirement/catalogue.ts';
import { provenByBench, provenByTests, type Found, type TestReport } from './requirement/proof.ts';

const USAGE = `npm run requirements [-- <REQUIREMENTS.md>] [--report <file or folder>]...
  the catalogue: ../shared/REQUIREMENTS.md; the reports: test-results`;

function readText(path: string, remedy: string): string {
  if (existsSync(path)) return readFileSync(path, 'utf8');
  console.error(`${path} does not exist: ${remedy}`);
  process.exit(2);
}

/** A folder stands for the tests' report in it and those of its benches. */
function filesOf(path: string): string[] {
  if (!existsSync(path) || !statSync(path).isDirectory()) return [path];
  return [join(path, 'jest.json'), ...reportPaths(path)];
}

const { values, positionals } = commandLine(USAGE, {
  options: { report: { type: 'string', multiple: true, default: ['test-results'] } },
  words: 1,
});
const [cataloguePath = '../shared/REQUIREMENTS.md'] = positionals;
const ids = catalogueIds(readText(cataloguePath, 'name the catalogue: npm run requirements -- <REQUIREMENTS.md>'));
const known = new Set(ids);
const head = headCommit();

function foundIn(path: string): Found {
  const text = readText(path, 'run npm test first, which writes it, or name another with --report');
  const report = JSON.parse(text) as object;
  return 'testResults' in report
    ? provenByTests(report as TestReport, known)
    : provenByBench(parseBenchReport(text), known, head);
}

const found = values.report.flatMap(filesOf).map(foundIn);
const proofs = found.flatMap((one) => one.proofs);
const proven = new Set(proofs.map(({ id }) => id));
const areas = tally(ids, proven);
for (const id of ids) for (const proof of proofs) if (proof.id === id) console.log(`${id}  ${proof.where}`);
const unshown = found.flatMap((one) => one.unshown);
if (unshown.length > 0) console.log(`\nnot shown by a bench:\n${unshown.join('\n')}`);
console.log('\narea  proven  total');
for (const [area, { proven: shown, total }] of Object.entries(areas)) {
  console.log(`${area}   ${String(shown).padStart(6)}  ${String(total).padStart(5)}`);
}
const today = new Set(proofs.filter(({ isOfOtherCommit }) => !isOfOtherCommit).map(({ id }) => id));
const ofOtherCommits = proven.size - today.size;
if (ofOtherCommits > 0)
  console.log(`${ofOtherCommits} rows are shown only by benches that ran on another commit than ${head}`);
const complaints = found.flatMap((one) => one.complaints);
for (const complaint of complaints) console.error(`problem: ${complaint}`);
console.log(JSON.stringify({ proven: proven.size, total: ids.length, ofOtherCommits, areas }));
process.exit(complaints.length > 0 ? 1 : 0);
