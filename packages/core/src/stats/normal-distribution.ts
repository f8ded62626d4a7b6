/**
 * Density and distribution function of the standard normal; relative error of the distribution below 3e-13 wherever a
 * double can hold it. Source: W. J. Cody, "Rational Chebyshev Approximations for the Error Function", Mathematics of
 * Computation 23, 1969 (his CALERF of 1990).
 */

const ROOT_TWO_PI = Math.sqrt(2 * Math.PI);
const INVERSE_ROOT_PI = 1 / Math.sqrt(Math.PI);
/** Up to the first Cody approximates the error function, up to the second and past it its complement. */
const [CENTRE, FAR] = [0.46875, 4];
/** Past it the complement is below the smallest double. */
const END = 27.3;

/** Density at `z`, per unit of z. */
export function normalDensity(z: number): number {
  return Math.exp((-z * z) / 2) / ROOT_TWO_PI;
}

/** Probability of a value up to `z`; NaN for NaN. */
export function normalCumulative(z: number): number {
  const y = Math.abs(z) / Math.SQRT2;
  const upper = y <= CENTRE ? (1 - errorFunction(y)) / 2 : complement(y) / 2;
  return z > 0 ? 1 - upper : upper;
}

function errorFunction(y: number): number {
  const square = y * y;
  return (y * polynomial(A, square)) / polynomial(B, square);
}

function complement(y: number): number {
  if (y > END) return 0;
  // The square of y rounded to sixteenths is exact, which keeps the digits of the exponential.
  const rounded = Math.trunc(y * 16) / 16;
  const exponential = Math.exp(-rounded * rounded) * Math.exp(-(y - rounded) * (y + rounded));
  if (y <= FAR) return (exponential * polynomial(C, y)) / polynomial(D, y);
  const inverse = 1 / (y * y);
  return (exponential * (INVERSE_ROOT_PI - (inverse * polynomial(P, inverse)) / polynomial(Q, inverse))) / y;
}

// In descending order of the power.
const A = [1.8577770618460315e-1, 3.1611237438705656, 1.1386415415105016e2, 3.7748523768530202e2, 3.2093775891384695e3];
const B = [1, 2.3601290952344121e1, 2.4402463793444417e2, 1.2826165260773723e3, 2.8442368334391706e3];
const C = [
  2.1531153547440385e-8, 5.6418849698867009e-1, 8.8831497943883759, 6.611919063714163e1, 2.9863513819740013e2,
  8.8195222124176909e2, 1.7120476126340706e3, 2.0510783778260715e3, 1.2303393547979972e3,
];
const D = [
  1, 1.5744926110709835e1, 1.176939508913125e2, 5.3718110186200986e2, 1.6213895745666902e3, 3.2907992357334596e3,
  4.3626190901432472e3, 3.4393676741437216e3, 1.2303393548037494e3,
];
const P = [
  1.6315387137302098e-2, 3.0532663496123234e-1, 3.6034489994980444e-1, 1.2578172611122925e-1, 1.6083785148742277e-2,
  6.587491615298378e-4,
];
const Q = [
  1, 2.5685201922898224, 1.8729528499234673, 5.2790510295142841e-1, 6.0518341312441319e-2, 2.3352049762686918e-3,
];

function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);
}
