/** Closed trades and what they tell. */
import fc from 'fast-check';
import type { Fill } from '../../model/event.ts';
import { nanos } from '../../model/time.ts';
import type { BookedPosition } from '../ledger/booked-position.ts';
import { fillColumnsOf } from '../ledger/fill-columns.ts';
import { pnlSeries, type Follower } from '../ledger/pnl-series.ts';
import { PositionLedger } from '../ledger/position.ts';
import { amountFromNumber, numberFromAmount } from '../fixed-point.ts';
import { ClosedTradeBook, TradeMeter, type ClosedTrade, type TradeUnit } from './closed-trade.ts';
import { withheld } from './figure.ts';
import { tradeStatistics } from './trade-statistics.ts';

const FILL: Fill = {
  ...{ table: 'fills', id: '', timeNanos: nanos(0n), orderId: 'o', venue: 'XNAS', symbol: 'AMD', strategy: 's' },
  ...{ account: '', side: 'buy', quantity: 1, price: 100, currency: 'USD', fee: 0, feeCurrency: 'USD', liquidity: '' },
  ...{ execution: 'new', refersTo: '' },
};

const fillsOf = (...rows: Partial<Fill>[]): Fill[] =>
  rows.map((row, i) => ({ ...FILL, id: String(i), timeNanos: nanos(BigInt(i) * 1_000_000n), ...row }));

function closed(fills: readonly Fill[], unit: TradeUnit): ClosedTrade[] {
  const book = new ClosedTradeBook(unit, 'average');
  return fills.map((fill) => book.apply(fill)).filter((trade) => trade !== undefined);
}

describe('closed trades', () => {
  const scaled = fillsOf(
    { quantity: 2, price: 100, fee: 1 },
    { side: 'sell', price: 110, fee: 0.5 },
    { side: 'sell', price: 90, fee: 0.5 },
  );

  it('a round trip runs from flat to flat and pays all its fees', () => {
    const [trade, ...others] = closed(scaled, 'round-trip');
    expect(others).toEqual([]);
    expect(trade).toMatchObject({ profit: -2, openedMs: 0, closedMs: 2, hasForeignFees: false });
  });

  it('a closing fill is a trade of its own', () => {
    expect(closed(scaled, 'closing-fill').map(({ profit }) => profit)).toEqual([8.5, -10.5]);
  });

  it('a fill that turns the position round ends one trade and begins the next, its fee shared', () => {
    const turned = fillsOf(
      { quantity: 1, price: 100 },
      { side: 'sell', quantity: 3, price: 110, fee: 3 },
      { quantity: 2, price: 105 },
    );
    expect(closed(turned, 'round-trip').map(({ profit, openedMs }) => [profit, openedMs])).toEqual([
      [9, 0],
      [8, 1],
    ]);
  });

  it('keeps positions apart, and tells of fees in another currency', () => {
    const book = new ClosedTradeBook('round-trip', 'fifo');
    const fills = fillsOf({}, { venue: 'BATS', price: 50 }, { side: 'sell', price: 103, fee: 1, feeCurrency: 'BNB' });
    expect(fills.map((fill) => book.apply(fill)?.profit)).toEqual([undefined, undefined, 3]);
    expect(closed(fills, 'round-trip')[0]?.hasForeignFees).toBe(true);
  });

  it('and what is pending add up to the ledger, whatever the unit (exactly)', () => {
    const fill = fc.record({
      side: fc.constantFrom('buy' as const, 'sell' as const),
      quantity: fc.integer({ min: 1, max: 500 }).map((n) => n / 100),
      price: fc.integer({ min: 1, max: 100_000 }).map((n) => n / 100),
      fee: fc.integer({ min: -50, max: 50 }).map((n) => n / 100),
    });
    const unit = fc.constantFrom<TradeUnit>('round-trip', 'closing-fill');
    fc.assert(
      fc.property(fc.array(fill, { minLength: 1, maxLength: 40 }), unit, (rows, one) => {
        const [book, ledger] = [new ClosedTradeBook(one, 'fifo'), new PositionLedger('fifo')];
        let sum = 0;
        for (const each of fillsOf(...rows)) {
          ledger.apply(each);
          sum += book.apply(each)?.profit ?? 0;
        }
        const columns = fillColumnsOf(fillsOf(...rows));
        let again = 0;
        const follow = (position: BookedPosition): Follower => {
          const meter = new TradeMeter(position, one);
          return { execute: (execution) => (again += meter.execute(execution)?.profit ?? 0) };
        };
        const request = { method: 'fifo', by: [], timesMs: [1e6], figure: 'net', markAt: () => () => 100 } as const;
        const { rows: followed } = pnlSeries(columns, { ...request, follow });
        expect(again).toBe(sum);
        expect(followed).toEqual(pnlSeries(columns, request).rows);
        const fees = rows.reduce((total, { fee }) => total + amountFromNumber(fee), 0n);
        const net = numberFromAmount(ledger.realised - fees);
        expect(sum + (book.pending().get('USD') ?? 0)).toBeCloseTo(net, 8);
      }),
    );
  });
});

describe('statistics of trades', () => {
  it('match the list (proves: TRD-14)', () => {
    const all = tradeStatistics([10, -5, 0, 20, -10, -3]);
    expect(all).toMatchObject({ trades: 6, wins: 2, losses: 3, consecutiveLosses: 2, longestLosses: 2 });
    expect(all.winRate.value).toBeCloseTo(0.4, 12);
    expect(all.profitFactor.value).toBeCloseTo(30 / 18, 12);
    expect(all.payoff.value).toBeCloseTo(15 / 6, 12);
    expect(all.expectancy.value).toBeCloseTo(2, 12);
    expect([all.averageWin.value, all.averageLoss.value]).toEqual([15, 6]);
  });

  it('a loss in a row ends with a win, not with a trade of zero (proves: TRD-20)', () => {
    const streaks = [[-1], [-1, -1], [-1, 0, -1], [-1, -1, 1], [-1, 1, -1]];
    expect(streaks.map((profits) => tradeStatistics(profits).consecutiveLosses)).toEqual([1, 2, 2, 0, 1]);
  });

  it('are withheld, not zero or infinite, where they do not exist', () => {
    expect(tradeStatistics([])).toMatchObject({ winRate: withheld('no_trade'), expectancy: withheld('no_trade') });
    expect(tradeStatistics([0, 0]).winRate).toEqual(withheld('no_trade'));
    expect(tradeStatistics([3])).toMatchObject({ profitFactor: withheld('no_loss'), payoff: withheld('no_loss') });
    expect(tradeStatistics([-3]).payoff).toEqual(withheld('no_gain'));
  });
});
