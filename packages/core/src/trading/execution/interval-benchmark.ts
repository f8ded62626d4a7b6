/**
 * Benchmarks over the interval in which an order was worked: market VWAP, TWAP and the share of the volume that was ours.
 * Our own prints are part of the tape; above 5 % of its volume they would pull the benchmark to our own price, so they are
 * taken out. An interval in which nobody (else) traded has no VWAP.
 */
import type { TapeInterval } from './time-line.ts';

/** Share of the volume up to which our own prints do not move the VWAP enough to matter. */
export const OWN_PRINT_SHARE = 0.05;

export interface OwnTrading {
  readonly quantity: number;
  /** Sum of price times quantity. */
  readonly notional: number;
}

export interface IntervalVwap {
  /** Null where there are no prints but ours. */
  readonly vwap: number | null;
  /** Own volume over the market's; null without prints. */
  readonly participation: number | null;
  readonly ownExcluded: boolean;
}

export function intervalVwap(tape: TapeInterval, own: OwnTrading): IntervalVwap {
  if (tape.prints === 0 || !(tape.volume > 0)) return { vwap: null, participation: null, ownExcluded: false };
  const participation = own.quantity / tape.volume;
  if (participation <= OWN_PRINT_SHARE) {
    return { vwap: tape.notional / tape.volume, participation, ownExcluded: false };
  }
  const others = tape.volume - own.quantity;
  // Less than a billionth of the volume is what rounding leaves when all of it was ours.
  const vwap = others > tape.volume * 1e-9 ? (tape.notional - own.notional) / others : null;
  return { vwap, participation, ownExcluded: true };
}
