/** Names of series: Grafana's `{{label}}` templates, or PromQL notation when there is none. */
import type { Labels } from '@tapewatch/core';

/** An unknown label is empty, as in Grafana's Prometheus data source. */
export function seriesName(legendFormat: string, labels: Labels, expr: string): string {
  if (legendFormat !== '' && legendFormat !== '__auto') {
    return legendFormat.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, name: string) => labels.get(name));
  }
  return labels.size === 0 ? expr : labels.toString();
}
