/**
 * Query documents on execution and market quality: how well orders were executed, what fills were worth later, what size
 * costs, and how the market was. Basis points, costs positive; markouts positive where the fill gained.
 */
import { z } from 'zod';
import { TRADING_DIMENSIONS, tradingFilters } from './query-trading.ts';

/** Hours and days of the week are UTC, of the arrival for orders and of the execution for fills. */
export const EXECUTION_DIMENSIONS = [...TRADING_DIMENSIONS, 'order_type', 'hour', 'weekday'] as const;
export const executionDimension = z.enum(EXECUTION_DIMENSIONS);

export const EXECUTION_BENCHMARKS = ['arrival', 'decision', 'mid', 'vwap', 'twap'] as const;

/** What a chart of execution quality may show. */
export const EXECUTION_FIGURES = [
  ...(['slippage', 'shortfall', 'effective_spread', 'realised_spread', 'fill_ratio', 'fill_rate'] as const),
  ...(['reject_rate', 'cancel_rate', 'ack_p50', 'ack_p99', 'first_fill_p50', 'first_fill_p99'] as const),
] as const;

/** A quote that is older than this tells nothing of the mid; 0 is no limit. */
const maxQuoteAgeMs = z.number().int().min(0).max(86_400_000).default(10_000);

/** Execution quality of the fills and orders in the range. */
export const executionQuery = z.object({
  queryType: z.literal('execution'),
  by: z.array(executionDimension).default(['strategy', 'venue']),
  filters: tradingFilters,
  benchmark: z.enum(EXECUTION_BENCHMARKS).default('arrival'),
  /** Where delay and opportunity cost start: see docs/trading.md. */
  shortfall: z.enum(['perold', 'kissell']).default('perold'),
  /** After what time the realised spread and the all-in cost look at the mid. */
  realisedAfterMs: z.number().int().min(1).max(3_600_000).default(5_000),
  /** Within what time an order counts as filled in the probability of a fill. */
  fillWithinMs: z.number().int().min(1).max(86_400_000).default(60_000),
  maxQuoteAgeMs,
  /** `opportunities`: what could be improved, with the evidence. */
  format: z.enum(['table', 'time_series', 'opportunities']).default('table'),
  /** What a chart shows. */
  figure: z.enum(EXECUTION_FIGURES).default('slippage'),
});

/** What fills were worth some time later, makers and takers apart. */
export const markoutsQuery = z.object({
  queryType: z.literal('markouts'),
  by: z.array(executionDimension).default(['venue']),
  filters: tradingFilters,
  horizonsMs: z
    .array(z.number().int().min(1).max(86_400_000))
    .min(1)
    .max(20)
    .default([100, 1_000, 5_000, 30_000, 300_000]),
  maxQuoteAgeMs,
});

/** What size costs: of our own orders, and of the flow of the market. */
export const impactQuery = z.object({
  queryType: z.literal('impact'),
  by: z.array(executionDimension).default(['symbol']),
  filters: tradingFilters,
  /** `bins`: impact of own orders by size; `fits`: Kyle's lambda, square root and exponent; `response`: of the mid to trades. */
  format: z.enum(['bins', 'fits', 'response']).default('bins'),
  bins: z.number().int().min(2).max(50).default(10),
  /** Width of the intervals of signed volume. */
  intervalMs: z.number().int().min(100).max(3_600_000).default(1_000),
  maxQuoteAgeMs,
});

export const MARKET_FIGURES = [
  ...(['spread', 'mid', 'imbalance', 'microprice', 'depth', 'volatility', 'volume'] as const),
  ...(['quotes', 'stale', 'latency'] as const),
] as const;

/** How the market was, by venue and symbol: spreads, sizes, volatility, and how well its feeds served. */
export const marketQuery = z.object({
  queryType: z.literal('market'),
  filters: tradingFilters,
  format: z.enum(['table', 'time_series', 'profile']).default('table'),
  /** What a chart shows. */
  figure: z.enum(MARKET_FIGURES).default('spread'),
  /** Spacing of the mids that realised volatility is computed from. */
  sampleMs: z.number().int().min(100).max(3_600_000).default(1_000),
  /** Our clock minus the exchange's, taken from latencies. */
  clockOffsetMs: z.number().min(-86_400_000).max(86_400_000).default(0),
  maxQuoteAgeMs,
});

export type ExecutionQuery = z.infer<typeof executionQuery>;
export type MarkoutsQuery = z.infer<typeof markoutsQuery>;
export type ImpactQuery = z.infer<typeof impactQuery>;
export type MarketQuery = z.infer<typeof marketQuery>;
export type ExecutionDimension = z.infer<typeof executionDimension>;
