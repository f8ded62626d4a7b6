/** What `rate`, `increase` and `delta` have in common, and what they say of histograms of the wrong kind. */
import type { Window } from '../window.ts';
import type { WindowContext } from './range.ts';

export interface RateKind {
  readonly counter: boolean;
  readonly perSecond: boolean;
}

export function notACounter(window: Window, context: WindowContext): void {
  context.warn(`this native histogram metric is not a counter: "${context.metricName(window)}"`);
}

export function notAGauge(window: Window, context: WindowContext): void {
  context.warn(`this native histogram metric is not a gauge: "${context.metricName(window)}"`);
}
