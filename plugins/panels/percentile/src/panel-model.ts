/** From the panel's data to what is drawn: one facet, or one for each series. Pure. */
import type { DataFrame, Field } from '@grafana/data';
import type { Distribution } from '@tapewatch/panel-kit';
import { readHistograms, type HistogramSeries } from './histogram-series.ts';
import { mergeSeries } from './merge-series.ts';
import type { PercentileOptions, ValueScale } from './options.ts';
import { percentileTable, type PercentileTable } from './percentile.ts';

export interface Facet {
  readonly name: string;
  readonly series: HistogramSeries;
  readonly table: PercentileTable;
  readonly range: ValueRange;
}

export interface ValueRange {
  readonly min: number;
  readonly max: number;
}

export interface PanelModel {
  readonly facets: readonly Facet[];
  readonly quantiles: readonly number[];
  readonly valueField: Field | undefined;
  readonly problem: string | undefined;
  /** Series beyond the limit, in one line; undefined when all are drawn. */
  readonly leftOut: string | undefined;
}

/** More facets than this cannot be read; the rest is named, not drawn. */
export const MAX_FACETS = 12;

/** The width of a lonely step: no data says how long it lasted. */
const FALLBACK_INTERVAL_MS = 15_000;

type ModelOptions = Pick<PercentileOptions, 'seriesMode' | 'countFactor'>;

export function buildModel(
  frames: readonly DataFrame[],
  quantiles: readonly number[],
  options: ModelOptions,
): PanelModel {
  const { series, valueField, problem } = readHistograms(frames, FALLBACK_INTERVAL_MS);
  const groups = options.seriesMode === 'facet' ? series.slice(0, MAX_FACETS).map((one) => [one]) : [series];
  const facets = groups
    .filter((group) => group.length > 0)
    .map((group) => {
      const merged = mergeSeries(group);
      const table = percentileTable(merged, quantiles, options.countFactor);
      // A name tells facets apart; that of a single whole is its query, which the title says better.
      const name = options.seriesMode === 'facet' ? merged.name : '';
      return { name, series: merged, table, range: valueRange(merged) };
    });
  // One value axis for all facets, or they could not be compared.
  const min = Math.min(...facets.map(({ range }) => range.min));
  const max = Math.max(...facets.map(({ range }) => range.max));
  const leftOut = leftOutOf(options.seriesMode === 'facet' ? series.slice(MAX_FACETS) : []);
  return {
    facets: facets.map((facet) => ({ ...facet, range: { min, max } })),
    quantiles,
    valueField,
    problem,
    leftOut,
  };
}

function leftOutOf(series: readonly HistogramSeries[]): string | undefined {
  if (series.length === 0) return undefined;
  const names = series.map(({ name }) => name).join(', ');
  return `${series.length} more not drawn; narrow the query or merge: ${names}`;
}

/** Everything that was counted. */
function valueRange(series: HistogramSeries): ValueRange {
  let [min, max] = [Infinity, -Infinity];
  for (const lower of series.lower) if (lower < min) min = lower;
  for (const upper of series.upper) if (upper > max) max = upper;
  return { min, max };
}

/** Room beyond the outermost bucket, as a share of the axis. */
const PADDING = 0.03;

/**
 * How the axis is distributed, and what it spans. A logarithm cannot show zero and negative values (profits, feed delays
 * of clocks that differ): then the axis is symmetric-logarithmic, linear around zero.
 */
export function valueAxis(
  range: ValueRange,
  scale: ValueScale,
  limits: { readonly min?: number | null | undefined; readonly max?: number | null | undefined },
): { readonly distribution: Distribution; readonly min: number; readonly max: number } {
  let min = limits.min ?? range.min;
  let max = limits.max ?? range.max;
  if (scale === 'linear') {
    const room = (max - min || Math.abs(max) || 1) * PADDING;
    // A latency axis that starts a little above zero would hide that it is no zero.
    const start = limits.min ?? (min >= 0 && min < max / 2 ? 0 : min - room);
    return { distribution: { kind: 'linear' }, min: start, max: limits.max ?? max + room };
  }
  if (min > 0) {
    if (max <= min) max = min * 2;
    const room = (max / min) ** PADDING;
    return { distribution: { kind: 'log' }, min: snapDown(min / room, scale), max: limits.max ?? max * room };
  }
  const linearThreshold = symlogThreshold(min, max);
  if (max <= min) [min, max] = [min - linearThreshold, min + linearThreshold];
  return { distribution: { kind: 'symlog', linearThreshold }, min, max };
}

/** uPlot counts its logarithmic ticks from the lower end, so that must be a tick: 0.00017 becomes 0.0001. */
function snapDown(min: number, scale: 'log10' | 'log2'): number {
  if (scale === 'log2') return 2 ** Math.floor(Math.log2(min));
  const decade = 10 ** Math.floor(Math.log10(min) + 1e-9);
  return Number((Math.max(1, Math.floor(min / decade + 1e-9)) * decade).toPrecision(12));
}

/** Three decades below the largest magnitude are drawn as a logarithm, the rest around zero is linear. */
function symlogThreshold(min: number, max: number): number {
  return (Math.max(Math.abs(min), Math.abs(max)) || 1) / 1000;
}
