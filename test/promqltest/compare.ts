/** Compares answers with expectations; numbers to one part in a million, as the original does. */
import type { ExponentialHistogram, MatrixSeries, QueryResult, VectorSample } from '@tapewatch/core';
import { fitOf, formatHistogram, Labels } from '@tapewatch/core';
import type { EvalCommand } from './script.ts';
import type { SequenceValue } from './series-notation.ts';

const EPSILON = 1e-6;
const MIN_NORMAL = 2.2250738585072014e-308;

export function almostEqual(a: number, b: number): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  const sum = Math.abs(a) + Math.abs(b);
  const difference = Math.abs(a - b);
  if (a === 0 || b === 0 || sum < MIN_NORMAL) return difference < EPSILON * MIN_NORMAL;
  return difference / Math.min(sum, Number.MAX_VALUE) < EPSILON;
}

/** The first difference in words, undefined when the answer is as expected. */
export function difference(command: EvalCommand, result: QueryResult): string | undefined {
  if (command.text !== undefined) {
    return result.type === 'string' && result.value === command.text ? undefined : `expected string ${command.text}`;
  }
  if (command.scalar !== undefined) {
    if (result.type !== 'scalar') return `expected a scalar, got ${result.type}`;
    return sampleDifference('scalar', command.scalar, { value: result.value });
  }
  switch (result.type) {
    case 'vector':
      return vectorDifference(command, result.samples);
    case 'matrix':
      return matrixDifference(command, result.series);
    case 'scalar':
      return `expected ${command.series.length} series, got scalar ${result.value}`;
    case 'string':
      return `expected ${command.series.length} series, got string ${result.value}`;
  }
}

function vectorDifference(command: EvalCommand, samples: readonly VectorSample[]): string | undefined {
  if (samples.length !== command.series.length) {
    return `expected ${command.series.length} samples, got ${samples.length}: ${samples.map(show).join(' ')}`;
  }
  for (const [i, expected] of command.series.entries()) {
    const name = expected.labels.toString();
    const found = samples.findIndex(({ labels }) => labels.equals(expected.labels));
    const sample = samples[found];
    if (sample === undefined) return `missing ${name}; got ${samples.map(show).join(' ')}`;
    if (command.ordered && found !== i) return `${name} expected at place ${i}, is at ${found}`;
    const problem = sampleDifference(name, expected.values[0] ?? {}, sample);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function matrixDifference(command: EvalCommand, series: readonly MatrixSeries[]): string | undefined {
  const { startMs, stepMs } = command.rangeVector ?? command;
  // A series of gaps only is one that must not be there.
  const wanted = command.series.filter(({ values }) => values.some((value) => !isGap(value)));
  if (series.length !== wanted.length) {
    return `expected ${wanted.length} series, got ${series.length}: ${series.map(({ labels }) => labels.toString()).join(' ')}`;
  }
  for (const { labels, values } of wanted) {
    const found = series.find((candidate) => candidate.labels.equals(labels));
    if (found === undefined) return `missing ${labels.toString()}`;
    const points = new Map(found.points.map((point) => [point.timeMs, point]));
    for (const [i, value] of values.entries()) {
      const timeMs = startMs + i * stepMs;
      const point = points.get(timeMs);
      points.delete(timeMs);
      if (isGap(value) && point === undefined) continue;
      const name = `${labels.toString()} at ${timeMs} ms`;
      if (isGap(value) || point === undefined) return `${name}: expected ${text(value)}, got ${text(point ?? {})}`;
      const problem = sampleDifference(name, value, point);
      if (problem !== undefined) return problem;
    }
    if (points.size > 0) return `${labels.toString()}: unexpected samples at ${[...points.keys()].join(', ')} ms`;
  }
  return undefined;
}

function isGap({ value, histogram }: SequenceValue): boolean {
  return value === undefined && histogram === undefined;
}

function sampleDifference(name: string, expected: SequenceValue, got: SequenceValue): string | undefined {
  const same =
    expected.histogram !== undefined
      ? got.histogram !== undefined && sameHistogram(expected.histogram, got.histogram)
      : got.histogram === undefined && almostEqual(expected.value as number, got.value as number);
  return same ? undefined : `${name}: expected ${text(expected)}, got ${text(got)}`;
}

function sameHistogram(expected: ExponentialHistogram, got: ExponentialHistogram): boolean {
  const hint = expected.counterReset;
  return (
    expected.scale === got.scale &&
    fitOf(expected, got) === 'same' &&
    (hint === 'unknown' || hint === got.counterReset) &&
    almostEqual(expected.count, got.count) &&
    almostEqual(expected.sum, got.sum) &&
    almostEqual(expected.zeroCount, got.zeroCount) &&
    expected.zeroThreshold === got.zeroThreshold &&
    sameBuckets(expected.positive, got.positive) &&
    sameBuckets(expected.negative, got.negative)
  );
}

function sameBuckets(a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): boolean {
  return [...new Set([...a.keys(), ...b.keys()])].every((index) => almostEqual(a.get(index) ?? 0, b.get(index) ?? 0));
}

function text({ value, histogram }: SequenceValue): string {
  if (histogram === undefined) return value === undefined ? 'nothing' : String(value);
  return `${formatHistogram(histogram)} (scale ${histogram.scale}, ${histogram.counterReset})`;
}

function show(sample: VectorSample): string {
  return `${sample.labels.equals(Labels.empty) ? '{}' : sample.labels.toString()}=${text(sample)}`;
}
