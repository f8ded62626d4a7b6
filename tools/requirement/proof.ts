/**
 * Which rows a report shows: a passing test that names them in its title (`proves: ING-01, PCT-03`), or a bench whose
 * demands for them were all judged and met. At most three rows a test or a demand. A bench's proof has the commit of its
 * run, and says so where that is not the one that is asked about.
 */
import { relative } from 'node:path';
import { figure, MAX_ROWS_PER_DEMAND } from '../../bench/demand.ts';
import type { BenchReport, ReportedDemand } from '../../bench/report.ts';

const MAX_ROWS_PER_TEST = 3;

export interface Proof {
  readonly id: string;
  /** What shows it, for people. */
  readonly where: string;
  /** Of a bench that ran on another commit than HEAD. */
  readonly isOfOtherCommit: boolean;
}

export interface Found {
  readonly proofs: readonly Proof[];
  /** What is wrong with a report. */
  readonly complaints: readonly string[];
  /** Rows that a bench has tried to show and did not, and why. */
  readonly unshown: readonly string[];
}

/** Jest's JSON report, as far as it is read here. */
export interface TestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

export function provenByTests(report: TestReport, known: ReadonlySet<string>, root = process.cwd()): Found {
  const [proofs, complaints]: [Proof[], string[]] = [[], []];
  for (const file of report.testResults) {
    for (const { fullName, status } of file.assertionResults) {
      const named = namedIds(fullName);
      const where = `${relative(root, file.name)}: ${fullName}`;
      complaints.push(...complaintsOf(where, named, { known, most: MAX_ROWS_PER_TEST }));
      if (status !== 'passed') continue;
      for (const id of named) if (known.has(id)) proofs.push({ id, where, isOfOtherCommit: false });
    }
  }
  return { proofs, complaints, unshown: [] };
}

/** `head`: the commit that is asked about, as the benches write it. */
export function provenByBench({ bench, demands }: BenchReport, known: ReadonlySet<string>, head: string): Found {
  const complaints = demands.flatMap(({ name, rows }) =>
    complaintsOf(`bench ${bench}: ${name}`, rows, { known, most: MAX_ROWS_PER_DEMAND }),
  );
  const [proofs, unshown]: [Proof[], string[]] = [[], []];
  for (const id of new Set(demands.flatMap(({ rows }) => rows).filter((row) => known.has(row)))) {
    const own = demands.filter(({ rows }) => rows.includes(id));
    const failing = own.filter(({ verdict }) => verdict !== 'met' && verdict !== 'goal');
    const shown = failing.length === 0 ? own : failing;
    const where = `bench ${bench}: ${shown.map(demandText).join('; ')} (${runs(shown, head)})`;
    if (failing.length > 0) unshown.push(`${id}  ${where}`);
    else proofs.push({ id, where, isOfOtherCommit: own.some(({ commit }) => commit !== head) });
  }
  return { proofs, complaints, unshown };
}

function complaintsOf(
  where: string,
  named: readonly string[],
  { known, most }: { readonly known: ReadonlySet<string>; readonly most: number },
): string[] {
  const tooMany = named.length > most ? [`${where} names ${named.length} rows; at most ${most} can be shown`] : [];
  const unknown = named.filter((id) => !known.has(id));
  return [...tooMany, ...unknown.map((id) => `${where} names ${id}, which the catalogue does not list`)];
}

function namedIds(title: string): string[] {
  const list = /proves:\s*((?:[A-Z]{3}-\d{2,3}(?:,\s*)?)+)/.exec(title)?.[1];
  return list === undefined ? [] : list.split(/,\s*/).filter((id) => id !== '');
}

function demandText({ name, value, unit, bound, limit, verdict, unjudged }: ReportedDemand): string {
  const measured = value === null ? 'no figure' : `${figure(value)} ${unit}`.trim();
  const told =
    verdict === 'met' || verdict === 'goal' ? '' : verdict === 'missed' ? ': missed' : `: not judged, ${unjudged}`;
  return `${name} ${measured}, ${bound} ${figure(limit)}${told}`;
}

/** Each run once: its day and commit. */
function runs(demands: readonly ReportedDemand[], head: string): string {
  const texts = demands.map(({ at, commit }) => {
    const of =
      commit === '' ? 'of an unknown commit' : commit === head ? `commit ${commit}` : `commit ${commit}, not HEAD`;
    return `${at.slice(0, 10)}, ${of}`;
  });
  return [...new Set(texts)].join('; ');
}
