/**
 * Quantile by linear interpolation between order statistics, type 7 of R. J. Hyndman and Y. Fan, "Sample Quantiles in
 * Statistical Packages", The American Statistician 50, 1996: the default of numpy, pandas and R.
 */

/** A copy in ascending order; NaN last. */
export function sorted(values: ArrayLike<number>): Float64Array {
  return Float64Array.from(values).sort();
}

/** `ascending` must be sorted; NaN without values or for a `p` outside [0, 1]. */
export function quantileType7(ascending: ArrayLike<number>, p: number): number {
  const last = ascending.length - 1;
  if (last < 0 || !(p >= 0 && p <= 1)) return NaN;
  const position = last * p;
  const lower = Math.floor(position);
  const from = ascending[lower] as number;
  const to = ascending[Math.min(lower + 1, last)] as number;
  return from + (position - lower) * (to - from);
}
