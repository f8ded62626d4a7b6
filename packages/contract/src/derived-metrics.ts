/**
 * Every metric that the sidecar derives from events: name, kind, unit, labels. docs/wire.md prints this table (a test
 * holds the two together); the pipeline, the dashboards and the rules use these names and no others.
 */
import type { PayloadKind } from './wire.ts';

export interface DerivedMetric {
  readonly name: string;
  readonly from: PayloadKind;
  readonly kind: 'gauge' | 'counter' | 'observation';
  readonly unit: string;
  readonly labels: readonly string[];
  readonly help: string;
}

export const DERIVED_METRICS: readonly DerivedMetric[] = [
  metric(
    'order',
    'counter',
    'order_events_total',
    '1',
    ['venue', 'strategy', 'symbol', 'event'],
    'Order life-cycle steps.',
  ),
  metric(
    'order',
    'counter',
    'order_rejects_total',
    '1',
    ['venue', 'strategy', 'reason'],
    'Orders rejected, by reason.',
  ),
  metric(
    'order',
    'observation',
    'order_ack_seconds',
    'seconds',
    ['venue', 'strategy'],
    'Order sent to acknowledged (or rejected) by the venue.',
  ),
  metric(
    'order',
    'observation',
    'order_fill_seconds',
    'seconds',
    ['venue', 'strategy'],
    'Order sent to completely filled.',
  ),
  metric(
    'order',
    'observation',
    'order_cancel_seconds',
    'seconds',
    ['venue', 'strategy'],
    'Cancel sent to acknowledged.',
  ),
  metric('fill', 'counter', 'fills_total', '1', ['venue', 'strategy', 'symbol', 'side'], 'Executions.'),
  metric(
    'fill',
    'counter',
    'traded_notional_total',
    'currency',
    ['venue', 'strategy', 'symbol', 'currency'],
    'Quantity times price of executions.',
  ),
  metric(
    'fill',
    'counter',
    'fees_total',
    'currency',
    ['venue', 'strategy', 'currency'],
    'Fees paid (rebates are not subtracted).',
  ),
  metric('quote', 'counter', 'quotes_total', '1', ['venue', 'symbol'], 'Top-of-book updates.'),
  metric(
    'quote',
    'gauge',
    'quote_mid',
    'currency',
    ['venue', 'symbol'],
    'Mid price; absent while a side is missing or the book is crossed.',
  ),
  metric('quote', 'gauge', 'quote_spread_bps', 'bps', ['venue', 'symbol'], 'Quoted spread relative to the mid.'),
  metric(
    'quote',
    'observation',
    'feed_delay_seconds',
    'seconds',
    ['venue', 'symbol'],
    "Receipt minus the exchange's stamp; clocks may differ, so the level can be off (even negative), the variation is real.",
  ),
  metric(
    'quote',
    'counter',
    'feed_gaps_total',
    '1',
    ['venue', 'symbol'],
    'Sequence numbers missing from a feed that numbers every update.',
  ),
  metric('health', 'gauge', 'component_health', '1', ['component', 'instance'], '0 HEALTHY, 1 DEGRADED, 2 CRITICAL.'),
  metric('health', 'counter', 'heartbeats_total', '1', ['component', 'instance'], 'Health messages received.'),
];

function metric(
  from: PayloadKind,
  kind: DerivedMetric['kind'],
  name: string,
  unit: string,
  labels: readonly string[],
  help: string,
): DerivedMetric {
  return { from, kind, name, unit, labels, help };
}
