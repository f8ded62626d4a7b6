/**
 * Value at risk by the Cornish-Fisher expansion, which bends a normal quantile by skewness S and excess kurtosis K:
 * z' = z + (z^2-1) S/6 + (z^3-3z) K/24 - (2z^3-5z) S^2/36. Outside of a domain of S and K the bent quantile is not
 * monotone, hence no distribution: there it is refused, for it would call less risk what is more. Source: D. Maillard, "A
 * User's Guide to the Cornish Fisher Expansion", 2012.
 */
import { normalDensity } from '../../stats/normal-distribution.ts';
import { normalQuantile } from '../../stats/normal-quantile.ts';
import type { Moments } from '../../stats/moments.ts';
import { figure, withheld } from '../performance/figure.ts';
import type { TailRisk } from './value-at-risk.ts';

/** `outside_domain` where the expansion is no distribution. The shortfall is the mean of z' over the tail. */
export function cornishFisherRisk({ mean, standardDeviation, skewness, kurtosis }: Moments, alpha: number): TailRisk {
  const excess = kurtosis - 3;
  if (!isInMaillardDomain(skewness, excess)) {
    return { valueAtRisk: withheld('outside_domain'), expectedShortfall: withheld('outside_domain') };
  }
  const z = normalQuantile(alpha);
  return {
    valueAtRisk: figure(-(mean + cornishFisherQuantile(z, skewness, excess) * standardDeviation)),
    expectedShortfall: figure(-(mean + tailMean(z, { skewness, excess, alpha }) * standardDeviation)),
  };
}

export function cornishFisherQuantile(z: number, skewness: number, excess: number): number {
  return (
    z +
    ((z * z - 1) * skewness) / 6 +
    ((z ** 3 - 3 * z) * excess) / 24 -
    ((2 * z ** 3 - 5 * z) * skewness * skewness) / 36
  );
}

/**
 * Whether z' rises with z everywhere: its slope a z^2 + (S/3) z + c, a = K/8 - S^2/6 and c = 1 - K/8 + 5 S^2/36, has no two
 * roots, (S/3)^2 <= 4 a c, and is not below zero, which both may be for |S| > 6.
 */
export function isInMaillardDomain(skewness: number, excess: number): boolean {
  const squared = skewness * skewness;
  const [a, c] = [excess / 8 - squared / 6, 1 - excess / 8 + (5 * squared) / 36];
  return a >= 0 && c >= 0 && squared / 9 <= 4 * a * c;
}

interface Shape {
  readonly skewness: number;
  readonly excess: number;
  readonly alpha: number;
}

/**
 * Mean of z' below the quantile `z`. The terms of z' are Hermite polynomials, and the integral of the n-th with the normal
 * density is minus the one before it times the density: what is left is in closed form.
 */
function tailMean(z: number, { skewness, excess, alpha }: Shape): number {
  const square = z * z;
  const bend = 1 + (z * skewness) / 6 + ((square - 1) * excess) / 24 - ((2 * square - 1) * skewness * skewness) / 36;
  return (-normalDensity(z) / alpha) * bend;
}
