/**
 * Ordinary least squares of y on one regressor with intercept, with standard errors, t values and intervals of Student's
 * distribution (homoscedastic errors), as `statsmodels.OLS` reports. Sums of deviations from the means, so that a large
 * level costs no digits. Null where a line is not determined: fewer than three points, or a regressor that does not vary.
 */
import { meanOf } from './moments.ts';
import { studentCritical } from './student-t.ts';
import { DEFAULT_CONFIDENCE, type Estimate } from './wilson.ts';

export interface Coefficient extends Estimate {
  readonly standardError: number;
  /** Value over standard error; infinite for a perfect fit. */
  readonly t: number;
}

export interface LineFit {
  readonly observations: number;
  readonly slope: Coefficient;
  readonly intercept: Coefficient;
  /** Share of the variance of y that the line explains; NaN where y does not vary. */
  readonly rSquared: number;
}

export function fitLine(x: ArrayLike<number>, y: ArrayLike<number>, confidence = DEFAULT_CONFIDENCE): LineFit | null {
  const n = x.length;
  if (y.length !== n) throw new RangeError(`${n} values of x and ${y.length} of y are no pairs`);
  if (n < 3) return null;
  const [meanX, meanY] = [meanOf(x), meanOf(y)];
  let [xx, xy, yy] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [dx, dy] = [(x[i] as number) - meanX, (y[i] as number) - meanY];
    xx += dx * dx;
    xy += dx * dy;
    yy += dy * dy;
  }
  if (!(xx > 0)) return null;
  const slope = xy / xx;
  const intercept = meanY - slope * meanX;
  let residual = 0;
  for (let i = 0; i < n; i++) residual += ((y[i] as number) - meanY - slope * ((x[i] as number) - meanX)) ** 2;
  const variance = residual / (n - 2);
  const critical = studentCritical(confidence, n - 2);
  const coefficient = (value: number, standardError: number): Coefficient => ({
    value,
    standardError,
    t: value / standardError,
    lower: value - critical * standardError,
    upper: value + critical * standardError,
  });
  return {
    observations: n,
    slope: coefficient(slope, Math.sqrt(variance / xx)),
    intercept: coefficient(intercept, Math.sqrt(variance * (1 / n + meanX ** 2 / xx))),
    rSquared: 1 - residual / yy,
  };
}
