/**
 * Kyle's lambda: how much the mid moves for each unit that is bought rather than sold, by least squares of the change of the
 * mid on the signed volume of the same interval (Kyle, "Continuous auctions and insider trading", Econometrica 53, 1985).
 * Regressed on its signed root as well: where that explains more, impact is concave and lambda falls with size.
 */
import { fitLine, type LineFit } from '../../stats/least-squares.ts';

export interface FlowInterval {
  /** Bought minus sold, by who took liquidity. */
  readonly signedVolume: number;
  /** Mid at the end minus mid at the beginning. */
  readonly midChange: number;
}

export interface KyleFit {
  /** Slope: price units for one unit of volume. */
  readonly linear: LineFit;
  /** Slope: price units for the root of one unit of volume. */
  readonly root: LineFit;
}

/** Null below three intervals and where volume does not vary. */
export function fitKyle(intervals: readonly FlowInterval[], confidence?: number): KyleFit | null {
  const change = Float64Array.from(intervals, ({ midChange }) => midChange);
  const volume = Float64Array.from(intervals, ({ signedVolume }) => signedVolume);
  const linear = fitLine(volume, change, confidence);
  const root = fitLine(volume.map(signedRoot), change, confidence);
  return linear === null || root === null ? null : { linear, root };
}

function signedRoot(value: number): number {
  return Math.sign(value) * Math.sqrt(Math.abs(value));
}
