/** Our engine over series in memory, without anything around it. */
import {
  compileMatchers,
  evaluate,
  type EvaluationRange,
  parse,
  plan,
  PromqlError,
  type SelectRequest,
  type SeriesData,
} from '@tapewatch/core';
import { compileCapturing } from '../../sidecar/src/query/capturing-regex.ts';
import { compileRegex } from '../../sidecar/src/regex.ts';
import { type Answer, readResult } from './answer.ts';

/** Undefined when the engine refuses the query; any other error is thrown. */
export function answerOf(expr: string, range: EvaluationRange, data: readonly SeriesData[]): Answer | undefined {
  try {
    const planned = plan(parse(expr), range, { text: expr });
    const series = planned.selects.map((request) => select(data, request));
    return readResult(evaluate(planned, series, { regex: compileCapturing }));
  } catch (error) {
    if (error instanceof PromqlError) return undefined;
    throw error;
  }
}

export function select(data: readonly SeriesData[], { matchers, startMs, endMs }: SelectRequest): SeriesData[] {
  const matches = compileMatchers(matchers, compileRegex);
  return data
    .filter(({ labels }) => matches(labels))
    .map(({ labels, timesMs, values, histograms }) => {
      let [from, to] = [0, timesMs.length];
      while (from < to && (timesMs[from] as number) < startMs) from++;
      while (to > from && (timesMs[to - 1] as number) > endMs) to--;
      const cut = { labels, timesMs: Array.from(timesMs).slice(from, to), values: Array.from(values).slice(from, to) };
      return histograms === undefined ? cut : { ...cut, histograms: histograms.slice(from, to) };
    });
}
