/**
 * Labels of an exemplar that leads to a trace, under the names that OpenMetrics and OpenTelemetry's Prometheus exporters
 * give them and that Grafana links by.
 */
import type { LabelPair } from '@tapewatch/core';

/** Undefined when both are absent or empty. */
export function traceLabels(traceId: string, spanId: string): LabelPair[] | undefined {
  if (traceId === '' && spanId === '') return undefined;
  const labels: LabelPair[] = [];
  if (traceId !== '') labels.push(['trace_id', traceId]);
  if (spanId !== '') labels.push(['span_id', spanId]);
  return labels;
}
