/** Fills of the store, booked in order of time as far as they have been read, each currency for itself. */
import { ClosedTradeBook, correctFills, executionId, TradeTracker, type Fill } from '@tapewatch/core';
import type { StoreReader } from '../ports.ts';
import type { TradingOptions } from './trading.ts';

const PAGE = 10_000;
/** Pages in one run; the rest follows in the next one. */
const MAX_PAGES = 20;
/** Busts and amendments that are remembered; past them new ones are not applied. */
const MAX_CORRECTIONS = 100_000;

/** All busts and amendments that were read so far. */
export class Corrections {
  readonly #byId = new Map<string, Fill>();

  get size(): number {
    return this.#byId.size;
  }

  add(fill: Fill): void {
    if (fill.execution !== 'new' && this.#byId.size < MAX_CORRECTIONS) this.#byId.set(executionId(fill), fill);
  }

  /** The fills that stand, each as it was corrected. */
  applyTo(fills: readonly Fill[]): readonly Fill[] {
    return this.#byId.size === 0 ? fills : correctFills([...fills, ...this.#byId.values()]);
  }
}

export class FillBooks {
  readonly #reader: Pick<StoreReader, 'events'>;
  readonly #options: TradingOptions;
  readonly #corrections: Corrections;
  readonly byCurrency = new Map<string, CurrencyBook>();
  /** Everything before this is booked. */
  sinceNanos = 0n;

  constructor(reader: Pick<StoreReader, 'events'>, options: TradingOptions, corrections: Corrections) {
    this.#reader = reader;
    this.#options = options;
    this.#corrections = corrections;
  }

  /** Goes on up to the end, or as far as the pages of one run reach; `note` is told of each fill. */
  async read(endNanos: bigint, note?: (fill: Fill) => void): Promise<void> {
    for (let page = 0; page < MAX_PAGES && this.sinceNanos < endNanos; page += 1) {
      const fills = await this.#reader.events('fills', { startNanos: this.sinceNanos, endNanos, limit: PAGE });
      // The last stamp of a full page may go on in the next one; a page of one stamp only must not stand still.
      const cut = fills.length === PAGE ? (fills.at(-1) as Fill).timeNanos : endNanos;
      const taken = cut > (fills[0]?.timeNanos ?? 0n) ? fills.filter(({ timeNanos }) => timeNanos < cut) : fills;
      for (const fill of taken) {
        this.#corrections.add(fill);
        note?.(fill);
      }
      // Within one stamp the order is that of arrival, which is what the store gives.
      for (const fill of this.#corrections.applyTo(taken)) {
        this.#bookOf(this.#options.contractOf?.(fill)?.currency ?? fill.currency).apply(fill);
      }
      this.sinceNanos = taken.length === fills.length && fills.length === PAGE ? cut + 1n : cut;
      if (fills.length < PAGE) break;
    }
  }

  #bookOf(currency: string): CurrencyBook {
    const known = this.byCurrency.get(currency);
    if (known !== undefined) return known;
    const book = new CurrencyBook(this.#options);
    this.byCurrency.set(currency, book);
    return book;
  }
}

export class CurrencyBook {
  readonly closed: ClosedTradeBook;
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
