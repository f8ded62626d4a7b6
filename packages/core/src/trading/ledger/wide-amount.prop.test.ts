import fc from 'fast-check';
import { divideRounded, numberFromAmount } from '../fixed-point.ts';
import { LineSum } from './line-sum.ts';
import { convertAmount } from './rate-book.ts';
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

  it('converts as bigints do', () => {
    const rate = fc.bigInt({ min: 1n, max: 10n ** 30n });
    fc.assert(
      fc.property(fc.array(fc.tuple(amount, rate), { maxLength: 300 }), (bookings) => {
        const wide = new WideAmount();
        for (const [change, at] of bookings) wide.addConverted(wideOf(change), wideRate(at) as Float64Array);
        expect(wide.amount).toBe(bookings.reduce((sum, [change, at]) => sum + convertAmount(change, at), 0n));
      }),
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
