/**
 * Grafana's time macros, expanded here and not in the browser, because alert rules never pass the front end.
 * `$__rate_interval` covers at least four samples, as in Grafana's Prometheus data source: max(step + finest, 4 * finest),
 * where the finest spacing is `minStep`, or the 1 s window when that is not set.
 */
import { formatDurationMs } from '@tapewatch/core';

const FINEST_WINDOW_MS = 1_000;

export interface MacroContext {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
  readonly minStepMs: number;
}

/** Also takes the `${__interval}` spelling. Unknown names are left for the parser to complain about. */
export function expandMacros(expr: string, context: MacroContext): string {
  const rangeMs = Math.max(1_000, Math.round((context.endMs - context.startMs) / 1_000) * 1_000);
  const finestMs = context.minStepMs > 0 ? context.minStepMs : FINEST_WINDOW_MS;
  const rateMs = Math.max(context.stepMs + finestMs, 4 * finestMs);
  const values: Readonly<Record<string, string>> = {
    interval: formatDurationMs(context.stepMs),
    interval_ms: String(context.stepMs),
    rate_interval: formatDurationMs(rateMs),
    rate_interval_ms: String(rateMs),
    range: formatDurationMs(rangeMs),
    range_s: String(rangeMs / 1_000),
    range_ms: String(rangeMs),
  };
  return expr.replace(/\$__(\w+)|\$\{__(\w+)\}/g, (whole, bare?: string, braced?: string) => {
    return values[bare ?? braced ?? ''] ?? whole;
  });
}
