/**
 * Execution figures of a real market, every print taken as a fill of its taker. Expected values were computed apart by
 * pandas.merge_asof and DuckDB's ASOF JOIN: the mid strictly before the print, the later mid at or before its horizon.
 */
import { nanos } from '../../model/time.ts';
import { binanceRecording, describeWithRecording } from '../testing/binance-recording.ts';
import { midOf } from './benchmark.ts';
import { intervalVwap } from './interval-benchmark.ts';
import { splitSpread } from './spread.ts';
import { MidLine, PrintTape } from './time-line.ts';

describeWithRecording('the market of BTCUSDT, 2024-08-08', () => {
  const { trades, quotes } = binanceRecording();
  const times = quotes.map(({ timeNanos }) => timeNanos);
  const line = new MidLine(
    times,
    quotes.map((quote) => midOf(quote).mid ?? null),
    times.at(-1) ?? 0n,
  );
  const spreads = (horizonMs: number) =>
    trades.map(({ timeNanos, aggressor, price, quantity }) => {
      const mid = line.before(timeNanos) as number;
      const later = line.at(nanos(timeNanos + BigInt(horizonMs) * 1_000_000n));
      return { ...splitSpread({ side: aggressor || 'buy', price }, mid, later), weight: price * quantity };
    });

  it('has a VWAP of 61,680.9822', () => {
    const tape = new PrintTape(trades);
    const whole = tape.between(trades[0]?.timeNanos ?? 0n, trades.at(-1)?.timeNanos ?? 0n);
    expect(whole.prints).toBe(21_313);
    expect(whole.volume).toBeCloseTo(2_429.366, 6);
    expect(whole.notional).toBeCloseTo(149_845_680.8898, 3);
    expect(intervalVwap(whole, { quantity: 0, notional: 0 }).vwap).toBeCloseTo(61_680.98215328609, 8);
    const bought = trades
      .filter(({ aggressor }) => aggressor === 'buy')
      .reduce((sum, { quantity }) => sum + quantity, 0);
    expect(bought / whole.volume).toBeCloseTo(0.5151862667, 9);
  });

  it('has an effective spread of 2.3714 bps, 3.4154 weighted by money', () => {
    const all = spreads(0);
    const mean = all.reduce((sum, { effectiveBps }) => sum + effectiveBps, 0) / all.length;
    const weight = all.reduce((sum, one) => sum + one.weight, 0);
    const weighted = all.reduce((sum, one) => sum + one.effectiveBps * one.weight, 0) / weight;
    expect(mean).toBeCloseTo(2.371369124329772, 9);
    expect(weighted).toBeCloseTo(3.41535827060865, 9);
  });

  it.each([
    [1_000, 21_313, -0.8175700538362498, 3.188939178166022],
    [5_000, 21_133, -0.29195462468683, 2.6779020834917926],
    [30_000, 20_523, 0.1382524288965282, 2.3094087399408934],
  ])('splits it after %d ms, for %d prints, in %d realised and %d impact', (horizonMs, count, realised, impact) => {
    const known = spreads(horizonMs).filter(({ realisedBps }) => realisedBps !== null);
    const mean = (of: 'realisedBps' | 'impactBps') =>
      known.reduce((sum, split) => sum + (split[of] as number), 0) / known.length;
    expect(known).toHaveLength(count);
    expect(mean('realisedBps')).toBeCloseTo(realised, 9);
    expect(mean('impactBps')).toBeCloseTo(impact, 9);
    const apart = known.map(
      ({ effectiveBps, realisedBps, impactBps }) => effectiveBps - (realisedBps ?? 0) - (impactBps ?? 0),
    );
    expect(Math.max(...apart.map(Math.abs))).toBeLessThan(1e-10);
  });
});
