import { seededUniform } from '../../stats/seeded-generator.ts';
import { at, fillRow, orderRow } from '../testing/trading-row.ts';
import { ExecutionBook } from './execution-book.ts';
import { findOpportunities } from './opportunity.ts';
import { OrderLives } from './order-life.ts';
import { implementationShortfall } from './shortfall.ts';

const uniformOf = () => seededUniform(1);
const key = (venue: string) => ({ group: [venue], currency: 'USD' });

/** Twelve hours; the second venue costs 2 bps more of each fill. */
function twoVenues(): ExecutionBook {
  const book = new ExecutionBook();
  for (let i = 0; i < 48; i++) {
    for (const [venue, more] of [
      ['A', 0],
      ['B', 0.02],
    ] as const) {
      const fill = fillRow({ venue, timeNanos: at(i), price: 100.01 + more + (i % 3) / 1000, quantity: 1, fee: 0.01 });
      const bucket = String(i >> 2);
      book.addFill(key(venue), {
        fill,
        benchmark: { mid: 100 },
        mid: { mid: 100 },
        laterMid: { mid: 100.005 },
        bucket,
      });
    }
  }
  return book;
}

it('measures groups, and compares them like with like', () => {
  const [a, b] = twoVenues().rows(uniformOf);
  expect(a?.slippageBps?.value).toBeCloseTo(1.1, 9);
  expect(a?.slippageBps?.lower).toBeLessThan(1.1);
  expect(b?.slippageBps?.value).toBeCloseTo(3.1, 9);
  expect(b?.cost).toBeCloseTo(48 * 0.031, 9);
  expect(a?.effectiveSpreadBps).toBeCloseTo(2.2, 9);
  expect(a?.realisedSpreadBps?.value).toBeCloseTo(1.2, 9);
  expect(a?.impactBps).toBeCloseTo(1, 9);
  expect(a?.feeBps).toBeCloseTo(1, 3);
  expect(b?.comparison.difference?.value).toBeCloseTo(2, 9);
  expect(b?.comparison.buckets).toBe(12);
});

it('counts what has no benchmark, and says nothing of a fee in another currency', () => {
  const book = new ExecutionBook();
  const none = { mid: { reason: 'gapped' }, laterMid: { reason: 'gapped' }, bucket: 'x' } as const;
  book.addFill(key('A'), { fill: fillRow(), benchmark: { reason: 'stale' }, ...none });
  book.addFill(key('A'), { fill: fillRow({ fee: 1, feeCurrency: 'BNB' }), benchmark: { reason: 'gapped' }, ...none });
  const [row] = book.rows(uniformOf);
  expect(row).toMatchObject({ slippageBps: null, cost: null, fills: 0, effectiveSpreadBps: null, feeBps: null });
  expect(row?.excluded).toMatchObject({ stale: 1, gapped: 1, no_quote: 0 });
});

it('adds orders up, and knows which have no shortfall', () => {
  const lives = new OrderLives();
  lives.addOrder(orderRow({ quantity: 2 }));
  lives.addFill(fillRow({ quantity: 1, price: 102 }));
  const [life] = lives.all();
  if (life === undefined) throw new Error('an order was added');
  const { side, quantity: ordered, fills: executions } = life;
  const shortfall = implementationShortfall({
    side,
    ordered,
    executions,
    decision: 100,
    arrival: 101,
    end: 103,
    fees: 0,
  });
  const book = new ExecutionBook();
  book.addOrder(key('A'), { life, shortfall, waiting: null, participation: null });
  book.addOrder(key('A'), { life, shortfall: null, waiting: { seconds: 1, filled: true }, participation: 0.5 });
  const [row] = book.rows(uniformOf);
  expect(row?.shortfall.money('total')).toBe(1 + 1 + 3);
  expect(row?.shortfall.bps('total')).toBeCloseTo((5 / 200) * 1e4, 9);
  expect(row).toMatchObject({ withoutShortfall: 1, participation: 0.5, rates: { orders: 2, quantityFillRatio: 0.5 } });
  expect(row?.fillProbability.within(1)?.value).toBe(1);
});

describe('opportunities', () => {
  it('names the venue that costs more, and what that cost (proves: TRD-12)', () => {
    const [found, ...others] = findOpportunities(twoVenues().rows(uniformOf));
    expect(others).toEqual([]);
    expect(found).toMatchObject({ kind: 'costlier_than_others', group: ['B'], currency: 'USD', evidence: 12 });
    expect(found?.saving).toBeCloseTo(2e-4 * 48 * 100, 6);
  });

  it('names who is refused more often, and nobody where that may be chance', () => {
    const rowsOf = (refusedAtB: number) => {
      const book = new ExecutionBook();
      for (const venue of ['A', 'B']) {
        for (let i = 0; i < 100; i++) {
          const lives = new OrderLives();
          const refused = venue === 'A' ? i < 2 : i < refusedAtB;
          lives.addOrder(orderRow({ event: refused ? 'reject' : 'ack', reason: refused ? 'throttled' : '' }));
          for (const life of lives.all())
            book.addOrder(key(venue), { life, shortfall: null, waiting: null, participation: null });
        }
      }
      return findOpportunities(book.rows(uniformOf));
    };
    expect(rowsOf(30)).toMatchObject([{ kind: 'rejected_more_often', group: ['B'], saving: null, evidence: 100 }]);
    expect(rowsOf(4)).toEqual([]);
  });

  it('compares rejects with orders that were answered: one that nobody answered was not accepted', () => {
    const book = new ExecutionBook();
    const add = (venue: string, event: 'new' | 'ack' | 'reject', count: number): void => {
      for (let i = 0; i < count; i++) {
        const lives = new OrderLives();
        lives.addOrder(orderRow({ event }));
        for (const life of lives.all())
          book.addOrder(key(venue), { life, shortfall: null, waiting: null, participation: null });
      }
    };
    add('A', 'reject', 20);
    add('A', 'ack', 80);
    add('B', 'new', 1_000);
    expect(findOpportunities(book.rows(uniformOf))).toEqual([]);
  });

  it('names makers whose fills the market turns against', () => {
    const book = new ExecutionBook();
    for (let i = 0; i < 30; i++) {
      const fill = fillRow({ timeNanos: at(i), price: 99.99, liquidity: 'maker' });
      const laterMid = { mid: 99.95 + (i % 3) / 1000 };
      book.addFill(key('A'), { fill, benchmark: { mid: 100 }, mid: { mid: 100 }, laterMid, bucket: null });
    }
    expect(findOpportunities(book.rows(uniformOf))).toMatchObject([{ kind: 'adverse_selection', evidence: 30 }]);
  });
});
