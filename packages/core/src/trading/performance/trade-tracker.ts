/**
 * Figures of the last closed trades, updated with each: rolling win rate and ratios over a window (100 by default), equity
 * and its peak since the start, profit of the day and of the week, losses in a row. Appending is O(1); the figures are
 * computed once per trade, when they are first read, in time linear in the window. Money is exact (fixed point).
 */
import { WideAmount } from '../ledger/wide-amount.ts';
import { DAY_MS, DAYS_PER_YEAR } from './annualisation.ts';
import { DrawdownMeter } from './drawdown.ts';
import { sortinoOf } from './downside.ts';
import { figure, withheld, type Figure } from './figure.ts';
import { sharpeOf } from './sharpe.ts';
import { tradeStatistics } from './trade-statistics.ts';
import { utcPeriods, type TradePeriods } from './trade-period.ts';

export const DEFAULT_TRADE_WINDOW = 100;
export const DEFAULT_INITIAL_EQUITY = 10_000;

export interface TrackedTrade {
  readonly timeNanos: bigint;
  /** Money after fees, in the tracker's currency. */
  readonly profit: number;
}

export interface TradeTrackerOptions {
  /** Trades that the rolling figures look at; at least 1. Default 100. */
  readonly window?: number;
  /** Default 10,000. */
  readonly initialEquity?: number;
  /** Positions that may be open at once, for the utilisation; default: no limit. */
  readonly maxPositions?: number;
  /**
   * Trades per year, for annualising: a number, or `trade-rate` (default), the rate at which the window's trades came,
   * which needs a day of them.
   */
  readonly tradesPerYear?: number | 'trade-rate';
  /** Annual, a fraction. */
  readonly riskFree?: number;
  /** Where days and weeks end; default: UTC, weeks from Monday. */
  readonly periods?: TradePeriods;
}

export interface TradeMetrics {
  /** Since the start, and those within the window. */
  readonly trades: number;
  readonly windowTrades: number;
  readonly equity: number;
  readonly peakEquity: number;
  readonly profitTotal: number;
  readonly profitDay: number;
  readonly profitWeek: number;
  /** Lost since the day (week) began, over the equity with which it began; 0 when nothing is lost. */
  readonly dayLoss: Figure;
  readonly weekLoss: Figure;
  /** Below the peak since the start, a positive fraction. */
  readonly drawdown: Figure;
  /** Worst within the window, and since the start. */
  readonly maxDrawdown: Figure;
  readonly maxDrawdownEver: Figure;
  /** Losses in a row up to now, also beyond the window. */
  readonly consecutiveLosses: number;
  readonly winRate: Figure;
  readonly profitFactor: Figure;
  readonly payoff: Figure;
  readonly expectancy: Figure;
  readonly sharpe: Figure;
  readonly sortino: Figure;
  readonly positionUtilisation: Figure;
}

/** What the rolling figures are computed from: the window's trades, oldest first. */
export interface TradeWindow {
  readonly profits: readonly number[];
  readonly timesNanos: readonly bigint[];
  /** Equity before the oldest trade, then after each. */
  readonly equities: readonly number[];
}

type WindowMetrics = Pick<
  TradeMetrics,
  'windowTrades' | 'maxDrawdown' | 'winRate' | 'profitFactor' | 'payoff' | 'expectancy' | 'sharpe' | 'sortino'
>;

export class TradeTracker {
  readonly #options: TradeTrackerOptions;
  readonly #window: number;
  readonly #periods: TradePeriods;
  readonly #ring: { profit: number; timeNanos: bigint; equityBefore: number }[] = [];
  readonly #ever = new DrawdownMeter();
  #trades = 0;
  readonly #sum = new WideAmount();
  /** The sum as a number: told often, changed once a trade. */
  #equity: number;
  #peak: number;
  readonly #day = new PeriodSum();
  readonly #week = new PeriodSum();
  #consecutiveLosses = 0;
  #openPositions = 0;
  #lastNanos: bigint | undefined;
  #cached: TradeMetrics | undefined;
  #recalculations = 0;

  constructor(options: TradeTrackerOptions = {}) {
    const { window = DEFAULT_TRADE_WINDOW, initialEquity = DEFAULT_INITIAL_EQUITY, periods = utcPeriods } = options;
    if (!Number.isInteger(window) || window < 1)
      throw new RangeError(`the window must be a whole number from 1, got ${window}`);
    this.#options = options;
    this.#window = window;
    this.#periods = periods;
    this.#sum.addNumber(initialEquity);
    this.#equity = this.#peak = this.#sum.number;
    this.#ever.add({ timeNanos: 0n, equity: initialEquity });
  }

