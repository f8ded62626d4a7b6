/**
 * Times of the wire to integer nanoseconds (docs/wire.md, "Time"): text of digits is exact, RFC 3339 keeps nine
 * decimals, a number's unit is told by its size. Bounds: 1970-01-01 to 2262-04-11, one hour after receipt.
 */
import { MAX_NANOS, type Nanos } from '@tapewatch/core';
import { FUTURE_MAX_NANOS } from './limit.ts';
import { Fault, shown } from './problem.ts';

const EXPECTED = 'expected digits of nanoseconds, RFC 3339 with zone, or a number since 1970';
const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const DIGITS = /^\d{1,19}$/;

/** Nanoseconds, or what is wrong with the value. */
export function parseWireTime(value: string | number, receivedNanos: bigint): Nanos | Fault {
  const time = typeof value === 'number' ? fromNumber(value) : DIGITS.test(value) ? BigInt(value) : fromRfc3339(value);
  if (time === undefined || time < 0n || time > MAX_NANOS)
    return new Fault('time', `time ${shown(value)}: ${EXPECTED}`);
  if (time - receivedNanos > FUTURE_MAX_NANOS) {
    const ahead = Number((time - receivedNanos) / 1_000_000_000n);
    return new Fault(
      'time_future',
      `time ${shown(value)} is ${ahead} s ahead of its receipt; at most 3600 s are allowed`,
    );
  }
  return time as Nanos;
}

function fromNumber(value: number): bigint | undefined {
  if (!(value >= 0 && value <= 9.2e18)) return undefined;
  if (value < 1e11) return scaled(value, 1e9, 1_000_000_000n);
  if (value < 1e14) return scaled(value, 1e6, 1_000_000n);
  if (value < 1e17) return scaled(value, 1e3, 1_000n);
  return BigInt(Math.trunc(value));
}

/** Whole units exactly, the decimals to the nearest nanosecond: one product of doubles would lose the last digits. */
function scaled(value: number, factor: number, exactFactor: bigint): bigint {
  const whole = Math.trunc(value);
  const nanos = BigInt(whole) * exactFactor;
  return whole === value ? nanos : nanos + BigInt(Math.round((value - whole) * factor));
}

function fromRfc3339(text: string): bigint | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const date = new Date(Date.UTC(year, month - 1, day));
  // Date.UTC rolls 31 June over to 1 July; a stamp that names no day is refused instead. Second 60 is a leap second.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const [offsetHour, offsetMinute] = [Number(match[9] ?? 0), Number(match[10] ?? 0)];
  if (offsetHour > 23 || offsetMinute > 59) return undefined;
  const offset = (offsetHour * 3600 + offsetMinute * 60) * (match[8] === '-' ? -1 : 1);
  const seconds = date.getTime() / 1000 + hour * 3600 + minute * 60 + second - offset;
  return BigInt(seconds) * 1_000_000_000n + BigInt((match[7] ?? '').padEnd(9, '0'));
}
