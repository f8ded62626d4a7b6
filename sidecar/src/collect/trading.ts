/**
 * The desk's money from its fills (REQUIREMENTS.md 2.8): what core's tracker of closed trades tells. Currencies are never
 * added together; each has its own book that begins with the initial equity. A trade is a fill that closes part of a
 * position. Fills are read once, in order of time, a moment after their stamp, so that a late one is still in its place;
 * a bust or an amendment lets everything be read again with it.
 */
import {
  ClosedTradeBook,
  correctFills,
  executionId,
  figure,
  TradeTracker,
  type ContractOf,
  type Fill,
  type OpenPosition,
  type TradeMetrics,
} from '@tapewatch/core';
import type { StoreReader } from '../ports.ts';
import type { Collector, Figure } from './collector.ts';
import { PortfolioHistory } from './portfolio.ts';
import { riskFigures, RiskHistory } from './risk.ts';

const SETTLED_NANOS = 5_000_000_000n;
const PAGE = 10_000;
/** Pages in one run; the rest follows in the next one, and nothing is told until then. */
const MAX_PAGES = 20;
/** Busts and amendments that are remembered; past them new ones are not applied. */
const MAX_CORRECTIONS = 100_000;

export interface TradingOptions {
  readonly initialEquity: number;
  /** Closed trades that the rolling figures look at. */
  readonly rollingWindow: number;
  /** Absent: everything is spot. */
  readonly contractOf?: ContractOf;
}

export function tradingCollector(
  reader: Pick<StoreReader, 'events' | 'quotesBefore'>,
  options: TradingOptions,
): Collector {
  const desk = new Desk(reader, options);
  return { group: 'trading', collect: (nowNanos) => desk.collect(nowNanos) };
}

class Desk {
  readonly #reader: Pick<StoreReader, 'events' | 'quotesBefore'>;
  readonly #options: TradingOptions;
  #books = new Map<string, CurrencyBook>();
  #sinceNanos = 0n;
  readonly #corrections = new Map<string, Fill>();
  readonly #history = new RiskHistory();

  constructor(reader: Pick<StoreReader, 'events' | 'quotesBefore'>, options: TradingOptions) {
    this.#reader = reader;
    this.#options = options;
  }

  async collect(nowNanos: bigint): Promise<Figure[]> {
    const endNanos = nowNanos - SETTLED_NANOS;
    if (await this.#read(endNanos)) {
      this.#books = new Map();
      this.#sinceNanos = 0n;
      await this.#read(endNanos);
    }
    // Money of a part of the fills is that of another day, and would set off alerts.
    if (this.#sinceNanos < endNanos) return [];
    const open = [...this.#books.values()].flatMap((book) => book.closed.openPositions());
    const marks = await this.#history.look(this.#reader, { open, nowNanos });
    return [...this.#books].flatMap(([currency, book]) => {
      const positions = book.closed.openPositions().map(({ key, quantity, contract }): OpenPosition => {
        return { ...key, ...contract, quantity, mark: marks.markOf(key) };
      });
      const metrics = book.tracker.metrics(nowNanos);
      const risk = riskFigures(positions, { equity: metrics.equity, profits: marks.profitsOf(positions) });
      const open = book.closed.unrealised(marks.markOf);
      const value = open === null ? null : metrics.equity + (book.closed.pending().get(currency) ?? 0) + open;
      const portfolio = book.portfolio.figures({ currency, positions, value, nowNanos });
      const gauges = [...tradeFigures(metrics, book.closed), ...risk];
      return [...gauges.map((gauge): Figure => ({ kind: 'gauge', labels: { currency }, ...gauge })), ...portfolio];
    });
  }

  /** Whether a correction came in, which changes what was booked before it. */
  async #read(endNanos: bigint): Promise<boolean> {
    let isCorrected = false;
    for (let page = 0; page < MAX_PAGES && this.#sinceNanos < endNanos; page += 1) {
      const fills = await this.#reader.events('fills', { startNanos: this.#sinceNanos, endNanos, limit: PAGE });
      // The last stamp of a full page may go on in the next one; a page of one stamp only must not stand still.
      const cut = fills.length === PAGE ? (fills.at(-1) as Fill).timeNanos : endNanos;
      const taken = cut > (fills[0]?.timeNanos ?? 0n) ? fills.filter(({ timeNanos }) => timeNanos < cut) : fills;
      for (const fill of taken) if (this.#isNewCorrection(fill)) isCorrected = true;
      // Within one stamp the order is that of arrival, which is what the store gives.
      const standing = this.#corrections.size === 0 ? taken : correctFills([...taken, ...this.#corrections.values()]);
      for (const fill of standing)
        this.#bookOf(this.#options.contractOf?.(fill)?.currency ?? fill.currency).apply(fill);
      this.#sinceNanos = taken.length === fills.length && fills.length === PAGE ? cut + 1n : cut;
      if (fills.length < PAGE) break;
    }
    return isCorrected;
  }

  #isNewCorrection(fill: Fill): boolean {
    const id = executionId(fill);
    if (fill.execution === 'new' || this.#corrections.has(id) || this.#corrections.size >= MAX_CORRECTIONS)
      return false;
    this.#corrections.set(id, fill);
    return true;
  }

  #bookOf(currency: string): CurrencyBook {
    const known = this.#books.get(currency);
    if (known !== undefined) return known;
    const book = new CurrencyBook(this.#options);
    this.#books.set(currency, book);
    return book;
  }
}

class CurrencyBook {
  readonly closed: ClosedTradeBook;
  readonly portfolio = new PortfolioHistory();
  readonly tracker: TradeTracker;

  constructor({ initialEquity, rollingWindow, contractOf }: TradingOptions) {
    this.closed = new ClosedTradeBook('closing-fill', 'average', contractOf);
    this.tracker = new TradeTracker({ initialEquity, window: rollingWindow });
  }

  apply(fill: Fill): void {
    const trade = this.closed.apply(fill);
    if (trade !== undefined) this.tracker.record({ timeNanos: fill.timeNanos, profit: trade.profit });
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
