/**
 * The desk's money from its fills (REQUIREMENTS.md MET-60, MET-98 to MET-100): realised profit, equity from the initial
 * one on, peak, drawdown, and the win rate of the last closed trades. Currencies are never added together; each has its
 * own book that begins with the initial equity. A trade is a fill that closes part of a position. Fills are read once,
 * in order of time, a moment after their stamp, so that a late one is still in its place.
 */
import { numberFromAmount, PositionLedger, type Fill } from '@tapewatch/core';
import type { StoreReader } from '../ports.ts';
import type { Collector, Figure } from './collector.ts';

const SETTLED_NANOS = 5_000_000_000n;
const PAGE = 10_000;
/** Pages in one run; the rest follows in the next one. */
const MAX_PAGES = 20;

export interface TradingOptions {
  readonly initialEquity: number;
  /** Closed trades that the win rate looks at. */
  readonly rollingWindow: number;
}

export function tradingCollector(reader: Pick<StoreReader, 'events'>, options: TradingOptions): Collector {
  const books = new Map<string, CurrencyBook>();
  let sinceNanos = 0n;
  return {
    group: 'trading',
    async collect(nowNanos) {
      const endNanos = nowNanos - SETTLED_NANOS;
      for (let page = 0; page < MAX_PAGES && sinceNanos < endNanos; page += 1) {
        const fills = await reader.events('fills', { startNanos: sinceNanos, endNanos, limit: PAGE });
        // The last stamp of a full page may go on in the next one; a page of one stamp only must not stand still.
        const cut = fills.length === PAGE ? (fills.at(-1) as Fill).timeNanos : endNanos;
        const taken = cut > (fills[0]?.timeNanos ?? 0n) ? fills.filter(({ timeNanos }) => timeNanos < cut) : fills;
        for (const fill of taken) bookOf(books, fill.currency, options).apply(fill);
        sinceNanos = taken.length === fills.length && fills.length === PAGE ? cut + 1n : cut;
        if (fills.length < PAGE) break;
      }
      return [...books].flatMap(([currency, book]) => book.figures(currency));
    },
  };
}

function bookOf(books: Map<string, CurrencyBook>, currency: string, options: TradingOptions): CurrencyBook {
  const known = books.get(currency);
  if (known !== undefined) return known;
  const book = new CurrencyBook(options);
  books.set(currency, book);
  return book;
}

class CurrencyBook {
  readonly #options: TradingOptions;
  readonly #positions = new Map<string, PositionLedger>();
  /** Profit of the last closed trades; the oldest is overwritten. */
  readonly #trades: number[] = [];
  #closed = 0;
  #realised = 0;
  #fees = 0;
  #peak: number;
  #drawdownMax = 0;

  constructor(options: TradingOptions) {
    this.#options = options;
    this.#peak = options.initialEquity;
  }

  get equity(): number {
    return this.#options.initialEquity + this.#realised - this.#fees;
  }

  apply(fill: Fill): void {
    const { strategy, venue, symbol, account } = fill;
    const id = JSON.stringify([strategy, venue, symbol, account]);
    const position = this.#positions.get(id) ?? new PositionLedger('average');
    this.#positions.set(id, position);
    const closes = !position.isFlat && position.quantity > 0 !== (fill.side === 'buy');
    const before = position.realised;
    position.apply(fill);
    if (fill.feeCurrency === fill.currency) this.#fees += fill.fee;
    if (closes) this.#close(numberFromAmount(position.realised - before));
    this.#peak = Math.max(this.#peak, this.equity);
    this.#drawdownMax = Math.max(this.#drawdownMax, this.#drawdown);
  }

  get #drawdown(): number {
    return this.#peak > 0 ? (100 * (this.#peak - this.equity)) / this.#peak : 0;
  }

  #close(profit: number): void {
    this.#realised += profit;
    this.#trades[this.#closed % this.#options.rollingWindow] = profit;
    this.#closed += 1;
  }

  figures(currency: string): Figure[] {
    const gauge = (name: string, unit: string, help: string, value: number): Figure => ({
      name,
      kind: 'gauge',
      unit,
      help,
      labels: { currency },
      value,
    });
    const wins = this.#trades.filter((profit) => profit > 0).length;
    const open = [...this.#positions.values()].filter(({ isFlat }) => !isFlat).length;
    return [
      gauge('trading_realised_pnl', 'currency', 'Realised profit before fees.', this.#realised),
      gauge('trading_equity', 'currency', 'Initial equity and realised profit, less fees.', this.equity),
      gauge('trading_equity_peak', 'currency', 'Highest equity so far.', this.#peak),
      gauge('trading_drawdown_percent', 'percent', 'Equity below its peak.', this.#drawdown),
      gauge('trading_drawdown_max_percent', 'percent', 'Largest drawdown so far.', this.#drawdownMax),
      gauge('trading_open_positions', '1', 'Positions that are not flat.', open),
      gauge('trading_rolling_trades', '1', 'Closed trades in the rolling window.', this.#trades.length),
      ...(this.#trades.length === 0
        ? []
        : [
            gauge(
              'trading_win_rate_percent',
              'percent',
              'Winning trades in the rolling window.',
              (100 * wins) / this.#trades.length,
            ),
          ]),
    ];
  }
}
