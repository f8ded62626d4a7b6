import fc from 'fast-check';
import type { Fill, Quote } from '../../model/event.ts';
import { nanos } from '../../model/time.ts';
import { midOf } from './benchmark.ts';
import { excludedCount, SlippageBook, type SlippageDimension } from './slippage.ts';

const base: Fill = {
  table: 'fills',
  id: 'f1',
  timeNanos: nanos(1n),
  orderId: 'o1',
  venue: 'XNAS',
  symbol: 'AMD',
  strategy: 'maker',
  account: '',
  side: 'buy',
  quantity: 100,
  price: 10.01,
  currency: 'USD',
  fee: 0,
  feeCurrency: 'USD',
  liquidity: '',
  execution: 'new',
  refersTo: '',
};

function quote(bid: number | null, ask: number | null): Quote {
  const sizes = { bidSize: null, askSize: null, sequence: null, exchangeNanos: null };
  return { table: 'quotes', timeNanos: nanos(0n), venue: 'XNAS', symbol: 'AMD', bid, ask, ...sizes };
}

function rows(by: readonly SlippageDimension[], fills: readonly (readonly [Partial<Fill>, number])[]) {
  const book = new SlippageBook(by);
  for (const [part, mid] of fills) book.add({ ...base, ...part }, { mid });
  return book.rows();
}

describe('SlippageBook', () => {
  it('a cost is positive on both sides', () => {
    const [buy, sell] = rows(
      ['side'],
      [
        [{ price: 10.01 }, 10],
        [{ side: 'sell', price: 9.98, quantity: 50 }, 10],
      ],
    );
    expect(buy).toMatchObject({ group: ['buy'], notional: 1000, fills: 1 });
    expect(buy?.bps).toBeCloseTo(10, 9);
    expect(sell?.bps).toBeCloseTo(20, 9);
    expect(sell?.cost).toBeCloseTo(1, 9);
  });

  it('weights by benchmark notional, and keeps currencies apart', () => {
    const all = rows(
      [],
      [
        [{ price: 10.01, quantity: 300 }, 10],
        [{ price: 20, quantity: 50 }, 20],
        [{ price: 1010, quantity: 1, currency: 'JPY' }, 1000],
      ],
    );
    expect(all.map(({ currency }) => currency)).toEqual(['JPY', 'USD']);
    expect(all[1]?.bps).toBeCloseTo((3 / 4000) * 1e4, 9);
    expect(all[0]?.bps).toBeCloseTo(100, 9);
  });

  it('counts what has no benchmark and yields null, not zero', () => {
    const book = new SlippageBook(['venue']);
    book.add(base, { reason: 'no_order' });
    book.add(base, midOf(quote(11, 10)));
    book.add(base, midOf(quote(null, 10)));
    book.add(base, midOf(null));
    const [row] = book.rows();
    expect(row).toMatchObject({ bps: null, cost: null, fills: 0, notional: 0 });
    expect(row?.excluded).toMatchObject({ no_order: 1, crossed: 1, one_sided: 1, no_quote: 1, stale: 0, gapped: 0 });
    expect(row && excludedCount(row)).toBe(4);
  });

  it('a locked book has a mid', () => {
    expect(midOf(quote(10, 10))).toEqual({ mid: 10 });
  });

  it('slippage of one order equals that of its average fill price', () => {
    const [split] = rows(
      [],
      [
        [{ price: 10.01, quantity: 30 }, 10],
        [{ price: 10.03, quantity: 70 }, 10],
      ],
    );
    const [whole] = rows([], [[{ price: (10.01 * 30 + 10.03 * 70) / 100, quantity: 100 }, 10]]);
    expect(split?.bps).toBeCloseTo(whole?.bps as number, 9);
    expect(split?.orders).toBe(1);
  });

  it('scaling all prices keeps basis points; scaling quantities keeps them too', () => {
    const part = fc.record({
      price: fc.integer({ min: 1, max: 100_000 }),
      mid: fc.integer({ min: 1, max: 100_000 }),
      quantity: fc.integer({ min: 1, max: 1000 }),
      side: fc.constantFrom('buy' as const, 'sell' as const),
    });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 20 }), fc.integer({ min: 2, max: 50 }), (parts, factor) => {
        const bps = (scalePrice: number, scaleQuantity: number) =>
          rows(
            [],
            parts.map(({ price, mid, quantity, side }) => [
              { price: price * scalePrice, quantity: quantity * scaleQuantity, side },
              mid * scalePrice,
            ]),
          )[0]?.bps as number;
        const reference = bps(1, 1);
        const tolerance = 1e-9 * Math.max(1, Math.abs(reference));
        expect(Math.abs(bps(factor, 1) - reference)).toBeLessThan(tolerance);
        expect(Math.abs(bps(1, factor) - reference)).toBeLessThan(tolerance);
      }),
    );
  });
});
