/** What the scripts load: series in memory, read by selectors with Prometheus's own regular expression syntax. */
import {
  compileMatchers,
  type ExponentialHistogram,
  type Labels,
  type SelectRequest,
  type SeriesData,
  wasReset,
} from '@tapewatch/core';
import { compileRegex } from '../../sidecar/src/regex.ts';
import { customBucketSeries } from './custom-bucket.ts';
import type { LoadCommand } from './script.ts';
import type { SequenceValue } from './series-notation.ts';

interface Stored {
  readonly labels: Labels;
  readonly timesMs: number[];
  readonly values: number[];
  readonly histograms: (ExponentialHistogram | undefined)[];
  readonly staleMs: number[];
  /** 0 where it is unknown. */
  readonly startTimesMs: number[];
}

export class ScriptStorage {
  readonly #series = new Map<string, Stored>();

  clear(): void {
    this.#series.clear();
  }

  load({ stepMs, series, withCustomBuckets }: LoadCommand): void {
    // Of two lines with one label set in one block, the later one counts, as in the original.
    const all = withCustomBuckets ? [...series, ...customBucketSeries(series)] : series;
    const lines = new Map(all.map((line) => [line.labels.key, line]));
    for (const { labels, values, starts } of lines.values()) {
      const stored = this.#series.get(labels.key) ?? empty(labels);
      this.#series.set(labels.key, stored);
      values.forEach((value, i) => append(stored, i * stepMs, { ...value, startMs: starts?.[i] }));
    }
  }

  /** `statistics`: for a query of counts and sums only, for which Prometheus looks for resets while it reads. */
  select({ matchers, startMs, endMs }: SelectRequest, statistics: boolean): SeriesData[] {
    const matches = compileMatchers(matchers, compileRegex);
    const found: SeriesData[] = [];
    for (const stored of this.#series.values()) {
      if (!matches(stored.labels)) continue;
      const keep = stored.timesMs.map((time) => time >= startMs && time <= endMs);
      const cut = <T>(list: readonly T[]): T[] => list.filter((_, i) => keep[i]);
      const staleMs = stored.staleMs.filter((time) => time >= startMs && time <= endMs);
      const { labels } = stored;
      const timesMs = cut(stored.timesMs);
      if (timesMs.length === 0) continue;
      const startTimesMs = cut(stored.startTimesMs);
      const histograms = cut(stored.histograms).map((histogram) => (statistics ? histogram : asStored(histogram)));
      const starts = startTimesMs.some((time) => time !== 0) ? { startTimesMs } : {};
      found.push({ labels, timesMs, values: cut(stored.values), histograms, staleMs, ...starts });
    }
    return found;
  }
}

function empty(labels: Labels): Stored {
  return { labels, timesMs: [], values: [], histograms: [], staleMs: [], startTimesMs: [] };
}

type Loaded = SequenceValue & { readonly startMs: number | undefined };

/** Appends in order of time; an older or equal stamp is dropped, as a head block does. */
function append(stored: Stored, timeMs: number, { value, histogram, stale, startMs }: Loaded): void {
  if (stale === true) {
    stored.staleMs.push(timeMs);
    return;
  }
  if (value === undefined && histogram === undefined) return;
  const last = stored.timesMs.at(-1) ?? -Infinity;
  if (timeMs <= last) return;
  stored.timesMs.push(timeMs);
  stored.startTimesMs.push(startMs === undefined ? 0 : timeMs + startMs);
  stored.values.push(value ?? NaN);
  stored.histograms.push(histogram === undefined ? undefined : withHint(stored.histograms.at(-1), histogram));
}

/** A chunk of a time series database ends where its series was reset; of a chunk's first histogram nothing is known. */
function asStored(histogram: ExponentialHistogram | undefined): ExponentialHistogram | undefined {
  if (histogram?.counterReset !== 'reset') return histogram;
  const unknown = histogram.clone();
  unknown.counterReset = 'unknown';
  return unknown;
}

/** A time series database knows of every stored histogram but a chunk's first whether it follows a reset. */
function withHint(before: ExponentialHistogram | undefined, histogram: ExponentialHistogram): ExponentialHistogram {
  const stored = histogram.clone();
  if (before === undefined || stored.counterReset !== 'unknown' || before.counterReset === 'gauge') return stored;
  stored.counterReset = wasReset(before, stored) ? 'reset' : 'not_reset';
  return stored;
}
