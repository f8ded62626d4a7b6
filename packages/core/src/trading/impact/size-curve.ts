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
/** Sizes that a draw tells apart: with more orders than that, neighbours count as one size. */
const SIZE_CLASSES = 512;
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
  const { prefactor: value, error, weight } = prefactorAt(heapsOf(usable), 0.5);
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
  const heaps = heapsOf(usable);
  const value = bestExponent(heaps);
  const { prefactor } = prefactorAt(heaps, value);
  if (!(prefactor > 0)) return null;
  const classes = sizeClasses(heaps);
  const draws = sorted(Array.from({ length: EXPONENT_REPLICATES }, () => bestExponent(drawn(heaps, classes, uniform))));
  const tail = (1 - DEFAULT_CONFIDENCE) / 2;
  return { exponent: { value, lower: quantileType7(draws, tail), upper: quantileType7(draws, 1 - tail) }, prefactor };
}

/** Orders of (nearly) one size each, added up; columns by size. */
interface Heaps {
  /** Natural logarithm of the size: a power is then one exponential, several times as fast. */
  readonly logSizes: Float64Array;
  readonly counts: Float64Array;
  readonly impacts: Float64Array;
  /** Sum of the squares of all impacts. */
  readonly squares: number;
}

/** Each order by itself. */
function heapsOf(orders: readonly SizedImpact[]): Heaps {
  const impacts = Float64Array.from(orders, ({ impact }) => impact);
  return {
    logSizes: Float64Array.from(orders, ({ size }) => Math.log(size)),
    counts: new Float64Array(orders.length).fill(1),
    impacts,
    squares: impacts.reduce((sum, impact) => sum + impact * impact, 0),
  };
}

interface SizeClasses {
  /** Mean logarithm of the sizes, by class. */
  readonly logSizes: Float64Array;
  /** Class of each order. */
  readonly of: Uint32Array;
}

/** Classes of equal numbers of neighbouring sizes; of one order each where there are few. */
function sizeClasses({ logSizes: logs }: Heaps): SizeClasses {
  const ranked = Uint32Array.from(logs.keys()).sort((a, b) => (logs[a] as number) - (logs[b] as number));
  const count = Math.min(SIZE_CLASSES, logs.length);
  const [logSizes, members] = [new Float64Array(count), new Float64Array(count)];
  const of = new Uint32Array(logs.length);
  ranked.forEach((order, rank) => {
    const number = Math.floor((rank * count) / logs.length);
    of[order] = number;
    members[number] = (members[number] as number) + 1;
    logSizes[number] = (logSizes[number] as number) + (logs[order] as number);
  });
  return { logSizes: logSizes.map((sum, number) => sum / (members[number] as number)), of };
}

/** As many orders again, drawn with replacement. */
function drawn({ impacts: all }: Heaps, { logSizes, of }: SizeClasses, uniform: Uniform): Heaps {
  const counts = new Float64Array(logSizes.length);
  const impacts = new Float64Array(logSizes.length);
  let squares = 0;
  for (let left = all.length; left > 0; left--) {
    const order = Math.floor(uniform() * all.length);
    const impact = all[order] as number;
    const number = of[order] as number;
    counts[number] = (counts[number] as number) + 1;
    impacts[number] = (impacts[number] as number) + impact;
    squares += impact * impact;
  }
  return { logSizes, counts, impacts, squares };
}

/** Least squares of a for a fixed exponent, and the squares that remain. */
function prefactorAt({ logSizes, counts, impacts, squares }: Heaps, exponent: number) {
  let weight = 0;
  let product = 0;
  for (let i = 0; i < counts.length; i++) {
    const x = Math.exp(exponent * (logSizes[i] as number));
    weight += (counts[i] as number) * x * x;
    product += x * (impacts[i] as number);
  }
  return { prefactor: product / weight, error: Math.max(0, squares - (product * product) / weight), weight };
}

/** Golden-section search: the squares that remain have one minimum in the exponent for sizes of a usual spread. */
function bestExponent(heaps: Heaps): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [LEAST_EXPONENT, MOST_EXPONENT];
  let [left, right] = [high - ratio * (high - low), low + ratio * (high - low)];
  let [leftError, rightError] = [prefactorAt(heaps, left).error, prefactorAt(heaps, right).error];
  while (high - low > 1e-4) {
    if (leftError <= rightError) {
      [high, right, rightError] = [right, left, leftError];
      left = high - ratio * (high - low);
      leftError = prefactorAt(heaps, left).error;
    } else {
      [low, left, leftError] = [left, right, rightError];
      right = low + ratio * (high - low);
      rightError = prefactorAt(heaps, right).error;
    }
  }
  return (low + high) / 2;
}
