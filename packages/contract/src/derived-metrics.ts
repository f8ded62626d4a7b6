/**
 * Every metric that the sidecar derives from events: name, kind, unit, labels. docs/wire.md prints this table (a test
 * holds the two together); the pipeline, the dashboards and the rules use these names and no others.
 */
import type { OrderEventType } from '@tapewatch/core';
import { EVENT_METRICS } from './derived-event-metrics.ts';
import type { PayloadKind } from './wire.ts';

export interface DerivedMetric {
  readonly name: string;
  readonly from: PayloadKind;
  readonly kind: 'gauge' | 'counter' | 'observation';
  readonly unit: string;
  readonly labels: readonly string[];
  readonly help: string;
}

/** Latencies of orders, and the steps of an order's life whose stamp ends them; all begin when the order was sent. */
export const ORDER_LATENCIES: Readonly<Record<string, readonly OrderEventType[]>> = {
  order_ack_seconds: ['ack', 'reject'],
  order_fill_seconds: ['fill'],
  order_cancel_seconds: ['cancel_ack'],
};

export const DERIVED_METRICS: readonly DerivedMetric[] = [
  {
    from: 'order',
    kind: 'counter',
    name: 'order_events_total',
    unit: '1',
    labels: ['venue', 'strategy', 'symbol', 'event'],
    help: 'Order life-cycle steps.',
  },
  {
    from: 'order',
    kind: 'counter',
    name: 'order_rejects_total',
    unit: '1',
    labels: ['venue', 'strategy', 'reason'],
    help: 'Orders rejected, by reason.',
  },
  {
    from: 'order',
    kind: 'observation',
    name: 'order_ack_seconds',
    unit: 'seconds',
    labels: ['venue', 'strategy'],
    help: 'Order sent to acknowledged (or rejected) by the venue.',
  },
  {
    from: 'order',
    kind: 'observation',
    name: 'order_fill_seconds',
    unit: 'seconds',
    labels: ['venue', 'strategy'],
    help: 'Order sent to completely filled.',
  },
  {
    from: 'order',
    kind: 'observation',
    name: 'order_cancel_seconds',
    unit: 'seconds',
    labels: ['venue', 'strategy'],
    help: 'Cancel sent to acknowledged.',
  },
  {
    from: 'fill',
    kind: 'counter',
    name: 'fills_total',
    unit: '1',
    labels: ['venue', 'strategy', 'symbol', 'side'],
    help: 'Executions.',
  },
  {
    from: 'fill',
    kind: 'counter',
    name: 'traded_notional_total',
    unit: 'currency',
    labels: ['venue', 'strategy', 'symbol', 'currency'],
    help: 'Quantity times price of executions.',
  },
  {
    from: 'fill',
    kind: 'counter',
    name: 'fees_total',
    unit: 'currency',
    labels: ['venue', 'strategy', 'currency'],
    help: 'Fees paid (rebates are not subtracted).',
  },
  {
    from: 'quote',
    kind: 'counter',
    name: 'quotes_total',
    unit: '1',
    labels: ['venue', 'symbol'],
    help: 'Top-of-book updates.',
  },
  {
    from: 'quote',
    kind: 'gauge',
    name: 'quote_mid',
    unit: 'currency',
    labels: ['venue', 'symbol'],
    help: 'Mid price; absent while a side is missing or the book is crossed.',
  },
  {
    from: 'quote',
    kind: 'gauge',
    name: 'quote_spread_bps',
    unit: 'bps',
    labels: ['venue', 'symbol'],
    help: 'Quoted spread relative to the mid.',
  },
  {
    from: 'quote',
    kind: 'observation',
    name: 'feed_delay_seconds',
    unit: 'seconds',
    labels: ['venue', 'symbol'],
    help: "Receipt minus the exchange's stamp; clocks may differ, so the level can be off (even negative), the variation is real.",
  },
  {
    from: 'quote',
    kind: 'counter',
    name: 'feed_gaps_total',
    unit: '1',
    labels: ['venue', 'symbol'],
    help: 'Sequence numbers missing from a feed that numbers every update.',
  },
  {
    from: 'health',
    kind: 'gauge',
    name: 'component_health',
    unit: '1',
    labels: ['component', 'instance'],
    help: '0 HEALTHY, 1 DEGRADED, 2 CRITICAL.',
  },
  {
    from: 'health',
    kind: 'counter',
    name: 'heartbeats_total',
    unit: '1',
    labels: ['component', 'instance'],
    help: 'Health messages received.',
  },
  {
    from: 'event',
    kind: 'counter',
    name: 'business_events_total',
    unit: '1',
    labels: ['service', 'event_type'],
    help: 'Business events received.',
  },
  ...EVENT_METRICS,
];
