/** A straight line through readings of a quantity that drifts, and how sure its slope is. */
export interface Reading {
  readonly hours: number;
  readonly rssMb: number;
}

/**
 * Least squares, with the standard error of the slope: sqrt(residuals / (n' - 2) / sum of squared distances), where the
 * correlation r of each residual with the next leaves n' = n (1 - r) / (1 + r) independent readings (Santer et al. 2000,
 * "Statistical significance of trends and trend differences in layer-average atmospheric temperature time series",
 * equation 6). Infinite where two or fewer are left. Readings in order of time.
 */
export function lineThrough(readings: readonly Reading[]): { slope: number; error: number } {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [hours, rss] = [mean(readings.map((r) => r.hours)), mean(readings.map((r) => r.rssMb))];
  const spread = mean(readings.map((r) => (r.hours - hours) ** 2)) * readings.length;
  const slope = (mean(readings.map((r) => (r.hours - hours) * (r.rssMb - rss))) * readings.length) / spread;
  const left = readings.map((r) => r.rssMb - rss - slope * (r.hours - hours));
  const squares = left.reduce((sum, value) => sum + value * value, 0);
  const neighbours = left.slice(1).reduce((sum, value, i) => sum + value * (left[i] as number), 0);
  const correlation = squares === 0 ? 0 : Math.max(0, neighbours / squares);
  const independent = (readings.length * (1 - correlation)) / (1 + correlation);
  return { slope, error: independent > 2 ? Math.sqrt(squares / (independent - 2) / spread) : Infinity };
}

/** What the row asks for; a day proves it, half an hour can only disprove it. */
export const SLOPE_LIMIT_MB_PER_HOUR = 1;

export interface TrendLimits {
  /** However uncertain the line is. */
  readonly anySlope: number;
  /** A line that is less sure than this would pass whatever was read. */
  readonly error: number;
}

/** Of resident memory: the allocator moves it by ten megabytes. */
export const RESIDENT_LIMITS: TrendLimits = { anySlope: 50, error: 25 };
/** Of objects and buffers, which are told to the byte; buffers come and go by some megabytes. */
export const OWN_LIMITS: TrendLimits = { anySlope: 25, error: 12 };

export type TrendVerdict = 'flat' | 'grows' | 'cannot tell';

export function verdictOf(
  { slope, error }: { readonly slope: number; readonly error: number },
  limits: TrendLimits,
): TrendVerdict {
  // Readings that are missing make both not a number.
  if (!Number.isFinite(slope) || !(error <= limits.error)) return 'cannot tell';
  return slope - 2 * error < SLOPE_LIMIT_MB_PER_HOUR && slope < limits.anySlope ? 'flat' : 'grows';
}
