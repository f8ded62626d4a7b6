import fc from 'fast-check';
import type { Fill } from '../../model/event.ts';
import { nanos } from '../../model/time.ts';
import { PnlBook, type PnlRow } from './pnl.ts';
import { PNL_METHODS } from './exact-position.ts';
import { PositionLedger } from './position.ts';

const price = fc.integer({ min: 1, max: 10_000_000 }).map((ticks) => ticks / 1000);
const quantity = fc.integer({ min: 1, max: 100_000 }).map((lots) => lots / 100);

const fillArbitrary: fc.Arbitrary<Fill> = fc.record({
  table: fc.constant('fills' as const),
  id: fc.uuid(),
  timeNanos: fc.constant(nanos(1n)),
  orderId: fc.constantFrom('o1', 'o2'),
  venue: fc.constantFrom('XNAS', 'BATS'),
  symbol: fc.constantFrom('AMD', 'IBM'),
  strategy: fc.constantFrom('maker', 'momentum', 'arb'),
  account: fc.constant('main'),
  side: fc.constantFrom('buy' as const, 'sell' as const),
  quantity,
  price,
  currency: fc.constant('USD'),
  fee: fc.integer({ min: -100, max: 1000 }).map((cents) => cents / 100),
  feeCurrency: fc.constant('USD'),
  liquidity: fc.constant('' as const),
  execution: fc.constant('new' as const),
  refersTo: fc.constant(''),
});
const fills = fc.array(fillArbitrary, { maxLength: 60 });
const method = fc.constantFrom(...PNL_METHODS);

function report(
  list: readonly Fill[],
  how: (typeof PNL_METHODS)[number],
  mark: number,
  by = ['strategy'] as const,
): PnlRow[] {
  const book = new PnlBook({ method: how });
  for (const fill of list) book.apply(fill);
  return book.report(by, () => mark);
}

describe('laws of profit and loss', () => {
  it('cash flow + quantity * mark = realised + unrealised, to the last digit', () => {
    fc.assert(
      fc.property(fills, method, price, (list, how, mark) => {
        const ledger = new PositionLedger(how);
        for (const fill of list) ledger.apply(fill);
        const held = BigInt(Math.round(ledger.quantity * 100)) * BigInt(Math.round(mark * 1000)) * 10n ** 19n;
        expect(ledger.cashFlow + held).toBe(ledger.realised + (ledger.unrealised(mark) as bigint));
      }),
    );
  });

  it('both methods agree on realised + unrealised', () => {
    fc.assert(
      fc.property(fills, price, (list, mark) => {
        expect(report(list, 'fifo', mark).map(({ total }) => total)).toEqual(
          report(list, 'average', mark).map(({ total }) => total),
        );
      }),
    );
  });

  it('scaling all prices scales profit and loss', () => {
    fc.assert(
      fc.property(fills, method, price, (list, how, mark) => {
        const scaled = list.map((fill) => ({ ...fill, price: fill.price * 4 }));
        const expected = report(list, how, mark).map(({ realised, total }) => [
          (realised as number) * 4,
          (total as number) * 4,
        ]);
        const seen = report(scaled, how, mark * 4).map(({ realised, total }) => [realised, total as number]);
        expect(seen.flat()).toEqual(expected.flat().map((value) => expect.closeTo(value, 6)));
      }),
    );
  });

  it('a flat trade changes nothing: bought and sold at one price', () => {
    fc.assert(
      fc.property(fills, fillArbitrary, price, (list, extra, mark) => {
        const back = { ...extra, side: extra.side === 'buy' ? ('sell' as const) : ('buy' as const) };
        const fees = extra.fee * 2;
        const before = new Map(report(list, 'average', mark).map((row) => [row.group.join(), row]));
        for (const row of report([...list, extra, back], 'average', mark)) {
          const old = before.get(row.group.join()) ?? { total: 0, fees: 0 };
          expect(row.total).toBeCloseTo(old.total as number, 6);
          expect(row.fees).toBeCloseTo((old.fees as number) + (row.group[0] === extra.strategy ? fees : 0), 9);
        }
      }),
    );
  });

  it('parts sum to the whole', () => {
    fc.assert(
      fc.property(fills, method, price, (list, how, mark) => {
        const book = new PnlBook({ method: how });
        for (const fill of list) book.apply(fill);
        const [whole] = book.report([], () => mark);
        const parts = book.report(['strategy', 'venue', 'symbol'], () => mark);
        for (const column of ['realised', 'total', 'fees', 'net', 'cashFlow'] as const) {
          const sum = parts.reduce((acc, row) => acc + (row[column] as number), 0);
          expect(sum).toBeCloseTo(whole?.[column] ?? 0, 5);
        }
      }),
    );
  });
});
