/**
 * Spreads that were paid, in basis points of the mid m at the execution (D = +1 buy, -1 sell): effective 2 D (p - m) / m,
 * realised 2 D (p - m') / m against the mid m' some time later, and price impact 2 D (m' - m) / m. Effective = realised +
 * impact. Source: Huang and Stoll, "Dealer versus auction markets", Journal of Financial Economics 41, 1996.
 */
import type { Side } from '../../model/event.ts';

export interface SpreadSplit {
  readonly effectiveBps: number;
  /** Null where the later mid is not known; so is the impact. */
  readonly realisedBps: number | null;
  readonly impactBps: number | null;
}

export function splitSpread(
  { side, price }: { readonly side: Side; readonly price: number },
  mid: number,
  laterMid: number | null,
): SpreadSplit {
  const twice = ((side === 'buy' ? 2 : -2) / mid) * 1e4;
  return {
    effectiveBps: twice * (price - mid),
    realisedBps: laterMid === null ? null : twice * (price - laterMid),
    impactBps: laterMid === null ? null : twice * (laterMid - mid),
  };
}
