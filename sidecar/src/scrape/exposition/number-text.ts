/**
 * Numbers of the text formats: what Go's ParseFloat takes without hexadecimal and underscores, which is how Prometheus
 * reads them; and OpenMetrics stamps, decimal seconds kept exactly to the nanosecond.
 */
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const INFINITE = /^[+-]?inf(?:inity)?$/i;
const NOT_A_NUMBER = /^nan$/i;
const PLAIN_SECONDS = /^(-?)(\d{1,15})(?:\.(\d*))?$/;
const NANOS_PER_SECOND = 1_000_000_000;

/** Undefined for what is no number, and for a decimal beyond the range of a double. */
export function parseNumber(text: string): number | undefined {
  if (DECIMAL.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? value : undefined;
  }
  if (INFINITE.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  return NOT_A_NUMBER.test(text) ? NaN : undefined;
}

export interface Stamp {
  readonly seconds: number;
  /** 0 to 999,999,999, also before the epoch. */
  readonly nanos: number;
}

/** Decimal seconds; digits past the nanosecond are cut off. Undefined for NaN, infinities and text. */
export function parseSeconds(text: string): Stamp | undefined {
  const [, sign, whole = '', fraction = ''] = PLAIN_SECONDS.exec(text) ?? [];
  if (sign === undefined) return stampOf(parseNumber(text));
  const nanos = Number(fraction.slice(0, 9).padEnd(9, '0'));
  if (sign === '') return { seconds: Number(whole), nanos };
  return nanos === 0
    ? { seconds: -Number(whole), nanos: 0 }
    : { seconds: -Number(whole) - 1, nanos: NANOS_PER_SECOND - nanos };
}

function stampOf(seconds: number | undefined): Stamp | undefined {
  if (seconds === undefined || !Number.isFinite(seconds)) return undefined;
  const whole = Math.floor(seconds);
  return { seconds: whole, nanos: Math.min(NANOS_PER_SECOND - 1, Math.round((seconds - whole) * NANOS_PER_SECOND)) };
}

/** Whole milliseconds, as the Prometheus text format has them. */
export function parseMilliseconds(text: string): Stamp | undefined {
  if (!/^-?\d{1,16}$/.test(text)) return undefined;
  const ms = Number(text);
  const seconds = Math.floor(ms / 1_000);
  return { seconds, nanos: (ms - seconds * 1_000) * 1_000_000 };
}
