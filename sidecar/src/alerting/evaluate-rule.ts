/** One evaluation of a rule's expression, as a vector; and what a recording rule makes of it. */
import { Labels, METRIC_NAME, nanosFromMs, type QueryResult, type Sample, type VectorSample } from '@tapewatch/core';
import type { LoadedRule } from './rule-file.ts';

/** A scalar is a vector of one sample without labels, as in Prometheus. Throws a plain sentence otherwise. */
export function vectorOf(result: QueryResult): readonly VectorSample[] {
  if (result.type === 'vector') return result.samples;
  if (result.type === 'scalar') return [{ labels: Labels.empty, timeMs: result.timeMs, value: result.value }];
  throw new Error(`the expression yields a ${result.type}; a rule needs a vector or a scalar`);
}

/** Throws when the rule yields more than its group or the sidecar allows. */
export function checkLimit(
  count: number,
  { limit, maxAlertsPerRule }: { limit: number; maxAlertsPerRule: number },
): void {
  const bound = limit > 0 ? Math.min(limit, maxAlertsPerRule) : maxAlertsPerRule;
  if (count <= bound) return;
  throw new Error(
    `the expression yields ${count} results, more than the limit of ${bound}; narrow it or raise the limit`,
  );
}

/** The samples that a recording rule writes. Throws when two would be the same series, or a value is a histogram. */
export function recordedSamples(rule: LoadedRule, vector: readonly VectorSample[], timeMs: number): Sample[] {
  const seen = new Set<string>();
  return vector.map((sample) => {
    const labels = Labels.from([...sample.labels.pairs, ...Object.entries(rule.labels), [METRIC_NAME, rule.name]]);
    if (seen.has(labels.key)) throw new Error(`two results are the same series: ${labels.toString()}`);
    if (sample.histogram !== undefined) {
      throw new Error(`${labels.toString()} is a histogram; record a number of it, such as histogram_quantile(...)`);
    }
    seen.add(labels.key);
    return { kind: 'gauge', labels, timeNanos: nanosFromMs(timeMs), value: sample.value };
  });
}
