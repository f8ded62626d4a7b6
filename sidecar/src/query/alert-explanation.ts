/**
 * What an alert on slow orders is told of their latency: the slow hop with its share of the tail, how many orders it touched
 * and what that cost, and the slowest of these orders, by whose correlation id events, alert and trace are found.
 */
import { latencyAttributionQuery, type LatencyAttributionQuery } from '@tapewatch/contract';
import { MIN_BAND_TRACES, orderKey, type Attribution, type HopTrace, type Labels } from '@tapewatch/core';
import type { ExplainAlert, StoreReader } from '../ports.ts';
import { attributionOf, priceOf, sentence, type AttributedRange } from './latency-attribution-query.ts';
import type { Ways } from './latency-read.ts';

/** From the rarest tail: the first that holds enough orders is explained. */
const QUANTILES = [0.99, 0.95, 0.9] as const;
const FILTERS = ['strategy', 'venue', 'symbol', 'account'] as const;

export function latencyExplanation(reader: StoreReader): ExplainAlert {
  return async (labels, { startMs, endMs }, signal) => {
    const envelope = { startMs, endMs, intervalMs: 1_000, maxDataPoints: 1, fromAlert: true };
    const quantiles = [...QUANTILES];
    for (;;) {
      const quantile = quantiles.shift() ?? 0.9;
      const found = await attributionOf(queryOf(labels, quantile), envelope, reader, signal);
      const isTooFew = found.attribution.traces * (1 - quantile) < MIN_BAND_TRACES;
      if (!isTooFew || quantiles.length === 0) return annotationsOf(found, quantile);
    }
  };
}

/** An alert's labels narrow the orders, as far as orders have them. */
function queryOf(labels: Labels, quantile: number): LatencyAttributionQuery {
  const filters = Object.fromEntries(
    FILTERS.flatMap((name) => (labels.get(name) === '' ? [] : [[name, [labels.get(name)]] as const])),
  );
  return latencyAttributionQuery.parse({ queryType: 'latency_attribution', filters, quantile });
}

function annotationsOf({ attribution, ways, cost }: AttributedRange, quantile: number): Record<string, string> {
  const told = { explanation: `beyond p${100 * quantile}: ${sentence(attribution, cost)}` };
  const { verdict, rows } = attribution;
  if (verdict.kind !== 'slow_hop') return told;
  const slow = rows.filter(({ hop }) => verdict.hops.includes(hop));
  const sumOf = (perMs: number | null): number | null =>
    perMs === null ? null : slow.reduce((sum, row) => sum + (priceOf(row, perMs) ?? 0), 0);
  const [bps, money] = [sumOf(cost.bpsPerMs), sumOf(cost.moneyPerMs)];
  return {
    ...told,
    slow_hop: verdict.hops.join(', '),
    ...(verdict.share === null ? {} : { slow_hop_share: `${Math.round(100 * verdict.share)} %` }),
    orders_touched: String(verdict.ordersTouched),
    ...(bps === null ? {} : { cost_bps: bps.toFixed(3) }),
    ...(money === null ? {} : { cost: `${money.toFixed(2)} ${cost.currency}` }),
    ...idsOf(slowestOn(verdict.hops, attribution), ways),
  };
}

/** Of the tail, the trace that spent most on the slow hops. */
function slowestOn(hops: readonly string[], { tail }: Attribution): HopTrace | undefined {
  const timeOn = (trace: HopTrace): number =>
    trace.hops.reduce((sum, { name, nanos }) => sum + (hops.includes(name) ? nanos : 0), 0);
  return tail?.traces.reduce<HopTrace | undefined>(
    (slowest, trace) => (slowest === undefined || timeOn(trace) > timeOn(slowest) ? trace : slowest),
    undefined,
  );
}

function idsOf(trace: HopTrace | undefined, { orderOf, orders, source }: Ways): Record<string, string> {
  if (trace === undefined) return {};
  const order = orders.find((step) => orderKey(step) === orderOf(trace.id));
  const traceId = source === 'spans' ? { trace_id: trace.id } : {};
  if (order === undefined) return source === 'spans' ? { correlation_id: trace.id, ...traceId } : {};
  return { correlation_id: order.correlationId || order.orderId, order_id: order.orderId, ...traceId };
}
