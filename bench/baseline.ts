/**
 * The system that this one replaces, as its owner measured it in normal operation (REQUIREMENTS.md PRF-06), and a table
 * that sets a measurement of ours beside it. Its figures have no machine and no percentile to them, so the ratios say
 * which way, not how far; "below the required" figures are those of PRF-01 to PRF-05.
 */
export interface BaselineFigures {
  readonly metricsPerSecond: number;
  /** From publishing to being visible. */
  readonly latencyMicros: number;
  readonly memoryGb: number;
  readonly cpuPercent: number;
}

export const BASELINE: BaselineFigures = {
  metricsPerSecond: 15_000,
  latencyMicros: 150,
  memoryGb: 2.1,
  cpuPercent: 28,
};

interface Line {
  readonly figure: keyof BaselineFigures;
  readonly name: string;
  readonly unit: string;
  readonly better: 'more' | 'less';
}

const LINES: readonly Line[] = [
  { figure: 'metricsPerSecond', name: 'throughput', unit: 'metrics/s', better: 'more' },
  { figure: 'latencyMicros', name: 'latency', unit: 'µs', better: 'less' },
  { figure: 'memoryGb', name: 'memory', unit: 'GB', better: 'less' },
  { figure: 'cpuPercent', name: 'CPU', unit: '% of a core', better: 'less' },
];

export interface Comparison {
  readonly name: string;
  readonly unit: string;
  readonly baseline: number;
  readonly ours: number;
  /** Above 1: ours is better by this factor. */
  readonly factor: number;
}

export function compareWithBaseline(ours: BaselineFigures): readonly Comparison[] {
  return LINES.map(({ figure, name, unit, better }) => {
    const [baseline, own] = [BASELINE[figure], ours[figure]];
    return { name, unit, baseline, ours: own, factor: better === 'more' ? own / baseline : baseline / own };
  });
}

/** A table for people; `where`: which measurement ours is. */
export function baselineTable(ours: BaselineFigures, where: string): string {
  const rows = compareWithBaseline(ours).map(({ name, unit, baseline, ours: own, factor }) => [
    `${name} (${unit})`,
    numberText(baseline),
    numberText(own),
    factor >= 1 ? `better, ${factor.toFixed(1)}x` : `worse, ${(1 / factor).toFixed(1)}x`,
  ]);
  const table = [['', 'baseline', 'Tapewatch', ''], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => (row[column] as string).length)));
  const lines = table.map((row) =>
    row
      .map((cell, i) => (i === 0 || i === 3 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number)))
      .join('  ')
      .trimEnd(),
  );
  return [`Beside the baseline to beat (${where}):`, ...lines].join('\n');
}

function numberText(value: number): string {
  return value >= 1_000 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)));
}
