/**
 * What a book says at one moment. Spread in basis points of the mid; imbalance (B - A) / (B + A) of the sizes, +1 all bids;
 * microprice (b A + a B) / (A + B), the mid pulled to the thin side (Stoikov 2018); depth as the money within x bps of the
 * mid; cost to fill a size as the average price of sweeping the levels against the mid.
 */
import type { Side } from '../../model/event.ts';

export interface TopOfBookSizes {
  readonly bid: number;
  readonly ask: number;
  readonly bidSize: number | null;
  readonly askSize: number | null;
}

export function quotedSpreadBps({ bid, ask }: Pick<TopOfBookSizes, 'bid' | 'ask'>): number {
  return ((ask - bid) / ((ask + bid) / 2)) * 1e4;
}

/** Null where a size is not known, or both are nothing. */
export function imbalance({ bidSize, askSize }: Pick<TopOfBookSizes, 'bidSize' | 'askSize'>): number | null {
  if (bidSize === null || askSize === null || !(bidSize + askSize > 0)) return null;
  return (bidSize - askSize) / (bidSize + askSize);
}

export function microprice({ bid, ask, bidSize, askSize }: TopOfBookSizes): number | null {
  if (bidSize === null || askSize === null || !(bidSize + askSize > 0)) return null;
  return (bid * askSize + ask * bidSize) / (bidSize + askSize);
}

export interface BookLevels {
  /** Best first. */
  readonly bidPrices: readonly number[];
  readonly bidSizes: readonly number[];
  readonly askPrices: readonly number[];
  readonly askSizes: readonly number[];
}

/** Money within `bps` of the mid on each side; null for a book that is one-sided or crossed. */
export function depthWithin(book: BookLevels, bps: number): { readonly bid: number; readonly ask: number } | null {
  const mid = midOfLevels(book);
  if (mid === null) return null;
  const reach = (mid * bps) / 1e4;
  const money = (prices: readonly number[], sizes: readonly number[]): number =>
    prices.reduce((sum, price, i) => sum + (Math.abs(price - mid) <= reach ? price * (sizes[i] ?? 0) : 0), 0);
  return { bid: money(book.bidPrices, book.bidSizes), ask: money(book.askPrices, book.askSizes) };
}

/** Cost in basis points of the mid to take `quantity` at once; null where the book does not hold it. */
export function costToFillBps(book: BookLevels, side: Side, quantity: number): number | null {
  const mid = midOfLevels(book);
  const [prices, sizes] = side === 'buy' ? [book.askPrices, book.askSizes] : [book.bidPrices, book.bidSizes];
  if (mid === null || !(quantity > 0)) return null;
  let [left, money] = [quantity, 0];
  for (let i = 0; i < prices.length && left > 0; i++) {
    const taken = Math.min(left, sizes[i] ?? 0);
    money += taken * (prices[i] as number);
    left -= taken;
  }
  // What rounding leaves of the last level is no missing depth.
  if (left > quantity * 1e-12) return null;
  const average = money / (quantity - left);
  return (((side === 'buy' ? 1 : -1) * (average - mid)) / mid) * 1e4;
}

function midOfLevels({ bidPrices, askPrices }: BookLevels): number | null {
  const [bid, ask] = [bidPrices[0], askPrices[0]];
  return bid === undefined || ask === undefined || bid > ask ? null : (bid + ask) / 2;
}
