/**
 * Mean, variance, skewness and kurtosis of numbers, in two passes over the deviations, so that a large common level costs
 * no digits. Variance and standard deviation divide by n - 1 (a sample), skewness and kurtosis are the ratios of
 * population moments that Mertens (2002) and Maillard (2012) use: g1 = m3 / m2^1.5, g2 = m4 / m2^2 (3 for a normal).
 */

export interface Moments {
  readonly count: number;
  /** NaN without values. */
  readonly mean: number;
  /** NaN below two values. */
  readonly standardDeviation: number;
  /** NaN where the values do not differ. */
  readonly skewness: number;
  /** Not the excess: 3 for a normal distribution. NaN where the values do not differ. */
  readonly kurtosis: number;
}

/** Below this multiple of the largest magnitude, a standard deviation is rounding noise of equal values. */
const NOISE = 1e-12;

/** O(n). A value that is not finite makes every moment NaN. */
export function momentsOf(values: ArrayLike<number>): Moments {
  const count = values.length;
  const mean = meanOf(values);
  let [second, third, fourth] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const deviation = (values[i] as number) - mean;
    const square = deviation * deviation;
    second += square;
    third += square * deviation;
    fourth += square * square;
  }
  const differ = variesBeyondRounding(values, Math.sqrt(second / count));
  return {
    count,
    mean,
    standardDeviation: count < 2 ? NaN : Math.sqrt(second / (count - 1)),
    skewness: differ ? third / count / (second / count) ** 1.5 : NaN,
    kurtosis: differ ? fourth / count / (second / count) ** 2 : NaN,
  };
}

/** NaN without values. The second sum takes back what the first one rounded. */
export function meanOf(values: ArrayLike<number>): number {
  const count = values.length;
  if (count === 0) return NaN;
  let sum = 0;
  for (let i = 0; i < count; i++) sum += values[i] as number;
  const rough = sum / count;
  let rest = 0;
  for (let i = 0; i < count; i++) rest += (values[i] as number) - rough;
  return rough + rest / count;
}

/**
 * Whether `deviation`, a standard deviation of `values`, is more than the rounding of equal ones: a constant return of 1 %
 * leaves 1e-18, and a ratio over that is 1e16 rather than unknown.
 */
export function variesBeyondRounding(values: ArrayLike<number>, deviation: number): boolean {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i] as number));
  return deviation > NOISE * largest;
}
