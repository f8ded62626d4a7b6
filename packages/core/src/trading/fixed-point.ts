/**
 * Money as integers. Prices and quantities become bigints of 1e-12, the exact decimal that was published rather than the
 * double nearest to it; their products are bigints of 1e-24. Sums are therefore exact and independent of order, and a
 * ledger's identity holds to the last digit. Only a division (the cost share of a partial close) rounds, half away from
 * zero, and what it rounds stays in the ledger.
 */

/** A price or a quantity in units of 1e-12. */
export type Fixed = bigint;
/** Price times quantity, in units of 1e-24. */
export type Amount = bigint;

const FIXED_DIGITS = 12;
const FIXED_SCALE = 10 ** FIXED_DIGITS;
const FAST_DIGITS = 8;
const FAST_SCALE = 10 ** FAST_DIGITS;
const FAST_MAX = 1e15;
const FAST_TO_FIXED = 10n ** BigInt(FIXED_DIGITS - FAST_DIGITS);
const AMOUNT_PER_FIXED = 10n ** BigInt(FIXED_DIGITS);

/** Decimals past the twelfth are rounded. Throws a RangeError for NaN and infinities. */
export function fixedFromNumber(value: number): Fixed {
  if (!Number.isFinite(value)) throw new RangeError(`a price or quantity must be finite, got ${value}`);
  const scaled = Math.round(value * FAST_SCALE);
  // Dividing two exact integers rounds correctly, so equality proves that `value` is this decimal; up to fifteen digits
  // there is no other one that the same double names.
  if (Math.abs(scaled) <= FAST_MAX && scaled / FAST_SCALE === value) return BigInt(scaled) * FAST_TO_FIXED;
  const fixed = Math.round(value * FIXED_SCALE);
  if (Math.abs(fixed) <= FAST_MAX && fixed / FIXED_SCALE === value) return BigInt(fixed);
  return parseDecimal(value);
}

/** Doubles print as the shortest decimal that names them, which is what a publisher wrote. */
function parseDecimal(value: number): Fixed {
  const [mantissa = '0', exponentText = '0'] = Math.abs(value).toString().split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const shift = FIXED_DIGITS + Number(exponentText) - fraction.length;
  const digits = BigInt(whole + fraction);
  const magnitude = shift >= 0 ? digits * 10n ** BigInt(shift) : divideRounded(digits, 10n ** BigInt(-shift));
  return value < 0 ? -magnitude : magnitude;
}

export function numberFromFixed(value: Fixed): number {
  return Number(value) / 1e12;
}

/** Rounded to twelve decimals first: 1e12 is exact as a double and 1e24 is not. */
export function numberFromAmount(value: Amount): number {
  return numberFromFixed(divideRounded(value, AMOUNT_PER_FIXED));
}

/** A sum of money that is given, not computed: a fee, for instance. */
export function amountFromNumber(value: number): Amount {
  return fixedFromNumber(value) * AMOUNT_PER_FIXED;
}

/** Quotient rounded half away from zero. `divisor` must be positive. */
export function divideRounded(dividend: bigint, divisor: bigint): bigint {
  const doubled = dividend * 2n;
  return dividend < 0n ? -((-doubled + divisor) / (2n * divisor)) : (doubled + divisor) / (2n * divisor);
}
