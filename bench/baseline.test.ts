import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BASELINE, baselineTable, compareWithBaseline } from './baseline.ts';

it('holds the figures of the baseline, and says for each which way and how far', () => {
  expect(BASELINE).toEqual({ metricsPerSecond: 15_000, latencyMicros: 150, memoryGb: 2.1, cpuPercent: 28 });
  const ours = { metricsPerSecond: 50_000, latencyMicros: 600, memoryGb: 0.35, cpuPercent: 14 };
  expect(compareWithBaseline(ours).map(({ factor }) => Number(factor.toFixed(2)))).toEqual([3.33, 0.25, 6, 2]);
  expect(baselineTable(ours, 'json-single at 50,000/s')).toBe(
    [
      'Beside the baseline to beat (json-single at 50,000/s):',
      '                        baseline  Tapewatch',
      'throughput (metrics/s)    15,000     50,000  better, 3.3x',
      'latency (µs)                 150        600  worse, 4.0x',
      'memory (GB)                  2.1       0.35  better, 6.0x',
      'CPU (% of a core)             28         14  better, 2.0x',
    ].join('\n'),
  );
});

it('calls equal figures no worse', () => {
  expect(compareWithBaseline(BASELINE).map(({ factor }) => factor)).toEqual([1, 1, 1, 1]);
  expect(baselineTable(BASELINE, 'x')).not.toContain('worse');
});

it('stands in the report beside what was measured, with the factor of each figure (proves: PRF-06)', () => {
  const report = readFileSync(join(__dirname, '../docs/performance.md'), 'utf8');
  const number = (text: string): number => Number(text.replaceAll(',', ''));
  const rows = new Map(
    [
      ...report.matchAll(/^\| (throughput|latency|memory|CPU), (\S.*?) \| ([\d.,]+) \| ([\d.,]+) \| ([\d.]+) \|$/gm),
    ].map(
      ([, name = '', , baseline = '', ours = '', factor = '']) => [name, [baseline, ours, factor].map(number)] as const,
    ),
  );
  const ours = (name: string): number => rows.get(name)?.[1] ?? NaN;
  const compared = compareWithBaseline({
    metricsPerSecond: ours('throughput'),
    latencyMicros: ours('latency'),
    memoryGb: ours('memory'),
    cpuPercent: ours('CPU'),
  });
  expect(compared).toHaveLength(4);
  for (const { name, baseline, factor } of compared) {
    const [told, , toldFactor = NaN] = rows.get(name) ?? [];
    expect([name, told, Number((toldFactor / factor).toFixed(1))]).toEqual([name, baseline, 1]);
  }
});
