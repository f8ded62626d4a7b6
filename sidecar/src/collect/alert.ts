/**
 * Figures of the sidecar's own alerts (REQUIREMENTS.md MET-69): how many fire now, and how many began to in the last 24
 * hours, by severity. Each severity that exists has a series, so that none is missing while it is zero.
 */
import { SEVERITIES } from '@tapewatch/contract';
import type { Labels } from '@tapewatch/core';
import type { AlertingView } from '../ports.ts';
import type { Collector, Figure } from './collector.ts';

const DAY_NANOS = 86_400_000_000_000n;
/** Changes of a day that are counted; past it the figure of the day is not told, rather than told of a part. */
const MAX_TRANSITIONS = 100_000;
/** Of alerts whose rule names none. */
const NONE = 'NONE';

export function alertCollector(view: AlertingView): Collector {
  return {
    group: 'alert',
    async collect(nowNanos) {
      const span = { startNanos: nowNanos - DAY_NANOS, endNanos: nowNanos };
      const changes = await view.transitions({ ...span, limit: MAX_TRANSITIONS + 1 });
      const active = view
        .groups()
        .flatMap(({ rules }) => rules.flatMap(({ alerts }) => alerts))
        .filter(({ state }) => state === 'firing');
      // What only late samples say has notified nobody.
      const fired = changes.filter(({ to, from, revised }) => to === 'firing' && from !== 'keep_firing' && !revised);
      return [
        ...figures('alerts_active', 'Alerts that fire now.', active),
        ...(changes.length > MAX_TRANSITIONS
          ? []
          : figures('alerts_last_day', 'Alerts that began to fire within 24 hours.', fired)),
      ];
    },
  };
}

function figures(name: string, help: string, of: readonly { readonly labels: Labels }[]): Figure[] {
  const counts = new Map<string, number>(SEVERITIES.map((severity) => [severity, 0]));
  for (const { labels } of of) {
    const severity = labels.get('severity').toUpperCase() || NONE;
    counts.set(severity, (counts.get(severity) ?? 0) + 1);
  }
  return [...counts].map(([severity, value]) => ({
    name,
    kind: 'gauge',
    unit: '1',
    help,
    labels: { severity },
    value,
  }));
}
