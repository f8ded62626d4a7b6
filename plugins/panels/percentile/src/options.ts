/** The panel's options with their defaults, and the pure functions that read what users typed or older versions saved. */
import type { OptionsWithLegend, OptionsWithTooltip } from '@grafana/schema';

export type ValueScale = 'log10' | 'log2' | 'linear';
export type SeriesMode = 'merge' | 'facet';
export type ThresholdStyle = 'off' | 'line' | 'dashed' | 'area' | 'line+area';

export interface PercentileOptions extends OptionsWithLegend, OptionsWithTooltip {
  /** Percentiles as people write them: "50, 90, 95, 99, 99.9". */
  percentiles: string;
  seriesMode: SeriesMode;
  valueScale: ValueScale;
  heatmap: boolean;
  bandOpacity: number;
  lineWidth: number;
  thresholdStyle: ThresholdStyle;
  /** A percentile with fewer samples beyond it is marked. */
  minTailSamples: number;
  /** 1 for counts; the window in seconds when the query is a rate. */
  countFactor: number;
  /** Colour by percentile name, set by clicking the legend; absent until then. */
  colors?: Record<string, string>;
}

export const DEFAULT_OPTIONS = {
  percentiles: '50, 90, 95, 99, 99.9',
  seriesMode: 'merge',
  valueScale: 'log10',
  heatmap: true,
  bandOpacity: 0.1,
  lineWidth: 1.5,
  thresholdStyle: 'line',
  minTailSamples: 10,
  countFactor: 1,
} as const satisfies Omit<PercentileOptions, 'legend' | 'tooltip'>;

/** A legend of more lines than this cannot be read, nor can the bands be told apart. */
export const MAX_PERCENTILES = 12;

/** Ascending quantiles without repeats; what is no number between 0 and 100 is left out. */
export function parsePercentiles(text: string): number[] {
  const quantiles = text
    .split(/[\s,;]+/)
    .map((part) => Number(part.replace(/^p/i, '').replace(/%$/, '') || NaN))
    .filter((percent) => percent > 0 && percent < 100)
    .map((percent) => Number((percent / 100).toPrecision(12)));
  return [...new Set(quantiles)].sort((a, b) => a - b).slice(0, MAX_PERCENTILES);
}

/** Fills in what is missing. Idempotent, and safe for an empty or unknown version. */
export function migrateOptions(options: Partial<PercentileOptions> | undefined): Partial<PercentileOptions> {
  return { ...DEFAULT_OPTIONS, ...options };
}

/** Isolates a line, or shows all again; with a modifier key the line is toggled among the others. */
export function toggleHidden(
  hidden: readonly string[],
  { name, all, append }: { readonly name: string; readonly all: readonly string[]; readonly append: boolean },
): string[] {
  if (append) return hidden.includes(name) ? hidden.filter((one) => one !== name) : [...hidden, name];
  const others = all.filter((one) => one !== name);
  const isolated = !hidden.includes(name) && others.every((one) => hidden.includes(one));
  return isolated ? [] : others;
}
