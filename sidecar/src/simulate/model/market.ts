/**
 * What the desk sees of the market, whether made up or recorded: a stream of top-of-book updates in the order of their
 * receipt, and the present book per listing. Offsets are integer nanoseconds since the run began.
 */
import type { Side } from '@tapewatch/core';
import type { Listing } from './universe.ts';

export interface TopOfBook {
  readonly bid: number;
  readonly bidSize: number;
  readonly ask: number;
  readonly askSize: number;
}

export interface MarketUpdate {
  readonly atNanos: number;
  readonly venue: string;
  readonly symbol: string;
  readonly top: TopOfBook;
  /** Receipt minus the exchange's stamp; null when the feed has no stamp. May be negative: clocks differ. */
  readonly feedDelayNanos: number | null;
  /** Only for feeds that number every update. */
  readonly sequence: number | null;
}

export interface Market {
  readonly listings: readonly Listing[];
  /** Offset of the next update; Infinity when there is none (now). */
  nextAt(): number;
  /** Takes the next update; only to be called when `nextAt` is finite. */
  take(): MarketUpdate;
  top(venue: string, symbol: string): TopOfBook | undefined;
  /** Where the price is about to go, -1 to 1: what a skilled strategy sees a little of. */
  signal(symbol: string): number;
  /** Quantity that others traded since the run began, by listing; empty for a market without prints. */
  traded(): readonly TradedVolume[];
}

export interface TradedVolume {
  readonly venue: string;
  readonly symbol: string;
  readonly quantity: number;
}

export const listingKey = (venue: string, symbol: string): string => `${venue}|${symbol}`;

export const midOf = ({ bid, ask }: TopOfBook): number => (bid + ask) / 2;

/** Rounds to the grid of ticks or lots without leaving binary dust such as 213.40000000000003. */
export function toGrid(value: number, step: number): number {
  const decimals = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
  return Number((Math.round(value / step) * step).toFixed(decimals));
}

export interface Execution {
  readonly price: number;
  readonly quantity: number;
}

/** Each level behind the touch holds this share more than the one before it. */
const DEPTH_GROWTH = 1.4;
/** A larger order is filled at the last level: the desk never sweeps deeper. */
export const MAX_SWEPT_LEVELS = 4;

/** What an aggressive order gets: it walks the levels, one execution each. The depth behind the touch is modelled. */
export function sweep(top: TopOfBook, side: Side, order: { quantity: number; listing: Listing }): readonly Execution[] {
  const { tick, lot } = order.listing;
  const direction = side === 'buy' ? 1 : -1;
  const touch = side === 'buy' ? top.ask : top.bid;
  let size = Math.max(lot, toGrid(side === 'buy' ? top.askSize : top.bidSize, lot));
  let rest = order.quantity;
  const executions: Execution[] = [];
  for (let level = 0; rest > 0; level++) {
    const last = level === MAX_SWEPT_LEVELS - 1;
    const quantity = last ? rest : Math.min(rest, size);
    executions.push({ price: toGrid(touch + direction * level * tick, tick), quantity });
    rest = toGrid(rest - quantity, lot);
    size = toGrid(size * DEPTH_GROWTH, lot);
  }
  return executions;
}
