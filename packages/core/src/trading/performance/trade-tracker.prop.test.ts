/** The tracker against a recomputation of everything from the list of trades, after every one of them. */
import fc from 'fast-check';
import { drawdownOf } from './drawdown.ts';
import { sortinoOf } from './downside.ts';
import { sharpeOf } from './sharpe.ts';
import { tradeStatistics } from './trade-statistics.ts';
import { TradeTracker, type TrackedTrade, type TradeMetrics } from './trade-tracker.ts';

const DAY = 86_400_000_000_000n;
const OPTIONS = { window: 40, initialEquity: 1_000, tradesPerYear: 252, maxPositions: 10 };

const trade = fc.record({
  gapNanos: fc.bigInt({ min: 0n, max: DAY }),
  profit: fc.integer({ min: -2_000, max: 2_000 }).map((cents) => cents / 100),
});

const trades = fc.array(trade, { minLength: 1, maxLength: 120 }).map((rows) => {
  let timeNanos = 19_000n * DAY;
  return rows.map(({ gapNanos, profit }): TrackedTrade => ({ timeNanos: (timeNanos += gapNanos), profit }));
});

/** By the definitions, from all trades; sums in whole cents. */
function fromScratch(all: readonly TrackedTrade[]): Omit<TradeMetrics, 'positionUtilisation'> {
  const cents = (part: readonly TrackedTrade[]): number =>
    part.reduce((sum, { profit }) => sum + Math.round(profit * 100), 0) / 100;
  const equities = all.map((_, i) => (100_000 + Math.round(cents(all.slice(0, i + 1)) * 100)) / 100);
  const before = [OPTIONS.initialEquity, ...equities];
  const recent = all.slice(-OPTIONS.window);
  const offset = all.length - recent.length;
  const within = before.slice(offset);
  const returns = recent.map(({ profit }, i) => profit / (within[i] as number));
  const point = (equity: number, i: number) => ({ timeNanos: BigInt(i), equity });
  const { winRate, profitFactor, payoff, expectancy } = tradeStatistics(recent.map(({ profit }) => profit));
  const ruined = within.some((equity) => equity <= 0);
  const ratios = { periodsPerYear: OPTIONS.tradesPerYear };
  const since = (isSame: (one: TrackedTrade) => boolean) => {
    const first = all.findIndex(isSame);
    const profit = cents(all.filter(isSame));
    const start = before[first] as number;
    const loss = start > 0 ? { value: Math.max(0, -profit) / start } : { value: null, reason: 'no_capital' as const };
    return { profit, loss };
  };
  const last = all.at(-1) as TrackedTrade;
  const [day, week] = [(time: bigint) => time / DAY, (time: bigint) => (time / DAY + 3n) / 7n];
  const today = since(({ timeNanos }) => day(timeNanos) === day(last.timeNanos));
  const thisWeek = since(({ timeNanos }) => week(timeNanos) === week(last.timeNanos));
  const ever = drawdownOf(before.map(point));
  return {
    trades: all.length,
    windowTrades: recent.length,
    equity: equities.at(-1) as number,
    peakEquity: Math.max(...before),
    profitTotal: cents(all),
    profitDay: today.profit,
    profitWeek: thisWeek.profit,
    dayLoss: today.loss,
    weekLoss: thisWeek.loss,
    drawdown: ever.current,
    maxDrawdown: drawdownOf(within.map(point)).maximum,
    maxDrawdownEver: ever.maximum,
    consecutiveLosses: tradeStatistics(all.map(({ profit }) => profit)).consecutiveLosses,
    winRate,
    profitFactor,
    payoff,
    expectancy,
    sharpe: ruined ? { value: null, reason: 'ruined' } : sharpeOf(returns, ratios).sharpe,
    sortino: ruined ? { value: null, reason: 'ruined' } : sortinoOf(returns, ratios),
  };
}

it('running values equal a recalculation from the recorded trades, after each trade (proves: TRD-37)', () => {
  fc.assert(
    fc.property(trades, (all) => {
      const tracker = new TradeTracker(OPTIONS);
      all.forEach((one, i) => {
        tracker.record(one);
        if (i % 7 !== 0 && i !== all.length - 1) return;
        const { positionUtilisation: _, ...metrics } = tracker.metrics(one.timeNanos);
        expect(metrics).toEqual(fromScratch(all.slice(0, i + 1)));
      });
    }),
  );
});

it('peak equity never falls, drawdown is never negative, the worst of the window never exceeds the worst ever', () => {
  fc.assert(
    fc.property(trades, (all) => {
      const tracker = new TradeTracker(OPTIONS);
      let peak = 0;
      for (const one of all) {
        tracker.record(one);
        const { peakEquity, equity, drawdown, maxDrawdown, maxDrawdownEver } = tracker.metrics(one.timeNanos);
        expect(peakEquity).toBeGreaterThanOrEqual(Math.max(peak, equity));
        peak = peakEquity;
        expect(drawdown.value as number).toBeGreaterThanOrEqual(0);
        expect(maxDrawdownEver.value as number).toBeGreaterThanOrEqual(maxDrawdown.value as number);
      }
    }),
  );
});
