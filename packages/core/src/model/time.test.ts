import fc from 'fast-check';
import { floorTo, msFromNanos, nanosFromMs, secondsBetween } from './time.ts';

const stamp = fc.bigInt({ min: -(10n ** 18n), max: 9_223_372_036_854_775_807n });

describe('time', () => {
  it('turns milliseconds into nanoseconds and back without loss', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e12, max: 8e15 / 1000 }), (ms) => {
        expect(msFromNanos(nanosFromMs(ms))).toBe(ms);
      }),
    );
    expect(nanosFromMs(1.5)).toBe(1_500_000n);
    expect(nanosFromMs(0.000_001)).toBe(1n);
  });

  it('never lets a stamp appear later than it is', () => {
    fc.assert(
      fc.property(stamp, (nanos) => {
        const ms = BigInt(msFromNanos(nanos));
        expect(ms * 1_000_000n <= nanos && nanos < (ms + 1n) * 1_000_000n).toBe(true);
      }),
    );
  });

  it('floors to the widest multiple at or before a stamp, also before 1970', () => {
    fc.assert(
      fc.property(stamp, fc.bigInt({ min: 1n, max: 10n ** 13n }), (nanos, width) => {
        const floor = floorTo(nanos, width);
        expect(floor % width).toBe(0n);
        expect(floor <= nanos && nanos - floor < width).toBe(true);
      }),
    );
    expect(floorTo(-1n, 10n)).toBe(-10n);
  });

  it('measures seconds between stamps', () => {
    expect(secondsBetween(1_000_000_000n, 3_500_000_000n)).toBe(2.5);
  });
});
