/** What evaluating a PromQL expression yields, in the terms of Prometheus's HTTP API. Times in milliseconds. */
import type { ExponentialHistogram } from '../histogram/exponential-histogram.ts';
import type { Labels } from '../model/labels.ts';

/** A float or a histogram, never both. */
export interface Point {
  readonly timeMs: number;
  readonly value: number;
  readonly histogram?: ExponentialHistogram;
}

export interface VectorSample extends Point {
  readonly labels: Labels;
}

export interface MatrixSeries {
  readonly labels: Labels;
  readonly points: readonly Point[];
}

/** Warnings (the answer may be wrong) and infos, each once; shown as frame notices. */
interface Annotated {
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

export type QueryResult = Annotated &
  (
    | { readonly type: 'scalar'; readonly timeMs: number; readonly value: number }
    | { readonly type: 'string'; readonly timeMs: number; readonly value: string }
    | { readonly type: 'vector'; readonly samples: readonly VectorSample[] }
    | { readonly type: 'matrix'; readonly series: readonly MatrixSeries[] }
  );

/** Instant query: startMs === endMs and stepMs === 0. Range query: inclusive ends, stepMs > 0, always a matrix. */
export interface EvaluationRange {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}
