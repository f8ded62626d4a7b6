/** The first line of "Trading operations": is everything all right? Eight numbers with limits. */
import { FAILURE, HEALTH_TEXTS, PER_SECOND, steps } from '../field.ts';
import type { Panel } from '../model.ts';
import { stat } from '../panel.ts';
import { eventRate, FILTER, pnl, promql, quantile, target } from '../target.ts';
import { ACK_LIMITS } from './limit.ts';

/** Without rejects there is no series of them: nothing rejected is zero, not the last value there was. */
const NEW_ORDERS = `order_events_total{event="new", ${FILTER}}`;
const STAT = { w: 3, h: 4 } as const;
/** No row is no alert. What could not be asked has a row, which says so. */
const NONE_IS_ZERO = [{ type: 'special', options: { match: 'null', result: { text: '0', color: 'green', index: 0 } } }];

export const overview: readonly Panel[] = [
  stat({
    ...STAT,
    id: 1,
    title: 'Ack p99',
    description:
      'The 99th percentile of order sent to order acknowledged, over the chosen venues and strategies. It is computed from merged histograms, never from averaged percentiles; its relative error is at most 0.54 %.',
    unit: 's',
    thresholds: ACK_LIMITS,
    targets: [promql('A', quantile(0.99, 'order_ack_seconds'))],
  }),
  stat({
    ...STAT,
    id: 2,
    title: 'Ack p50',
    description:
      'The median of order sent to order acknowledged. When p99 rises and this does not, look at the tail: one hop, one venue.',
    unit: 's',
    targets: [promql('A', quantile(0.5, 'order_ack_seconds'))],
  }),
  stat({
    ...STAT,
    id: 3,
    title: 'Orders / s',
    description: 'New orders a second over the chosen venues and strategies.',
    unit: PER_SECOND,
    decimals: 1,
    targets: [promql('A', `sum(${eventRate(NEW_ORDERS)})`)],
  }),
  stat({
    ...STAT,
    id: 4,
    title: 'Fills / s',
    description:
      'Executions a second. Orders that flow while fills stop point at the venue or at prices that are too passive.',
    unit: PER_SECOND,
    decimals: 1,
    targets: [promql('A', `sum(${eventRate(`fills_total{${FILTER}}`)})`)],
  }),
  stat({
    ...STAT,
    id: 5,
    title: 'Rejected',
    description: 'Share of new orders that a venue or the risk check rejected.',
    unit: 'percentunit',
    decimals: 2,
    thresholds: steps('green', [0.01, 'orange'], [0.05, 'red']),
    targets: [
      promql('A', `(sum(${eventRate(`order_rejects_total{${FILTER}}`)}) or vector(0)) / sum(${eventRate(NEW_ORDERS)})`),
    ],
  }),
  stat({
    ...STAT,
    id: 6,
    title: 'P&L',
    description:
      'Net profit and loss of the fills in the time range: realised plus open at the last mid, minus fees. Move the time range to the session to see the session.',
    unit: 'currencyUSD',
    thresholds: steps('red', [0, 'green']),
    sparkline: false,
    calculation: 'sum',
    fields: '/^net$/',
    targets: [pnl('A', { by: ['strategy'] })],
  }),
  stat({
    ...STAT,
    id: 7,
    title: 'Alerts firing',
    description: "The sidecar's own alerts that fire now. The list is further down.",
    unit: 'none',
    decimals: 0,
    thresholds: steps('green', [1, 'red']),
    sparkline: false,
    calculation: 'count',
    fields: `/^(fingerprint|${FAILURE})$/`,
    mappings: NONE_IS_ZERO,
    targets: [target('A', { queryType: 'alerts', state: 'firing' })],
  }),
  stat({
    ...STAT,
    id: 8,
    title: 'Health',
    description: 'The worst health that any component reports about itself: healthy, degraded or critical.',
    unit: 'none',
    mappings: HEALTH_TEXTS,
    thresholds: steps('green', [1, 'orange'], [2, 'red']),
    sparkline: false,
    targets: [promql('A', 'max(component_health)')],
  }),
];
