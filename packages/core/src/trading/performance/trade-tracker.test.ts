import { TradingCalendar } from '../calendar/trading-calendar.ts';
import { withheld } from './figure.ts';
import { calendarPeriods } from './trade-period.ts';
import { positionUtilisation, TradeTracker } from './trade-tracker.ts';

const SECOND = 1_000_000_000n;
const DAY = 86_400n * SECOND;
/** A Monday, 2024-01-01. */
const MONDAY = 19_723n * DAY;

function trackerOf(
  profits: readonly number[],
  options: ConstructorParameters<typeof TradeTracker>[0] = {},
): TradeTracker {
  const tracker = new TradeTracker(options);
  profits.forEach((profit, i) => tracker.record({ timeNanos: MONDAY + BigInt(i) * SECOND, profit }));
  return tracker;
}

it('starts with an equity of 10000 and figures that are withheld (proves: TRD-19)', () => {
  const metrics = new TradeTracker().metrics(MONDAY);
  expect(metrics).toMatchObject({
    equity: 10_000,
    peakEquity: 10_000,
    trades: 0,
    profitTotal: 0,
    consecutiveLosses: 0,
  });
  expect(metrics.winRate).toEqual(withheld('no_trade'));
  expect(metrics.sharpe).toEqual(withheld('empty'));
  expect([metrics.drawdown, metrics.maxDrawdown]).toEqual([{ value: 0 }, { value: 0 }]);
  const own = trackerOf([500, -200], { initialEquity: 2_000 }).metrics(MONDAY);
  expect([own.equity, own.peakEquity]).toEqual([2_300, 2_500]);
});

it('a losing trade raises the drawdown at once; the worst one stays (proves: MET-97, TRD-17)', () => {
  const tracker = new TradeTracker({ initialEquity: 1_000 });
  const after = (profit: number, second: bigint) => {
    tracker.record({ timeNanos: MONDAY + second * SECOND, profit });
    const { drawdown, maxDrawdown } = tracker.metrics(MONDAY + second * SECOND);
    return [drawdown.value, maxDrawdown.value].map((value) => Number((value as number).toFixed(6)));
  };
  expect(after(-100, 0n)).toEqual([0.1, 0.1]);
  expect(after(50, 1n)).toEqual([0.05, 0.1]);
  expect(after(-200, 2n)).toEqual([0.25, 0.25]);
  expect(after(1_250, 3n)).toEqual([0, 0.25]);
});

it('the maximum drawdown never shrinks within the window, and leaves with it (proves: TRD-18)', () => {
  const tracker = new TradeTracker({ initialEquity: 1_000, window: 5 });
  const seen = [-300, 100, 200, 10, 10, 10, 10].map((profit, i) => {
    tracker.record({ timeNanos: MONDAY + BigInt(i), profit });
    return tracker.metrics(MONDAY).maxDrawdown.value;
  });
  expect(seen).toEqual([0.3, 0.3, 0.3, 0.3, 0.3, 0, 0]);
  expect(tracker.metrics(MONDAY).maxDrawdownEver.value).toBeCloseTo(0.3, 12);
});

it('the 101st trade drops the first out of every rolling figure (proves: PCT-08)', () => {
  const [loss, win] = [-1_000, 10];
  const full = trackerOf([loss, ...Array<number>(99).fill(win)], { tradesPerYear: 252 }).metrics(MONDAY);
  expect(full.windowTrades).toBe(100);
  expect(full.winRate.value).toBeCloseTo(0.99, 12);
  const moved = trackerOf([loss, ...Array<number>(100).fill(win)], { tradesPerYear: 252 }).metrics(MONDAY);
  expect(moved).toMatchObject({ trades: 101, windowTrades: 100, winRate: { value: 1 }, maxDrawdown: { value: 0 } });
  expect([moved.profitFactor, moved.payoff, moved.sortino]).toEqual(Array(3).fill(withheld('no_loss')));
  expect(moved.expectancy.value).toBeCloseTo(10, 12);
  expect(trackerOf(Array<number>(7).fill(1), { window: 3 }).metrics(MONDAY).windowTrades).toBe(3);
});

it('ratios are those of the returns of trades on the equity before each (proves: MET-96)', () => {
  const profits = Array.from({ length: 40 }, (_, i) => [20, -10, 15, -5][i % 4] as number);
  let equity = 10_000;
  const returns = profits.map((profit) => {
    const value = profit / equity;
    equity += profit;
    return value;
  });
  const { sharpe, sortino } = trackerOf(profits, { tradesPerYear: 252 }).metrics(MONDAY);
  const mean = returns.reduce((sum, value) => sum + value, 0) / 40;
  const deviation = Math.sqrt(returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 39);
  const downside = Math.sqrt(returns.reduce((sum, value) => sum + Math.min(value, 0) ** 2, 0) / 40);
  expect(sharpe.value).toBeCloseTo((mean / deviation) * Math.sqrt(252), 10);
  expect(sortino.value).toBeCloseTo((mean / downside) * Math.sqrt(252), 10);
});

