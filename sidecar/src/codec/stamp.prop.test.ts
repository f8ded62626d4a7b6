/** The stamps without BigInt agree with integer arithmetic on every form of time. */
import fc from 'fast-check';
import { Fault } from './problem.ts';
import { StampReader } from './stamp.ts';

const now = 1_753_612_200_000_000_000n;
const reader = new StampReader();
reader.begin(now);

/** docs/wire.md, "Time", in integers: whole units exactly, decimals to the nearest nanosecond. */
function byIntegers(value: number): bigint {
  const scaled = (factor: number): bigint => {
    const whole = Math.trunc(value);
    return BigInt(whole) * BigInt(factor) + BigInt(Math.round((value - whole) * factor));
  };
  return value < 1e11
    ? scaled(1e9)
    : value < 1e14
      ? scaled(1e6)
      : value < 1e17
        ? scaled(1e3)
        : BigInt(Math.trunc(value));
}

const asNanos = (): bigint => BigInt(reader.seconds) * 1_000_000_000n + BigInt(reader.nanos);

describe('a stamp (row 14: units told by size, never a silent factor of 1000)', () => {
  it('of a number is that of integer arithmetic, in every unit', () => {
    const size = fc.constantFrom(1e3, 1e9, 1.7536122e9, 1e11, 1.7536122e12, 1e14, 1.7536122e15, 1e17, 1.7536122e18);
    const value = fc
      .tuple(size, fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean())
      .map(([unit, share, whole]) => {
        const number = unit * share;
        return whole ? Math.floor(number) : number;
      });
    fc.assert(
      fc.property(value, (number) => {
        const expected = byIntegers(number);
        fc.pre(expected <= now);
        expect(reader.number(number)).toBe(true);
        expect(asNanos()).toBe(expected);
        expect(reader.parse(number)).toBeUndefined();
        expect(asNanos()).toBe(expected);
      }),
      { numRuns: 5000 },
    );
  });

  it('of digits is the same from bytes and from text', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n + 10n }), fc.nat(5), (nanos, before) => {
        const text = String(nanos);
        const bytes = Buffer.from(' '.repeat(before) + text + 'x');
        const good = reader.parse(text) === undefined;
        expect(good).toBe(nanos <= now + 3_600_000_000_000n);
        expect(reader.digits(bytes, before, before + text.length)).toBe(good);
        if (good) expect(asNanos()).toBe(nanos);
      }),
    );
  });

  it('of the halves of a 64-bit integer is that integer', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: now }), (nanos) => {
        expect(reader.halves(Number(nanos >> 32n), Number(nanos & 0xffffffffn))).toBe(true);
        expect(asNanos()).toBe(nanos);
      }),
    );
    expect(reader.halves(0xffffffff, 0xffffffff)).toBe(false);
  });

  it.each([
    [1_753_612_200, 1_000_000_000],
    [1_753_612_200_123, 1_000_000],
    [1_753_612_200_123_456, 1_000],
  ] as const)('of %d units of %d ns is exact', (units, nanosPerUnit) => {
    expect(reader.units(units, nanosPerUnit)).toBe(true);
    expect(asNanos()).toBe(BigInt(units) * BigInt(nanosPerUnit));
  });

  it('is refused an hour and a nanosecond after receipt, and before 1970', () => {
    const at = (nanos: bigint): boolean => reader.halves(Number(nanos >> 32n), Number(nanos & 0xffffffffn));
    expect(at(now + 3_600_000_000_000n)).toBe(true);
    expect(at(now + 3_600_000_000_001n)).toBe(false);
    expect(reader.check('x')).toBeInstanceOf(Fault);
    expect(reader.units(-1, 1_000_000)).toBe(false);
  });
});
