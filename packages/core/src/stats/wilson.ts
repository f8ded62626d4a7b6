/**
 * Interval of a proportion that stays within [0, 1] and keeps its coverage for few trials and rare events. Source: E. B.
 * Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927 (without continuity
 * correction). No trials: null, because nothing is known.
 */
import { normalQuantile } from './normal-quantile.ts';

/** A figure with the interval that holds the truth with the stated confidence; bounds are null where none can be told. */
export interface Estimate {
  readonly value: number;
  readonly lower: number | null;
  readonly upper: number | null;
}

export const DEFAULT_CONFIDENCE = 0.95;

/** Throws RangeError when there are more successes than trials, or a negative count. */
export function wilsonInterval(successes: number, trials: number, confidence = DEFAULT_CONFIDENCE): Estimate | null {
  if (!(successes >= 0 && successes <= trials)) {
    throw new RangeError(`${successes} successes of ${trials} trials are no proportion`);
  }
  if (trials === 0) return null;
  const z = normalQuantile((1 + confidence) / 2);
  const value = successes / trials;
  const shrink = 1 + z ** 2 / trials;
  const centre = (value + z ** 2 / (2 * trials)) / shrink;
  const half = (z / shrink) * Math.sqrt((value * (1 - value)) / trials + z ** 2 / (4 * trials ** 2));
  // At the ends centre and half width are equal but for rounding.
  return {
    value,
    lower: successes === 0 ? 0 : centre - half,
    upper: successes === trials ? 1 : centre + half,
  };
}
