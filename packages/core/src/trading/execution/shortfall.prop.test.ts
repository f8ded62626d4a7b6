import fc from 'fast-check';
import { amountFromNumber, fixedFromNumber, numberFromAmount } from '../fixed-point.ts';
import { implementationShortfall, SHORTFALL_VARIANTS, ShortfallSum, type ShortfallInput } from './shortfall.ts';

const WORKED: ShortfallInput = {
  ...{ side: 'buy', ordered: 1000, executions: [{ price: 40.05, quantity: 700 }] },
  ...{ decision: 40, arrival: 40.04, end: 40.08, fees: 17 },
};

it('splits the worked example of a buy of 1,000 at 40.00', () => {
  const { delay, execution, opportunity, fees, total, notional } = implementationShortfall(WORKED);
  const money = [delay, execution, opportunity, fees, total, notional].map((amount) => numberFromAmount(amount ?? -1n));
  expect(money).toEqual([28, 7, 24, 17, 76, 40_000]);
  const sum = new ShortfallSum();
  sum.add(implementationShortfall(WORKED));
  expect(sum.bps('total')).toBeCloseTo(19, 12);
});

it("gives Kissell's variant the same total", () => {
  const { delay, opportunity, total } = implementationShortfall(WORKED, 'kissell');
  expect([delay, opportunity, total].map((amount) => numberFromAmount(amount ?? -1n))).toEqual([40, 12, 76]);
});

it('does not know what it cannot know', () => {
  const open = { ...WORKED, end: null };
  expect(implementationShortfall(open)).toMatchObject({ opportunity: null, total: null });
  expect(implementationShortfall({ ...WORKED, fees: null }).total).toBeNull();
  const late = implementationShortfall({ ...WORKED, decision: null });
  expect(late.delay).toBeNull();
  expect(numberFromAmount(late.total ?? 0n)).toBe(7 + 300 * 0.04 + 17);
  const sum = new ShortfallSum();
  expect(sum.money('total')).toBeNull();
  sum.add(implementationShortfall(WORKED));
  sum.add(implementationShortfall(open));
  expect(sum.money('opportunity')).toBeNull();
  expect(sum.money('execution')).toBe(14);
});

const price = fc.integer({ min: 1, max: 10_000_000 }).map((cents) => cents / 100);
const executions = fc.array(fc.record({ price, quantity: fc.integer({ min: 1, max: 10_000 }).map((q) => q / 1000) }), {
  maxLength: 12,
});

/** Paper against real: D (X PN - X Pd) is what the paper portfolio made; the rest is what the real one did not. */
function paperMinusReal({ side, ordered, executions: done, decision, arrival, end, fees }: ShortfallInput): bigint {
  const direction = side === 'buy' ? 1n : -1n;
  const last = fixedFromNumber(end ?? 0);
  const paper = direction * fixedFromNumber(ordered) * (last - fixedFromNumber(decision ?? arrival));
  const real = done.reduce((sum, one) => sum + fixedFromNumber(one.quantity) * (last - fixedFromNumber(one.price)), 0n);
  return paper - direction * real + amountFromNumber(fees ?? 0);
}

it.each(SHORTFALL_VARIANTS)(
  '%s: the parts sum to what paper made and the real portfolio did not, to the last digit',
  (variant) => {
    fc.assert(
      fc.property(
        executions,
        fc.record({
          side: fc.constantFrom('buy' as const, 'sell' as const),
          decision: price,
          arrival: price,
          end: price,
        }),
        fc.integer({ min: 0, max: 5_000 }),
        fc.integer({ min: -10_000, max: 10_000 }),
        (done, mids, more, fees) => {
          const ordered = (done.reduce((sum, { quantity }) => sum + Math.round(quantity * 1000), 0) + more) / 1000;
          const input: ShortfallInput = { ...mids, ordered, executions: done, fees: fees / 100 };
          const split = implementationShortfall(input, variant);
          const sum = (split.delay ?? 0n) + split.execution + (split.opportunity ?? 0n) + (split.fees ?? 0n);
          expect(split.total).toBe(sum);
          expect(split.total).toBe(paperMinusReal(input));
        },
      ),
    );
  },
);
