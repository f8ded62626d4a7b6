/**
 * Autocorrelations of a series: sum of products of deviations `lag` apart over the sum of their squares. Source: Box,
 * Jenkins and Reinsel, "Time Series Analysis", 2.1.5 (the divisor n for every lag, which keeps the estimate within 1).
 */
import { meanOf } from './moments.ts';

/** For the lags 1 to `maxLag`; lags past the series are left out, and all are NaN where the values do not differ. */
export function autocorrelations(values: ArrayLike<number>, maxLag: number): number[] {
  const mean = meanOf(values);
  const deviations = Float64Array.from(values, (value) => value - mean);
  const variance = deviations.reduce((sum, deviation) => sum + deviation * deviation, 0);
  return Array.from({ length: Math.max(0, Math.min(maxLag, values.length - 1)) }, (_, i) => {
    let sum = 0;
    for (let t = i + 1; t < deviations.length; t++)
      sum += (deviations[t] as number) * (deviations[t - i - 1] as number);
    return sum / variance;
  });
}
