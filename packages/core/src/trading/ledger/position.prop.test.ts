import fc from 'fast-check';
import { fixedFromNumber } from '../fixed-point.ts';
import { SPOT, type Contract } from './contract.ts';
import { ExactPosition, PNL_METHODS } from './exact-position.ts';
import { PositionLedger } from './position.ts';

interface Trade {
  readonly quantity: number;
  readonly price: number;
}

/** Decimals of every width, so that ledgers rescale, spill and give up doubles on the way. */
function decimal(max: number, digits: number): fc.Arbitrary<number> {
  return fc
    .tuple(fc.integer({ min: 1, max }), fc.integer({ min: 0, max: digits }))
    .map(([ticks, places]) => ticks / 10 ** places);
}

/** What arithmetic leaves: 1 + 2.17 is 3.1699999999999999. */
const noisy = fc.tuple(decimal(10_000, 3), decimal(10_000, 3)).map(([a, b]) => a + b);
const side = fc.constantFrom(1, -1);
const trade = fc.record({
  quantity: fc
    .tuple(fc.oneof(decimal(100, 1), noisy, decimal(2_000_000_000, 9)), side)
    .map(([size, sign]) => size * sign),
  price: fc.oneof(decimal(10_000, 2), noisy, decimal(2_000_000_000, 12)),
});
const trades = fc.array(trade, { maxLength: 40 });
const method = fc.constantFrom(...PNL_METHODS);
const linear: fc.Arbitrary<Contract> = fc
  .constantFrom(1, 50, 0.01, 0.001)
  .map((multiplier) => ({ multiplier, inverse: false }));
const contract = fc.oneof(linear, fc.constant({ multiplier: 100, inverse: true }));

function booked(list: readonly Trade[], how: (typeof PNL_METHODS)[number], spec: Contract): PositionLedger {
  const ledger = new PositionLedger(how, spec);
  for (const { quantity, price } of list) ledger.trade(quantity, price);
  return ledger;
}

describe('laws of a position', () => {
  it('doubles and bigints book alike, to the last digit', () => {
    fc.assert(
      fc.property(trades, method, linear, (list, how, spec) => {
        const exact = new ExactPosition(how, spec);
        for (const { quantity, price } of list) exact.trade(fixedFromNumber(quantity), fixedFromNumber(price));
        expect(booked(list, how, spec).state).toEqual(exact.state);
      }),
      { numRuns: 2000 },
    );
  });

  it('cash flow + value at the mark = realised + unrealised, for any contract', () => {
    fc.assert(
      fc.property(trades, method, contract, decimal(10_000, 3), (list, how, spec, mark) => {
        const ledger = booked(list, how, spec);
        const value = ledger.value(mark) as bigint;
        expect(ledger.cashFlow + value).toBe(ledger.realised + (ledger.unrealised(mark) as bigint));
      }),
    );
  });

  it('first-in first-out and average cost agree on the whole, and on cash', () => {
    fc.assert(
      fc.property(trades, contract, decimal(10_000, 3), (list, spec, mark) => {
        const [fifo, average] = [booked(list, 'fifo', spec), booked(list, 'average', spec)];
        expect(fifo.cashFlow).toBe(average.cashFlow);
        const totals = [fifo, average].map((one) => one.realised + (one.unrealised(mark) as bigint));
        expect(totals[0]).toBe(totals[1]);
      }),
    );
  });

  it('goes on from a state as if it had never stopped', () => {
    fc.assert(
      fc.property(trades, trades, method, contract, (before, after, how, spec) => {
        const resumed = new PositionLedger(how, spec, booked(before, how, spec).state);
        for (const { quantity, price } of after) resumed.trade(quantity, price);
        expect(resumed.state).toEqual(booked([...before, ...after], how, spec).state);
      }),
    );
  });

  it('a contract of M units is M units', () => {
    fc.assert(
      fc.property(trades, method, (list, how) => {
        const of = (multiplier: number): bigint => booked(list, how, { multiplier, inverse: false }).cashFlow;
        expect(of(50)).toBe(50n * booked(list, how, SPOT).cashFlow);
      }),
    );
  });
});