  /** Throws a RangeError for a trade before the last one: the order decides, so the caller builds a tracker anew. */
  record({ timeNanos, profit }: TrackedTrade): void {
    if (this.#lastNanos !== undefined && timeNanos < this.#lastNanos) {
      throw new RangeError(`a trade at ${timeNanos} came after one at ${this.#lastNanos}; recalculate from all trades`);
    }
    const before = this.#equity;
    this.#sum.addNumber(profit);
    const equity = (this.#equity = this.#sum.number);
    if (equity > this.#peak) this.#peak = equity;
    this.#ever.add({ timeNanos, equity });
    this.#day.add(this.#periods.dayOf(timeNanos), profit, before);
    this.#week.add(this.#periods.weekOf(timeNanos), profit, before);
    if (profit > 0) this.#consecutiveLosses = 0;
    else if (profit < 0) this.#consecutiveLosses++;
    this.#ring[this.#trades % this.#window] = { profit, timeNanos, equityBefore: before };
    this.#trades++;
    this.#lastNanos = timeNanos;
    this.#cached = undefined;
  }

  /** Positions that are open now. */
  setOpenPositions(count: number): void {
    if (count === this.#openPositions) return;
    this.#openPositions = count;
    this.#cached = undefined;
  }

  /** How often the figures were computed: once per trade that was read after. */
  get recalculations(): number {
    return this.#recalculations;
  }

  /** As of `nowNanos`: a day or a week without a trade has no profit. The same object until the next trade or day. */
  metrics(nowNanos: bigint): TradeMetrics {
    const day = this.#day.at(this.#periods.dayOf(nowNanos), this.#equity);
    const week = this.#week.at(this.#periods.weekOf(nowNanos), this.#equity);
    const known = (this.#cached ??= this.#recalculate());
    if (known.profitDay === day.profit && known.profitWeek === week.profit) return known;
    return (this.#cached = {
      ...known,
      profitDay: day.profit,
      profitWeek: week.profit,
      dayLoss: day.loss,
      weekLoss: week.loss,
    });
  }

  #recalculate(): TradeMetrics {
    this.#recalculations++;
    const last = this.#lastNanos ?? 0n;
    const day = this.#day.at(this.#periods.dayOf(last), this.#equity);
    const week = this.#week.at(this.#periods.weekOf(last), this.#equity);
    const { current, maximum } = this.#ever.report();
    return {
      ...windowMetrics(this.#unrolled(), this.#options),
      trades: this.#trades,
      equity: this.#equity,
      peakEquity: this.#peak,
      profitTotal: this.#profitTotal(),
      profitDay: day.profit,
      profitWeek: week.profit,
      dayLoss: day.loss,
      weekLoss: week.loss,
      drawdown: current,
      maxDrawdownEver: maximum,
      consecutiveLosses: this.#consecutiveLosses,
      positionUtilisation: positionUtilisation(this.#openPositions, this.#options.maxPositions),
    };
  }

  #profitTotal(): number {
    const profit = new WideAmount();
    profit.addNumber(-(this.#options.initialEquity ?? DEFAULT_INITIAL_EQUITY));
    profit.add(this.#sum, 1);
    return profit.number;
  }

  #unrolled(): TradeWindow {
    const start = this.#trades > this.#window ? this.#trades % this.#window : 0;
    const trades = [...this.#ring.slice(start), ...this.#ring.slice(0, start)];
    return {
      profits: trades.map(({ profit }) => profit),
      timesNanos: trades.map(({ timeNanos }) => timeNanos),
      equities: [...trades.map(({ equityBefore }) => equityBefore), this.#equity],
    };
  }
}

/** The rolling figures. Linear in the window. */
export function windowMetrics(window: TradeWindow, options: TradeTrackerOptions): WindowMetrics {
  const { profits, timesNanos, equities } = window;
  const { winRate, profitFactor, payoff, expectancy } = tradeStatistics(profits);
  const meter = new DrawdownMeter();
  equities.forEach((equity, i) => meter.add({ timeNanos: timesNanos[i - 1] ?? timesNanos[0] ?? 0n, equity }));
  const trades = {
    windowTrades: profits.length,
    maxDrawdown: meter.report().maximum,
    winRate,
    profitFactor,
    payoff,
    expectancy,
  };
  const starts = equities.slice(0, -1);
  if (equities.some((equity) => equity <= 0))
    return { ...trades, sharpe: withheld('ruined'), sortino: withheld('ruined') };
  const returns = profits.map((profit, i) => profit / (starts[i] as number));
  const periodsPerYear = tradesPerYear(timesNanos, options);
  if (returns.length === 0) return { ...trades, sharpe: withheld('empty'), sortino: withheld('empty') };
  const ratio = { periodsPerYear: periodsPerYear ?? 1, riskFree: options.riskFree ?? 0 };
  const [{ sharpe }, sortino] = [sharpeOf(returns, ratio), sortinoOf(returns, ratio)];
  if (periodsPerYear !== null) return { ...trades, sharpe, sortino };
  const tooShort = (of: Figure): Figure => (of.value === null ? of : withheld('too_short'));
  return { ...trades, sharpe: tooShort(sharpe), sortino: tooShort(sortino) };
}

/** Null where the window spans less than a day: the rate of an hour says nothing of a year. */
function tradesPerYear(
  timesNanos: readonly bigint[],
  { tradesPerYear: given = 'trade-rate' }: TradeTrackerOptions,
): number | null {
  if (given !== 'trade-rate') return given;
  const [first, last] = [timesNanos[0], timesNanos.at(-1)];
  if (first === undefined || last === undefined) return null;
  const days = Number(last - first) / 1e6 / DAY_MS;
  return days < 1 ? null : ((timesNanos.length - 1) / days) * DAYS_PER_YEAR;
}

/** Open positions over the most that are allowed. */
export function positionUtilisation(open: number, max: number | undefined): Figure {
  return max === undefined || max <= 0 ? withheld('no_limit') : figure(open / max);
}

/** Profit within the current day or week, and the equity with which it began. */
class PeriodSum {
  #period: number | undefined;
  readonly #profit = new WideAmount();
  #start = 0;

  add(period: number, profit: number, equityBefore: number): void {
    if (period !== this.#period) {
      this.#period = period;
      this.#profit.clear();
      this.#start = equityBefore;
    }
    this.#profit.addNumber(profit);
  }

  at(period: number, equity: number): { profit: number; loss: Figure } {
    const isCurrent = period === this.#period;
    const profit = isCurrent ? this.#profit.number : 0;
    const start = isCurrent ? this.#start : equity;
    const lost = profit < 0 ? -profit : 0;
    const loss = start > 0 ? figure(lost / start) : withheld('no_capital');
    return { profit, loss };
  }
}
