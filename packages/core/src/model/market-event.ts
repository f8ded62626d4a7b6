/**
 * What the market does, seen from outside our own orders: prints, depth and exchange rates of currencies.
 * `timeNanos` is receipt at the feed handler, `exchangeNanos` the exchange's own stamp.
 */
import type { Side } from './side.ts';
import type { Nanos } from './time.ts';

/** A print. Duplicates are dropped by (stamp, venue, symbol, id). */
export interface MarketTrade {
  readonly table: 'market_trades';
  /** The venue's trade id. */
  readonly id: string;
  readonly timeNanos: Nanos;
  readonly exchangeNanos: Nanos | null;
  readonly venue: string;
  readonly symbol: string;
  /** In the quote currency. */
  readonly price: number;
  /** In the base asset. */
  readonly quantity: number;
  /** Who took liquidity; empty where the feed does not tell. */
  readonly aggressor: Side | '';
}

/**
 * Depth of one book, best first on each side; prices and sizes stand at the same place of their lists. A snapshot is the
 * whole of what the feed shows, an update only what changed: a size of 0 removes its level.
 */
export interface BookUpdate {
  readonly table: 'book_levels';
  readonly timeNanos: Nanos;
  readonly exchangeNanos: Nanos | null;
  readonly venue: string;
  readonly symbol: string;
  readonly kind: 'snapshot' | 'update';
  readonly bidPrices: readonly number[];
  readonly bidSizes: readonly number[];
  readonly askPrices: readonly number[];
  readonly askSizes: readonly number[];
  /** The feed's own sequence number, for gaps; null where it has none. */
  readonly sequence: bigint | null;
}

/** Units of `quote` for one unit of `base`. Duplicates are dropped by (stamp, base, quote, source). */
export interface FxRate {
  readonly table: 'fx_rates';
  readonly timeNanos: Nanos;
  readonly base: string;
  readonly quote: string;
  readonly rate: number;
  /** Who says so; may be empty. */
  readonly source: string;
}
