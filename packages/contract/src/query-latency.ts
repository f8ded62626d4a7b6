/** Query documents on latency: which hop is slow and what it costs, one order's way, and whether it is the market. */
import { z } from 'zod';
import { tradingFilters } from './query-trading.ts';

/** Where orders' time went, in the tail against the median, and against the period before. */
export const latencyAttributionQuery = z.object({
  queryType: z.literal('latency_attribution'),
  filters: tradingFilters,
  /** `auto`: spans where the range has some, else the orders' own events. */
  source: z.enum(['auto', 'spans', 'orders']).default('auto'),
  /** Of order events: where the way ends. */
  until: z.enum(['ack', 'fill']).default('fill'),
  /** Only traces whose root has this name; empty means all. */
  operation: z.string().default(''),
  /** Where the tail begins. */
  quantile: z.number().min(0.5).max(0.999).default(0.99),
  /** Half of the band's width, in quantiles; 0 takes everything above `quantile`. */
  halfWidth: z.number().min(0).max(0.25).default(0),
  /** `before`: also against as much time before the range; `none`: the tail against the median alone. */
  reference: z.enum(['before', 'none']).default('before'),
  /** What a rule gets of each slow hop: its effect on the tail in ms, its share of it, orders touched, bps or money. */
  figure: z.enum(['effect', 'share', 'orders', 'cost_bps', 'cost']).default('effect'),
  /** A quote that is older than this is no benchmark, and its fills say nothing of the cost; 0 is no limit. */
  maxQuoteAgeMs: z.number().int().min(0).max(86_400_000).default(10_000),
});

/** One order's path as a trace. One of the three ids is needed; any of them finds the others. */
export const traceQuery = z.object({
  queryType: z.literal('trace'),
  orderId: z.string().default(''),
  correlationId: z.string().default(''),
  traceId: z.string().default(''),
});

/** Whether a feed's delay is what the load of the market explains. */
export const marketOrUsQuery = z.object({
  queryType: z.literal('market_or_us'),
  filters: tradingFilters,
  /** Of the delays in a window. */
  quantile: z.number().min(0.01).max(0.99).default(0.5),
  windowMs: z.number().int().min(50).max(60_000).default(250),
  /** Robust deviations that are too many, in 2 of 3 windows. */
  threshold: z.number().min(1).max(20).default(3.5),
});

export type LatencyAttributionQuery = z.infer<typeof latencyAttributionQuery>;
export type TraceQuery = z.infer<typeof traceQuery>;
export type MarketOrUsQuery = z.infer<typeof marketOrUsQuery>;
