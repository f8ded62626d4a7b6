/**
 * Time: integer nanoseconds since the Unix epoch, as a bigint, from end to end. PromQL evaluates in milliseconds
 * (Prometheus's resolution), so the two conversions here are the only places where precision changes hands.
 */

declare const nanosBrand: unique symbol;

/** Integer nanoseconds since 1970-01-01T00:00:00Z. */
export type Nanos = bigint & { readonly [nanosBrand]: true };

export const NANOS_PER_MS = 1_000_000n;
export const NANOS_PER_SECOND = 1_000_000_000n;

/** The latest stamp that fits a signed 64-bit integer (2262-04-11). */
export const MAX_NANOS = 9_223_372_036_854_775_807n as Nanos;

export function nanos(value: bigint): Nanos {
  return value as Nanos;
}

/** Milliseconds, possibly fractional, to the nearest nanosecond. */
export function nanosFromMs(ms: number): Nanos {
  const whole = Math.trunc(ms);
  return (BigInt(whole) * NANOS_PER_MS + BigInt(Math.round((ms - whole) * 1e6))) as Nanos;
}

/** Whole milliseconds, rounded towards minus infinity: a sample never appears later than it was stamped. */
export function msFromNanos(time: bigint): number {
  const ms = time / NANOS_PER_MS;
  return Number(time < 0n && ms * NANOS_PER_MS !== time ? ms - 1n : ms);
}

/** Seconds between two stamps, exact to the double's 53 bits. */
export function secondsBetween(from: bigint, to: bigint): number {
  return Number(to - from) / 1e9;
}

/** Largest multiple of `widthNanos` that is not after `time`. */
export function floorTo(time: bigint, widthNanos: bigint): Nanos {
  const rest = time % widthNanos;
  return (rest < 0n ? time - rest - widthNanos : time - rest) as Nanos;
}

/** RFC 3339 in UTC with as many digits of the second as the stamp has (none to nine), as Go's RFC3339Nano. */
export function rfc3339(time: bigint): string {
  const seconds = floorTo(time, NANOS_PER_SECOND);
  const rest = time - seconds;
  const fraction = rest === 0n ? '' : `.${rest.toString().padStart(9, '0').replace(/0+$/, '')}`;
  return `${new Date(Number(seconds / NANOS_PER_MS)).toISOString().slice(0, -'.000Z'.length)}${fraction}Z`;
}
