/** The panel in words, for those who do not see the canvas, and the numbers of one step for the tooltip. */
import { isSupported, neededSamples, percentileName, type PercentileTable } from './percentile.ts';

export interface StepPercentile {
  readonly line: number;
  readonly name: string;
  readonly value: number;
  /** `±0.54 %`, or empty where the percentile lies in the zero bucket. */
  readonly error: string;
  /** `only 412 samples, 1,000 needed`, or empty. */
  readonly warning: string;
}

export function stepPercentiles(table: PercentileTable, step: number, minTailSamples: number): StepPercentile[] {
  const samples = table.totals[step] as number;
  return table.lines.map(({ quantile, values, bounds }, line) => ({
    line,
    name: percentileName(quantile),
    value: values[step] as number,
    error: formatBound(bounds[step] as number),
    warning: isSupported(samples, quantile, minTailSamples)
      ? ''
      : `only ${formatCount(samples)} samples, ${formatCount(neededSamples(quantile, minTailSamples))} needed`,
  }));
}

/** Three significant digits, rounded up: a bound must not be told smaller than it is. */
export function formatBound(bound: number): string {
  if (!Number.isFinite(bound)) return '';
  const percent = bound * 100;
  const digits = Math.max(0, 2 - Math.floor(Math.log10(percent)));
  // The tolerance keeps 0.5430000001, a rounding of the bucket's bounds, from becoming 0.544.
  const rounded = Math.ceil(percent * 10 ** digits - 1e-6) / 10 ** digits;
  return `±${rounded.toFixed(digits)} %`;
}

export function formatCount(count: number): string {
  const rounded = count < 10 ? Number(count.toFixed(1)) : Math.round(count);
  return rounded.toLocaleString('en-US');
}

/** One paragraph: how much, the last value of each percentile, and what to trust. */
export function describePanel(
  table: PercentileTable,
  { format, minTailSamples, name }: { format: (value: number) => string; minTailSamples: number; name: string },
): string {
  const last = table.times.length - 1;
  const heading = `Percentiles over time${name === '' ? '' : ` of ${name}`}`;
  if (last < 0) return `${heading}: no data.`;
  const values = stepPercentiles(table, last, minTailSamples).map(
    (one) => `${one.name} ${format(one.value)}${one.warning === '' ? '' : ` (${one.warning})`}`,
  );
  const samples = table.totals.reduce((sum, total) => sum + total, 0);
  return `${heading}: ${formatCount(samples)} samples in ${last + 1} steps. Last step: ${values.join(', ')}.`;
}
