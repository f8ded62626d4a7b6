/** Columns and texts of performance. Fractions carry Grafana's unit for them. */
import {
  figure,
  mapFigure,
  type DrawdownReport,
  type Figure,
  type PerformanceReport,
  type TradeMetrics,
  type TradeStatistics,
} from '@tapewatch/core';
import type { GroupedRow } from './trading-table.ts';
import type { FigureColumn } from './withheld.ts';

export interface PerformanceRow extends GroupedRow {
  readonly equity: Figure;
  /** Of whole bars. */
  readonly report: PerformanceReport;
  /** Of all points, the running bar too. */
  readonly drawdown: DrawdownReport;
  readonly calmar: Figure;
  readonly trades: TradeStatistics;
}

type Text = readonly [name: string, unit: string, description: string];

const column = <Row>(
  [name, unit, description]: Text,
  of: (row: Row) => Figure,
  decimals?: number,
): FigureColumn<Row> => ({
  ...{ name, unit, description, figure: of },
  ...(decimals === undefined ? {} : { decimals }),
});

const count = <Row>(name: string, description: string, of: (row: Row) => number): FigureColumn<Row> => ({
  ...{ name, unit: 'locale', description, decimals: 0, figure: (row) => figure(of(row)) },
});

/** Seconds, where the drawdown is known. */
const lasting = ({ currentMoney }: DrawdownReport, nanos: bigint): Figure =>
  mapFigure(currentMoney, () => Number(nanos) / 1e9);

export const DRAWDOWN_TEXT = 'Below the running peak, the start included, as a share of the peak.';
export const DRAWDOWN_MONEY_TEXT = 'Below the running peak, the start included, in money.';
export const EQUITY_TEXT = 'Initial equity, net profit of the fills in the range, deposits less withdrawals.';

export const PERFORMANCE_COLUMNS: readonly FigureColumn<PerformanceRow>[] = [
  column(['equity', 'money', EQUITY_TEXT], (row) => row.equity),
  column(['return', 'percentunit', 'Compound return of the whole bars.'], ({ report }) => report.totalReturn),
  column(['cagr', 'percentunit', 'Compound annual growth rate, at least 30 days.'], ({ report }) => report.growth),
  column(['volatility', 'percentunit', 'Annualised deviation of returns.'], ({ report }) => report.volatility),
  column(['sharpe', 'short', 'Mean excess return over its deviation, annualised.'], ({ report }) => report.sharpe, 2),
  column(
    ['sharpe error', 'short', 'Standard error of the Sharpe ratio, with skewness and kurtosis.'],
    ({ report }) => report.sharpeStandardError,
    2,
  ),
  column(
    ['sharpe (lo)', 'short', "Sharpe ratio annualised with Lo's factor for returns that depend on each other."],
    ({ report }) => report.sharpeAutocorrelated,
    2,
  ),
  column(['sortino', 'short', 'Mean excess return over its downside, annualised.'], ({ report }) => report.sortino, 2),
  column(['calmar', 'short', 'Growth rate over maximum drawdown.'], (row) => row.calmar, 2),
  column(['omega', 'short', 'Sum of gains over sum of losses, by return.'], ({ report }) => report.omega, 2),
  column(['tail ratio', 'short', '95th percentile of returns over the 5th.'], ({ report }) => report.tailRatio, 2),
  column(['drawdown', 'percentunit', DRAWDOWN_TEXT], ({ drawdown }) => drawdown.current),
  column(['max drawdown', 'percentunit', 'Worst drawdown.'], ({ drawdown }) => drawdown.maximum),
  column(['drawdown money', 'money', DRAWDOWN_MONEY_TEXT], ({ drawdown }) => drawdown.currentMoney),
  column(['max drawdown money', 'money', 'Worst drawdown in money.'], ({ drawdown }) => drawdown.maximumMoney),
  column(
    ['longest drawdown', 's', 'From a peak until it was reached again, or until the end when that is still to come.'],
    ({ drawdown }) => lasting(drawdown, drawdown.longestNanos),
  ),
  column(['open drawdown', 's', 'How long the drawdown of now lasts; 0 at the peak.'], ({ drawdown }) =>
    lasting(drawdown, drawdown.currentNanos),
  ),
  column(['win rate', 'percentunit', 'Won over won and lost trades.'], ({ trades }) => trades.winRate),
  column(['profit factor', 'short', 'Sum of gains over sum of losses.'], ({ trades }) => trades.profitFactor, 2),
  column(['payoff', 'short', 'Average gain over average loss.'], ({ trades }) => trades.payoff, 2),
  column(['expectancy', 'money', 'Average profit of a trade, after fees.'], ({ trades }) => trades.expectancy),
  count('trades', 'Closed trades.', ({ trades }) => trades.trades),
  count('consecutive losses', 'Lost trades in a row, up to now.', ({ trades }) => trades.consecutiveLosses),
  count('returns', 'Whole bars that the ratios stand on.', ({ report }) => report.returns),
];

export interface TrackerRow extends GroupedRow {
  readonly metrics: TradeMetrics;
}

type Tracked = FigureColumn<TrackerRow>;

const known = (name: 'equity' | 'peakEquity' | 'profitTotal' | 'profitDay' | 'profitWeek') => {
  return ({ metrics }: TrackerRow): Figure => figure(metrics[name]);
};

export const TRACKER_COLUMNS: readonly Tracked[] = [
  column(['equity', 'money', 'Initial equity and profit of all closed trades.'], known('equity')),
  column(['peak equity', 'money', 'Highest equity so far.'], known('peakEquity')),
  column(['profit', 'money', 'Of all closed trades of the range, after fees.'], known('profitTotal')),
  column(['day', 'money', 'Profit of the running trading day.'], known('profitDay')),
  column(['week', 'money', 'Profit of the running trading week.'], known('profitWeek')),
  column(
    ['day loss', 'percentunit', 'Lost since the day began, of the equity then.'],
    ({ metrics }) => metrics.dayLoss,
  ),
  column(
    ['week loss', 'percentunit', 'Lost since the week began, of the equity then.'],
    ({ metrics }) => metrics.weekLoss,
  ),
  column(['drawdown', 'percentunit', DRAWDOWN_TEXT], ({ metrics }) => metrics.drawdown),
  column(['max drawdown', 'percentunit', 'Worst drawdown within the window.'], ({ metrics }) => metrics.maxDrawdown),
  column(['win rate', 'percentunit', 'Won over won and lost trades of the window.'], ({ metrics }) => metrics.winRate),
  count('consecutive losses', 'Lost trades in a row, up to now.', ({ metrics }) => metrics.consecutiveLosses),
  column(
    ['sharpe', 'short', 'Of the returns of the window, annualised with the rate of trades.'],
    ({ metrics }) => metrics.sharpe,
    2,
  ),
  column(
    ['sortino', 'short', 'Of the returns of the window, annualised with the rate of trades.'],
    ({ metrics }) => metrics.sortino,
    2,
  ),
  column(
    ['profit factor', 'short', 'Sum of gains over sum of losses of the window.'],
    ({ metrics }) => metrics.profitFactor,
    2,
  ),
  column(['expectancy', 'money', 'Average profit of a trade of the window.'], ({ metrics }) => metrics.expectancy),
  column(
    ['position use', 'percentunit', 'Open positions over the most that are allowed.'],
    ({ metrics }) => metrics.positionUtilisation,
  ),
  count('trades', 'Closed trades of the range.', ({ metrics }) => metrics.trades),
];
