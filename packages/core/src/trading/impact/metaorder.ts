/**
 * Impact of our own orders: how far the mid went against an order from its arrival to its last fill, by its size. Size is
 * the quantity over a day's volume where prints of the market tell that, else money. Source: Toth et al. 2011.
 */
import type { OrderLife } from '../execution/order-life.ts';
import type { SizedImpact } from './size-curve.ts';

/** Null without fills or without either mid. `dailyVolume` in the units of the quantity. */
export function metaorderImpact(
  life: OrderLife,
  mids: { readonly arrival: number | null; readonly lastFill: number | null },
  dailyVolume: number | null,
): SizedImpact | null {
  const { arrival, lastFill } = mids;
  if (arrival === null || lastFill === null || !(life.filledQuantity > 0)) return null;
  const impact = (((life.side === 'buy' ? 1 : -1) * (lastFill - arrival)) / arrival) * 1e4;
  const money = life.fills.reduce((sum, { price, quantity }) => sum + price * quantity, 0);
  return { size: dailyVolume === null ? money : life.filledQuantity / dailyVolume, impact };
}
