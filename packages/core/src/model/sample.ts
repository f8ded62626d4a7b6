/**
 * What a codec yields. A *gauge* and a *counter* are values at a time; an *observation* is one measurement that feeds
 * the distribution of its series; a *histogram* is a ready-made distribution over an interval (a delta).
 */
import type { ExponentialHistogram } from '../histogram/exponential-histogram.ts';
import type { Labels } from './labels.ts';
import type { Nanos } from './time.ts';

export type MetricKind = 'gauge' | 'counter' | 'observation' | 'histogram';

interface SampleBase {
  /** Full identity, metric name included as `__name__`. */
  readonly labels: Labels;
  readonly timeNanos: Nanos;
  /** UCUM-like or Prometheus base unit, when the publisher says so (`seconds`, `bytes`, `ratio`). */
  readonly unit?: string;
  readonly help?: string;
}

export interface NumberSample extends SampleBase {
  readonly kind: 'gauge' | 'counter' | 'observation';
  readonly value: number;
}

export interface HistogramSample extends SampleBase {
  readonly kind: 'histogram';
  readonly histogram: ExponentialHistogram;
}

export type Sample = NumberSample | HistogramSample;
