/**
 * Series as they are kept and as they are read. A series is interned: its id is a small integer, stable for the life of
 * the store, and stands for the label set everywhere after the pipeline.
 */
import type { HistogramDeltas } from '../histogram/deltas.ts';
import type { ExponentialHistogram } from '../histogram/exponential-histogram.ts';
import type { Labels } from './labels.ts';
import type { Matcher } from './matcher.ts';

/** `value`: gauges and counters. `distribution`: observations and histograms, read as cumulative histograms. */
export type SeriesKind = 'gauge' | 'counter' | 'distribution';

export interface SeriesDefinition {
  readonly id: number;
  readonly labels: Labels;
  readonly kind: SeriesKind;
  /** Name of the stream that created it; its watermark governs the series. */
  readonly stream: string;
  readonly unit: string;
  readonly help: string;
}

/** What a selector asks for. Both ends inclusive, in milliseconds since the epoch. */
export interface SelectRequest {
  readonly matchers: readonly Matcher[];
  readonly startMs: number;
  readonly endMs: number;
  /** Coarsest acceptable spacing of the samples, milliseconds; a hint for choosing a rollup level. */
  readonly resolutionMs: number;
  /**
   * Only the newest sample of each step is looked at; steps are `resolutionMs` wide and counted back from `endMs`, a
   * resolution of 0 makes the range one step. A hint too: a reader may answer with all samples.
   */
  readonly newestOfStep?: true;
  /** Beside `newestOfStep`: a sample is looked at for so long after its stamp; absent: as long as a step. A hint too. */
  readonly lookbackMs?: number;
  /** Of these windows only the outermost samples are looked at, those around a fall, and how many there are. A hint too. */
  readonly edgesOf?: EvenWindows;
  /** Every sample counts, but a reader that has windows in place of samples may answer with those and tell this of each. */
  readonly aggregates?: AskedAggregates;
}

/** What is known of a window of samples beside its last value: how many there are, their sum, extremes and the first. */
export const WINDOW_AGGREGATES = ['counts', 'sums', 'mins', 'maxs', 'firsts'] as const;
export type WindowAggregate = (typeof WINDOW_AGGREGATES)[number];
export type WindowColumns = { readonly [A in WindowAggregate]?: ArrayLike<number> };

export interface AskedAggregates {
  /** Empty: the last value of a window and its stamp are enough. */
  readonly names: readonly WindowAggregate[];
  /** All ranges begin and end on multiples of this: windows of a width that divides it are met exactly. */
  readonly meetsMs: number;
}

/** Windows (end - rangeMs, end] that end at `firstMs` and each `stepMs` after it. */
export interface EvenWindows {
  readonly firstMs: number;
  readonly stepMs: number;
  readonly steps: number;
  readonly rangeMs: number;
}

/**
 * Samples of one series in ascending order of time, parallel arrays. A point is a number or a histogram, not both. Typed
 * arrays belong to whoever asked, who may hand them to another thread; several series may share a buffer.
 */
export interface SeriesData {
  readonly labels: Labels;
  readonly timesMs: ArrayLike<number>;
  /** NaN where a histogram stands (or where the value is NaN). */
  readonly values: ArrayLike<number>;
  /** Where a reader left samples out: the number that each sample has in the whole series, from any start. */
  readonly ranks?: ArrayLike<number>;
  /**
   * Where points stand for windows of samples, stamped and valued by their last one: what was asked of each, beside
   * `timesMs`. A raw sample is a window of its own. NaN and infinities count as Prometheus counts them.
   */
  readonly windows?: WindowColumns;
  /** Present for distributions: cumulative histograms, counter semantics. `undefined` entries are numbers. */
  readonly histograms?: readonly (ExponentialHistogram | undefined)[];
  /** The same distribution as what each point adds: only where it never resets and has one layout throughout. */
  readonly deltas?: HistogramDeltas;
  /** Beside `timesMs`, where known: when each counter or histogram began to count; 0 is unknown. */
  readonly startTimesMs?: ArrayLike<number>;
  /** Widths in milliseconds of the rollup levels that answered, 0 for raw samples. Absent: raw only. */
  readonly levelsMs?: readonly number[];
  /**
   * Ascending stamps at which the series ended (Prometheus's staleness markers): an instant between such a stamp and the
   * next sample sees no sample. Stamps, not a special NaN, because JavaScript does not keep a NaN's payload.
   */
  readonly staleMs?: readonly number[];
}
