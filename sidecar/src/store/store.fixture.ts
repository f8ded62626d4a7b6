/** Rows for the tests of the stores, with everything defaulted that a test does not care about. */
import {
  ExponentialHistogram,
  Labels,
  nanos,
  type BusinessEvent,
  type EncodedHistogram,
  type Fill,
  type HealthResult,
  type OrderEvent,
  type Quote,
  type SeriesDefinition,
  type SeriesKind,
} from '@tapewatch/core';
import type { ColumnBatch, StampedColumns, TransitionRow } from '../ports.ts';

/** 2026-03-02T09:00:00Z; large enough that a double would lose nanoseconds. */
export const T0_MS = 1_772_442_000_000;
export const T0 = BigInt(T0_MS) * 1_000_000n;

export function seconds(count: number): bigint {
  return T0 + BigInt(Math.round(count * 1_000)) * 1_000_000n;
}

export function emptyBatch(): ColumnBatch {
  return {
    series: [],
    samples: samplesOf([]),
    histograms: [],
    events: [],
    transitions: [],
    positions: [],
  };
}

export function batchOf(parts: Partial<ColumnBatch>): ColumnBatch {
  return { ...emptyBatch(), ...parts };
}

export type SampleRow = readonly [id: number, timeNanos: bigint, value: number];

export function samplesOf(rows: readonly SampleRow[]): StampedColumns {
  return {
    seriesIds: Uint32Array.from(rows, ([id]) => id),
    seconds: Uint32Array.from(rows, ([, timeNanos]) => Number(timeNanos / 1_000_000_000n)),
    nanos: Uint32Array.from(rows, ([, timeNanos]) => Number(timeNanos % 1_000_000_000n)),
    values: Float64Array.from(rows, ([, , value]) => value),
  };
}

/** A ready-made histogram at a stamp. */
export function readyMade(
  seriesId: number,
  timeNanos: bigint,
  histogram: EncodedHistogram,
): ColumnBatch['histograms'][number] {
  return {
    seriesId,
    seconds: Number(timeNanos / 1_000_000_000n),
    nanos: Number(timeNanos % 1_000_000_000n),
    histogram,
  };
}

/** A gauge whose sample moves the newest stamp, so that windows before it are sealed. */
export const CLOCK = seriesOf(1_000, { __name__: 'clock' });

/** A batch that seals every window of a level that ends at or before T0 + `atSeconds`, and some. */
export function clockAt(atSeconds: number): ColumnBatch {
  return batchOf({ series: [CLOCK], samples: samplesOf([[CLOCK.id, seconds(atSeconds + 2), 1]]) });
}

export function seriesOf(id: number, labels: Record<string, string>, kind: SeriesKind = 'gauge'): SeriesDefinition {
  return { id, labels: Labels.from(labels), kind, stream: 'metrics', unit: 's', help: 'a test series' };
}

export function histogramOf(values: readonly number[], scale = 7): ExponentialHistogram {
  const histogram = new ExponentialHistogram({ scale });
  for (const value of values) histogram.observe(value);
  return histogram;
}

export function orderOf(id: string, timeNanos: bigint, rest: Partial<OrderEvent> = {}): OrderEvent {
  return {
    table: 'orders',
    id,
    timeNanos: nanos(timeNanos),
    orderId: `order-${id}`,
    event: 'new',
    sentNanos: null,
    venue: 'XNAS',
    symbol: 'ACME',
    strategy: 'momentum',
    account: 'main',
    side: 'buy',
    orderType: 'limit',
    quantity: 100,
    price: 10.25,
    filledQuantity: 0,
    arrivalMid: null,
    decisionNanos: null,
    decisionMid: null,
    reason: '',
    correlationId: '',
    ...rest,
  };
}

export function fillOf(id: string, timeNanos: bigint, rest: Partial<Fill> = {}): Fill {
  return {
    table: 'fills',
    id,
    timeNanos: nanos(timeNanos),
    orderId: `order-${id}`,
    venue: 'XNAS',
    symbol: 'ACME',
    strategy: 'momentum',
    account: 'main',
    side: 'sell',
    quantity: 50,
    price: 10.5,
    currency: 'USD',
    fee: -0.01,
    feeCurrency: 'USD',
    liquidity: 'maker',
    execution: 'new',
    refersTo: '',
    ...rest,
  };
}

export function quoteOf(timeNanos: bigint, bid: number | null, rest: Partial<Quote> = {}): Quote {
  return {
    table: 'quotes',
    timeNanos: nanos(timeNanos),
    exchangeNanos: null,
    venue: 'XNAS',
    symbol: 'ACME',
    bid,
    bidSize: 1,
    ask: bid === null ? null : bid + 1,
    askSize: 2,
    sequence: null,
    ...rest,
  };
}

export function healthOf(timeNanos: bigint, component: string): HealthResult {
  const table = 'health_results';
  return { table, timeNanos: nanos(timeNanos), component, instance: 'a', status: 'DEGRADED', message: 'slow' };
}

export function businessEventOf(timeNanos: bigint, rest: Partial<BusinessEvent> = {}): BusinessEvent {
  return {
    table: 'events',
    timeNanos: nanos(timeNanos),
    serviceName: 'billing',
    instanceId: 'billing-1',
    eventType: 'tier_upgraded',
    metricName: 'order_value',
    metricValue: 12.5,
    labels: { tier: 'premium', '': "it's", '__proto__ ': '🦄' },
    durationMs: 0.25,
    userId: 'u-7',
    correlationId: 'c-1',
    ...rest,
  };
}

export function transitionOf(timeNanos: bigint, to: string, rest: Partial<TransitionRow> = {}): TransitionRow {
  return {
    timeNanos,
    rule: 'SlowAcks',
    group: 'latency',
    labels: Labels.from({ alertname: 'SlowAcks', venue: 'XNAS' }),
    from: 'inactive',
    to,
    reason: 'the value 0.3 is above 0.25',
    value: 0.3,
    activeAtNanos: timeNanos,
    annotations: { summary: 'Acks are slow' },
    ...rest,
  };
}