it('annualises with the rate of the trades when that covers a day, and says so when not', () => {
  const profits = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? 20 : -10));
  expect(trackerOf(profits).metrics(MONDAY).sharpe).toEqual(withheld('too_short'));
  expect(trackerOf(profits.slice(0, 20)).metrics(MONDAY).sharpe).toEqual(withheld('too_few'));
  const slow = new TradeTracker();
  profits.forEach((profit, i) => slow.record({ timeNanos: MONDAY + BigInt(i) * DAY, profit }));
  const daily = trackerOf(profits, { tradesPerYear: 365.2425 }).metrics(MONDAY);
  const now = MONDAY + 39n * DAY;
  expect(slow.metrics(now).sharpe.value).toBeCloseTo(daily.sharpe.value as number, 10);
  expect(slow.metrics(now).sortino.value).toBeCloseTo(daily.sortino.value as number, 10);
});

it('sums the profit of the day and of the week, which end at midnight and on Sunday (proves: MET-99, TRD-02, PCT-15)', () => {
  const tracker = new TradeTracker();
  const at = (days: bigint, profit: number) => tracker.record({ timeNanos: MONDAY + days * DAY, profit });
  at(0n, 10);
  at(2n, -30);
  at(2n, 5);
  const sums = (timeNanos: bigint) => {
    const { profitTotal, profitDay, profitWeek } = tracker.metrics(timeNanos);
    return [profitTotal, profitDay, profitWeek];
  };
  expect(sums(MONDAY + 3n * DAY - 1n)).toEqual([-15, -25, -15]);
  expect(sums(MONDAY + 3n * DAY)).toEqual([-15, 0, -15]);
  expect(sums(MONDAY + 7n * DAY - 1n)).toEqual([-15, 0, -15]);
  expect(sums(MONDAY + 7n * DAY)).toEqual([-15, 0, 0]);
  at(8n, 1);
  expect(sums(MONDAY + 8n * DAY)).toEqual([-14, 1, 1]);
});

it('days and weeks may be those of a calendar: a book that closes at 17:00 in New York', () => {
  const calendar = new TradingCalendar({ timeZone: 'America/New_York', close: '17:00', weekends: false, holidays: [] });
  const tracker = new TradeTracker({ periods: calendarPeriods(calendar) });
  const at = (text: string): bigint => BigInt(Date.parse(text)) * 1_000_000n;
  tracker.record({ timeNanos: at('2024-01-05T21:59:00Z'), profit: 10 });
  tracker.record({ timeNanos: at('2024-01-05T22:00:00Z'), profit: 3 });
  tracker.record({ timeNanos: at('2024-01-08T10:00:00Z'), profit: 4 });
  expect(tracker.metrics(at('2024-01-08T10:00:00Z'))).toMatchObject({ profitDay: 7, profitWeek: 7, profitTotal: 17 });
});

it('money is exact: ten cents a hundred times are ten', () => {
  expect(trackerOf(Array<number>(100).fill(0.1)).metrics(MONDAY)).toMatchObject({ profitTotal: 10, equity: 10_010 });
});

it('the loss of the day is a share of the equity with which it began', () => {
  const tracker = trackerOf([1_000], { initialEquity: 9_000 });
  tracker.record({ timeNanos: MONDAY + DAY, profit: -500 });
  expect(tracker.metrics(MONDAY + DAY)).toMatchObject({ dayLoss: { value: 0.05 }, weekLoss: { value: 0 } });
  expect(tracker.metrics(MONDAY + 2n * DAY).dayLoss).toEqual({ value: 0 });
});

it('two reads without a trade between them compute once (proves: PCT-09)', () => {
  const tracker = trackerOf([10, -5]);
  const first = tracker.metrics(MONDAY);
  expect(tracker.metrics(MONDAY)).toBe(first);
  tracker.metrics(MONDAY + DAY);
  expect(tracker.recalculations).toBe(1);
  tracker.record({ timeNanos: MONDAY + DAY, profit: 1 });
  expect(tracker.metrics(MONDAY + DAY)).not.toBe(first);
  tracker.metrics(MONDAY + DAY);
  expect(tracker.recalculations).toBe(2);
});

it('eight positions of ten use 80 % (proves: MET-101)', () => {
  const tracker = new TradeTracker({ maxPositions: 10 });
  tracker.setOpenPositions(8);
  expect(tracker.metrics(MONDAY).positionUtilisation).toEqual({ value: 0.8 });
  tracker.setOpenPositions(9);
  expect(tracker.metrics(MONDAY).positionUtilisation).toEqual({ value: 0.9 });
  expect(new TradeTracker().metrics(MONDAY).positionUtilisation).toEqual(withheld('no_limit'));
  expect(positionUtilisation(3, 0)).toEqual(withheld('no_limit'));
});

it('a lost equity has no ratio', () => {
  const metrics = trackerOf(Array<number>(40).fill(-300), { tradesPerYear: 252 }).metrics(MONDAY);
  expect([metrics.sharpe, metrics.sortino]).toEqual([withheld('ruined'), withheld('ruined')]);
  expect(metrics.consecutiveLosses).toBe(40);
  expect(metrics.drawdown.value).toBeCloseTo(1.2, 12);
});

it('refuses a window of nothing and a trade from before the last one', () => {
  expect(() => new TradeTracker({ window: 0 })).toThrow(RangeError);
  const tracker = trackerOf([1, 1]);
  expect(() => tracker.record({ timeNanos: MONDAY, profit: 1 })).toThrow(/recalculate/);
});
