import fc from 'fast-check';
import { drawdownOf } from './drawdown.ts';
import { withheld } from './figure.ts';
import { performanceOf } from './performance.ts';
import { equityOfReturns, modifiedDietz, periodReturns, type EquityPoint } from './returns.ts';

const pointsOf = (...equities: number[]): EquityPoint[] =>
  equities.map((equity, i) => ({ timeNanos: BigInt(i) * 10n, equity }));

describe('drawdown', () => {
  it('is measured from the running peak, the start included', () => {
    const report = drawdownOf(pointsOf(100, 80, 120, 90, 110));
    expect(report.maximum.value).toBeCloseTo(0.25, 12);
    expect(report.current.value).toBeCloseTo(1 / 12, 12);
    expect([report.currentMoney.value, report.maximumMoney.value, report.peak.value]).toEqual([10, 30, 120]);
    expect([report.currentNanos, report.longestNanos, report.longestIsOpen]).toEqual([20n, 20n, true]);
    const falling = drawdownOf(pointsOf(100, 80, 120, 90, 110, 60));
    expect(falling.current.value).toBeCloseTo(0.5, 12);
    expect(falling.maximum.value).toBeCloseTo(0.5, 12);
    expect(drawdownOf(pointsOf(100, 80, 120, 90, 110, 500)).maximum.value).toBeCloseTo(0.25, 12);
  });

  it('ends where the peak is reached again, and tells which one lasted longest', () => {
    const report = drawdownOf(pointsOf(100, 90, 95, 100, 100, 99));
    expect([report.currentNanos, report.longestNanos, report.longestIsOpen]).toEqual([10n, 30n, false]);
    expect(drawdownOf(pointsOf(100, 100, 101))).toMatchObject({
      currentNanos: 0n,
      longestNanos: 0n,
      longestIsOpen: false,
    });
  });

  it('of profit alone is in money: a share of nothing is withheld', () => {
    const report = drawdownOf(pointsOf(0, -5, -20));
    expect([report.current, report.maximum]).toEqual([withheld('no_capital'), withheld('no_capital')]);
    expect([report.currentMoney.value, report.maximumMoney.value]).toEqual([20, 20]);
    expect(drawdownOf([]).current).toEqual(withheld('empty'));
  });

  it('equals its definition, is never negative and never passes the maximum', () => {
    const equities = fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(equities, (values) => {
        const { current, maximum, maximumMoney } = drawdownOf(pointsOf(...values));
        const below = values.map((value, i) => {
          const peak = Math.max(...values.slice(0, i + 1));
          return { share: (peak - value) / peak, money: peak - value };
        });
        expect(current.value).toBe(below.at(-1)?.share);
        expect(maximum.value).toBe(Math.max(...below.map(({ share }) => share)));
        expect(maximumMoney.value).toBe(Math.max(...below.map(({ money }) => money)));
        expect(current.value as number).toBeGreaterThanOrEqual(0);
        expect(maximum.value as number).toBeGreaterThanOrEqual(current.value as number);
      }),
    );
  });
});

describe('returns', () => {
  const flow = (timeNanos: bigint, amount: number) => ({ timeNanos, amount });

  it('modified Dietz weights a flow with the time that it worked', () => {
    const [start, end] = [
      { timeNanos: 0n, equity: 100 },
      { timeNanos: 10n, equity: 160 },
    ];
    expect(modifiedDietz(start, end, [flow(5n, 50)])).toBeCloseTo(10 / 125, 12);
    expect(modifiedDietz(start, end, [flow(10n, 50)])).toBeCloseTo(0.1, 12);
    expect(modifiedDietz({ ...start, equity: 0 }, end, [])).toBeNull();
    expect(modifiedDietz(start, end, [flow(0n, -100)])).toBeNull();
  });

  it('a deposit is no profit and a withdrawal no loss', () => {
    const points = pointsOf(100, 150, 75);
    expect(periodReturns(points, [flow(10n, 50), flow(20n, -75)]).returns).toEqual([0, 0]);
    const { totalReturn, drawdown } = performanceOf(points, [flow(10n, 50), flow(20n, -75)], { periodsPerYear: 252 });
    expect([totalReturn.value, drawdown.maximum.value]).toEqual([0, 0]);
  });

  it('flows up to the start belong to nobody, those at a point to the period that ends there', () => {
    expect(periodReturns(pointsOf(100, 110, 131), [flow(0n, 999), flow(20n, 10)]).returns).toEqual([0.1, 0.1]);
  });

  it('stop at ruin, and no ratio is shown after it', () => {
    const ruined = periodReturns(pointsOf(100, 50, -10, 20));
    expect([ruined.returns, ruined.ruined, ruined.toNanos]).toEqual([[-0.5, -1.2], true, 20n]);
    const report = performanceOf(pointsOf(100, 50, -10, 20), [], { periodsPerYear: 252 });
    expect([report.sharpe, report.growth, report.calmar, report.omega]).toEqual(Array(4).fill(withheld('ruined')));
    expect(report.drawdown.maximum.value).toBeCloseTo(1.1, 12);
  });

  it('of the equity that they grow, are themselves', () => {
    const returns = fc.array(fc.double({ min: -0.5, max: 0.5, noNaN: true }), { maxLength: 50 });
    fc.assert(
      fc.property(returns, (values) => {
        const again = periodReturns(pointsOf(...equityOfReturns(values))).returns;
        expect(again).toHaveLength(values.length);
        again.forEach((value, i) => expect(value).toBeCloseTo(values[i] as number, 11));
      }),
    );
  });

  it('of nothing there are no figures', () => {
    const report = performanceOf([], [], { periodsPerYear: 252 });
    expect([report.totalReturn, report.growth, report.sharpe, report.calmar]).toEqual(Array(4).fill(withheld('empty')));
  });
});
