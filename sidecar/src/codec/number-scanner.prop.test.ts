/** Every number that the scanner reads is the double that `Number` reads from the same digits, to the last bit. */
import fc from 'fast-check';
import { NumberScanner } from './number-scanner.ts';
import { nearestDouble } from './long-decimal.ts';

const scanner = new NumberScanner();
const scan = (text: string): number => scanner.scan(Buffer.from(`${text},`), 0);

test('doubles as programs print them', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(scan(String(value))).toBe(Number(String(value)));
    }),
    { numRuns: 5_000 },
  );
});

test('up to 25 digits with a point and an exponent anywhere', () => {
  const digits = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 25 });
  fc.assert(
    fc.property(digits, fc.nat(25), fc.integer({ min: -60, max: 60 }), fc.boolean(), (all, point, exponent, minus) => {
      const text = all.join('');
      const at = Math.min(point, text.length);
      const decimal = `${minus ? '-' : ''}${text.slice(0, at)}.${text.slice(at)}${exponent === 0 ? '' : `e${exponent}`}`;
      expect(scan(decimal)).toBe(Number(decimal));
    }),
    { numRuns: 10_000 },
  );
});

test('the digits nearest to the middle between two doubles', () => {
  // m + 1/2 of a double m * 2^e, in 17 to 19 decimal digits: the pair is within a hair of not being able to tell.
  fc.assert(
    fc.property(
      fc.bigInt({ min: 2n ** 52n, max: 2n ** 53n - 1n }),
      fc.integer({ min: -90, max: 8 }),
      fc.integer({ min: 17, max: 19 }),
      fc.integer({ min: -1, max: 1 }),
      (mantissa, exponent, count, off) => {
        const [numerator, denominator] =
          exponent < 0
            ? [2n * mantissa + 1n, 2n ** BigInt(1 - exponent)]
            : [(2n * mantissa + 1n) * 2n ** BigInt(exponent), 2n];
        const scaled = 40n;
        const text = String((numerator * 10n ** scaled) / denominator);
        const kept = BigInt(text.slice(0, count)) + BigInt(off);
        const decimal = `${kept}e${text.length - count - Number(scaled)}`;
        expect(scan(decimal)).toBe(Number(decimal));
      },
    ),
    { numRuns: 10_000 },
  );
});

test('a tie is left to the careful way', () => {
  // 2^53 + 1 lies in the middle of two doubles.
  expect(nearestDouble(900719925474099, 3, 1, 0)).toBeNaN();
  expect(scan('9007199254740993')).toBe(9007199254740992);
  expect(scan('9007199254740993.0001')).toBe(9007199254740994);
});
