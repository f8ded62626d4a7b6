/**
 * The desk's money from its fills (REQUIREMENTS.md 2.8): what core's tracker of closed trades tells. Currencies are never
 * added together; each has its own book that begins with the initial equity. A trade is a fill that closes part of a
 * position. Fills are read once, in order of time, a moment after their stamp. A bust, an amendment or a fill that came later than
 * that lets everything be read again; until that is done the books without it are told.
 */
import { type ClosedTradeBook, figure, type ContractOf, type OpenPosition, type TradeMetrics } from '@tapewatch/core';
import type { StoreReader } from '../ports.ts';
import type { Collector, Figure } from './collector.ts';
import { Corrections, FillBooks } from './fill-books.ts';
import { LateFills } from './late-fills.ts';
import { PortfolioHistory, toldValues } from './portfolio.ts';
import { riskFigures, RiskHistory } from './risk.ts';

const SETTLED_NANOS = 5_000_000_000n;

type DeskReader = Pick<StoreReader, 'events' | 'quotesBefore' | 'select'>;

export interface TradingOptions {
  readonly initialEquity: number;
  /** Closed trades that the rolling figures look at. */
  readonly rollingWindow: number;
  /** Absent: everything is spot. */
  readonly contractOf?: ContractOf;
}

export function tradingCollector(reader: DeskReader, options: TradingOptions): Collector {
  const desk = new Desk(reader, options);
  return { group: 'trading', collect: (nowNanos) => desk.collect(nowNanos) };
}

class Desk {
  readonly #reader: DeskReader;
  readonly #options: TradingOptions;
  readonly #corrections = new Corrections();
  readonly #late = new LateFills();
  /** What is told. */
  #books: FillBooks;
  /** What takes its place once it has read as far: with a correction, or a fill that came late. */
  #next: FillBooks | undefined;
  readonly #history = new RiskHistory();
  readonly #portfolios = new Map<string, PortfolioHistory>();

  constructor(reader: DeskReader, options: TradingOptions) {
    this.#reader = reader;
    this.#options = options;
    this.#books = this.#emptyBooks();
  }

  async collect(nowNanos: bigint): Promise<Figure[]> {
    const endNanos = nowNanos - SETTLED_NANOS;
    const isLate = await this.#late.look(this.#reader, { sinceNanos: this.#books.sinceNanos, endNanos });
    const known = this.#corrections.size;
    await this.#books.read(endNanos, (fill) => this.#late.note(fill));
    if (isLate || this.#corrections.size > known) this.#next = this.#emptyBooks();
    await this.#next?.read(endNanos);
    if (this.#next !== undefined && this.#next.sinceNanos >= endNanos) {
      this.#books = this.#next;
      this.#next = undefined;
    }
    // Money of a part of the fills is that of another day, and would set off alerts.
    if (this.#books.sinceNanos < endNanos) return [];
    const books = [...this.#books.byCurrency];
    const marks = await this.#history.look(this.#reader, {
      open: books.flatMap(([, book]) => book.closed.openPositions()),
      nowNanos,
    });
    for (const [currency] of books) await this.#remember(currency, nowNanos);
    return books.flatMap(([currency, book]) => {
      const positions = book.closed.openPositions().map(({ key, quantity, contract }): OpenPosition => {
        return { ...key, ...contract, quantity, mark: marks.markOf(key) };
      });
      const metrics = book.tracker.metrics(nowNanos);
      const open = book.closed.unrealised(marks.markOf);
      const value = open === null ? null : metrics.equity + (book.closed.pending().get(currency) ?? 0) + open;
      const risk = riskFigures(positions, { equity: value, profits: marks.profitsOf(positions) });
      const portfolio = this.#portfolios.get(currency)?.figures({ currency, positions, value, nowNanos }) ?? [];
      const gauges = [...tradeFigures(metrics, book.closed), ...risk];
      return [...gauges.map((gauge): Figure => ({ kind: 'gauge', labels: { currency }, ...gauge })), ...portfolio];
    });
  }

  #emptyBooks(): FillBooks {
    return new FillBooks(this.#reader, this.#options, this.#corrections);
  }

  /** Lasts when the books are made anew, and begins where the last start ended. */
  async #remember(currency: string, nowNanos: bigint): Promise<void> {
    if (this.#portfolios.has(currency)) return;
    this.#portfolios.set(currency, new PortfolioHistory(await toldValues(this.#reader, currency, nowNanos)));
  }
}

export type Gauge = Pick<Figure, 'name' | 'unit' | 'help' | 'value'>;

/** What is withheld is left out: a gauge that is not told cannot be mistaken for a figure. */
function tradeFigures(metrics: TradeMetrics, closed: ClosedTradeBook): Gauge[] {
  const rows: readonly (readonly [name: string, unit: string, help: string, value: number | null])[] = [
    ['trading_realised_pnl', 'currency', 'Realised profit before fees.', closed.realised],
    ['trading_equity', 'currency', 'Initial equity and profit of closed trades, after fees.', metrics.equity],
    ['trading_equity_peak', 'currency', 'Highest equity so far.', metrics.peakEquity],
    ['trading_profit', 'currency', 'Profit of closed trades, after fees.', metrics.profitTotal],
    ['trading_profit_day', 'currency', 'Profit of the running day (UTC).', metrics.profitDay],
    ['trading_profit_week', 'currency', 'Profit of the running week (UTC, from Monday).', metrics.profitWeek],
    [
      'trading_day_loss_percent',
      'percent',
      'Lost in the running day, of its first equity.',
      percent(metrics.dayLoss.value),
    ],
    [
      'trading_week_loss_percent',
      'percent',
      'Lost in the running week, of its first equity.',
      percent(metrics.weekLoss.value),
    ],
    ['trading_drawdown_percent', 'percent', 'Equity below its peak.', percent(metrics.drawdown.value)],
    ['trading_drawdown_max_percent', 'percent', 'Largest drawdown so far.', percent(metrics.maxDrawdownEver.value)],
    ['trading_open_positions', '1', 'Positions that are not flat.', closed.openPositions().length],
    ['trading_rolling_trades', '1', 'Closed trades in the rolling window.', metrics.windowTrades],
    ['trading_win_rate_percent', 'percent', 'Winning trades in the rolling window.', percent(metrics.winRate.value)],
    ['trading_consecutive_losses', '1', 'Lost trades in a row, up to now.', metrics.consecutiveLosses],
    ['trading_sharpe_ratio', '1', 'Annualised, of the rolling window.', metrics.sharpe.value],
    ['trading_sortino_ratio', '1', 'Annualised, of the rolling window.', metrics.sortino.value],
    ['trading_profit_factor', '1', 'Gains over losses of the rolling window.', metrics.profitFactor.value],
    ['trading_expectancy', 'currency', 'Average profit of a trade of the window.', metrics.expectancy.value],
  ];
  return rows.flatMap(([name, unit, help, value]) => (value === null ? [] : [{ name, unit, help, value }]));
}

export function percent(ratio: number | null): number | null {
  return ratio === null ? null : figure(100 * ratio).value;
}
