/** What passes between the main thread and the threads that evaluate queries. */
import { PromqlError, type EvaluationRange, type PromqlErrorKind, type QueryResult } from '@tapewatch/core';
import type { PackedLabels } from '../label-exchange.ts';
import type { PackedSelection } from './packed-selection.ts';
import { packMatrix, unpackMatrix, type PackedSeries } from './packed-series.ts';

export interface WorkerTask {
  readonly id: number;
  /** Planned again there: the same text and range yield the same reads in the same order. */
  readonly text: string;
  readonly range: EvaluationRange;
  readonly lookbackMs: number;
  readonly subqueryStepMs: number;
  readonly maxSamples: number;
  readonly data: readonly PackedSelection[];
  /** Of the selections, in their order. */
  readonly labels: readonly PackedLabels[];
  /** One shared number; not zero: stop. */
  readonly stop: Int32Array;
}

export type WorkerAnswer =
  { readonly id: number; readonly result: PackedResult } | { readonly id: number; readonly error: PlainPromqlError };

type Other = Exclude<QueryResult, { type: 'matrix' } | { type: 'vector' }>;

export type PackedResult =
  | Other
  | {
      readonly type: 'matrix' | 'vector';
      readonly series: readonly PackedSeries[];
      readonly warnings: readonly string[];
      readonly infos: readonly string[];
    };

export interface PlainPromqlError {
  /** `bug` for anything that is not an error of the query. */
  readonly kind: PromqlErrorKind | 'bug';
  readonly message: string;
  readonly from: number;
  readonly to: number;
}

export function packResult(result: QueryResult): PackedResult {
  if (result.type === 'scalar' || result.type === 'string') return result;
  const { type, warnings, infos } = result;
  const series =
    result.type === 'matrix'
      ? result.series
      : result.samples.map(({ labels, ...point }) => ({ labels, points: [point] }));
  return { type, series: series.map(packMatrix), warnings, infos };
}

/** Series are unpacked one by one; `pause` is awaited between them, so that a large answer does not keep the thread. */
export async function unpackResult(packed: PackedResult, pause: () => Promise<void>): Promise<QueryResult> {
  if (packed.type === 'scalar' || packed.type === 'string') return packed;
  const { type, warnings, infos } = packed;
  const series = [];
  for (const one of packed.series) {
    series.push(unpackMatrix(one));
    await pause();
  }
  if (type === 'matrix') return { type, series, warnings, infos };
  const samples = series.flatMap(({ labels, points }) => points.map((point) => ({ labels, ...point })));
  return { type, samples, warnings, infos };
}

export function plainError(error: unknown): PlainPromqlError {
  if (error instanceof PromqlError) {
    const { kind, message, from, to } = error;
    return { kind, message, from, to };
  }
  return {
    kind: 'bug',
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    from: 0,
    to: 0,
  };
}

export function errorFrom({ kind, message, from, to }: PlainPromqlError): Error {
  return kind === 'bug' ? new Error(`query thread: ${message}`) : new PromqlError(kind, message, { from, to });
}
