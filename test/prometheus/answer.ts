/** Answers of both engines in one form: label key to stamp to value; and where two of them differ. */
import type { MatrixSeries, QueryResult } from '@tapewatch/core';
import type { ApiAnswer } from './prometheus-server.ts';

export const TOLERANCE = 1e-9;
/** Below it a double has too few digits left for a relative comparison. */
export const SUBNORMAL = 1e-300;

export type Answer = ReadonlyMap<string, ReadonlyMap<number, number>>;

type ApiPoint = readonly [seconds: number, text: string];
type ApiBucket = readonly [rule: number, lower: string, upper: string, count: string];
type ApiHistogram = readonly [
  seconds: number,
  histogram: { readonly count: string; readonly sum: string; readonly buckets?: readonly ApiBucket[] },
];
interface ApiSeries {
  readonly metric: Record<string, string>;
  readonly value?: ApiPoint;
  readonly values?: readonly ApiPoint[];
  readonly histogram?: ApiHistogram;
  readonly histograms?: readonly ApiHistogram[];
}
/** Histograms are compared by their sums and buckets too, under keys of their own. */
const SUM = '#sum';
/** Digits of a bound: both sides compute it, and the last ones may differ. */
const BOUND_DIGITS = 12;

export function readApi({ data }: ApiAnswer): Answer {
  if (data?.resultType === 'scalar') {
    const [seconds, text] = data.result as ApiPoint;
    return new Map([[keyOf({}), new Map([[Math.round(seconds * 1000), numberOf(text)]])]]);
  }
  const answer = new Map<string, Map<number, number>>();
  for (const { metric, value, values, histogram, histograms } of (data?.result ?? []) as readonly ApiSeries[]) {
    const key = keyOf(metric);
    for (const [seconds, text] of values ?? (value === undefined ? [] : [value])) put(answer, key, seconds, text);
    for (const [seconds, { count, sum, buckets = [] }] of histograms ?? (histogram === undefined ? [] : [histogram])) {
      put(answer, key, seconds, count);
      put(answer, key + SUM, seconds, sum);
      for (const [, lower, upper, own] of buckets) {
        put(answer, key + bucketKey(numberOf(lower), numberOf(upper)), seconds, own);
      }
    }
  }
  return answer;
}

type Growing = Map<string, Map<number, number>>;

function put(answer: Growing, key: string, seconds: number, text: string): void {
  set(answer, key, Math.round(seconds * 1000), numberOf(text));
}

function set(answer: Growing, key: string, timeMs: number, value: number): void {
  const points = answer.get(key) ?? new Map<number, number>();
  answer.set(key, points);
  points.set(timeMs, value);
}

function bucketKey(lower: number, upper: number): string {
  return `#${lower.toPrecision(BOUND_DIGITS)}..${upper.toPrecision(BOUND_DIGITS)}`;
}

export function readResult(result: QueryResult): Answer {
  switch (result.type) {
    case 'scalar':
      return new Map([[keyOf({}), new Map([[result.timeMs, result.value]])]]);
    case 'vector':
      return readSeries(result.samples.map((sample) => ({ labels: sample.labels, points: [sample] })));
    case 'matrix':
      return readSeries(result.series);
    case 'string':
      throw new Error(`unexpected string ${result.value}`);
  }
}

function readSeries(series: readonly MatrixSeries[]): Answer {
  const answer = new Map<string, Map<number, number>>();
  for (const { labels, points } of series) {
    const key = keyOf(labels.toRecord());
    answer.set(key, new Map());
    for (const { timeMs, value, histogram } of points) {
      set(answer, key, timeMs, histogram?.count ?? value);
      if (histogram === undefined) continue;
      set(answer, key + SUM, timeMs, histogram.sum);
      for (const { lower, upper, count } of histogram.buckets()) {
        set(answer, key + bucketKey(lower, upper), timeMs, count);
      }
    }
  }
  return answer;
}

export function differenceOf(
  expected: Answer | undefined,
  got: Answer | undefined,
  tolerance = TOLERANCE,
): string | undefined {
  if (expected === undefined || got === undefined) {
    return expected === got
      ? undefined
      : `expected ${expected ? 'an answer' : 'an error'}, got ${got ? 'an answer' : 'an error'}`;
  }
  if (expected.size !== got.size) return `expected ${expected.size} series, got ${got.size}`;
  for (const [key, points] of expected) {
    const ours = got.get(key);
    if (ours === undefined) return `missing series ${key}`;
    if (ours.size !== points.size) return `${key}: expected ${points.size} points, got ${ours.size}`;
    for (const [time, value] of points) {
      const own = ours.get(time);
      if (own === undefined || !isClose(value, own, tolerance)) {
        return `${key} at ${time}: expected ${value}, got ${own}`;
      }
    }
  }
  return undefined;
}

function keyOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function numberOf(text: string): number {
  return Number(text.replace('Inf', 'Infinity'));
}

function isClose(a: number, b: number, tolerance: number): boolean {
  if (Object.is(a, b) || a === b) return true;
  return Math.abs(a - b) <= Math.max(SUBNORMAL, tolerance * Math.max(Math.abs(a), Math.abs(b)));
}
