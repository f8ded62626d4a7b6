import fc from 'fast-check';
import { divideRounded, numberFromAmount, numberFromFixed } from '../fixed-point.ts';
import { ConvertedSum } from './converted-sum.ts';
import { LineSum } from './line-sum.ts';
import { tickUnit, WideAmount, wideRate } from './wide-amount.ts';

const amount = fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n });
const ticks = fc.record({
  ticks: fc.oneof(fc.integer(), fc.maxSafeInteger()),
  digits: fc.integer({ min: 0, max: 24 }),
});
const safe = Number.MAX_SAFE_INTEGER;

function wideOf(...amounts: readonly bigint[]): WideAmount {
  const wide = new WideAmount();
  for (const one of amounts) wide.addAmount(one);
  return wide;
}

describe('laws of wide amounts', () => {
  it('adds and tells as bigints do', () => {
    fc.assert(
      fc.property(fc.array(amount), fc.array(ticks), amount, (amounts, ticked, less) => {
        const wide = wideOf(...amounts);
        for (const one of ticked) wide.addTicks(one.ticks, tickUnit(one.digits));
        wide.add(wideOf(less), -1);
        const inTicks = ticked.map((one) => BigInt(one.ticks) * 10n ** BigInt(24 - one.digits));
        const sum = [...amounts, ...inTicks].reduce((total, one) => total + one, -less);
        expect(wide.amount).toBe(sum);
        expect(wide.number).toBe(numberFromAmount(sum));
      }),
      { numRuns: 1_000 },
    );
  });

  it('tells small amounts rounded half away from zero', () => {
    const small = fc.oneof(fc.bigInt(-(10n ** 13n), 10n ** 13n), fc.constantFrom(5n * 10n ** 11n, -5n * 10n ** 11n));
    fc.assert(fc.property(small, (one) => expect(wideOf(one).number).toBe(numberFromAmount(one))));
  });

  it('takes the rounded share away, or refuses and stays', () => {
    const open = fc.oneof(fc.integer({ min: 2, max: 1_000 }), fc.integer({ min: 2, max: safe }));
    const parts = open.chain((whole) => fc.tuple(fc.integer({ min: 1, max: whole - 1 }), fc.constant(whole)));
    fc.assert(
      fc.property(amount, parts, (cost, [size, whole]) => {
        const wide = wideOf(cost);
        const taken = wide.takeShare(size, whole);
        const share = divideRounded(cost * BigInt(size), BigInt(whole));
        expect(wide.amount).toBe(taken ? cost - share : cost);
        expect(taken).toBe(cost >= 0n && whole <= 4e9);
      }),
      { numRuns: 1_000 },
    );
  });

  it('takes the share to another amount, too', () => {
    const cost = fc.bigInt({ min: 0n, max: 10n ** 40n });
    fc.assert(
      fc.property(cost, amount, fc.integer({ min: 1, max: 999 }), fc.boolean(), (whole, other, size, isAdded) => {
        const [wide, taken] = [wideOf(whole), wideOf(other)];
        expect(wide.takeShare(size, 1_000, taken, isAdded ? 1 : -1)).toBe(true);
        expect(taken.amount - other).toBe((isAdded ? 1n : -1n) * (whole - wide.amount));
      }),
    );
  });

  it('sums of products are told as the bigint they stand for, rounded once', () => {
    const rate = fc.oneof(
      fc.bigInt({ min: 1n, max: 10n ** 30n }),
      fc.bigInt({ min: 10n ** 35n, max: 10n ** 40n }),
      fc.constantFrom(1n, 5n * 10n ** 23n, 10n ** 36n - 1n),
    );
    const booked = fc.oneof(amount, fc.bigInt({ min: -(10n ** 14n), max: 10n ** 14n }));
    fc.assert(
      fc.property(fc.array(fc.tuple(booked, rate, fc.boolean())), fc.nat(900), amount, (bookings, repeats, plain) => {
        const [sum, other] = [new ConvertedSum(), new ConvertedSum()];
        let expected = plain * 10n ** 24n;
        sum.addAmount(wideOf(plain));
        const [first] = bookings;
        for (const [change, at, isAdded] of bookings) {
          const held = { rate: at, wide: wideRate(at) };
          sum.addProduct(wideOf(change), held, isAdded ? 1 : -1);
          expected += (isAdded ? 1n : -1n) * change * at;
        }
        for (let i = 0; first !== undefined && i < repeats; i++) {
          other.addProduct(wideOf(first[0]), { rate: first[1], wide: wideRate(first[1]) }, 1);
          expected -= first[0] * first[1];
        }
        sum.add(other, -1);
        expect(sum.number).toBe(numberFromFixed(divideRounded(expected, 10n ** 36n)));
        sum.clear();
        expect(sum.number).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it('converts amounts from 1e24 of a currency on as exactly as others', () => {
    const huge = fc.bigInt({ min: 10n ** 48n, max: 10n ** 55n }).map((value) => value / 10n ** 3n);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.oneof(huge, amount), fc.bigInt({ min: 1n, max: 10n ** 30n })), { maxLength: 6 }),
        (products) => {
          const sum = new ConvertedSum();
          for (const [value, of] of products) sum.addProduct(wideOf(value), { rate: of, wide: wideRate(of) }, 1);
          const expected = products.reduce((all, [value, of]) => all + value * of, 0n);
          expect(sum.number).toBe(numberFromFixed(divideRounded(expected, 10n ** 36n)));
        },
      ),
    );
  });

  it('sums of ticks are told as the bigint they stand for', () => {
    fc.assert(
      fc.property(fc.array(ticks), fc.array(amount, { maxLength: 2 }), (ticked, amounts) => {
        const line = new LineSum();
        for (const one of ticked) line.add(one.ticks, one.digits);
        for (const one of amounts) line.addExact(one);
        const inTicks = ticked.map((one) => BigInt(one.ticks) * 10n ** BigInt(24 - one.digits));
        expect(line.number).toBe(numberFromAmount([...amounts, ...inTicks].reduce((sum, one) => sum + one, 0n)));
      }),
    );
  });
});
