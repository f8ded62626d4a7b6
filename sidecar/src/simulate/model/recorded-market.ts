/**
 * A recorded market: rows that a reader pushes in the order of their receipt are handed out at their offset. Where the
 * price is about to go is unknown here, so the signal is the present imbalance of trades (buys minus sells, forgetting
 * over some seconds), which is what a strategy would have seen.
 */
import { listingKey, type Market, type MarketUpdate, type TopOfBook, type TradedVolume } from './market.ts';
import type { Listing } from './universe.ts';

interface RowBase {
  readonly atNanos: number;
  readonly venue: string;
  readonly symbol: string;
}

export interface RecordedQuote extends RowBase {
  readonly kind: 'quote';
  readonly top: TopOfBook;
  readonly feedDelayNanos: number | null;
}

export interface RecordedTrade extends RowBase {
  readonly kind: 'trade';
  readonly quantity: number;
  readonly buyerInitiated: boolean;
}

export type RecordedRow = RecordedQuote | RecordedTrade;

interface Flow {
  atNanos: number;
  bought: number;
  sold: number;
}

const FLOW_MEMORY_SECONDS = 5;
const CUT_AFTER = 1_024;

export class RecordedMarket implements Market {
  readonly #queue: RecordedQuote[] = [];
  #taken = 0;
  readonly #listings = new Map<string, Listing>();
  readonly #tops = new Map<string, TopOfBook>();
  readonly #flows = new Map<string, Flow>();
  readonly #traded = new Map<string, TradedVolume>();

  get listings(): readonly Listing[] {
    return [...this.#listings.values()];
  }

  /** Rows queued and not yet taken: the reader keeps it bounded. */
  get pending(): number {
    return this.#queue.length - this.#taken;
  }

  list(listing: Listing): void {
    this.#listings.set(listingKey(listing.venue, listing.symbol), listing);
  }

  /** Rows must come in ascending order of offset. */
  push(row: RecordedRow): void {
    if (row.kind === 'quote') this.#queue.push(row);
    else this.#print(row);
  }

  #print({ atNanos, venue, symbol, quantity, buyerInitiated }: RecordedTrade): void {
    const key = listingKey(venue, symbol);
    this.#traded.set(key, { venue, symbol, quantity: (this.#traded.get(key)?.quantity ?? 0) + quantity });
    const flow = this.#flows.get(symbol) ?? { atNanos, bought: 0, sold: 0 };
    const keep = Math.exp(-Math.max(0, atNanos - flow.atNanos) / 1e9 / FLOW_MEMORY_SECONDS);
    flow.bought = flow.bought * keep + (buyerInitiated ? quantity : 0);
    flow.sold = flow.sold * keep + (buyerInitiated ? 0 : quantity);
    flow.atNanos = atNanos;
    this.#flows.set(symbol, flow);
  }

  nextAt(): number {
    return this.#queue[this.#taken]?.atNanos ?? Infinity;
  }

  take(): MarketUpdate {
    const row = this.#queue[this.#taken];
    if (row === undefined) throw new RangeError('the recorded market has no further row');
    this.#taken += 1;
    // Cut the taken part off now and then: O(1) on average, where `shift` would be O(n).
    if (this.#taken >= CUT_AFTER) {
      this.#queue.splice(0, this.#taken);
      this.#taken = 0;
    }
    const { atNanos, venue, symbol, top, feedDelayNanos } = row;
    this.#tops.set(listingKey(venue, symbol), top);
    return { atNanos, venue, symbol, top, feedDelayNanos, sequence: null };
  }

  top(venue: string, symbol: string): TopOfBook | undefined {
    return this.#tops.get(listingKey(venue, symbol));
  }

  signal(symbol: string): number {
    const { bought, sold } = this.#flows.get(symbol) ?? { bought: 0, sold: 0 };
    return bought + sold === 0 ? 0 : (bought - sold) / (bought + sold);
  }

  traded(): readonly TradedVolume[] {
    return [...this.#traded.values()];
  }
}
