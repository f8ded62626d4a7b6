/**
 * A cumulative distribution, seen as what each of its points adds. Windows of observations are stored like that, and a
 * rate asks for nothing else; the cumulative histograms themselves are large and need not be made then.
 */
import type { ExponentialHistogram } from './exponential-histogram.ts';

export interface HistogramDeltas {
  /**
   * What came after point `from` (-1: from the first on) up to and including point `to`, times a positive factor: a new
   * histogram, without smallest and largest value.
   */
  between(from: number, to: number, factor?: number): ExponentialHistogram;
  /** Observations up to and including a point; at -1 before the first. */
  countAt(point: number): number;
  readonly relativeErrorBound: number;
}
