/**
 * Volatility of prices, as variances for one bar or one sampling interval; `annualised` makes them comparable. Realised
 * variance of regular samples (1 to 5 s, so that the bounce between bid and ask does not count as movement; Andersen et al.
 * 2001), Parkinson 1980 ln(H/L)^2 / (4 ln 2), Garman-Klass 1980 0.5 ln(H/L)^2 - (2 ln 2 - 1) ln(C/O)^2, Rogers-Satchell 1991
 * (no bias from drift), Yang-Zhang 2000 (with the jumps between bars), EWMA (RiskMetrics 1996). A bar of one trade tells
 * nothing of a range and is passed over; null where nothing is left.
 */
import { momentsOf } from '../../stats/moments.ts';

/** Crypto trades round the clock: 365 days. */
export const SECONDS_PER_YEAR = 365 * 86_400;
export const RISKMETRICS_LAMBDA = 0.94;

export interface Bar {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly trades: number;
}

/** A variance of `seconds` as a yearly standard deviation, a ratio of the price. */
export function annualised(variance: number | null, seconds: number, secondsPerYear = SECONDS_PER_YEAR): number | null {
  return variance === null || !(variance >= 0) ? null : Math.sqrt((variance * secondsPerYear) / seconds);
}

/** Logarithmic returns of neighbours; a pair with a missing price is left out. */
export function logReturns(prices: readonly (number | null)[]): number[] {
  const returns: number[] = [];
  for (let i = 1; i < prices.length; i++) {
    const [from, to] = [prices[i - 1] ?? null, prices[i] ?? null];
    if (from !== null && to !== null && from > 0 && to > 0) returns.push(Math.log(to / from));
  }
  return returns;
}

/** Mean square of the returns: the variance of one interval. Their sum is the realised variance of the period. */
export function realisedVariance(returns: readonly number[]): number | null {
  return returns.length === 0 ? null : returns.reduce((sum, value) => sum + value * value, 0) / returns.length;
}

/** The newest return counts 1 - lambda, the one before that times lambda; starts at the first square. */
export function ewmaVariance(returns: readonly number[], lambda = RISKMETRICS_LAMBDA): number | null {
  let variance: number | null = null;
  for (const value of returns) {
    variance = variance === null ? value * value : lambda * variance + (1 - lambda) * value * value;
  }
  return variance;
}

export function parkinsonVariance(bars: readonly Bar[]): number | null {
  return meanOverBars(bars, ({ high, low }) => Math.log(high / low) ** 2 / (4 * Math.LN2));
}

export function garmanKlassVariance(bars: readonly Bar[]): number | null {
  return meanOverBars(
    bars,
    ({ open, high, low, close }) => 0.5 * Math.log(high / low) ** 2 - (2 * Math.LN2 - 1) * Math.log(close / open) ** 2,
  );
}

export function rogersSatchellVariance(bars: readonly Bar[]): number | null {
  return meanOverBars(
    bars,
    ({ open, high, low, close }) =>
      Math.log(high / close) * Math.log(high / open) + Math.log(low / close) * Math.log(low / open),
  );
}

/** Null below three bars: the variance of the jumps between them needs two of those. */
export function yangZhangVariance(bars: readonly Bar[]): number | null {
  const usable = bars.filter(hasRange);
  const n = usable.length - 1;
  if (n < 2) return null;
  const later = usable.slice(1);
  const jumps = later.map(({ open }, i) => Math.log(open / (usable[i] as Bar).close));
  const moves = later.map(({ open, close }) => Math.log(close / open));
  const k = 0.34 / (1.34 + (n + 1) / (n - 1));
  const range = rogersSatchellVariance(later) as number;
  return momentsOf(jumps).standardDeviation ** 2 + k * momentsOf(moves).standardDeviation ** 2 + (1 - k) * range;
}

function hasRange({ trades }: Bar): boolean {
  return trades > 1;
}

function meanOverBars(bars: readonly Bar[], variance: (bar: Bar) => number): number | null {
  const usable = bars.filter(hasRange);
  return usable.length === 0 ? null : usable.reduce((sum, bar) => sum + variance(bar), 0) / usable.length;
}

/** Bars of `widthNanos` from `startNanos`; `null` where nothing traded. Prints ascend by time. */
export function barsOf(
  prints: readonly { readonly timeNanos: bigint; readonly price: number }[],
  startNanos: bigint,
  widthNanos: bigint,
): Bar[] {
  const bars: Bar[] = [];
  let slot: bigint | null = null;
  for (const { timeNanos, price } of prints) {
    const own = (timeNanos - startNanos) / widthNanos;
    const bar = bars.at(-1);
    if (bar === undefined || own !== slot) bars.push({ open: price, high: price, low: price, close: price, trades: 1 });
    else {
      const [high, low] = [Math.max(bar.high, price), Math.min(bar.low, price)];
      bars[bars.length - 1] = { open: bar.open, high, low, close: price, trades: bar.trades + 1 };
    }
    slot = own;
  }
  return bars;
}
