/** Rows for the tests of the stores, with everything defaulted that a test does not care about. */
import {
  ExponentialHistogram,
  Labels,
  msFromNanos,
  nanos,
  type Fill,
  type HealthResult,
  type OrderEvent,
  type Quote,
  type SeriesDefinition,
  type SeriesKind,
} from '@tapewatch/core';
import type { Batch, SampleColumns, TransitionRow, WindowRow } from '../ports.ts';

/** 2026-03-02T09:00:00Z; large enough that a double would lose nanoseconds. */
export const T0_MS = 1_772_442_000_000;
export const T0 = BigInt(T0_MS) * 1_000_000n;

export function seconds(count: number): bigint {
  return T0 + BigInt(Math.round(count * 1_000)) * 1_000_000n;
}

export function emptyBatch(): Batch {
  return {
    series: [],
    samples: { seriesIds: new Uint32Array(0), timesNanos: new BigInt64Array(0), values: new Float64Array(0) },
    histograms: [],
    windows: [],
    events: [],
    transitions: [],
    positions: [],
    sealed: [],
  };
}

export function batchOf(parts: Partial<Batch>): Batch {
  return { ...emptyBatch(), ...parts };
}

export function samplesOf(rows: readonly (readonly [id: number, timeNanos: bigint, value: number])[]): SampleColumns {
  return {
    seriesIds: Uint32Array.from(rows, ([id]) => id),
    timesNanos: BigInt64Array.from(rows, ([, timeNanos]) => timeNanos),
    values: Float64Array.from(rows, ([, , value]) => value),
  };
}

export function seriesOf(id: number, labels: Record<string, string>, kind: SeriesKind = 'gauge'): SeriesDefinition {
  return { id, labels: Labels.from(labels), kind, stream: 'metrics', unit: 's', help: 'a test series' };
}

export function histogramOf(values: readonly number[], scale = 7): ExponentialHistogram {
  const histogram = new ExponentialHistogram({ scale });
  for (const value of values) histogram.observe(value);
  return histogram;
}

/** A window of a distribution; `startSeconds` from T0. */
export function distributionWindow(
  seriesId: number,
  [startSeconds, levelMs]: readonly [startSeconds: number, levelMs: number],
  histogram: ExponentialHistogram,
): WindowRow {
  const startNanos = seconds(startSeconds);
  const { count, sum, min, max } = histogram;
  const stamps = { firstNanos: startNanos, lastNanos: startNanos };
  const ends = { first: min, last: max, increase: 0 };
  return { seriesId, levelMs, startNanos, count, sum, min, max, ...ends, ...stamps, histogram: histogram.encode() };
}

/** A window of a gauge with one sample. */
export function gaugeWindow(seriesId: number, levelMs: number, [stamp, value]: readonly [bigint, number]): WindowRow {
  const startNanos = BigInt(msFromNanos(stamp) - (msFromNanos(stamp) % levelMs)) * 1_000_000n;
  const values = { count: 1, sum: value, min: value, max: value, first: value, last: value, increase: 0 };
  return { seriesId, levelMs, startNanos, ...values, firstNanos: stamp, lastNanos: stamp };
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
    reason: '',
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
