/**
 * Query documents on performance and risk: what an equity earned for what it risked, and what the open positions may
 * lose. Fractions, not percents; losses and drawdowns positive.
 */
import { ANNUAL_CALENDARS, LIMITED_FIGURES, TRADE_UNITS, VAR_METHODS } from '@tapewatch/core';
import { z } from 'zod';
import { tradingCalendar, tradingFilters } from './query-trading.ts';

/** A position has both sides, so `side` cannot split an equity. */
const positionDimension = z.enum(['strategy', 'venue', 'symbol', 'account']);

export const RETURN_BARS = ['1m', '5m', '15m', '1h', '1d'] as const;

/** What a chart of performance, or an alert rule on it, looks at. */
export const PERFORMANCE_FIGURES = [
  ...(['equity', 'drawdown', 'drawdown_money', 'return', 'sharpe', 'sortino', 'calmar'] as const),
  ...(['win_rate', 'profit_factor', 'expectancy', 'consecutive_losses'] as const),
] as const;

/**
 * `tapewatch`: growth by elapsed time, win rate by trade. `quantstats` and `empyrical`: growth by count of returns, win
 * rate, profit factor and payoff by return; empyrical also takes the risk-free rate as one per period.
 */
export const PERFORMANCE_CONVENTIONS = ['tapewatch', 'quantstats', 'empyrical'] as const;

/** Ratios and drawdown of the equity: initial equity, net profit of the fills in the range, cash that came and went. */
export const performanceQuery = z.object({
  queryType: z.literal('performance'),
  by: z.array(positionDimension).default(['strategy']),
  filters: tradingFilters,
  method: z.enum(['average', 'fifo']).default('average'),
  /** Everything in this currency, at the exchange rates of each moment; empty keeps currencies apart. */
  baseCurrency: z.string().default(''),
  /** Capital of each line; a ratio needs one. */
  initialEquity: z.number().positive().default(10_000),
  /** Width of the returns; `1d` is the trading day of `calendar`. */
  bar: z.enum(RETURN_BARS).default('1d'),
  /** Days of a year: 252, 365 or 260; weekends count as days for `crypto` only. */
  year: z.enum(ANNUAL_CALENDARS).default('equities'),
  calendar: tradingCalendar.prefault({}),
  /** Annual, a fraction. */
  riskFree: z.number().gt(-1).max(10).default(0),
  convention: z.enum(PERFORMANCE_CONVENTIONS).default('tapewatch'),
  /** What counts as a trade: from flat to flat, or each fill that takes something off. */
  trades: z.enum(TRADE_UNITS).default('round-trip'),
  /** `tracker`: the figures of the last trades, as they stand at the end of the range. */
  format: z.enum(['table', 'time_series', 'tracker']).default('table'),
  /** What a chart or an alert rule looks at. */
  figure: z.enum(PERFORMANCE_FIGURES).default('equity'),
  /** Trades that the tracker looks at. */
  window: z.number().int().min(1).max(10_000).default(100),
  /** Positions that may be open at once; 0 is no limit. */
  maxPositions: z.number().int().min(0).max(1_000_000).default(0),
});

export const RISK_DIMENSIONS = ['strategy', 'venue', 'symbol', 'account'] as const;

const limit = z.number().nonnegative().optional();

/** What the positions that are open at the end of the range may lose in one bar, and how large they are. */
export const riskQuery = z.object({
  queryType: z.literal('risk'),
  by: z.array(positionDimension).default([]),
  filters: tradingFilters,
  method: z.enum(['average', 'fifo']).default('average'),
  baseCurrency: z.string().default(''),
  initialEquity: z.number().positive().default(10_000),
  /** Horizon of the value at risk. */
  bar: z.enum(RETURN_BARS).default('1m'),
  calendar: tradingCalendar.prefault({}),
  var: z.enum(VAR_METHODS).default('historical'),
  /** Instruments in the share of the largest ones. */
  top: z.number().int().min(1).max(100).default(1),
  /** Largest magnitude allowed of each figure. */
  limits: z.object(Object.fromEntries(LIMITED_FIGURES.map((name) => [name, limit])) as Limits).prefault({}),
  /** `limits`: use of each limit; `portfolio`: value by its parts, and returns of 1 h, 24 h and 7 d. */
  format: z.enum(['table', 'limits', 'portfolio']).default('table'),
});

type Limits = Record<(typeof LIMITED_FIGURES)[number], typeof limit>;

export type PerformanceQuery = z.infer<typeof performanceQuery>;
export type RiskQuery = z.infer<typeof riskQuery>;
