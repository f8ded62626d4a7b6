import fc from 'fast-check';
import { Fault } from './problem.ts';
import { parseWireTime } from './wire-time.ts';

const now = 1_753_612_200_000_000_000n;
const parsed = (value: string | number): bigint | string => {
  const time = parseWireTime(value, now);
  return time instanceof Fault ? time.reason : time;
};

describe('times of the wire', () => {
  it.each<[string | number, bigint | string]>([
    ['1753612200123456789', 1_753_612_200_123_456_789n],
    ['0', 0n],
    [1_753_612_200, 1_753_612_200_000_000_000n],
    [1_753_612_200.5, 1_753_612_200_500_000_000n],
    [1_753_612_200_123, 1_753_612_200_123_000_000n],
    [1_753_612_200_123.25, 1_753_612_200_123_250_000n],
    [1_753_612_200_123_456, 1_753_612_200_123_456_000n],
    [1_753_612_200_123_456_768, 1_753_612_200_123_456_768n],
    [99_999_999_999, 'time'],
    [1_800_000_000, 'time_future'],
    ['2025-07-27T10:30:00Z', 1_753_612_200_000_000_000n],
    ['2025-07-27T10:30:00.123456789Z', 1_753_612_200_123_456_789n],
    ['2025-07-27T12:30:00.1+02:00', 1_753_612_200_100_000_000n],
    ['2025-07-27T05:00:00-05:30', 1_753_612_200_000_000_000n],
    ['2016-12-31T23:59:60Z', 1_483_228_800_000_000_000n],
    ['2025-07-27T10:30:00', 'time'],
    ['2025-06-31T10:30:00Z', 'time'],
    ['2025-07-27T24:30:00Z', 'time'],
    ['9999-07-27T10:30:00Z', 'time'],
    ['-5', 'time'],
    ['1e9', 'time'],
    ['', 'time'],
    [-1, 'time'],
    [NaN, 'time'],
    [1e19, 'time'],
    ['9999999999999999999', 'time'],
    ['1753615800000000000', 1_753_615_800_000_000_000n],
    ['1753615800000000001', 'time_future'],
  ])('reads %p as %p', (value, expected) => {
    expect(parsed(value)).toBe(expected);
  });

  it('keeps every nanosecond of a text of digits', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: now }), (nanos) => {
        expect(parsed(String(nanos))).toBe(nanos);
      }),
    );
  });

  it('agrees with Date on every RFC 3339 stamp of whole milliseconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Number(now / 1_000_000n) }), (ms) => {
        expect(parsed(new Date(ms).toISOString())).toBe(BigInt(ms) * 1_000_000n);
      }),
    );
  });

  it('says what it saw and what it expects', () => {
    expect(parseWireTime('yesterday', now)).toMatchObject({
      reason: 'time',
      detail: 'time "yesterday": expected digits of nanoseconds, RFC 3339 with zone, or a number since 1970',
    });
  });
});
