/**
 * What a millisecond costs in the range: fills against the mid at their order's sending, on the latency of the order, with the
 * quoted spread at that moment as the market's load. Fills with a stale quote are left out and counted.
 */
import {
  correctFills,
  costPerMs,
  midOf,
  orderKey,
  totalNanos,
  type CostPerMs,
  type Fill,
  type HopTrace,
  type TimedFill,
} from '@tapewatch/core';
import type { StoreReader } from '../ports.ts';
import { MAX_QUOTE_ASKS, refuseRowsBeyond } from './limit.ts';
import type { Ways } from './latency-read.ts';

export interface LatencyCost extends CostPerMs {
  /** Of the fills that count; empty when they are of several, and then there is no money. */
  readonly currency: string;
}

export async function readLatencyCost(
  reader: StoreReader,
  ways: Ways,
  maxQuoteAgeMs: number,
  signal?: AbortSignal,
): Promise<LatencyCost> {
  const byOrder = new Map<string, HopTrace>();
  for (const trace of ways.traces) {
    const order = ways.orderOf(trace.id);
    if (order !== undefined) byOrder.set(order, trace);
  }
  const sent = new Map<string, bigint>();
  for (const order of ways.orders)
    if (order.event === 'new') sent.set(orderKey(order), order.sentNanos ?? order.timeNanos);
  const fills = correctFills(ways.fills).filter((fill) => byOrder.has(orderKey(fill)));
  const asked = fills.map((fill) => ({
    ...{ venue: fill.venue, symbol: fill.symbol },
    timeNanos: sent.get(orderKey(fill)) ?? byOrder.get(orderKey(fill))?.timeNanos ?? fill.timeNanos,
  }));
  refuseRowsBeyond(MAX_QUOTE_ASKS, asked.length, 'quotes at the sending of orders');
  const quotes = asked.length === 0 ? [] : await reader.quotesBefore(asked, signal);
  const priced = fills.flatMap((fill, i): TimedFill[] => {
    const quote = quotes[i] ?? null;
    const { mid } = midOf(quote);
    const trace = byOrder.get(orderKey(fill));
    if (mid === undefined || quote === null || trace === undefined) return [];
    const ageMs = Number((asked[i]?.timeNanos ?? 0n) - quote.timeNanos) / 1e6;
    const stale = maxQuoteAgeMs > 0 && ageMs > maxQuoteAgeMs;
    return [timedFill(fill, { trace, mid, stale, spreadBps: (((quote.ask ?? mid) - (quote.bid ?? mid)) / mid) * 1e4 })];
  });
  const currencies = new Set(fills.map(({ currency }) => currency));
  const [currency = ''] = currencies;
  const cost = costPerMs(priced);
  return currencies.size > 1 ? { ...cost, moneyPerMs: null, currency: '' } : { ...cost, currency };
}

interface Arrival {
  readonly trace: HopTrace;
  readonly mid: number;
  readonly stale: boolean;
  readonly spreadBps: number;
}

function timedFill(fill: Fill, { trace, mid, stale, spreadBps }: Arrival): TimedFill {
  const direction = fill.side === 'buy' ? 1 : -1;
  return {
    timeNanos: fill.timeNanos,
    latencyMs: totalNanos(trace) / 1e6,
    slippageBps: ((direction * (fill.price - mid)) / mid) * 1e4,
    // A trace that stands for several stands for their money too.
    notional: mid * fill.quantity * trace.weight,
    stale,
    load: [spreadBps],
  };
}
