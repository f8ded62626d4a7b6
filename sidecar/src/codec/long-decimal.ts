/**
 * Decimals of 16 to 19 digits, as programs print doubles, without a text: digits times a power of ten in pairs of doubles
 * (T. J. Dekker 1971, "A floating-point technique for extending the available precision"), whose sum has 106 bits. The
 * pair's first half is the nearest double unless the rest lies within the pair's own error of the middle between two;
 * then the answer is NaN and the careful way reads the digits.
 */
const SPLITTER = 2 ** 27 + 1;
/** Ten steps' errors of 2^-105 each, with room to spare. */
const PAIR_ERROR = 2 ** -98;
/** Of ten, exact. */
export const POWERS = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
const MOST_DIVISOR = 1e22;

/** Digits that `nearestDouble` takes in its first part; its second one may have four. */
export const HIGH_DIGITS = 15;
/** Powers of ten that it takes; beyond them halves of the pair would leave the range of exact products. */
export const LONG_POWER_MIN = -44;
export const LONG_POWER_MAX = 22;

/**
 * The double nearest to (high * 10^lowDigits + low) * 10^power; NaN when the pair cannot tell. `high` and `low` are whole,
 * of at most `HIGH_DIGITS` and `lowDigits <= 4` digits; `high > 0`.
 */
export function nearestDouble(high: number, low: number, lowDigits: number, power: number): number {
  const scale = POWERS[lowDigits] as number;
  const product = high * scale;
  let first = product + low;
  let second = low - (first - product) + productError(high, scale, product);
  if (power > 0) {
    const factor = POWERS[power] as number;
    const scaled = first * factor;
    second = second * factor + productError(first, factor, scaled);
    first = scaled;
  } else {
    for (let rest = -power; rest > 0; rest -= 22) {
      const divisor = rest >= 22 ? MOST_DIVISOR : (POWERS[rest] as number);
      const quotient = first / divisor;
      const back = quotient * divisor;
      second = (first - back - productError(quotient, divisor, back) + second) / divisor;
      first = quotient;
    }
  }
  const nearest = first + second;
  const left = second - (nearest - first);
  const error = nearest * PAIR_ERROR;
  return nearest + (left + error) === nearest && nearest + (left - error) === nearest ? nearest : NaN;
}

/** What `product`, the rounded product of two doubles, lacks: exact as long as nothing over- or underflows. */
function productError(a: number, b: number, product: number): number {
  const [aHigh, bHigh] = [headOf(a), headOf(b)];
  const [aLow, bLow] = [a - aHigh, b - bHigh];
  return aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow;
}

function headOf(value: number): number {
  const scaled = value * SPLITTER;
  return scaled - (scaled - value);
}
