/**
 * Values of expressions over a whole grid of evaluation times, column by column: one typed array per series instead of
 * one object per sample. An instant query is a grid of one time. `present` tells where a series has a sample at all.
 */
import type { ExponentialHistogram } from '../histogram/exponential-histogram.ts';
import type { Labels } from '../model/labels.ts';
import { PromqlError, type TextSpan } from './error.ts';

/** Evaluation times start, start + step, ...; `steps` of them. */
export interface Grid {
  readonly startMs: number;
  readonly stepMs: number;
  readonly steps: number;
}

export function timeAt(grid: Grid, step: number): number {
  return grid.startMs + step * grid.stepMs;
}

export interface Column {
  readonly labels: Labels;
  readonly values: Float64Array;
  /** 1 where a sample stands. */
  readonly present: Uint8Array;
  /** Where a histogram stands, `values` is meaningless. */
  histograms?: (ExponentialHistogram | undefined)[];
}

export type Value =
  | { readonly type: 'scalar'; readonly values: Float64Array }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'vector'; readonly columns: readonly Column[] };

export const SAME_LABELSET = 'vector cannot contain metrics with the same labelset';

export function newColumn(labels: Labels, steps: number): Column {
  return { labels, values: new Float64Array(steps), present: new Uint8Array(steps) };
}

/** Stores a number or a histogram at a step; undefined stores nothing. */
export function put(column: Column, step: number, sample: number | ExponentialHistogram | undefined): void {
  if (sample === undefined) return;
  column.present[step] = 1;
  if (typeof sample === 'number') column.values[step] = sample;
  else (column.histograms ??= new Array<ExponentialHistogram | undefined>(column.values.length))[step] = sample;
}

/** The sample at a step, undefined where there is none. */
export function sampleAt(column: Column, step: number): number | ExponentialHistogram | undefined {
  if (column.present[step] === 0) return undefined;
  return column.histograms?.[step] ?? column.values[step];
}

export function isEmpty(column: Column): boolean {
  return !column.present.includes(1);
}

/** The same samples under other labels; arrays are shared, which is safe because columns are never changed once made. */
export function relabel(column: Column, labels: Labels): Column {
  return labels === column.labels ? column : { ...column, labels };
}

/** Joins columns that got the same labels, and throws when two of them have a sample at one time. */
export function joinEqual(columns: readonly Column[], span: TextSpan): Column[] {
  const byKey = new Map<string, Column>();
  let joined = false;
  for (const column of columns) {
    const { key } = column.labels;
    const known = byKey.get(key);
    if (known === undefined) {
      byKey.set(key, column);
      continue;
    }
    joined = true;
    byKey.set(key, join(known, column, span));
  }
  return joined ? [...byKey.values()] : [...columns];
}

function join(a: Column, b: Column, span: TextSpan): Column {
  const target = newColumn(a.labels, a.values.length);
  for (let step = 0; step < target.values.length; step++) {
    if (a.present[step] === 1 && b.present[step] === 1) throw new PromqlError('execution', SAME_LABELSET, span);
    put(target, step, sampleAt(a, step) ?? sampleAt(b, step));
  }
  return target;
}

/** A column per input column, each float passed through `transform`; histograms are left out, the name is dropped. */
export function mapFloats(
  columns: readonly Column[],
  span: TextSpan,
  transform: (value: number, step: number) => number | undefined,
): Column[] {
  const mapped = columns.map((column) => {
    const result = newColumn(column.labels.withoutMetricName(), column.values.length);
    for (let step = 0; step < result.values.length; step++) {
      if (column.present[step] === 0 || column.histograms?.[step] !== undefined) continue;
      put(result, step, transform(column.values[step] as number, step));
    }
    return result;
  });
  return joinEqual(mapped, span);
}

export function scalarValue(steps: number, at: (step: number) => number): Value {
  const values = new Float64Array(steps);
  for (let step = 0; step < steps; step++) values[step] = at(step);
  return { type: 'scalar', values };
}
