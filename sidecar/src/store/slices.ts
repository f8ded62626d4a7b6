/**
 * From stored deltas to what a selector presents: histograms that cumulate from the series' first sample on, with
 * counter semantics. Deltas travel between threads as columns, because they are far smaller than the cumulated points.
 */
import {
  CumulativeHistograms,
  distributionData,
  emptyLikeRow,
  ExponentialHistogram,
  Labels,
  mergeRow,
  thinnedEnds,
  type EncodedHistogram,
  type HistogramColumns,
  type LabelPair,
  type SelectRequest,
  type SeriesData,
  type SeriesDefinition,
  type WindowColumns,
} from '@tapewatch/core';
import type { MergedHistograms, MergeRequest } from '../ports.ts';
import { LEVEL_SECONDS } from './level.ts';
import type { WindowSpan } from './select-plan.ts';

/** One series of an answer in plain, clonable form, without its labels. */
export interface SeriesSlices {
  readonly timesMs: Float64Array;
  /** Gauges and counters; empty for distributions. */
  readonly values: Float64Array;
  readonly staleMs?: Float64Array;
  /** Gauges and counters that windows stand for: what was asked of each point. */
  readonly windows?: WindowColumns;
  /** Widths of the levels that were read; 0 is raw. */
  readonly levelsMs: readonly number[];
  /** Distributions: everything before the first point, and which row each point adds. */
  readonly base?: EncodedHistogram;
  readonly rows?: Uint32Array;
}

export interface SelectSlices {
  /** Of the series, in their order. */
  readonly labels: readonly Labels[];
  readonly series: readonly SeriesSlices[];
  /** The rows that distributions add. */
  readonly histograms: HistogramColumns;
}

type Spacing = Pick<SelectRequest, 'endMs' | 'resolutionMs'>;

export function toSeriesData({ labels: all, series, histograms }: SelectSlices, spacing: Spacing): SeriesData[] {
  return series.map(({ timesMs, values, levelsMs, ...slices }, i) => {
    const labels = all[i] as Labels;
    if (slices.rows !== undefined) {
      const { rows, base } = slices;
      const { timesMs: kept, ends } = thinnedEnds(timesMs, (timeMs) => stepOf(timeMs, spacing));
      const source = { columns: histograms, rows, ends, baseCount: base?.count ?? 0 };
      const makeBase = () => (base === undefined ? undefined : ExponentialHistogram.decode(base));
      return distributionData({ labels, levelsMs }, kept, new CumulativeHistograms(source, makeBase));
    }
    const stale = slices.staleMs === undefined ? {} : { staleMs: Array.from(slices.staleMs) };
    const windows = slices.windows === undefined ? {} : { windows: slices.windows };
    return { labels, timesMs, values, levelsMs, ...windows, ...stale };
  });
}

/** Number of the step that a stamp falls in, its end inclusive; every stamp is its own step when all are wanted. */
function stepOf(timeMs: number, { endMs, resolutionMs }: Spacing): number {
  return resolutionMs <= 1 ? timeMs : Math.ceil((timeMs - endMs) / resolutionMs);
}

/** Groups in plain form: rows of `histograms` with the step and group of each. */
export interface MergedSlices {
  /** Label pairs by number of the group. */
  readonly labels: readonly (readonly LabelPair[])[];
  readonly groups: Uint32Array;
  readonly steps: Uint32Array;
  readonly histograms: HistogramColumns;
  readonly levelsMs: readonly number[];
}

export function toMergedHistograms(slices: MergedSlices, { startMs, stepMs }: MergeRequest): MergedHistograms[] {
  const merged = slices.labels.map((pairs) => ({
    pairs,
    timesMs: [] as number[],
    points: [] as ExponentialHistogram[],
  }));
  for (let row = 0; row < slices.groups.length; row++) {
    const group = merged[slices.groups[row] as number];
    if (group === undefined) continue;
    const timeMs = startMs + (slices.steps[row] as number) * stepMs;
    if (group.timesMs.at(-1) !== timeMs) {
      group.timesMs.push(timeMs);
      group.points.push(emptyLikeRow(slices.histograms, row));
    }
    mergeRow(group.points.at(-1) as ExponentialHistogram, slices.histograms, row);
  }
  return merged
    .filter(({ timesMs }) => timesMs.length > 0)
    .map(({ pairs, timesMs, points }) => ({
      labels: Labels.from(pairs),
      timesMs,
      histograms: points,
      levelsMs: slices.levelsMs,
    }));
}

/** Numbers the label sets that the `by` labels leave apart. */
export function groupsBy(
  series: readonly SeriesDefinition[],
  by: readonly string[],
): { readonly groupOf: Map<number, number>; readonly labels: LabelPair[][] } {
  const numbers = new Map<string, number>();
  const labels: LabelPair[][] = [];
  const groupOf = new Map<number, number>();
  for (const { id, labels: own } of series) {
    const pairs = own.pairs.filter(([name]) => by.includes(name));
    const key = JSON.stringify(pairs);
    let number = numbers.get(key);
    if (number === undefined) {
      numbers.set(key, (number = labels.length));
      labels.push([...pairs]);
    }
    groupOf.set(id, number);
  }
  return { groupOf, labels };
}

/** Whether no window reaches over the border of two steps. */
export function meetsSteps(spans: readonly WindowSpan[], { startMs, stepMs }: MergeRequest): boolean {
  return spans.every(({ level }) => {
    const widthMs = LEVEL_SECONDS[level] * 1_000;
    return stepMs % widthMs === 0 && startMs % widthMs === 0;
  });
}

/** The range whose windows the steps hold; its start is exclusive. */
export function mergeRange({ startMs, endMs, stepMs }: MergeRequest): SelectRequest {
  return { matchers: [], startMs: startMs - stepMs + 1, endMs, resolutionMs: stepMs };
}
