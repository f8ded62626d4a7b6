import fc from 'fast-check';
import { MAX_SWEPT_LEVELS, sweep, toGrid, type TopOfBook } from './market.ts';

const listing = { venue: 'V', symbol: 'S', tick: 0.01, lot: 1 };
const tops: fc.Arbitrary<TopOfBook> = fc.record({
  bid: fc.integer({ min: 100, max: 50_000 }).map((ticks) => toGrid(ticks * 0.01, 0.01)),
  bidSize: fc.integer({ min: 1, max: 1_000 }),
  ask: fc.integer({ min: 50_001, max: 90_000 }).map((ticks) => toGrid(ticks * 0.01, 0.01)),
  askSize: fc.integer({ min: 1, max: 1_000 }),
});

it('a sweep fills the whole quantity, each level at a worse price', () => {
  fc.assert(
    fc.property(
      tops,
      fc.constantFrom('buy' as const, 'sell' as const),
      fc.integer({ min: 1, max: 50_000 }),
      (top, side, quantity) => {
        const executions = sweep(top, side, { quantity, listing });
        expect(executions.reduce((sum, execution) => sum + execution.quantity, 0)).toBe(quantity);
        expect(executions.length).toBeLessThanOrEqual(MAX_SWEPT_LEVELS);
        expect(executions[0]?.price).toBe(side === 'buy' ? top.ask : top.bid);
        const direction = side === 'buy' ? 1 : -1;
        executions
          .slice(1)
          .forEach(({ price }, i) => expect(direction * (price - (executions[i]?.price ?? 0))).toBeGreaterThan(0));
        for (const execution of executions) expect(execution.quantity).toBeGreaterThan(0);
      },
    ),
  );
});

it('toGrid lands on the grid without binary dust', () => {
  expect(toGrid(213.404999, 0.01)).toBe(213.4);
  expect(toGrid(0.1 + 0.2, 0.1)).toBe(0.3);
  expect(toGrid(0.0314159, 10 ** -5)).toBe(0.03142);
  expect(toGrid(61837.63, 10 ** -2)).toBe(61837.63);
});
