import type { Demand } from '../../bench/demand.ts';
import { benchReport, type Origin } from '../../bench/report.ts';
import { catalogueIds, tally } from './catalogue.ts';
import { provenByBench, provenByTests, type TestReport } from './proof.ts';

const CATALOGUE = `## 1
| ID | Requirement |
|---|---|
| ING-01 | Take in |
| PRF-01 | Process, see CON-13 |
| PRF-02 | Latency |
| CON-13 | Throughput |
`;
const ids = catalogueIds(CATALOGUE);
const known = new Set(ids);

it('counts the rows of the catalogue by area, without contradictions and gaps', () => {
  expect(ids).toEqual(['ING-01', 'PRF-01', 'PRF-02']);
  expect(tally(ids, new Set(['PRF-02']))).toEqual({ ING: { proven: 0, total: 1 }, PRF: { proven: 1, total: 2 } });
});

describe('tests', () => {
  const report = (...tests: readonly (readonly [string, string])[]): TestReport => ({
    testResults: [
      { name: '/repo/a.test.ts', assertionResults: tests.map(([fullName, status]) => ({ fullName, status })) },
    ],
  });
  const proves = (list: string): string => `takes it in (proves: ${list})`;

  it('show the rows that passing ones name', () => {
    const found = provenByTests(report([proves('ING-01, PRF-01'), 'passed'], ['other', 'passed']), known, '/repo');
    const where = 'a.test.ts: takes it in (proves: ING-01, PRF-01)';
    expect(found.proofs).toEqual([
      { id: 'ING-01', where, isOfOtherCommit: false },
      { id: 'PRF-01', where, isOfOtherCommit: false },
    ]);
    expect(found.complaints).toEqual([]);
  });

  it('show nothing when they fail or do not run', () => {
    const found = provenByTests(report([proves('ING-01'), 'failed'], [proves('PRF-01'), 'pending']), known);
    expect(found).toEqual({ proofs: [], complaints: [], unshown: [] });
  });

  it('may name at most three rows, and none that the catalogue does not list', () => {
    const many = proves('ING-01, PRF-01, PRF-02, XYZ-99');
    const { complaints } = provenByTests(report([many, 'failed']), known, '/repo');
    expect(complaints).toEqual([
      expect.stringMatching(/names 4 rows; at most 3/),
      expect.stringMatching(/names XYZ-99, which the catalogue does not list/),
    ]);
  });
});

describe('benches', () => {
  const HEAD = 'abcdef123456';
  const origin: Origin = { at: '2026-11-22T09:00:00Z', commit: HEAD, machine: '2 x x', command: 'ingest' };
  const rate: Demand = { name: 'rate', value: 50_100, unit: '/s', bound: 'above', limit: 50_000, rows: ['PRF-01'] };
  const cpu: Demand = { name: 'CPU', value: 7.1, unit: 'us', bound: 'below', limit: 10, rows: ['PRF-02'] };
  const found = (demands: readonly Demand[], at: Origin = origin) =>
    provenByBench(benchReport('ingest', demands, at), known, HEAD);

  it('show the rows of met demands, with figure, day and commit as the place', () => {
    expect(found([rate, cpu]).proofs).toEqual([
      {
        id: 'PRF-01',
        where: `bench ingest: rate 50,100 /s, above 50,000 (2026-11-22, commit ${HEAD})`,
        isOfOtherCommit: false,
      },
      {
        id: 'PRF-02',
        where: `bench ingest: CPU 7.1 us, below 10 (2026-11-22, commit ${HEAD})`,
        isOfOtherCommit: false,
      },
    ]);
  });

  it('show nothing by a demand that was missed, not judged or not measured, and say why', () => {
    const { proofs, unshown } = found([
      { ...rate, value: 49_000 },
      { ...cpu, unjudged: 'seconds 5, full 60' },
    ]);
    expect(proofs).toEqual([]);
    expect(unshown).toEqual([
      expect.stringContaining('PRF-01  bench ingest: rate 49,000 /s, above 50,000: missed'),
      expect.stringContaining('PRF-02  bench ingest: CPU 7.1 us, below 10: not judged, seconds 5, full 60'),
    ]);
    expect(found([{ ...rate, value: undefined }]).unshown).toEqual([expect.stringContaining('not measured')]);
  });

  it('show a row only when all their demands for it are met', () => {
    const both = { ...cpu, rows: ['PRF-01'] };
    expect(found([rate, both]).proofs.map(({ where }) => where)).toEqual([
      `bench ingest: rate 50,100 /s, above 50,000; CPU 7.1 us, below 10 (2026-11-22, commit ${HEAD})`,
    ]);
    expect(found([rate, { ...both, value: 11 }]).proofs).toEqual([]);
  });

  it.each(['fedcba654321', `${HEAD}+`, ''])('tell that a proof is of commit "%s" and not of HEAD', (commit) => {
    const [proof] = found([rate], { ...origin, commit }).proofs;
    expect(proof?.isOfOtherCommit).toBe(true);
    expect(proof?.where).toContain(commit === '' ? 'of an unknown commit' : `commit ${commit}, not HEAD`);
  });

  it('may name at most three rows a demand, and none that the catalogue does not list', () => {
    const { complaints } = found([{ ...rate, rows: ['ING-01', 'PRF-01', 'PRF-02', 'XYZ-99'] }]);
    expect(complaints).toHaveLength(2);
  });
});
