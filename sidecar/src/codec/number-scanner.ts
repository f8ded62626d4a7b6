/**
 * Decimal numbers from bytes, without making a text of them. Up to 15 digits and a power of ten up to 22 are one exact
 * operation on doubles (Clinger 1990, "How to read floating point numbers accurately", fast path); up to 19 go through
 * pairs of doubles, the rest through `Number`, which rounds correctly. O(digits), no allocation but for that.
 */
import { HIGH_DIGITS, LONG_POWER_MAX, LONG_POWER_MIN, nearestDouble, POWERS } from './long-decimal.ts';

const ZERO = 48;
const POINT = 46;
const MAX_EXACT = 9_007_199_254_740_992;
/** Nineteen digits; as a sum of doubles that may be off by its last bits. */
const MAX_LONG = 9.99e18;

export class NumberScanner {
  /** Position after the number. */
  end = 0;
  /** Whether the number is also one of JSON: no plus, no leading zero, digits on both sides of a point. */
  strict = false;
  /** Digits only, without sign, point and exponent. */
  whole = false;

  /** The number at `at`, NaN when there is none. May be infinite when too large for a double. */
  scan(bytes: Uint8Array, at: number): number {
    let from = at;
    const sign = bytes[from] as number;
    const negative = sign === 45;
    if (negative || sign === 43) from++;
    let position = from;
    let mantissa = 0;
    let digit = (bytes[position] as number) - ZERO;
    while (digit >= 0 && digit <= 9) {
      mantissa = mantissa * 10 + digit;
      digit = (bytes[++position] as number) - ZERO;
    }
    const integerDigits = position - from;
    this.strict = sign !== 43 && integerDigits > 0 && (integerDigits === 1 || bytes[from] !== ZERO);
    let fractionDigits = 0;
    if (bytes[position] === POINT) {
      const start = ++position;
      digit = (bytes[position] as number) - ZERO;
      while (digit >= 0 && digit <= 9) {
        mantissa = mantissa * 10 + digit;
        digit = (bytes[++position] as number) - ZERO;
      }
      fractionDigits = position - start;
      if (fractionDigits === 0) this.strict = false;
    }
    this.end = position;
    this.whole = position - from === integerDigits && from === at;
    if (integerDigits + fractionDigits === 0) return NaN;
    const power = this.#exponent(bytes, position) - fractionDigits;
    if (this.end < 0) return NaN;
    const size = sizeOf(bytes, { from, to: position }, mantissa, power);
    if (Number.isNaN(size)) return Number(asciiText(bytes, at, this.end));
    return negative ? -size : size;
  }

  /** The exponent after the mantissa, 0 when there is none; `end` becomes -1 when it has no digits. */
  #exponent(bytes: Uint8Array, at: number): number {
    if (((bytes[at] as number) | 32) !== 101) return 0;
    this.whole = false;
    let position = at + 1;
    const negative = bytes[position] === 45;
    if (negative || bytes[position] === 43) position++;
    const start = position;
    let exponent = 0;
    let digit = (bytes[position] as number) - ZERO;
    while (digit >= 0 && digit <= 9) {
      if (exponent < 100_000) exponent = exponent * 10 + digit;
      digit = (bytes[++position] as number) - ZERO;
    }
    this.end = position === start ? -1 : position;
    return negative ? -exponent : exponent;
  }
}

/** The number without its sign, NaN when only `Number` can read it; `digits` are the bytes before the exponent. */
function sizeOf(bytes: Uint8Array, digits: { from: number; to: number }, mantissa: number, power: number): number {
  // Below 2^53 no digit was lost: sums of doubles that large never come out below it.
  if (mantissa < MAX_EXACT && power >= -22 && power <= 22) {
    return power < 0 ? mantissa / (POWERS[-power] as number) : mantissa * (POWERS[power] as number);
  }
  if (mantissa < MAX_LONG && power >= LONG_POWER_MIN && power <= LONG_POWER_MAX) return longSize(bytes, digits, power);
  return NaN;
}

/** Reads the digits once more, in two parts that are exact each. */
function longSize(bytes: Uint8Array, { from, to }: { from: number; to: number }, power: number): number {
  let [high, low, count] = [0, 0, 0];
  for (let at = from; at < to; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || (count === 0 && digit === 0)) continue;
    if (++count <= HIGH_DIGITS) high = high * 10 + digit;
    else low = low * 10 + digit;
  }
  return count <= HIGH_DIGITS ? NaN : nearestDouble(high, low, count - HIGH_DIGITS, power);
}

/** Bytes below 128 as text. */
export function asciiText(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
}
