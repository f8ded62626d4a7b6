import type { Demand } from './demand.ts';
import { benchReport, mergedReport, parseBenchReport, type Origin } from './report.ts';

const MORNING: Origin = { at: '2026-11-22T08:00:00Z', commit: 'aaaa', machine: '2 x x', command: 'ingest' };
const EVENING: Origin = { ...MORNING, at: '2026-11-22T20:00:00Z', commit: 'bbbb', command: 'ingest --seconds 5' };
const cpu: Demand = { name: 'CPU', value: 35, unit: '%', bound: 'at most', limit: 40, rows: ['PRF-04'] };
const rate: Demand = { name: 'rate', value: 60_000, unit: '/s', bound: 'above', limit: 50_000 };
const short = { unjudged: 'seconds 5, full 60' };

it('says of each demand what was measured, when, where and how it was judged, and reads its own text', () => {
  const report = benchReport('ingest', [cpu, { ...rate, value: NaN }], MORNING);
  expect(report.demands).toEqual([
    { ...cpu, verdict: 'met', unjudged: '', ...MORNING },
    { ...rate, value: null, rows: [], verdict: 'missed', unjudged: '', ...MORNING },
  ]);
  expect(parseBenchReport(JSON.stringify(report))).toEqual(report);
  expect(() => parseBenchReport('{"bench": "ingest"}')).toThrow('demands');
});

describe('a later run', () => {
  const before = benchReport('ingest', [cpu, rate], MORNING);

  it('replaces what it judged, also by a miss', () => {
    const { demands } = mergedReport(before, benchReport('ingest', [{ ...cpu, value: 45 }, rate], EVENING));
    expect(demands.map(({ verdict, commit }) => [verdict, commit])).toEqual([
      ['missed', 'bbbb'],
      ['met', 'bbbb'],
    ]);
  });

  it('leaves what it did not judge as it was, under its own commit', () => {
    const now = benchReport('ingest', [{ ...cpu, ...short, value: 90 }, rate], EVENING);
    const { demands } = mergedReport(before, now);
    expect(demands.map(({ value, verdict, commit }) => [value, verdict, commit])).toEqual([
      [35, 'met', 'aaaa'],
      [60_000, 'met', 'bbbb'],
    ]);
  });

  it('leaves what is only told where it measured nothing of it', () => {
    const told = { ...rate, unjudged: 'told' };
    const earlier = benchReport('highest', [told], MORNING);
    const commitAfter = (demand: Demand): (string | number | null)[] =>
      mergedReport(earlier, benchReport('highest', [demand], EVENING)).demands.flatMap((one) => [
        one.commit,
        one.value,
      ]);
    expect(commitAfter({ ...told, value: undefined, unjudged: 'not run' })).toEqual(['aaaa', 60_000]);
    expect(commitAfter({ ...told, value: 70_000 })).toEqual(['bbbb', 70_000]);
  });

  it('keeps nothing of a demand that is no more, or that demanded something else', () => {
    const now = benchReport('ingest', [{ ...cpu, ...short, limit: 30 }], EVENING);
    expect(mergedReport(before, now).demands).toMatchObject([{ name: 'CPU', verdict: 'not judged', commit: 'bbbb' }]);
  });
});
