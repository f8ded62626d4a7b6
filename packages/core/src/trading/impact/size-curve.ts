/**
 * Impact of our own orders against their size: bins of equal numbers of orders with an interval each, and, from 200 orders
 * on, the power law I = a x^d that fits best. Fewer orders do not determine an exponent, so there is none to be read. The
 * prefactor Y of the square-root law (d = 1/2) is fitted with its standard error by least squares through the origin.
 */
import { bootstrapMean } from '../../stats/block-bootstrap.ts';
import { quantileType7, sorted } from '../../stats/quantile-type7.ts';
import { studentCritical } from '../../stats/student-t.ts';
import type { Uniform } from '../../stats/seeded-generator.ts';
import { DEFAULT_CONFIDENCE, type Estimate } from '../../stats/wilson.ts';
import type { Coefficient } from '../../stats/least-squares.ts';

/** Orders below which no exponent is fitted. */
export const MIN_ORDERS_FOR_EXPONENT = 200;
export const DEFAULT_SIZE_BINS = 10;
const EXPONENT_REPLICATES = 199;
const [LEAST_EXPONENT, MOST_EXPONENT] = [0.05, 1.5];

export interface SizedImpact {
  /** Of the order: quantity over market volume, or notional. Positive. */
  readonly size: number;
  /** Positive where the price moved against the order; any unit. */
  readonly impact: number;
}

export interface SizeBin {
  readonly from: number;
  readonly to: number;
  readonly meanSize: number;
  readonly impact: Estimate;
  readonly orders: number;
}

/** Ascending by size; fewer bins than asked where there are fewer orders. */
export function sizeBins(orders: readonly SizedImpact[], uniform: Uniform, bins = DEFAULT_SIZE_BINS): SizeBin[] {
  const ascending = orders.filter(({ size }) => size > 0).sort((a, b) => a.size - b.size);
  const count = Math.min(bins, ascending.length);
  return Array.from({ length: count }, (_, i) => {
    const part = ascending.slice(
      Math.floor((i * ascending.length) / count),
      Math.floor(((i + 1) * ascending.length) / count),
    );
    const impact = bootstrapMean(
      part.map((order) => order.impact),
      { uniform, blockLength: 1 },
    ) as Estimate;
    const meanSize = part.reduce((sum, { size }) => sum + size, 0) / part.length;
    const [first, last] = [part[0] as SizedImpact, part.at(-1) as SizedImpact];
    return { from: first.size, to: last.size, meanSize, impact, orders: part.length };
  });
}

/** Y of I = Y x^(1/2); null below two orders. */
export function fitSquareRoot(orders: readonly SizedImpact[], confidence = DEFAULT_CONFIDENCE): Coefficient | null {
  const usable = orders.filter(({ size }) => size > 0);
  const n = usable.length;
  if (n < 2) return null;
  const { prefactor: value, error, weight } = prefactorAt(usable, 0.5);
  const standardError = Math.sqrt(error / (n - 1) / weight);
  const half = studentCritical(confidence, n - 1) * standardError;
  return { value, standardError, t: value / standardError, lower: value - half, upper: value + half };
}

export interface PowerLaw {
  readonly exponent: Estimate;
  readonly prefactor: number;
}

/** Null below `MIN_ORDERS_FOR_EXPONENT` orders, and where impact does not grow with size. */
export function fitPowerLaw(orders: readonly SizedImpact[], uniform: Uniform): PowerLaw | null {
  const usable = orders.filter(({ size }) => size > 0);
  if (usable.length < MIN_ORDERS_FOR_EXPONENT) return null;
  const value = bestExponent(usable);
  const { prefactor } = prefactorAt(usable, value);
  if (!(prefactor > 0)) return null;
  const draws = sorted(
    Array.from({ length: EXPONENT_REPLICATES }, () =>
      bestExponent(usable.map(() => usable[Math.floor(uniform() * usable.length)] as SizedImpact)),
    ),
  );
  const tail = (1 - DEFAULT_CONFIDENCE) / 2;
  return { exponent: { value, lower: quantileType7(draws, tail), upper: quantileType7(draws, 1 - tail) }, prefactor };
}

/** Least squares of a for a fixed exponent, and the squares that remain. */
function prefactorAt(orders: readonly SizedImpact[], exponent: number) {
  let [weight, product, squares] = [0, 0, 0];
  for (const { size, impact } of orders) {
    const x = size ** exponent;
    weight += x * x;
    product += x * impact;
    squares += impact * impact;
  }
  return { prefactor: product / weight, error: Math.max(0, squares - (product * product) / weight), weight };
}

/** Golden-section search: the squares that remain have one minimum in the exponent for sizes of a usual spread. */
function bestExponent(orders: readonly SizedImpact[]): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [LEAST_EXPONENT, MOST_EXPONENT];
  let [left, right] = [high - ratio * (high - low), low + ratio * (high - low)];
  let [leftError, rightError] = [prefactorAt(orders, left).error, prefactorAt(orders, right).error];
  while (high - low > 1e-4) {
    if (leftError <= rightError) {
      [high, right, rightError] = [right, left, leftError];
      left = high - ratio * (high - low);
      leftError = prefactorAt(orders, left).error;
    } else {
      [low, left, leftError] = [left, right, rightError];
      right = low + ratio * (high - low);
      rightError = prefactorAt(orders, right).error;
    }
  }
  return (low + high) / 2;
}
