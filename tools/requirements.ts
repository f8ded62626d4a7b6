/**
 * `npm run requirements -- ../shared/REQUIREMENTS.md`: which rows of the catalogue a passing test names in its title
 * (`proves: ING-01, PCT-03`, at most three a test). Reads Jest's JSON report of the last `npm test`
 * (test-results/jest.json), or of `--report <file>`. Last line: one JSON object { proven, total, areas }.
 */
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

const MAX_ROWS_PER_TEST = 3;
/** Contradictions and gaps of the sources: decisions, not things to build. */
const UNCOUNTED_AREAS = new Set(['CON', 'GAP']);

interface Assertion {
  readonly fullName: string;
  readonly status: string;
}
interface Report {
  readonly testResults: readonly { readonly name: string; readonly assertionResults: readonly Assertion[] }[];
}

function readText(path: string, remedy: string): string {
  if (existsSync(path)) return readFileSync(path, 'utf8');
  console.error(`${path} does not exist: ${remedy}`);
  process.exit(2);
}

/** Requirement ids of the catalogue's tables, in order. */
function catalogueIds(markdown: string): string[] {
  const ids = [...markdown.matchAll(/^\| ([A-Z]{3}-\d{2,3}) \|/gm)].map((match) => match[1] as string);
  return [...new Set(ids)].filter((id) => !UNCOUNTED_AREAS.has(areaOf(id)));
}

function areaOf(id: string): string {
  return id.slice(0, 3);
}

function namedIds(title: string): string[] {
  const list = /proves:\s*((?:[A-Z]{3}-\d{2,3}(?:,\s*)?)+)/.exec(title)?.[1];
  return list === undefined ? [] : list.split(/,\s*/).filter((id) => id !== '');
}

const args = process.argv.slice(2);
const reportAt = args.indexOf('--report');
const reportPath = reportAt === -1 ? 'test-results/jest.json' : (args[reportAt + 1] ?? '');
const cataloguePath =
  args.find((arg, i) => !arg.startsWith('--') && args[i - 1] !== '--report') ?? '../shared/REQUIREMENTS.md';

const ids = catalogueIds(readText(cataloguePath, 'name the catalogue: npm run requirements -- <REQUIREMENTS.md>'));
const report = JSON.parse(readText(reportPath, 'run npm test first, which writes it')) as Report;
const known = new Set(ids);
const proofs = new Map<string, string[]>();
const complaints: string[] = [];
for (const file of report.testResults) {
  for (const test of file.assertionResults) {
    const named = namedIds(test.fullName);
    const where = `${relative(process.cwd(), file.name)}: ${test.fullName}`;
    if (named.length > MAX_ROWS_PER_TEST)
      complaints.push(`${where} names ${named.length} rows; at most 3 can be shown`);
    for (const id of named) {
      if (!known.has(id)) complaints.push(`${where} names ${id}, which the catalogue does not list`);
      else if (test.status === 'passed') proofs.set(id, [...(proofs.get(id) ?? []), where]);
    }
  }
}

const areas: Record<string, { proven: number; total: number }> = {};
for (const id of ids) {
  const area = (areas[areaOf(id)] ??= { proven: 0, total: 0 });
  area.total++;
  if (proofs.has(id)) area.proven++;
}
for (const id of ids) for (const where of proofs.get(id) ?? []) console.log(`${id}  ${where}`);
console.log('\narea  proven  total');
for (const [area, { proven, total }] of Object.entries(areas)) {
  console.log(`${area}   ${String(proven).padStart(6)}  ${String(total).padStart(5)}`);
}
for (const complaint of complaints) console.error(`problem: ${complaint}`);
console.log(JSON.stringify({ proven: proofs.size, total: ids.length, areas }));
process.exit(complaints.length > 0 ? 1 : 0);
