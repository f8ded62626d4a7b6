/** What a query read: how much (with its limits), from which levels, and how exact its histograms are. */
import { formatDurationMs, type SelectRequest, type SeriesData } from '@tapewatch/core';
import { TapewatchError } from '../errors.ts';
import type { MergedHistograms } from '../ports.ts';
import { UNKNOWN_LEVEL, type Evaluated } from './cached-evaluation.ts';

/** From this resolution on a reader may answer with a rollup; one that does not say which is not trusted with the rest. */
const ROLLUP_RESOLUTION_MS = 10_000;

/** Windows of one second hold everything that a chart can show; coarser ones are told. */
const FINE_LEVEL_MS = 1_000;
const COARSE = 'shorten the time range or the step for finer data';
const KEEP_LONGER = 'keep them longer with store.retention.samplesHours';
const THINNED = `raw samples are gone, so functions that need every one (quantile_over_time, stddev_over_time, changes, ...) saw one of each window; ${KEEP_LONGER}`;
const OFF_GRID = `raw samples are gone, and a range that does not begin and end with a window takes in the windows whose last sample it holds; ${KEEP_LONGER}`;

type Selected = readonly (readonly SeriesData[])[];

/** Throws `query.limit`, naming the limit, the value and the remedy. */
export function refuseTooMuch(
  data: Selected,
  limits: { readonly maxSamples: number; readonly maxSeries: number },
): void {
  const { maxSamples, maxSeries } = limits;
  const { series, samples } = amountOf(data);
  if (series > maxSeries) {
    const message = `the query reads ${series} series, the limit is ${maxSeries}; narrow the selectors`;
    throw new TapewatchError('query.limit', message, { details: { series, maxSeries } });
  }
  if (samples <= maxSamples) return;
  const message = `the query reads ${samples} samples, the limit is ${maxSamples}; narrow the selectors or the range`;
  throw new TapewatchError('query.limit', message, { details: { fetched: samples, maxSamples } });
}

/** `merged`: groups that the store merged; each counts as a series. */
export function describeRead(
  selects: readonly SelectRequest[],
  data: Selected,
  merged: readonly (readonly MergedHistograms[])[] = [],
): Omit<Evaluated, 'result' | 'inMemory'> {
  const levels = new Set<number>();
  let errorBound: number | undefined;
  let thinned = false;
  data.forEach((selected, i) => {
    const fallback = mayBeRollup(selects[i]) ? UNKNOWN_LEVEL : 0;
    for (const series of selected) {
      for (const level of series.levelsMs ?? [fallback]) levels.add(level);
      thinned ||= isThinned(series, selects[i]);
      const bound = boundOf(series);
      if (bound !== undefined) errorBound = Math.max(errorBound ?? 0, bound);
    }
  });
  for (const { levelsMs, histograms } of merged.flat()) {
    for (const level of levelsMs) levels.add(level);
    for (const { relativeErrorBound } of histograms) errorBound = Math.max(errorBound ?? 0, relativeErrorBound);
  }
  const [own, groups] = [amountOf(data), amountOf(merged)];
  const amount = { series: own.series + groups.series, samples: own.samples + groups.samples };
  return { ...amount, levelsMs: [...levels].sort((a, b) => a - b), thinned, errorBound };
}

/**
 * Which rollup answered, for people; nothing where raw samples or windows of a second did, nor where windows told all that
 * was asked of samples and meet the ends of the ranges.
 */
export function levelInfos(
  { levelsMs, thinned }: Pick<Evaluated, 'levelsMs' | 'thinned'>,
  selects: readonly SelectRequest[],
): string[] {
  const coarse = levelsMs.filter((level) => level > FINE_LEVEL_MS);
  if (coarse.length === 0) return [];
  const names = coarse.map(formatDurationMs).join(' and ');
  const consequences = selects.map((request) => (thinned ? THINNED : consequenceOf(request, coarse)));
  const worst = [THINNED, OFF_GRID, COARSE].find((consequence) => consequences.includes(consequence));
  return worst === undefined ? [] : [`read from the ${names} rollup; ${worst}`];
}

/** What such windows mean to who asked; undefined when nothing. */
function consequenceOf(
  { resolutionMs, newestOfStep, aggregates }: SelectRequest,
  levelsMs: readonly number[],
): string | undefined {
  // A resolution of 0 asks for every sample, so raw ones would have answered if they were still kept.
  if (resolutionMs !== 0 || newestOfStep === true) return COARSE;
  if (aggregates === undefined) return THINNED;
  return levelsMs.every((level) => aggregates.meetsMs % level === 0) ? undefined : OFF_GRID;
}

/** Windows in place of samples, of which something was asked that they do not tell. */
function isThinned({ levelsMs = [], windows }: SeriesData, request: SelectRequest | undefined): boolean {
  const asked = request?.aggregates?.names ?? [];
  return asked.length > 0 && windows === undefined && levelsMs.some((level) => level > FINE_LEVEL_MS);
}

function amountOf(data: readonly (readonly Pick<SeriesData, 'timesMs'>[])[]): { series: number; samples: number } {
  const all = data.flat();
  return { series: all.length, samples: all.reduce((sum, { timesMs }) => sum + timesMs.length, 0) };
}

function mayBeRollup(request: SelectRequest | undefined): boolean {
  return request !== undefined && request.resolutionMs >= ROLLUP_RESOLUTION_MS;
}

/** Merging only ever lowers the scale, so the newest histogram of a series is the least exact one. */
function boundOf(series: SeriesData): number | undefined {
  if (series.deltas !== undefined) return series.deltas.relativeErrorBound;
  const last = series.histograms?.at(-1);
  return last === undefined || last.customBounds !== undefined ? undefined : last.relativeErrorBound;
}
