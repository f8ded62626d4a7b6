/**
 * Survival function of the chi-square distribution for whole degrees of freedom, in closed form. Source: Abramowitz and
 * Stegun, "Handbook of Mathematical Functions", 26.4.4 (odd) and 26.4.5 (even).
 */
import { normalCumulative, normalDensity } from './normal-distribution.ts';

/** Probability of more than `x`; 1 at and below zero, NaN for NaN. `degrees` is a whole number from 1. O(degrees). */
export function chiSquareSurvival(x: number, degrees: number): number {
  if (!Number.isInteger(degrees) || degrees < 1) {
    throw new RangeError(`degrees of freedom must be a whole number from 1, got ${degrees}`);
  }
  if (Number.isNaN(x)) return NaN;
  if (x <= 0) return 1;
  return degrees % 2 === 0 ? even(x, degrees) : odd(x, degrees);
}

function even(x: number, degrees: number): number {
  let term = Math.exp(-x / 2);
  let sum = term;
  for (let r = 1; r < degrees / 2; r++) sum += term *= x / (2 * r);
  return sum;
}

function odd(x: number, degrees: number): number {
  const root = Math.sqrt(x);
  let term = 2 * normalDensity(root) * root;
  let sum = 2 * normalCumulative(-root);
  for (let r = 1; r <= (degrees - 1) / 2; r++) {
    sum += term;
    term *= x / (2 * r + 1);
  }
  return sum;
}
